"""Proposed maps: they are maps, import their file as it is or say what is missing, and settle nothing that nobody said."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import numpy as np
import pytest

from acquisition.formats.kinds import import_file
from acquisition.formats.proposal import propose_map
from acquisition.formats.signal_file import SignalFileError
from tests.support.made_c3d import make
from tests.support.opensim import forces
from tests.support.signals import told


def proposed(path: Path, tmp_path: Path) -> tuple[str, Path]:
    text = propose_map(path)
    tomllib.loads(text)
    map_file = tmp_path / "map.toml"
    map_file.write_text(text, encoding="utf-8")
    return text, map_file


REAL = [
    "acl_squat_jump/BFR003_squat_jump.csv",
    "bmc/emg.csv",
    "bmc/kistler_fp_data.txt",
    "nexus/nexus_cmj1.csv",
    "opensim/std_cop_walking5_grfs.sto",
    "rehazenter/2014001_C1_01.c3d",
    "uci_lower_limb/5Nsen.txt",
]


@pytest.mark.parametrize("name", REAL)
def test_a_real_file_is_imported_alike_with_its_map(shared_data: Path, tmp_path: Path, name: str) -> None:
    _, map_file = proposed(shared_data / name, tmp_path)
    alone = import_file(shared_data / name, tmp_path / "alone.h5")
    mapped = import_file(shared_data / name, tmp_path / "mapped.h5", map_file)
    assert mapped.rig.plate == alone.rig.plate
    assert [(e.channel, e.muscle, e.side) for e in mapped.rig.emg] == [(e.channel, e.muscle, e.side) for e in alone.rig.emg]
    assert ("sides_assumed" in told(mapped)) == ("sides_assumed" in told(alone))


def test_uncommented_it_is_a_map_too(shared_data: Path, tmp_path: Path) -> None:
    """What it says to fill in need only be uncommented and corrected."""
    text, map_file = proposed(shared_data / "bmc" / "kistler_fp_data.txt", tmp_path)
    assert "c3d_type = 3" in text
    block = text[text.index("# [[plate]]") :].replace("# # ", "## ")
    map_file.write_text(re.sub("^# ", "", block, flags=re.MULTILINE), encoding="utf-8")
    result = import_file(shared_data / "bmc" / "kistler_fp_data.txt", tmp_path / "r.h5", map_file)
    assert [plate.c3d_type for plate in result.rig.plate] == [3]
    text, map_file = proposed(shared_data / "uci_lower_limb" / "5Nsen.txt", tmp_path)
    map_file.write_text(text.replace("  # {", "  {"), encoding="utf-8")
    result = import_file(shared_data / "uci_lower_limb" / "5Nsen.txt", tmp_path / "s.h5", map_file)
    assert [e.muscle for e in result.rig.emg] == ["RF", "BF", "VM", "ST"]


def test_a_rate_that_lacks_is_to_be_filled_in(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("VL left (mV)\n" + "".join(f"{value:.3f}\n" for value in np.sin(np.arange(50))))
    text, map_file = proposed(path, tmp_path)
    assert "# table = { rate_hz = 1000.0 }  # FILL IN" in text
    assert '{ label = "VL left", muscle = "VL", side = "left" },  # a guess' in text
    with pytest.raises(SignalFileError, match=r"table = \{ rate_hz = 1000\.0 \}"):
        import_file(path, tmp_path / "r.h5", map_file)
    map_file.write_text(text.replace("# table", "table"))
    assert import_file(path, tmp_path / "r.h5", map_file).rig.stream[0].rate_hz == 1000.0


def test_assumed_sides_stay_assumed_until_somebody_says_them(tmp_path: Path) -> None:
    text, map_file = proposed(forces(tmp_path / "a.mot"), tmp_path)
    assert text.count("# { number = ") == 2
    assert "sides_assumed" in told(import_file(tmp_path / "a.mot", tmp_path / "r.h5", map_file))
    map_file.write_text(text.replace("  # {", "  {"))
    assert "sides_assumed" not in told(import_file(tmp_path / "a.mot", tmp_path / "s.h5", map_file))


def test_corners_that_lack_are_to_be_filled_in(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = "".join(f"{k / 1000:.3f},0,0,{700 + k % 3},1000,2000,0\n" for k in range(100))
    path.write_text("time (s),Fx (N),Fy (N),Fz (N),Mx (Nmm),My (Nmm),Mz (Nmm)\n" + rows)
    text, map_file = proposed(path, tmp_path)
    assert len(import_file(path, tmp_path / "r.h5", map_file).rig.plate[0].channels) == 1
    map_file.write_text(text.replace("  # {", "  {"))
    assert len(import_file(path, tmp_path / "s.h5", map_file).rig.plate[0].channels) == 6


def test_a_c3d_file_is_told_apart(tmp_path: Path) -> None:
    text, map_file = proposed(make(tmp_path / "a.c3d"), tmp_path)
    assert "number = 2" in text
    assert import_file(tmp_path / "a.c3d", tmp_path / "r.h5", map_file).rig.plate
