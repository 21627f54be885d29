"""Markers added to a recording: what it had stays to the bit, and the knees are those of the file that has both."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from acquisition.caveat import Caveat
from acquisition.formats.c3d.file import read_c3d_markers
from acquisition.formats.c3d.importer import import_c3d
from acquisition.formats.markers.adding_markers import MarkerStart, add_markers, read_leg_markers
from acquisition.formats.markers.marker_places import MarkerFileError
from acquisition.recording import Recording, RecordingError
from processing.batch import reprocess
from tests.support.rigs import example_with
from tests.support.sessions import recorded, simulated
from tests.support.trc import write_trc, y_up

RATE_HZ = 100.0


@pytest.fixture(scope="module")
def squats(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """The rigid body's file, a recording of its forces alone, and a TRC file of its markers with y up, from 2 s on, in m."""
    folder = tmp_path_factory.mktemp("squats")
    c3d = shared_data / "mujoco" / "mj_right_cave_stiff_ankle.c3d"
    found = read_c3d_markers(c3d)
    trc = write_trc(folder / "pose.trc", found.labels, y_up(found.places_mm[200:]) / 1000.0, RATE_HZ, "m")
    whole = import_c3d(c3d, folder / "whole.h5").path
    return c3d, without_markers(whole, folder / "forces.h5"), trc


def without_markers(whole: Path, out: Path) -> Path:
    from acquisition.formats.importing import even_stretch, write_recording

    with Recording(whole) as recording:
        rig = recording.rig.model_copy(update={"stream": recording.rig.stream[:1], "marker": []})
        write_recording(out, rig, {"analog": [even_stretch(recording.samples("analog"), rig.stream[0])]})
    return out


def test_the_knees_are_those_of_the_file_that_has_both(squats: tuple[Path, Path, Path], tmp_path: Path) -> None:
    c3d, forces, trc = squats
    caveats: list[Caveat] = []
    rig = add_markers(forces, read_leg_markers(trc, None, caveats), MarkerStart(2.0, "given"), tmp_path / "both.h5")
    assert not caveats
    assert rig.stream[1].source.placed_by == "given"  # type: ignore[union-attr]
    both, whole = reprocess(tmp_path / "both.h5"), reprocess(import_c3d(c3d, tmp_path / "whole.h5").path)
    assert len(both.repetitions) == 5
    for row, true in zip(both.phases, whole.phases, strict=True):
        assert row.knee == true.knee
        assert row.knee_margin_min_mm == pytest.approx(true.knee_margin_min_mm, abs=0.3, nan_ok=True)
        assert row.knee_come_in_mm == pytest.approx(true.knee_come_in_mm, abs=0.3, nan_ok=True)
        assert row.fz_mean_N == true.fz_mean_N


def test_what_a_recording_had_stays_to_the_bit(tmp_path: Path, squats: tuple[Path, Path, Path]) -> None:
    _, _, trc = squats
    rig = example_with()
    before = recorded(tmp_path / "session.h5", rig, simulated(rig))
    bytes_before = before.read_bytes()
    add_markers(before, read_leg_markers(trc, None, []), MarkerStart(1.5, "squats", 0.99), tmp_path / "both.h5")
    assert before.read_bytes() == bytes_before
    with Recording(before) as old, Recording(tmp_path / "both.h5") as new:
        assert old.uuid != new.uuid
        assert set(new.streams) == {*old.streams, "markers"}
        for name in old.streams:
            np.testing.assert_array_equal(old.samples(name), new.samples(name))
            np.testing.assert_array_equal(old.streams[name].ticks, new.streams[name].ticks)
            np.testing.assert_array_equal(old.streams[name].clock.offset_s, new.streams[name].clock.offset_s)
            if old.rig.stream_named(name).sync_channel:
                np.testing.assert_array_equal(old.edges(name), new.edges(name))
        assert new.clocks_differ_s()["plates"] == old.clocks_differ_s()["plates"]
        first_s = float(new.streams["markers"].clock.host_s(np.array([0]))[0])
        assert first_s - new.start_s == pytest.approx(1.5, abs=1e-6)


def test_frames_outside_of_the_session_are_left_out(squats: tuple[Path, Path, Path], tmp_path: Path) -> None:
    _, forces, trc = squats
    legs = read_leg_markers(trc, None, [])
    add_markers(forces, legs, MarkerStart(-3.0, "given"), tmp_path / "early.h5")
    with Recording(tmp_path / "early.h5") as recording:
        np.testing.assert_allclose(recording.samples("markers")[0], legs.samples[300], atol=1e-9)
        assert recording.start_s == pytest.approx(0.0, abs=1e-9)
    with pytest.raises(RecordingError, match=r"would be from 100\.0 to .* give another --starts-s"):
        add_markers(forces, legs, MarkerStart(100.0, "given"), tmp_path / "never.h5")
    assert not (tmp_path / "never.h5").exists()


def test_what_cannot_be_added_is_said(squats: tuple[Path, Path, Path], tmp_path: Path) -> None:
    c3d, forces, trc = squats
    legs = read_leg_markers(trc, None, [])
    whole = import_c3d(c3d, tmp_path / "whole.h5").path
    with pytest.raises(RecordingError, match="has markers already"):
        add_markers(whole, legs, MarkerStart(0.0, "given"), tmp_path / "twice.h5")
    (tmp_path / "there.h5").touch()
    with pytest.raises(RecordingError, match="exists already"):
        add_markers(forces, legs, MarkerStart(0.0, "given"), tmp_path / "there.h5")
    with pytest.raises(MarkerFileError, match=r"is no file of markers that can be read here: these end in \.trc or \.c3d"):
        read_leg_markers(tmp_path / "a.csv", None, [])
    feet = write_trc(tmp_path / "feet.trc", ["RHip", "RHeel"], np.tile([[0.0, 0.0, 900.0], [0.0, 0.0, 10.0]], (5, 1, 1)), 60.0)
    with pytest.raises(MarkerFileError, match="tell no knee over its foot"):
        read_leg_markers(feet, None, [])
    map_file = tmp_path / "map.toml"
    map_file.write_text('marker = [{ label = "nobody", point = "heel", side = "left" }]')
    with pytest.raises(MarkerFileError, match="There is no marker 'nobody'"):
        read_leg_markers(trc, map_file, [])


def test_a_c3d_file_of_markers_alone_is_a_file_of_markers(squats: tuple[Path, Path, Path]) -> None:
    c3d, _, trc = squats
    legs, of_trc = read_leg_markers(c3d, None, []), read_leg_markers(trc, None, [])
    assert [m.point for m in legs.markers] == [m.point for m in of_trc.markers]
    np.testing.assert_allclose(legs.samples[200:, 2::3], of_trc.samples[:, 2::3], atol=0.02)
    apart, of_trc_apart = (np.diff(s.reshape(len(s), -1, 3), axis=1) for s in (legs.samples[200:], of_trc.samples))
    np.testing.assert_allclose(np.linalg.norm(apart, axis=2), np.linalg.norm(of_trc_apart, axis=2), atol=0.02)
