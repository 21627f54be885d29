"""Signals become recordings: times right to the sample, plates that hold no more than was measured, mistakes as sentences."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from acquisition.formats.importing import ImportResult
from acquisition.formats.kinds import import_file
from acquisition.formats.signal_file import Segment, SignalFileError, SignalStream
from acquisition.formats.signals.importer import import_signals
from acquisition.recording import Recording, RecordingError
from acquisition.rig.rig_file import RigError
from processing.batch import reprocess
from processing.findings.caveats import caveats
from tests.support.signals import signal_file, stream, times_s, told, wrenches

TWO = ["Fx1", "Fy1", "Fz1", "COPx1", "COPy1", "Fx2", "Fy2", "Fz2", "COPx2", "COPy2"]
NEWTON_MM = ["N", "N", "N", "mm", "mm"] * 2


def standing(rows: int = 2000, fz_N: tuple[float, float] = (300.0, 400.0), apart_mm: float = 400.0) -> NDArray[np.float64]:
    """Return forces and places of two plates side by side along x, z up, the reaction on the feet."""
    t = np.arange(rows) / 1000.0
    sway = 10.0 * np.sin(2 * np.pi * t)
    left = [0 * t + 5.0, 0 * t, fz_N[0] + sway, sway - apart_mm / 2, 2 * sway]
    right = [0 * t - 5.0, 0 * t, fz_N[1] - sway, sway + apart_mm / 2, sway]
    return np.column_stack(left + right)


def run(tmp_path: Path, *streams: SignalStream, map_text: str = "") -> ImportResult:
    map_file = None
    if map_text:
        map_file = tmp_path / "map.toml"
        map_file.write_text(map_text, encoding="utf-8")
    return import_signals(signal_file(tmp_path, *streams), tmp_path / "r.h5", map_file)


# Times


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(
    rate_hz=st.sampled_from([100.0, 1000.0, 1259.26, 2048.0]),
    parts=st.lists(
        st.tuples(st.integers(1, 400), st.one_of(st.integers(1, 5000).map(float), st.floats(0.3, 900.0))),
        min_size=1,
        max_size=6,
    ),
    begins_s=st.sampled_from([0.0, 12.5, 1.7e9]),
    later_s=st.floats(-3.0, 3.0),
)
def test_each_row_is_when_it_was(tmp_path: Path, rate_hz: float, parts: Any, begins_s: float, later_s: float) -> None:
    """Whatever was lost, and wherever a clock began anew, a row's time is off by less than a tenth of a sample."""
    segments, expected, row, at_s = [], [], 0, begins_s
    for rows, lost in parts:
        segments.append(Segment(row, at_s))
        expected.append(at_s + np.arange(rows) / rate_hz)
        row, at_s = row + rows, at_s + (rows + lost) / rate_hz
    made = stream(np.arange(2.0 * row).reshape(-1, 2), ["a", "b"], rate_hz=rate_hz, segments=tuple(segments))
    other = stream(np.zeros((50, 1)), ["c"], rate_hz=50.0, name="other", segments=(Segment(0, begins_s + later_s),))
    (tmp_path / "r.h5").unlink(missing_ok=True)
    result = run(tmp_path, made, other)
    first_s = min(begins_s, begins_s + later_s)
    with Recording(result.path) as recording:
        assert recording.complete
        np.testing.assert_array_equal(recording.samples("analog"), made.samples)
        off = np.abs(times_s(recording, "analog") - (np.concatenate(expected) - first_s))
        assert off.max() < 0.101 / rate_hz + 1e-6
        np.testing.assert_allclose(times_s(recording, "other"), begins_s + later_s - first_s + np.arange(50) / 50.0, atol=1e-6)
        assert max(recording.clocks_differ_s().values()) < 1e-6
        assert len(recording.streams["analog"].gaps) == len(parts) - 1


def test_lost_samples_are_counted_and_the_clock_goes_on(tmp_path: Path) -> None:
    made = stream(np.zeros((300, 1)), ["a"], segments=(Segment(0, 5.0), Segment(100, 5.107), Segment(200, 5.217)))
    with Recording(run(tmp_path, made).path) as recording:
        gaps = recording.streams["analog"].gaps
    assert gaps["missing"].tolist() == [7, 10]
    assert gaps["segment"].tolist() == [0, 0]


def test_a_clock_that_began_anew_is_a_segment(tmp_path: Path) -> None:
    made = stream(np.zeros((200, 1)), ["a"], segments=(Segment(0, 5.0), Segment(100, 5.0504)))
    with Recording(run(tmp_path, made).path) as recording:
        gaps, clock = recording.streams["analog"].gaps, recording.streams["analog"].clock
    assert gaps["missing"].tolist() == [0]
    assert gaps["segment"].tolist() == [1]
    assert clock.host_s(np.array([100]))[0] == pytest.approx(0.0504)


def test_times_that_go_back_are_told(tmp_path: Path) -> None:
    made = stream(np.zeros((200, 1)), ["a"], segments=(Segment(0, 5.0), Segment(100, 2.0)))
    with pytest.raises(SignalFileError, match=r"go back from 5\.1 s to 2 s at row 101"):
        run(tmp_path, made)
    assert not (tmp_path / "r.h5").exists()


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        (stream(np.zeros((0, 2)), ["a", "b"]), "holds no samples"),
        (stream(np.zeros((5, 1)), ["a"], rate_hz=0.0), "gives 0 Hz as the rate"),
        (stream(np.zeros((5, 1)), ["a"], rate_hz=float("nan")), "gives nan Hz as the rate"),
        (stream(np.zeros((5, 1)), ["a"], segments=(Segment(0, float("nan")),)), "can't be right"),
    ],
)
def test_what_can_not_be_recorded_is_told(tmp_path: Path, made: SignalStream, sentence: str) -> None:
    with pytest.raises(SignalFileError, match=sentence):
        run(tmp_path, made)
    assert not (tmp_path / "r.h5").exists()


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "r.h5").write_text("mine")
    with pytest.raises(RecordingError, match="exists already"):
        run(tmp_path, stream(np.zeros((5, 1)), ["a"]))
    assert (tmp_path / "r.h5").read_text() == "mine"


def test_names_of_streams_and_channels_are_made_to_fit(tmp_path: Path) -> None:
    streams = [stream(np.zeros((5, 2)), ["EMG", "EMG"], name=name) for name in ("1 (a)", "markers", "ok", "ok", "")]
    rig = run(tmp_path, *streams).rig
    assert [each.name for each in rig.stream] == ["stream-1-a", "markers-2", "ok", "ok-4", "stream-5"]
    assert rig.stream[0].channels == ["EMG", "EMG (2)"]


# Plates


def test_force_and_place_give_share_and_place_and_no_more(tmp_path: Path) -> None:
    """No free moment is made up, and the weight and the load share are there."""
    body = standing()
    body[:500, [3, 4, 8, 9]] = np.nan
    body[:500, [2, 7]] = 0.0
    result = run(tmp_path, stream(body, TWO, NEWTON_MM))
    assert [len(plate.channels) for plate in result.rig.plate] == [5, 5]
    for side, at in (("left", 0), ("right", 5)):
        found = wrenches(result)[side]
        np.testing.assert_allclose(found.force_N, body[:, at : at + 3])
        np.testing.assert_allclose(found.cop_mm[500:, :2], body[500:, at + 3 : at + 5], atol=1e-9)
        assert np.isnan(found.free_moment_Nmm).all()
        assert np.isnan(found.moment_Nmm[:, 2]).all()
    results = reprocess(result.path)
    table = results.table_with("load_share_right_pct")
    assert table is not None
    at = (np.rint(1000 * table.time_s).astype(int) - 5)[60:]
    np.testing.assert_allclose(table.column("load_share_right_pct")[60:], 100 * body[at, 7] / 700.0, atol=0.2)
    assert (table.column("fz_total_N")[:45] == 0.0).all()
    assert np.isnan(table.column("free_moment_left_Nm")).all()
    assert np.isfinite(table.column("cop_left_x_mm")[60:]).all()
    assert np.isfinite(table.column("outward_push_left_pct")[60:]).all()


def test_a_place_that_lacks_under_load_costs_its_samples_and_one_that_mostly_lacks_the_plate(tmp_path: Path) -> None:
    body = standing()
    body[1000, 3] = np.nan
    for folder in ("one", "most"):
        (tmp_path / folder).mkdir()
    result = run(tmp_path / "one", stream(body, TWO, NEWTON_MM))
    first, second = result.rig.plate
    assert told(result)["plate_gaps"].values == {"missing_samples": 1.0}
    body[100:, 3] = np.nan
    result = run(tmp_path / "most", stream(body, TWO, NEWTON_MM))
    of_two = first if first.channels[0].endswith("2") else second
    assert [(plate.side, plate.channels) for plate in result.rig.plate] == [(of_two.side, of_two.channels)]
    assert told(result)["plate_not_read"].about == "plate 1"


@pytest.mark.parametrize(("unit", "factor"), [("m", 1000.0), ("mm", 1.0), ("cm", 10.0)])
def test_lengths_without_a_unit_are_told_by_the_feet(tmp_path: Path, unit: str, factor: float) -> None:
    body = standing()
    body[:, [3, 4, 8, 9]] /= factor
    result = run(tmp_path, stream(body, TWO))
    assert told(result)["lengths_guessed"].values == {"factor": factor}
    assert told(result)["forces_guessed"].values["largest_N"] == pytest.approx(410.0, abs=1.0)
    np.testing.assert_allclose(wrenches(result)["right"].cop_mm[:, 0], standing()[:, 8], atol=1e-6)


def test_a_single_plate_whose_lengths_name_no_unit_asks_for_it(tmp_path: Path) -> None:
    body = standing()[:, :5]
    result = run(tmp_path, stream(body, TWO[:5]))
    assert 'table = { lengths = "mm" }' in told(result)["vertical_force_alone"].sentence
    assert [plate.channels for plate in result.rig.plate] == [["Fz1"]]
    (tmp_path / "r.h5").unlink()
    result = run(tmp_path, stream(body, TWO[:5]), map_text='table = { lengths = "mm" }')
    np.testing.assert_allclose(wrenches(result)["left"].cop_mm[:, 0], body[:, 3], atol=1e-6)


def test_places_about_each_plates_own_middle_ask_for_its_corners(tmp_path: Path) -> None:
    body = standing(apart_mm=0.0)
    result = run(tmp_path, stream(body, TWO, NEWTON_MM))
    assert [plate.channels for plate in result.rig.plate] == [["Fz1"], ["Fz2"]]
    assert "corners_mm" in told(result)["vertical_force_alone"].sentence
    (tmp_path / "r.h5").unlink()
    corners = [[[x + 200, 300, 0], [x - 200, 300, 0], [x - 200, -300, 0], [x + 200, -300, 0]] for x in (-1000, 1000)]
    plates = ", ".join(
        f'{{ number = {i + 1}, side = "{s}", corners_mm = {corners[i]} }}' for i, s in enumerate(("left", "right"))
    )
    result = run(tmp_path, stream(body, TWO, NEWTON_MM), map_text=f"plate = [{plates}]")
    np.testing.assert_allclose(wrenches(result)["right"].cop_mm[:, 0], body[:, 8] + 1000.0, atol=1e-6)
    np.testing.assert_allclose(wrenches(result)["right"].force_N[:, 2], body[:, 7], atol=1e-9)


@pytest.mark.parametrize("up", [0, 1, 2])
def test_whichever_axis_is_up_the_lab_has_z_up(tmp_path: Path, up: int) -> None:
    """A turn of the lab changes no distance, no vertical force and no hand."""
    body = standing()
    order = [(up + 1) % 3, (up + 2) % 3, up]
    labels, columns = [], []
    for plate, at in ((1, 0), (2, 5)):
        for lab, axis in enumerate(order):
            labels.append(f"ground_force{plate}_v{'xyz'[axis]}")
            columns.append(body[:, at + lab])
        for lab, axis in enumerate(order[:2]):
            labels.append(f"ground_force{plate}_p{'xyz'[axis]}")
            columns.append(body[:, at + 3 + lab] / 1000.0)
    found = wrenches(run(tmp_path, stream(np.column_stack(columns), labels)))
    np.testing.assert_allclose(found["left"].force_N, body[:, :3], atol=1e-9)
    np.testing.assert_allclose(found["right"].cop_mm[:, :2], body[:, 8:10], atol=1e-6)


def test_labels_that_say_sides_are_believed(tmp_path: Path) -> None:
    body = standing()
    labels = [f"{name[:-1]}_{'right' if name.endswith('1') else 'left'}" for name in TWO]
    result = run(tmp_path, stream(body, labels, NEWTON_MM))
    assert {plate.side: plate.model for plate in result.rig.plate} == {
        "right": "plate 1 of the file",
        "left": "plate 2 of the file",
    }
    assert "sides_assumed" not in told(result)


def test_moments_about_no_known_point_give_no_free_moment(tmp_path: Path) -> None:
    body = np.column_stack([standing(), np.random.default_rng(1).normal(0.0, 5000.0, (2000, 3))])
    result = run(tmp_path, stream(body, [*TWO, "Mx1", "My1", "Mz1"], [*NEWTON_MM, "Nmm", "Nmm", "Nmm"]))
    assert told(result)["moments_not_used"].about == "plate 1"
    assert np.isnan(wrenches(result)["left"].free_moment_Nmm).all()
    np.testing.assert_allclose(wrenches(result)["left"].cop_mm[:, 0], body[:, 3], atol=1e-6)


@pytest.mark.parametrize("moments", [True, False])
def test_places_of_kistler_are_in_the_plates_own_axes(tmp_path: Path, moments: bool) -> None:
    """BioWare has z down and what is pushed down as positive; its places are about the middle, in m."""
    fz = 700.0 + np.sin(np.arange(1000))
    rows = np.column_stack([0 * fz, 0 * fz, fz, 50.0 * fz, -30.0 * fz, 0 * fz, 0 * fz + 0.03, 0 * fz + 0.05])
    labels, units = ["Fx", "Fy", "Fz", "Mx", "My", "Mz", "Ax", "Ay"], ["N"] * 3 + ["Nmm"] * 3 + ["m"] * 2
    kept = list(range(8)) if moments else [0, 1, 2, 6, 7]
    made = stream(rows[:, kept], [labels[c] for c in kept], [units[c] for c in kept])
    assert [plate.channels for plate in run(tmp_path, made).rig.plate] == [["Fz"]]
    (tmp_path / "r.h5").unlink()
    text = 'plate = [{ number = 1, side = "left", corners_mm = [[400, 0, 0], [0, 0, 0], [0, 600, 0], [400, 600, 0]] }]'
    (found,) = wrenches(run(tmp_path, made, map_text=text)).values()
    np.testing.assert_allclose(found.force_N[:, 2], fz)
    np.testing.assert_allclose(found.cop_mm[:, :2], [[200.0 + 30.0, 300.0 - 50.0]] * 1000, atol=1e-6)


def test_the_order_of_corners_says_whether_the_axes_have_z_up(tmp_path: Path) -> None:
    """Quadrants that go round anticlockwise, seen from above, are those of axes with z up."""
    rows = np.zeros((1000, 6))
    rows[:, 2] = 700.0
    rows[:, 3], rows[:, 4] = 50.0 * rows[:, 2], -30.0 * rows[:, 2]
    made = stream(rows, ["Fx", "Fy", "Fz", "Mx", "My", "Mz"], ["N"] * 3 + ["Nmm"] * 3)
    text = 'plate = [{ number = 1, side = "left", corners_mm = [[400, 600, 0], [0, 600, 0], [0, 0, 0], [400, 0, 0]] }]'
    (found,) = wrenches(run(tmp_path, made, map_text=text)).values()
    np.testing.assert_allclose(found.force_N[:, 2], rows[:, 2])
    np.testing.assert_allclose(found.cop_mm[:, :2], [[230.0, 350.0]] * 1000, atol=1e-6)


def test_moments_without_a_place_ask_for_the_corners(tmp_path: Path) -> None:
    """The plate's own axes have z down, and what stands on it pushes downwards, as BioWare writes it."""
    rows = np.zeros((1000, 6))
    rows[:, 2] = 700.0 + np.sin(np.arange(1000))
    rows[:, 3], rows[:, 4] = 0.05 * rows[:, 2], -0.03 * rows[:, 2]
    made = stream(rows, ["Fx", "Fy", "Fz", "Mx", "My", "Mz"], ["N"] * 3 + ["N.m"] * 3)
    result = run(tmp_path, made)
    assert [plate.channels for plate in result.rig.plate] == [["Fz"]]
    assert "corners_mm" in told(result)["vertical_force_alone"].sentence
    (tmp_path / "r.h5").unlink()
    text = 'plate = [{ number = 1, side = "left", corners_mm = [[400, 0, 0], [0, 0, 0], [0, 600, 0], [400, 600, 0]] }]'
    (found,) = wrenches(run(tmp_path, made, map_text=text)).values()
    np.testing.assert_allclose(found.force_N[:, 2], rows[:, 2])
    np.testing.assert_allclose(found.cop_mm[:, :2], [[200.0 + 30.0, 300.0 - 50.0]] * 1000, atol=1e-6)


def test_a_vertical_force_alone_gives_share_and_timing(tmp_path: Path) -> None:
    """No place, no push and no free moment is made up of it."""
    result = run(
        tmp_path,
        stream(standing()[:, [2, 7]], ["Fz links", "Fz rechts"], ["N", "N"]),
        map_text='lab = { right_axis = "x" }',
    )
    assert {plate.side: plate.channels for plate in result.rig.plate} == {"left": ["Fz links"], "right": ["Fz rechts"]}
    found = wrenches(result)["right"]
    np.testing.assert_allclose(found.force_N[:, 2], standing()[:, 7])
    assert np.isnan(found.force_N[:, :2]).all()
    assert np.isnan(np.column_stack([found.cop_mm, found.moment_Nmm, found.free_moment_Nmm])).all()
    results = reprocess(result.path)
    table = results.table_with("load_share_right_pct")
    assert table is not None
    assert np.isfinite(table.column("load_share_right_pct")).all()
    for column in (
        "cop_right_x_mm",
        "outward_push_right_pct",
        "free_moment_right_Nm",
        "cop_net_shift_mm",
        "force_line_left_mm",
    ):
        assert np.isnan(table.column(column)).all(), column
    assert "vertical_force_alone" in {caveat.id for caveat in caveats(results)}


def test_squats_of_vertical_forces_are_those_of_the_whole(shared_data: Path, tmp_path: Path) -> None:
    whole = import_file(shared_data / "mujoco" / "mj_toes_out_heels.c3d", tmp_path / "whole.h5")
    fz = np.column_stack([wrenches(whole)[side].force_N[:, 2] for side in ("left", "right")])
    alone = run(tmp_path, stream(fz, ["Fz_L", "Fz_R"], ["N", "N"], whole.rig.stream[0].rate_hz))
    ours, theirs = reprocess(alone.path), reprocess(whole.path)
    assert len(ours.repetitions) == 5
    for a, b in zip(ours.repetitions, theirs.repetitions, strict=True):
        assert (a.start_s, a.end_s) == (b.start_s, b.end_s)
    assert ours.stances[0].body_weight_N == pytest.approx(theirs.stances[0].body_weight_N)
    assert np.isnan(ours.stances[0].left_x_mm)


def test_horizontal_forces_alone_are_recorded_and_told(tmp_path: Path) -> None:
    result = run(tmp_path, stream(standing()[:, [0, 5]], ["Fx left", "Fx right"], ["N", "N"]))
    assert result.rig.plate == []
    assert told(result)["force_not_used"].about == "Fx left, Fx right"


def test_forces_far_too_small_to_be_newtons_are_not_used(tmp_path: Path) -> None:
    result = run(tmp_path, stream(standing() / 1000.0, TWO, ["", "", "", "mm", "mm"] * 2))
    assert result.rig.plate == []
    assert told(result)["force_not_used"].values["largest"] == pytest.approx(0.41, abs=0.01)


# Electrodes and maps


def test_force_and_emg_at_their_own_rates(tmp_path: Path) -> None:
    emg = stream(np.zeros((4000, 2)), ["R VL", "Trigger"], ["V", "V"], 2000.0, name="emg")
    rig = run(tmp_path, stream(standing(), TWO, NEWTON_MM), emg).rig
    assert [(e.muscle, e.side, e.stream) for e in rig.emg] == [("VL", "right", "emg")]
    assert [each.rate_hz for each in rig.stream] == [1000.0, 2000.0]


def test_a_map_says_stream_and_unit(tmp_path: Path) -> None:
    streams = [stream(np.ones((100, 1)), ["CH1"], name=name) for name in ("one", "two")]
    text = 'emg = [{ label = "CH1", stream = "two", muscle = "BF", side = "left", unit = "mV", gain = 500.0 }]'
    result = run(tmp_path, *streams, map_text=text)
    assert [(e.stream, e.gain) for e in result.rig.emg] == [("two", 500.0)]
    assert [each.units for each in result.rig.stream] == [[""], ["mV"]]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            'emg = [{ label = "CH9", muscle = "BF", side = "left" }]',
            r"line 1: there is no channel 'CH9' in .*did you mean 'CH1'\?",
        ),
        ('emg = [{ label = "CH1", muscle = "BF", side = "left" }]', "the streams one, two have a channel 'CH1' each"),
        ('emg = [{ label = "CH1", stream = "six", muscle = "BF", side = "left" }]', "there is no stream 'six'"),
        ('plate = [{ side = "left" }]', "named by its number or by its channels"),
        ('plate = [{ side = "left", channels = ["CH1"] }]', "needs c3d_type and corners_mm"),
        (
            'plate = [{ side = "left", c3d_type = 2, channels = ["CH1", "x"], corners_mm = '
            "[[1, 0, 0], [0, 0, 0], [0, 1, 0], [1, 1, 0]] }]",
            "there is no channel 'x'",
        ),
        ('plate = [{ number = 7, side = "left" }]', "there is no plate 7"),
    ],
)
def test_mistakes_of_a_map_are_told(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises((RigError, SignalFileError), match=sentence):
        run(tmp_path, *(stream(np.ones((100, 1)), ["CH1"], name=name) for name in ("one", "two")), map_text=text)
    assert not (tmp_path / "r.h5").exists()
