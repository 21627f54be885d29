"""Lengths of C3D files: markers and plates come out in mm whatever unit is named, or the doubt is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from acquisition.formats.c3d.file import read_c3d, read_c3d_markers
from acquisition.formats.c3d.importer import import_c3d
from acquisition.formats.c3d.parameters import C3DError
from acquisition.formats.markers.adding_markers import import_markers
from acquisition.recording import Recording
from processing.batch import reprocess
from tests.support.made_c3d import LEFT, RIGHT, make
from tests.support.opensim import LEGS

WORDS = {"mm": 1.0, "MM": 1.0, "millimeters": 1.0, "cm": 10.0, "dm": 100.0, "m": 1000.0, "M": 1000.0, "Meter": 1000.0}
WORDS |= {"meters": 1000.0, "metres": 1000.0}


def lifter(path: Path, unit: str, mm: float, **more: Any) -> Path:
    """Write a lifter who stands on two plates and sways, with all lengths in a unit."""
    sway = np.sin(np.arange(100) / 5.0)[:, None] * [0.0, 5.0, 1.0]
    tracks = {label: (np.array(place) + sway) / mm for label, place in LEGS.items()}
    return make(path, corners=np.array([LEFT, RIGHT]) / mm, point_units=unit, markers=tracks, **more)


@pytest.mark.parametrize("unit", sorted(WORDS))
@pytest.mark.parametrize("used", [None, 0])
def test_markers_come_out_in_mm(tmp_path: Path, unit: str, used: int | None) -> None:
    true = read_c3d_markers(lifter(tmp_path / "mm.c3d", "mm", 1.0)).places_mm
    path = lifter(tmp_path / "a.c3d", unit, WORDS[unit], used=used)
    found = read_c3d_markers(path)
    np.testing.assert_allclose(found.places_mm, true, atol=0.01)
    np.testing.assert_allclose(read_c3d(path).markers, true, atol=0.01)
    assert [caveat.id for caveat in found.caveats] == ([] if WORDS[unit] == 1.0 else ["lengths_converted"])


@pytest.mark.parametrize("unit", ["meters", "m", "dm"])
def test_knees_are_those_of_the_file_in_mm(tmp_path: Path, unit: str) -> None:
    true, found = (
        reprocess(import_c3d(lifter(tmp_path / f"{name}.c3d", name, WORDS[name]), tmp_path / f"{name}.h5").path)
        for name in ("mm", unit)
    )
    table, expected = found.table_with("knee_off_axis_left_mm"), true.table_with("knee_off_axis_left_mm")
    assert table is not None
    assert expected is not None
    for side in ("left", "right"):
        name = f"knee_off_axis_{side}_mm"
        assert np.isfinite(expected.column(name)).any()
        np.testing.assert_allclose(table.column(name), expected.column(name), atol=0.02)


@pytest.mark.parametrize("unit", ["", "pixels"])
def test_plates_tell_a_unit_that_is_not_known(tmp_path: Path, unit: str) -> None:
    path = lifter(tmp_path / "a.c3d", unit, 1000.0)
    true = read_c3d_markers(lifter(tmp_path / "mm.c3d", "mm", 1.0)).places_mm
    found = read_c3d_markers(path)
    np.testing.assert_allclose(found.places_mm, true, atol=0.01)
    assert [(caveat.id, caveat.values) for caveat in found.caveats] == [("lengths_guessed", {"factor": 1000.0})]
    assert "lengths_guessed" in {caveat.id for caveat in import_markers(path, tmp_path / "a.h5").caveats}


@pytest.mark.parametrize("unit", ["", "pixels"])
def test_without_plates_a_person_says_it(tmp_path: Path, unit: str) -> None:
    """Signals are imported all the same; markers are refused, or left out and told."""
    path = lifter(tmp_path / "a.c3d", unit, 10.0, used=0)
    true = read_c3d_markers(lifter(tmp_path / "mm.c3d", "mm", 1.0)).places_mm
    with pytest.raises(
        C3DError, match=rf"in {repr(unit) if unit else 'no unit'} \(POINT:UNITS\).*table = {{ lengths = \"mm\" }}\.$"
    ):
        import_markers(path, tmp_path / "refused.h5")
    assert not (tmp_path / "refused.h5").exists()
    result = import_c3d(path, tmp_path / "without.h5")
    assert [stream.name for stream in result.rig.stream] == ["analog"]
    assert "markers_left_out" in {caveat.id for caveat in result.caveats}
    (tmp_path / "map.toml").write_text('table = { lengths = "cm" }\n')
    for number, importing in enumerate((import_markers, import_c3d)):
        result = importing(path, tmp_path / f"{number}.h5", tmp_path / "map.toml")
        assert "markers_left_out" not in {caveat.id for caveat in result.caveats}
        with Recording(result.path) as recording:
            np.testing.assert_allclose(recording.samples("markers"), true.reshape(len(true), -1), atol=0.01)


def test_no_markers_need_no_unit(tmp_path: Path) -> None:
    result = import_c3d(make(tmp_path / "a.c3d", point_units="", markers={}, used=0), tmp_path / "a.h5")
    assert "markers_left_out" not in {caveat.id for caveat in result.caveats}


def test_a_person_comes_before_the_size_of_plates(tmp_path: Path) -> None:
    """Plates 7 across are of 7 cm or of 7 m; where the unit is known, the file comes first."""
    small = np.array([LEFT, RIGHT]) / 100.0
    for unit, said, factor in (("", None, 1000.0), ("", "cm", 10.0), ("m", "cm", 1000.0)):
        found = read_c3d(make(tmp_path / "a.c3d", corners=small, point_units=unit), said)  # type: ignore[arg-type]
        np.testing.assert_allclose(found.plates[0].corners_mm, small[0] * factor, atol=0.01)
