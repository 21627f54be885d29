from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acquisition.rig.judgement import StillSettings
from processing.force.stance import QuietStance, Stance, StanceColumns, StanceKind

FRAME_SAMPLES = 20
G = 9.80665
NAMES = StanceColumns._fields[::-1]  # in another order than in the frames of the chain: only names count
COLUMNS = StanceColumns(*(NAMES.index(name) for name in StanceColumns._fields))
STILL = StillSettings(window_s=0.1, sd_pct=1.0, least_N=200.0)
SECOND = StillSettings(window_s=1.0, sd_pct=1.0, least_N=200.0)
PLACES = {"left": (-150.0, 20.0), "right": (150.0, 30.0)}


def axes(toe_out_deg=(0.0, 0.0), known=True, right_deg=0.0):
    """Axes by the textbook: medial is square to the foot and points to the other one."""
    turn = np.radians(right_deg)
    right, front = np.array([np.cos(turn), np.sin(turn)]), np.array([-np.sin(turn), np.cos(turn)])
    left_out, right_out = np.radians(toe_out_deg)
    return SimpleNamespace(
        right=right,
        medial={
            "left": np.cos(left_out) * right + np.sin(left_out) * front,
            "right": -np.cos(right_out) * right + np.sin(right_out) * front,
        },
        forward={
            "left": np.cos(left_out) * front - np.sin(left_out) * right,
            "right": np.cos(right_out) * front + np.sin(right_out) * right,
        },
        known=lambda _side: known,
        apart=True,
        width_mm={"left": 100.0, "right": np.nan},
    )


class Frames:
    """Frames of a lifter at 100 Hz: the force on each plate, and where each foot's centre of pressure is."""

    def __init__(self, total_N, left=None, right=None, *, share=0.5, still=STILL, samples=None, of=None):
        total_N = np.asarray(total_N, dtype=float)
        n = len(total_N)
        self.rows = np.zeros((n, len(NAMES)))
        share = np.broadcast_to(np.asarray(share, dtype=float), n)
        for side, part, place in (("left", 1.0 - share, left), ("right", share, right)):
            self.put(f"fz_{side}_N", part * total_N)
            at = np.broadcast_to(np.asarray(PLACES[side] if place is None else place, dtype=float), (n, 2))
            for axis, value in zip("xy", at.T, strict=True):
                self.put(f"cop_{side}_{axis}_mm", np.where(part * total_N > 50.0, value, np.nan))
        self.put("fz_total_N", total_N)
        self.put("sample", np.arange(1, n + 1) * FRAME_SAMPLES - 1.0 if samples is None else samples)
        self.stance = QuietStance(still, 20.0, 2000.0, FRAME_SAMPLES, COLUMNS, of or axes(), 80.0)
        self.stance.refer(self.rows)

    def put(self, name, values):
        self.rows[:, NAMES.index(name)] = values

    def __getitem__(self, name):
        return self.rows[:, NAMES.index(name)]

    @property
    def first(self) -> Stance | None:
        return self.stance.stances[0] if self.stance.stances else None

    @property
    def kinds(self):
        return [stance.kind for stance in self.stance.stances]


def seconds(*parts):
    """Total force and the seconds at which its parts begin."""
    return np.concatenate(parts), np.cumsum([0] + [len(part) for part in parts]) / 100.0


def quiet(for_s, weight_N=800.0, seed=0):
    """A lifter who stands still: 0.25 % of sway whose double integral stays bounded, as a body's does."""
    t = np.arange(round(100 * for_s)) / 100.0
    phases = np.random.default_rng(seed).uniform(0, 2 * np.pi, 3)
    return weight_N * (1.0 + 0.002 * sum(np.sin(2 * np.pi * f * t + p) for f, p in zip((0.7, 1.7, 3.1), phases, strict=True)))


def way(up_m, for_s, weight_N=800.0):
    """The force of a way up or down that begins and ends at rest, on a smooth course."""
    u = (np.arange(round(100 * for_s)) + 0.5) / (100.0 * for_s)
    return weight_N * (1.0 + up_m / for_s**2 * (60 * u - 180 * u**2 + 120 * u**3) / G)


def squat(depth_m=0.4, lowering_s=1.3, rising_s=1.1):
    return np.concatenate([way(-depth_m, lowering_s), way(depth_m, rising_s)])


@settings(max_examples=60)
@given(seed=st.integers(0, 10_000), noise_N=st.floats(0.0, 20.0), lost=st.lists(st.integers(0, 59), max_size=4))
def test_finds_the_first_window_that_numpy_finds(seed, noise_N, lost):
    rng = np.random.default_rng(seed)
    total = 700.0 + 100.0 * np.sin(np.arange(60) / 7.0) * (np.arange(60) < 30) + rng.normal(0, noise_N, 60)
    total[lost] = np.nan
    left, right = rng.normal(-150, 2, (60, 2)), rng.normal(150, 2, (60, 2))
    windows = ((i, total[i - 9 : i + 1]) for i in range(9, 60))
    still = [i for i, window in windows if window.mean() > 200.0 and window.std() < 0.01 * window.mean()]
    found = Frames(total, left, right).first
    if not still:
        assert found is None
        return
    i = still[0]
    assert found is not None
    assert (found.kind, found.last_sample) == (StanceKind.FIRST, (i + 1) * FRAME_SAMPLES - 1)
    assert found.body_weight_N == found.system_weight_N == pytest.approx(total[i - 9 : i + 1].mean(), rel=1e-12)
    assert found.left_mm == pytest.approx(left[i - 9 : i + 1].mean(axis=0), rel=1e-12)
    assert found.right_mm == pytest.approx(right[i - 9 : i + 1].mean(axis=0), rel=1e-12)


def test_a_weight_is_the_mean_of_the_whole_stance():
    """The first second after stepping on still rings."""
    total, _ = seconds(quiet(1.0, 798.0), quiet(9.0, 800.0))
    frames = Frames(total, still=SECOND)
    assert frames["system_weight_N"][-1] == frames["body_weight_N"][-1] == pytest.approx(799.8, abs=0.15)
    assert frames.kinds == [StanceKind.FIRST]


def test_a_gap_begins_the_window_anew():
    samples = (np.arange(1, 16) + np.where(np.arange(15) < 5, 0, 1)) * FRAME_SAMPLES - 1
    assert Frames(np.full(14, 700.0), samples=samples[:14]).first is None
    found = Frames(np.full(15, 700.0), samples=samples).first
    assert found is not None
    assert found.last_sample == samples[-1]


@pytest.mark.parametrize("foot", ["left", "right"])
def test_both_feet_must_stand(foot):
    place = np.full((12, 2), 100.0)
    assert Frames(np.full(12, 700.0), **{foot: place}).first is not None
    place[5] = np.nan
    assert Frames(np.full(12, 700.0), **{foot: place}).first is None


def test_empty_plates_are_no_stance_however_quiet():
    assert Frames(np.full(30, 199.0)).first is None
    assert Frames(np.full(30, 201.0)).first is not None


def test_a_foot_is_looked_for_anew_once_it_has_left_its_plate():
    """10 frames of stance, 12 on the right foot alone, then the left one is back 20 mm further in."""
    n = np.arange(52)
    left = np.where(n < 10, -150.0, -130.0)
    frames = Frames(
        np.full(52, 700.0),
        np.column_stack([left, np.zeros(52)]),
        share=np.where((n >= 10) & (n < 22), 1.0, 0.5),
        still=STILL,
    )
    inwards = frames["foot_cop_medial_left_mm"]
    assert inwards[9] == frames["foot_cop_medial_right_mm"][9] == 0.0
    assert np.isnan(inwards[10:31]).all()
    assert (inwards[31:] == 0.0).all()
    assert (frames["foot_cop_medial_right_mm"][9:] == 0.0).all()
    assert frames.kinds == [StanceKind.FIRST, StanceKind.AGAIN]
    assert np.isnan(frames.stance.stances[1].left_moved_mm), "there is no place before to compare with"


def test_a_light_foot_and_a_lost_signal_do_not_end_the_stance():
    for share in (0.93, np.nan):
        frames = Frames(np.full(40, 700.0), share=np.where(np.arange(40) >= 10, share, 0.5))
        assert (frames["body_weight_N"][9:] == 700.0).all()


def test_a_foot_that_was_moved_has_a_new_place_in_the_next_stance_and_that_is_told():
    total, starts = seconds(quiet(3.0), squat(), quiet(3.0))
    x = np.where(np.arange(len(total)) < 100 * starts[1] + 100, 150.0, 125.0)
    frames = Frames(total, right=np.column_stack([x, np.full(len(x), 30.0)]), still=SECOND)
    assert frames.kinds == [StanceKind.FIRST, StanceKind.AGAIN]
    again = frames.stance.stances[1]
    assert (again.left_moved_mm, again.right_moved_mm) == pytest.approx((0.0, 25.0))
    assert frames["foot_cop_medial_right_mm"][-1] == pytest.approx(0.0)


@pytest.mark.parametrize("moved_mm", [-40.0, -15.0, 9.0, 25.0, 60.0])
@pytest.mark.parametrize(("side", "axis"), [("left", 0), ("right", 0), ("right", 1)])
def test_a_foot_that_is_moved_in_a_stance_gets_a_new_place_once_it_has_rested_there(moved_mm, side, axis):
    """Within 0.3 s and without unloading; a place is a whole second's, and none of a second in which the foot slides."""
    total, _ = seconds(quiet(8.0), squat(), quiet(2.0))
    at = np.tile(PLACES[side], (len(total), 1))
    at[:, axis] += moved_mm * np.clip((np.arange(len(total)) - 300) / 30.0, 0.0, 1.0)
    frames = Frames(total, **{side: at}, still=SECOND)
    assert frames.kinds == [StanceKind.FIRST, StanceKind.AGAIN, *frames.kinds[2:]]
    again = frames.stance.stances[1]
    assert 400 < (again.last_sample + 1) / FRAME_SAMPLES <= 441
    told = again.left_moved_mm if side == "left" else again.right_moved_mm
    assert told == pytest.approx(abs(moved_mm), abs=0.1 * abs(moved_mm))
    since = frames[f"foot_cop_medial_{side}_mm"][450:]
    assert np.abs(since).max() < 0.1 * abs(moved_mm)
    assert set(frames.kinds[2:]) <= {StanceKind.AGAIN}
    assert all(max(stance.left_moved_mm, stance.right_moved_mm) < 8.0 for stance in frames.stance.stances[2:])


@pytest.mark.parametrize("lean_mm", [7.0, -7.5])
def test_who_leans_in_a_stance_keeps_the_place(lean_mm):
    total = quiet(8.0)
    at = np.tile(PLACES["right"], (len(total), 1))
    at[300:, 1] += lean_mm
    frames = Frames(total, right=at, still=SECOND)
    assert frames.kinds == [StanceKind.FIRST]


@pytest.mark.parametrize("pause_s", [1.5, 2.5, 4.0])
@pytest.mark.parametrize("repetitions", [1, 3])
def test_a_pause_at_the_bottom_is_no_stance(pause_s, repetitions):
    """The foot's pressure lies 20 mm further in at the bottom, and is told against standing throughout."""
    parts = [quiet(2.0)]
    inwards = [np.zeros(200)]
    for _ in range(repetitions):
        parts += [way(-0.4, 1.3), quiet(pause_s), way(0.4, 1.1), quiet(1.5)]
        inwards += [np.zeros(130), np.full(len(parts[-3]), 20.0), np.zeros(110), np.zeros(150)]
    total, moved = np.concatenate(parts), np.concatenate(inwards)
    left = np.column_stack([-150.0 + moved, np.full(len(moved), 20.0)])
    frames = Frames(total, left, still=SECOND)
    assert set(frames.kinds) <= {StanceKind.FIRST, StanceKind.AGAIN}
    np.testing.assert_allclose(frames["foot_cop_medial_left_mm"][200:], moved[200:], atol=1e-9)


@pytest.mark.parametrize("pause_s", [1.2, 2.5])
def test_a_first_still_second_at_the_bottom_is_found_out(pause_s):
    total, starts = seconds(way(-0.4, 1.3), quiet(pause_s), way(0.4, 1.1), quiet(3.0), squat(), quiet(2.0))
    total[:30] += 200.0  # stepping on
    frames = Frames(total, still=SECOND)
    assert frames.kinds[:2] == [StanceKind.FIRST, StanceKind.WAS_LOW]
    risen, again = (round(100 * start) for start in starts[3:5])
    assert np.isnan(frames["foot_cop_medial_left_mm"][risen - 40 : risen + 60]).all(), "nothing to refer to"
    assert np.isfinite(frames["foot_cop_medial_left_mm"][again - 150 :]).all()
    assert not frames.stance.proved_low


@pytest.mark.parametrize("pauses", [2, 5])
def test_pauses_at_the_bottom_after_one_that_proved_low_are_no_stances(pauses):
    """The recording begins in a pause; nobody stands still for long at the top."""
    total, _ = seconds(quiet(2.5), *[np.concatenate([way(0.4, 1.1), quiet(0.4), way(-0.4, 1.3), quiet(2.5)])] * pauses)
    frames = Frames(total, still=SECOND)
    assert frames.kinds == [StanceKind.FIRST]
    assert frames.stance.proved_low
    stood, starts = seconds(total, way(0.4, 1.1), quiet(3.0))
    frames = Frames(stood, still=SECOND)
    assert frames.kinds == [StanceKind.FIRST, StanceKind.WAS_LOW]
    assert np.isfinite(frames["foot_cop_medial_left_mm"][round(100 * starts[2]) + 110 :]).all()


def test_who_stands_for_long_where_it_proved_low_stands():
    total, _ = seconds(quiet(2.5), way(0.4, 1.1), quiet(0.4), way(-0.4, 1.3), quiet(8.0))
    assert Frames(total, still=SECOND).kinds == [StanceKind.FIRST, StanceKind.WAS_LOW]


def test_what_proved_low_without_another_stance_is_told():
    total, _ = seconds(quiet(2.5), way(0.4, 1.1))
    assert Frames(total, still=SECOND).stance.proved_low


@pytest.mark.parametrize("lowering_s", [3.3, 4.5])
def test_a_slow_lowering_is_neither_a_stance_nor_a_weight(lowering_s):
    total, _ = seconds(quiet(2.0), way(-0.45, lowering_s), way(0.45, 1.1), quiet(2.0))
    frames = Frames(total, still=SECOND)
    assert set(frames.kinds) <= {StanceKind.FIRST, StanceKind.AGAIN}
    assert (np.abs(frames["system_weight_N"][100:] - 800.0) < 4.0).all()


@pytest.mark.parametrize("bar_N", [30.0, 196.0, 980.0])
@pytest.mark.parametrize("for_s", [0.3, 0.8, 2.0])
def test_a_bar_that_is_taken_is_no_rise_from_the_bottom(bar_N, for_s):
    """It is heavier from then on, with some ringing; who rises is lighter before the top."""
    taking = 800.0 + bar_N * np.linspace(0.0, 1.0, round(100 * for_s))
    ringing = 1.0 + 0.03 * np.exp(-np.arange(300) / 30.0) * np.sin(2 * np.pi * 4.0 * np.arange(300) / 100.0)
    total, _ = seconds(quiet(3.0), taking, quiet(3.0, 800.0 + bar_N, 1) * ringing, quiet(3.0, 800.0 + bar_N, 2))
    frames = Frames(total, still=SECOND)
    assert StanceKind.WAS_LOW not in frames.kinds
    assert not frames.stance.proved_low
    assert np.isfinite(frames["foot_cop_medial_left_mm"][120:]).all()
    assert frames["system_weight_N"][-1] == pytest.approx(800.0 + bar_N, rel=0.002)


def test_a_bar_is_weighed_and_told_apart_from_the_body():
    unracking = np.linspace(736.0, 1716.0, 60)
    racking = unracking[::-1]
    total, starts = seconds(quiet(3.0, 736.0), unracking, quiet(3.5, 1716.0), racking, quiet(3.5, 736.0))
    frames = Frames(total, still=SECOND)
    assert frames.kinds == [StanceKind.FIRST, StanceKind.OTHER_WEIGHT, StanceKind.OTHER_WEIGHT]
    at = round(100 * starts[3]) - 10
    assert (frames["body_weight_N"][at], frames["system_weight_N"][at]) == pytest.approx((736.0, 1716.0), rel=2e-3)
    assert (frames["body_weight_N"][-1], frames["system_weight_N"][-1]) == pytest.approx((736.0, 736.0), rel=2e-3)


def test_another_lifter_is_weighed_anew():
    total, _ = seconds(quiet(3.0, 736.0), np.zeros(200), quiet(3.0, 900.0))
    frames = Frames(total, still=SECOND)
    assert frames.kinds == [StanceKind.FIRST, StanceKind.STEPPED_ON]
    assert frames["body_weight_N"][-1] == pytest.approx(900.0, rel=2e-3)


def test_who_has_stood_for_long_stands_wherever_that_is():
    """After 20 s without a still second the height is unknown; five seconds on one spot are no pause."""
    total, _ = seconds(quiet(2.0), *[squat()] * 9, quiet(7.0))
    x = np.where(np.arange(len(total)) < 1000, 150.0, 140.0)
    frames = Frames(total, right=np.column_stack([x, np.full(len(x), 30.0)]), still=SECOND)
    assert frames.kinds == [StanceKind.FIRST, StanceKind.AGAIN]
    assert frames["foot_cop_medial_right_mm"][-300] == pytest.approx(10.0)
    assert frames["foot_cop_medial_right_mm"][-1] == pytest.approx(0.0)


def test_frames_are_judged_with_the_weight_on_both_feet():
    n = np.arange(1600)
    total = np.concatenate([quiet(12.0), np.zeros(100), quiet(3.0)])
    share = np.where((n >= 500) & (n < 700), 0.9, np.where((n >= 900) & (n < 1000), 0.8, 0.5))
    judged = Frames(total, share=share, still=SECOND)["judged"]
    expected = np.ones(1600)
    expected[:200] = 0.0  # not weighed yet, and a second to settle
    expected[500:800] = 0.0  # on one leg
    expected[1200:1500] = 0.0  # off; weighed again a second after landing, and settled a second later
    assert np.flatnonzero(np.abs(judged - expected)).size <= 3
    assert judged[900:1000].all()


def test_nothing_is_judged_while_next_to_nothing_is_on_the_plates():
    total = np.concatenate([quiet(4.0), np.full(50, 250.0), quiet(3.0)])
    judged = Frames(total, still=SECOND)["judged"]
    assert judged[399]
    assert not judged[400:545].any()
    assert judged[560:].all()


@settings(max_examples=50, deadline=None)
@given(
    right_deg=st.floats(-180, 180),
    toe_out=st.tuples(st.floats(-20, 45), st.floats(-20, 45)),
    moved=st.tuples(*[st.floats(-40, 40)] * 4),
    share=st.floats(0.3, 0.7),
    known=st.booleans(),
)
def test_numbers_are_along_the_lifters_axis_and_each_foots(right_deg, toe_out, moved, share, known):
    """Against plain turning of the places into each foot's own axes, by complex numbers."""
    turn = np.exp(1j * np.radians(right_deg))
    rest = {"left": (-150 + 20j) * turn, "right": (150 + 30j) * turn}
    step = {"left": complex(*moved[:2]) * turn, "right": complex(*moved[2:]) * turn}
    n = np.arange(19)  # a whole still window elsewhere would be a new place
    at = {side: np.where(n < 10, rest[side], rest[side] + step[side]) for side in rest}
    feet = {side: np.column_stack([at[side].real, at[side].imag]) for side in rest}
    frames = Frames(np.full(19, 700.0), **feet, share=np.where(n < 10, 0.5, share), of=axes(toe_out, known, right_deg))
    own = {"left": step["left"] / (turn * np.exp(1j * np.radians(toe_out[0])))}
    own["right"] = step["right"] / (turn * np.exp(-1j * np.radians(toe_out[1])))
    assert frames["foot_cop_medial_left_mm"][-1] == pytest.approx(own["left"].real, abs=1e-9)
    assert frames["foot_cop_medial_right_mm"][-1] == pytest.approx(-own["right"].real, abs=1e-9)
    unsure = 0.0 if known else np.sin(np.radians(20.0))
    for side in rest:
        assert frames[f"foot_cop_medial_unsure_{side}_mm"][-1] == pytest.approx(unsure * abs(own[side].imag), abs=1e-9)
    net = ((1 - share) * at["left"][-1] + share * at["right"][-1] - (rest["left"] + rest["right"]) / 2) / turn
    assert frames["cop_net_shift_mm"][-1] == pytest.approx(net.real, abs=1e-9)
    explained = (share - 0.5) * ((rest["right"] - rest["left"]) / turn).real
    assert frames["cop_net_beyond_load_mm"][-1] == pytest.approx(net.real - explained, abs=1e-9)


@pytest.mark.parametrize(
    ("total", "share", "why"),
    [
        (quiet(3.0, 150.0), 0.5, "never more than 200 N stood on the plates for 1 s"),
        (quiet(3.0), 0.0, "both feet were never on their plates for 1 s"),
        (np.tile(np.r_[quiet(0.8), np.zeros(30)], 4), 0.5, "nobody stood on both plates for 1 s without a break"),
        (squat(), 0.5, "in the quietest 1 s on both plates the total force varied by "),
        (quiet(3.0), 0.5, ""),
    ],
)
def test_why_nobody_could_be_weighed_is_told(total, share, why):
    found = Frames(total, still=SECOND, share=share).stance
    assert found.refused.startswith(why)
    assert bool(found.refused) == bool(why) == (not found.stances)


def test_a_shift_is_told_in_percent_of_a_foot_whose_width_is_known():
    total, _ = seconds(quiet(3.0))
    moved = np.column_stack([np.where(np.arange(300) < 150, -150.0, -138.0), np.full(300, 30.0)])
    frames = Frames(total, left=moved, still=SECOND)
    assert frames["foot_cop_medial_left_mm"][200] == pytest.approx(12.0)
    assert frames["foot_cop_medial_left_pct"][200] == pytest.approx(12.0)
    assert np.isnan(frames["foot_cop_medial_right_pct"]).all()


def test_a_stance_says_how_quiet_its_first_second_was():
    total, _ = seconds(quiet(3.0))
    (stance,) = Frames(total, still=SECOND).stance.stances
    assert stance.sd_N == pytest.approx(total[:100].std(), rel=1e-9)
