"""TRC files: what was written is read, whichever axis is up, and what can't be right is said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acquisition.formats.markers.marker_places import MarkerFileError
from acquisition.formats.markers.trc import read_trc
from tests.support.trc import write_trc, y_up

LABELS = ["RHip", "RKnee", "RHeel", "RToe"]
STANDING = np.array([[100.0, 0.0, 900.0], [120.0, 50.0, 480.0], [150.0, -80.0, 20.0], [170.0, 120.0, 10.0]])


def places(frames: int = 20) -> np.ndarray:
    return STANDING + np.random.default_rng(2).normal(0.0, 3.0, (frames, 4, 3))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
@given(rate_hz=st.sampled_from([30.0, 60.0, 99.5, 120.0]), begins_s=st.sampled_from([0.0, 3.2]))
def test_what_was_written_is_read(tmp_path: Path, rate_hz: float, begins_s: float) -> None:
    at = places()
    at[3:6, 1] = np.nan
    read = read_trc(write_trc(tmp_path / "a.trc", LABELS, at, rate_hz, begins_s=begins_s))
    assert read.labels == LABELS
    assert read.rate_hz == pytest.approx(rate_hz, rel=1e-4)
    np.testing.assert_allclose(read.places_mm, at, atol=1e-4)


@pytest.mark.parametrize(("unit", "mm"), [("m", 1000.0), ("cm", 10.0), ("Meters", 1000.0), ("dm", 100.0), ("millimetres", 1.0)])
def test_lengths_become_mm(tmp_path: Path, unit: str, mm: float) -> None:
    at = places()
    read = read_trc(write_trc(tmp_path / "a.trc", LABELS, at / mm, 60.0, unit))
    np.testing.assert_allclose(read.places_mm, at, atol=0.006)


def test_lengths_in_no_known_unit_are_what_a_person_says(tmp_path: Path) -> None:
    read = read_trc(write_trc(tmp_path / "a.trc", LABELS, places() / 10.0, 60.0, "units"), "cm")
    np.testing.assert_allclose(read.places_mm, places(), atol=0.006)


@pytest.mark.parametrize(
    "turn",
    [np.eye(3), [[1, 0, 0], [0, 0, 1], [0, -1, 0]], [[0, 0, 1], [1, 0, 0], [0, 1, 0]], np.diag([1.0, -1.0, -1.0])],
    ids=["z up", "y up", "x up", "z down"],
)
def test_whichever_axis_is_up_it_becomes_z_and_nothing_is_mirrored(tmp_path: Path, turn: list[list[float]]) -> None:
    at = places() @ np.asarray(turn, dtype=float).T
    upright = read_trc(write_trc(tmp_path / "a.trc", LABELS, at, 60.0)).upright().places_mm
    np.testing.assert_allclose(upright[..., 2], places()[..., 2], atol=1e-3)
    toe, knee = upright[0, 3] - upright[0, 2], upright[0, 1] - upright[0, 2]
    true_toe, true_knee = places()[0, 3] - places()[0, 2], places()[0, 1] - places()[0, 2]
    assert across(toe, knee) == pytest.approx(across(true_toe, true_knee), abs=0.1)


def across(a: np.ndarray, b: np.ndarray) -> float:
    """Return twice the area of a triangle seen from above, negative where it is mirrored."""
    return float(a[0] * b[1] - a[1] * b[0])


def test_somebody_who_lies_down_has_no_up(tmp_path: Path) -> None:
    at = np.zeros((5, 4, 3)) + np.array([[300.0, 300.0, 0.0], [200.0, 210.0, 0.0], [0.0, 10.0, 1.0], [10.0, 0.0, 0.0]])
    with pytest.raises(MarkerFileError, match="points up can't be told"):
        read_trc(write_trc(tmp_path / "a.trc", LABELS, at, 60.0)).upright()


def test_zeros_are_hidden_and_commas_are_points(tmp_path: Path) -> None:
    at = places()
    at[2, 0] = 0.0
    path = write_trc(tmp_path / "a.trc", LABELS, at, 50.0)
    path.write_text(path.read_text().replace(".", ","))
    read = read_trc(path)
    assert np.isnan(read.places_mm[2, 0]).all()
    np.testing.assert_allclose(read.places_mm[3], at[3], atol=1e-4)


def spoiled(path: Path, old: str, new: str) -> Path:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    return path


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("PathFileType", "Something", "is no TRC file"),
        ("\tmm\t", "\tpixels\t", "lengths of its markers in 'pixels'"),
        ("RHip\t\t\tRKnee\t\t\tRHeel\t\t\tRToe", "", "names no marker"),
        ("\n5\t", "\n5\tabc", "line 11, has 'abc0.08000' where a number should be"),
        ("\n5\t0.08000", "\n5\t0.98000", "not even in time: from 0.06 s to 0.98 s"),
    ],
)
def test_what_cannot_be_right_is_said(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    path = spoiled(write_trc(tmp_path / "a.trc", LABELS, places(), 50.0), old, new)
    with pytest.raises(MarkerFileError, match=sentence):
        read_trc(path)


def test_files_that_are_none_are_said(tmp_path: Path) -> None:
    with pytest.raises(MarkerFileError, match="There is no file"):
        read_trc(tmp_path / "none.trc")
    (tmp_path / "empty.trc").write_bytes(b"")
    with pytest.raises(MarkerFileError, match="is no TRC file"):
        read_trc(tmp_path / "empty.trc")
    path = write_trc(tmp_path / "short.trc", LABELS, y_up(places(1)), 50.0)
    with pytest.raises(MarkerFileError, match="holds 1 frames"):
        read_trc(path)
