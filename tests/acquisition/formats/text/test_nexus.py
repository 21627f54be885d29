"""Nexus's text: devices with names over several columns, trajectories beside, frames that are missing, damage as a sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from acquisition.formats.import_map import MapTable
from acquisition.formats.markers.marker_places import MarkerFileError
from acquisition.formats.signal_file import SignalFile, SignalFileError
from acquisition.formats.text.nexus import read_nexus, read_nexus_markers

NAMES = ["Plate 1 - Force", "", "", "Delsys - EMG", ""]
LABELS = ["Fx", "Fy", "Fz", "R VL", "R BF"]
UNITS = ["N", "N", "N", "V", "V"]


def devices(frames: range = range(3, 13), subframes: int = 5, separator: str = ",", rate: str = "500") -> list[str]:
    lines = [
        "Devices",
        rate,
        separator.join(["", "", *NAMES]),
        separator.join(["Frame", "Sub Frame", *LABELS]),
        separator.join(["", "", *UNITS]),
    ]
    for frame in frames:
        own = [["1.5", "-2", f"-70{sub}.25", "1E-05", "0.002"] for sub in range(subframes)]
        lines += [separator.join([str(frame), str(sub), *cells]) for sub, cells in enumerate(own)]
    return lines


def trajectories(separator: str = ",", unit: str = "mm") -> list[str]:
    lines = ["Trajectories", "100", separator.join(["", "", "Ann:RKNE", "", "", "Ann:RHEE", "", ""])]
    lines += [separator.join(["Frame", "Sub Frame", *"XYZXYZ"]), separator.join(["", "", *[unit] * 6])]
    lines += [separator.join([str(k), "0", "100", "10", "480.5", "150", "", ""]) for k in range(3, 13)]
    lines += [separator.join([str(k), "0", "100", "10", "480.5", "150", "-80", "20"]) for k in range(13, 23)]
    return lines


def read(tmp_path: Path, lines: list[str]) -> SignalFile:
    return read_nexus(written(tmp_path, lines), MapTable())


def written(tmp_path: Path, lines: list[str]) -> Path:
    path = tmp_path / "a.csv"
    path.write_text("\r\n".join(lines) + "\r\n", encoding="utf-8-sig", newline="")
    return path


@pytest.mark.parametrize("separator", [",", "\t", ";"])
@pytest.mark.parametrize("order", ["alone", "first", "last"])
def test_devices_are_read_wherever_they_stand(tmp_path: Path, separator: str, order: str) -> None:
    own = devices(separator=separator)
    lines = {"alone": own, "first": [*own, "", *trajectories(separator)], "last": [*trajectories(separator), "", *own]}[order]
    (stream,) = read(tmp_path, lines).streams
    assert stream.labels == ["Plate 1 Fx", "Plate 1 Fy", "Plate 1 Fz", "R VL", "R BF"]
    assert stream.units == UNITS
    assert (stream.rate_hz, len(stream.samples), len(stream.segments)) == (500.0, 50, 1)
    np.testing.assert_array_equal(stream.samples[:5, 2], [-700.25, -701.25, -702.25, -703.25, -704.25])


def test_trajectories_are_markers(tmp_path: Path) -> None:
    found = read_nexus_markers(written(tmp_path, [*devices(), "", *trajectories()]), MapTable())
    assert found is not None
    assert (found.labels, found.rate_hz) == (["Ann:RKNE", "Ann:RHEE"], 100.0)
    np.testing.assert_array_equal(found.places_mm[0, 0], [100.0, 10.0, 480.5])
    assert np.isnan(found.places_mm[0, 1, 1:]).all()
    assert read_nexus_markers(written(tmp_path, devices()), MapTable()) is None


@pytest.mark.parametrize(
    ("unit", "factor"),
    [("mm", 1.0), ("MM", 1.0), ("meters", 1000.0), ("m", 1000.0), ("M", 1000.0), ("dm", 100.0), ("cm", 10.0)],
)
def test_trajectories_become_mm(tmp_path: Path, unit: str, factor: float) -> None:
    found = read_nexus_markers(written(tmp_path, [*devices(), "", *trajectories(unit=unit)]), MapTable())
    assert found is not None
    np.testing.assert_allclose(found.places_mm[0, 0], factor * np.array([100.0, 10.0, 480.5]))
    assert not found.doubt


@pytest.mark.parametrize("unit", ["", "pixels"])
def test_trajectories_in_no_known_unit_are_a_doubt_that_a_person_ends(tmp_path: Path, unit: str) -> None:
    path = written(tmp_path, [*devices(), "", *trajectories(unit=unit)])
    found = read_nexus_markers(path, MapTable())
    assert found is not None
    assert np.isnan(found.places_mm).all()
    with pytest.raises(
        MarkerFileError, match=rf"in {repr(unit) if unit else 'no unit'} \(line of units\).*table = {{ lengths = \"mm\" }}\.$"
    ):
        found.upright()
    found = read_nexus_markers(path, MapTable(lengths="cm"))
    assert found is not None
    np.testing.assert_allclose(found.places_mm[0, 0], [1000.0, 100.0, 4805.0])


def test_frames_that_are_missing_are_lost_samples(tmp_path: Path) -> None:
    own = devices()
    del own[5 + 20 : 5 + 30]  # two frames
    segments = read(tmp_path, own).streams[0].segments
    assert [(segment.first_row, segment.start_s) for segment in segments] == [(0, 0.0), (20, pytest.approx(30 / 500))]


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (trajectories(), "has no block of devices"),
        (devices()[:5], "holds no samples"),
        (devices(rate="fast"), "line 2, has 'fast' where the rate"),
        (devices(rate="0"), "line 2, has '0' where the rate"),
        ([*devices()[:1], *devices()[2:]], "begin 5 lines below its name"),
        ([*devices(), *devices(range(3, 5))[5:]], "do not count up"),
        ([*devices()[:-1], devices()[-1].replace("1.5", "high")], "has 'high' where a number should be"),
    ],
)
def test_a_sentence_says_what_is_wrong(tmp_path: Path, lines: list[str], sentence: str) -> None:
    with pytest.raises(SignalFileError, match=sentence) as caught:
        read(tmp_path, lines)
    assert str(caught.value).endswith(".")
