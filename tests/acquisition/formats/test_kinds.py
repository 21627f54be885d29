"""Kinds of files: told by what they hold, whatever their name; each damage is a sentence, and nothing is left behind."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from acquisition.formats.kinds import KINDS, import_file, kind_of, may_be_imported
from acquisition.formats.signal_file import SignalFileError
from acquisition.recording import Recording
from hardware.errors import SquatscopeError
from processing.batch import reprocess
from tests.support.made_c3d import make
from tests.support.opensim import LEGS, forces, markers
from tests.support.signals import times_s
from tests.support.trc import write_trc, y_up


def test_each_kind_is_told_by_what_it_holds(tmp_path: Path) -> None:
    made = {
        "C3D": make(tmp_path / "a.c3d").rename(tmp_path / "a.txt"),
        "TRC": write_trc(tmp_path / "b.csv", list(LEGS), y_up(np.tile(np.array(list(LEGS.values())), (9, 1, 1))), 60.0),
        "OpenSim": forces(tmp_path / "c.csv"),
        "table of numbers": tmp_path / "d.log",
        "Vicon Nexus text": tmp_path / "e",
    }
    made["table of numbers"].write_text("time,a\n0,1\n0.001,2\n")
    made["Vicon Nexus text"].write_text("Devices,,\n1000,,\n,,a\nFrame,Sub Frame,b\n,,V\n1,0,1\n1,1,2\n")
    assert {name: kind_of(path).name for name, path in made.items()} == {name: name for name in made}
    assert {kind.name for kind in KINDS} >= set(made)
    assert all(may_be_imported(path) for path in made.values())


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.c3d", b"", "is empty"),
        ("a.csv", b"\x89PNG\r\n\x1a\n\0\0\0", "is of no kind that is read here: "),
        ("a.c3d", b"hello, world\n" * 9, "is not a C3D file"),
        ("a.trc", b"1,2\n3,4\n", "is no TRC file"),
        ("a.mot", b"1,2\n3,4\n", "is no file of OpenSim"),
        ("a.txt", b"hello\n", "has no table of numbers"),
    ],
)
def test_what_is_none_is_told(tmp_path: Path, name: str, content: bytes, sentence: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SquatscopeError, match=sentence):
        import_file(tmp_path / name, tmp_path / "r.h5")
    assert not (tmp_path / "r.h5").exists()
    assert not may_be_imported(tmp_path / name) or not name.endswith((".csv", ".txt"))


def test_a_recording_is_none(tmp_path: Path) -> None:
    made = import_file(forces(tmp_path / "a.mot"), tmp_path / "a.h5").path
    with pytest.raises(SignalFileError, match="is a recording of squatscope already"):
        import_file(made, tmp_path / "b.h5")


def test_markers_alone_are_a_recording(tmp_path: Path) -> None:
    result = import_file(markers(tmp_path / "a.trc"), tmp_path / "a.h5")
    assert [stream.name for stream in result.rig.stream] == ["markers"]
    assert {(marker.side, marker.point) for marker in result.rig.marker} >= {("left", "heel"), ("right", "knee_lateral")}
    with Recording(result.path) as recording:
        assert recording.streams["markers"].rows == 200
    assert "0.0 s" not in result.summary


def test_forces_with_markers_beside_know_the_feet(tmp_path: Path) -> None:
    """The markers say which foot is on which plate, and where the lifter's right is, in the same turned axes."""
    result = import_file(forces(tmp_path / "a.mot"), tmp_path / "a.h5", markers=markers(tmp_path / "a.trc"))
    assert {plate.side: plate.model.split()[1] for plate in result.rig.plate} == {"right": "1", "left": "2"}
    assert "by the markers on the feet" in result.summary
    assert result.rig.lab.right_from == "markers"
    assert result.rig.lab.right_deg == pytest.approx(0.0, abs=1.0)
    results = reprocess(result.path)
    table = results.table_with("load_share_right_pct")
    assert table is not None
    assert np.nanmedian(table.column("load_share_right_pct")) == pytest.approx(51.25)


def test_markers_of_no_leg_are_left_out_and_told(tmp_path: Path) -> None:
    """Those of an export whose forces are wanted."""
    lines = ["Devices", "200", ",,Plate 1 - Force,,", "Frame,Sub Frame,Fx,Fy,Fz", ",,N,N,N"]
    lines += [f"{k // 2},{k % 2},0,0,{-700 - k % 3}" for k in range(200)]
    lines += ["", "Trajectories", "100", ",,C7,,,T10,,", "Frame,Sub Frame,X,Y,Z,X,Y,Z", ",,mm,mm,mm,mm,mm,mm"]
    lines += [f"{k},0,0,0,1500,0,0,1300" for k in range(100)]
    (tmp_path / "a.csv").write_text("\n".join(lines) + "\n")
    result = import_file(tmp_path / "a.csv", tmp_path / "r.h5")
    assert "markers_left_out" in {caveat.id for caveat in result.caveats}
    assert [plate.channels for plate in result.rig.plate] == [["Plate 1 Fz"]]


@pytest.mark.parametrize("begins_s", [-0.5, 0.25])
def test_markers_are_timed_by_their_own_times(tmp_path: Path, begins_s: float) -> None:
    result = import_file(forces(tmp_path / "a.mot"), tmp_path / "a.h5", markers=markers(tmp_path / "a.trc", 200, begins_s))
    with Recording(result.path) as recording:
        first = [times_s(recording, name)[0] for name in ("analog", "markers")]
    assert first[1] - first[0] == pytest.approx(begins_s, abs=1e-6)
    assert min(first) == pytest.approx(0.0, abs=1e-9)
    assert "by the markers on the feet" in result.summary


@pytest.mark.parametrize("seed", range(30))
def test_damage_is_told_and_leaves_nothing(tmp_path: Path, seed: int) -> None:
    """Bytes that are changed, cut out or cut off: a recording, or a sentence, and never a file that was begun."""
    rng = random.Random(seed)
    path = (forces if seed % 2 else markers)(tmp_path / f"a{('.trc', '.mot')[seed % 2]}", 60)
    content = bytearray(path.read_bytes())
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(content))
        match rng.randrange(3):
            case 0:
                content[at] = rng.randrange(256)
            case 1:
                del content[at : at + rng.randint(1, 200)]
            case 2:
                del content[max(8, at) :]
    path.write_bytes(bytes(content))
    try:
        assert import_file(path, tmp_path / "r.h5").path.exists()
    except SquatscopeError as error:
        assert str(error).endswith((".", "?", "...}]"))  # noqa: PT017
        assert not (tmp_path / "r.h5").exists()
