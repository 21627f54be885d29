"""The simulated lifter: mechanics that integrate back to the depth that went in, and a demonstration with a known course."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy.integrate import cumulative_trapezoid

from acquisition.rig import HAMSTRINGS, QUADRICEPS, SIDES, Side
from acquisition.rig.judgement import Rules
from hardware.errors import SquatscopeError
from sim.lifter.lifter import GRAVITY, GluteWeakness, KneeCaves, Lifter, QuadsTakeOver, ShareDrift, Truth, demo_lifter
from sim.lifter.motion import Phase, Sway, Tempo

RATE_HZ = 2000.0
tempos = st.builds(
    Tempo,
    quiet_s=st.floats(0.5, 4.0),
    lowering_s=st.floats(0.7, 2.5),
    bottom_s=st.sampled_from([0.0, 0.3, 1.0]),
    rising_s=st.floats(0.7, 2.0),
    top_s=st.floats(0.0, 1.5),
)


def times(seconds: float) -> np.ndarray:
    return np.arange(round(seconds * RATE_HZ)) / RATE_HZ


def total_force(lifter: Lifter, t_s: np.ndarray) -> np.ndarray:
    movement = lifter.motion.at(t_s)
    total: np.ndarray = lifter.foot("left", movement).force_N[:, 2] + lifter.foot("right", movement).force_N[:, 2]
    return total


@settings(max_examples=25)
@given(tempo=tempos, depth_m=st.floats(0.2, 0.6), bar_mass_kg=st.floats(0, 150))
def test_forces_integrate_twice_to_the_depth(tempo: Tempo, depth_m: float, bar_mass_kg: float) -> None:
    lifter = Lifter(tempo=tempo, depth_m=depth_m, bar_mass_kg=bar_mass_kg, repetitions=1)
    t_s = times(tempo.start_s(1) + 0.5)
    truth = lifter.truth(t_s)
    acceleration = total_force(lifter, t_s) / lifter.system_mass_kg - GRAVITY
    v = truth.v_m_s[0] + cumulative_trapezoid(acceleration, t_s, initial=0)
    depth = truth.depth_m[0] - cumulative_trapezoid(v, t_s, initial=0)
    np.testing.assert_allclose(v, truth.v_m_s, atol=1e-3)
    np.testing.assert_allclose(depth, truth.depth_m, atol=2e-3)
    assert depth.max() == pytest.approx(lifter.bounds(t_s[-1])[0].depth_m, abs=5e-3)


@settings(max_examples=25)
@given(tempo=tempos)
def test_bounds_agree_with_the_movement(tempo: Tempo) -> None:
    lifter = Lifter(tempo=tempo, repetitions=3)
    bounds = lifter.bounds(1e9)
    assert [repetition.number for repetition in bounds] == [0, 1, 2]
    for repetition in bounds:
        bottom = lifter.motion.at(np.array([repetition.bottom_s]))
        assert -bottom.z_m[0] == pytest.approx(repetition.depth_m)
        inside = lifter.motion.at(np.linspace(repetition.start_s + 1e-6, repetition.end_s - 1e-6, 500))
        assert (inside.phase != Phase.STANDING).all()
        assert (inside.repetition == repetition.number).all()
        falling = inside.phase == Phase.LOWERING
        assert (np.diff(inside.z_m[falling]) < 1e-12).all()
        outside = lifter.motion.at(np.array([repetition.start_s - 1e-6, repetition.end_s + 1e-6]))
        assert np.abs(outside.z_m).max() < 1e-9 or tempo.top_s < 1e-5


def test_a_session_cut_short_has_only_whole_repetitions() -> None:
    lifter = Lifter(tempo=Tempo(quiet_s=2.0, lowering_s=1.0, rising_s=1.0, top_s=1.0))
    assert len(lifter.bounds(4.0 - 1e-3)) == 0
    assert len(lifter.bounds(4.0)) == 1
    assert len(lifter.bounds(10.0)) == 3
    assert len(lifter.bounds(1.0)) == 0


def test_squat_without_a_pause_pushes_hardest_at_its_bottom() -> None:
    lifter = Lifter(repetitions=1)
    repetition = lifter.bounds(60.0)[0]
    movement = lifter.motion.at(times(10.0))
    peak_s = movement.t_s[np.argmax(movement.a_m_s2)]
    assert abs(peak_s - repetition.bottom_s) < 0.15
    assert 1.0 < movement.a_m_s2.max() < 4.0


def test_quiet_stance_is_quiet_but_not_dead() -> None:
    for seed in range(5):
        lifter = Lifter(seed=seed)
        force = total_force(lifter, times(3.9))
        assert 0.05 < 100.0 * force.std() / lifter.system_weight_N < 0.6
        assert force.mean() == pytest.approx(lifter.system_weight_N, rel=2e-3)


def test_forces_on_the_feet_split_as_the_truth_says() -> None:
    lifter = demo_lifter(30.0)
    t_s = times(30.0)
    truth = lifter.truth(t_s)
    right = lifter.foot("right", lifter.motion.at(t_s)).force_N[:, 2]
    np.testing.assert_allclose(right / total_force(lifter, t_s), truth.share_right, rtol=1e-12)
    np.testing.assert_allclose(truth.load_shift_pct, 100.0 * (2.0 * right / truth.fz_total_N - 1.0), atol=1e-9)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(
    ("cause", "ankle_N_m_rad", "per_10_mm"),
    [("abductors", 0, -1.0), ("abductors", 20, 0.5), ("abductors", 60, 4.0), ("rotators", 60, -5.0), ("ankle", 60, -12.0)],
)
def test_a_caving_knee_moves_the_pressure_as_its_cause_has_it(
    side: Side, cause: str, ankle_N_m_rad: float, per_10_mm: float
) -> None:
    caving = KneeCaves(side=side, knee_mm=40.0, cause=cause, ankle_N_m_rad=ankle_N_m_rad, ramp_s=1.0)
    lifter, sound = Lifter(imbalances=(caving,), toe_out_deg=20.0), Lifter(toe_out_deg=20.0)
    bottom = lifter.motion.at(np.array([lifter.bounds(20.0)[1].bottom_s]))
    moved = lifter.foot(side, bottom).cop_mm[0] - sound.foot(side, bottom).cop_mm[0]
    out = -20.0 if side == "right" else 20.0
    inwards = np.array([np.cos(np.radians(out)), np.sin(np.radians(out))]) * (-1.0 if side == "right" else 1.0)
    assert moved == pytest.approx(4.0 * per_10_mm * bottom.fraction[0] * inwards)
    t_s = np.array([3.0, bottom.t_s[0]])
    assert sound.truth(t_s).margin_mm[side] - lifter.truth(t_s).margin_mm[side] == pytest.approx(
        [0.0, 40.0 * bottom.fraction[0]]
    )
    stance = lifter.motion.at(np.array([3.0]))
    assert (lifter.foot(side, stance).cop_mm == sound.foot(side, stance).cop_mm).all()


def test_each_imbalance_changes_what_it_names_and_nothing_else() -> None:
    t_s = times(20.0)
    sound = Lifter().truth(t_s)

    def changed(truth: Truth) -> set[str]:
        names = {
            f"{muscle} {side}" for (muscle, side), a in truth.activation.items() if (a != sound.activation[muscle, side]).any()
        }
        names |= {f"medial {side}" for side, mm in truth.medial_mm.items() if (mm != sound.medial_mm[side]).any()}
        names |= {f"margin {side}" for side, mm in truth.margin_mm.items() if (mm != sound.margin_mm[side]).any()}
        return names | ({"share"} if (truth.share_right != sound.share_right).any() else set())

    assert changed(Lifter(imbalances=(ShareDrift(load_shift_pct=-9.0),)).truth(t_s)) == {"share"}
    assert changed(Lifter(imbalances=(KneeCaves(side="left", knee_mm=9.0),)).truth(t_s)) == {"medial left", "margin left"}
    quads = {"VL left", "VM left", "RF left", "BF left", "ST left"}
    assert changed(Lifter(imbalances=(QuadsTakeOver(side="left"),)).truth(t_s)) == quads
    assert changed(Lifter(imbalances=(GluteWeakness(side="right"),)).truth(t_s)) == {"GMax right", "GMed right"}


def test_nothing_changes_before_the_onset() -> None:
    tempo = Tempo()
    late = Lifter(
        imbalances=(ShareDrift(onset_s=tempo.start_s(2), load_shift_pct=12.0), QuadsTakeOver(side="left", onset_s=10.4))
    )
    before = times(10.4)
    assert (late.truth(before).share_right == Lifter().truth(before).share_right).all()
    assert (late.truth(before).qh["left"] == Lifter().truth(before).qh["left"]).all()


def test_balanced_squat_with_body_weight_has_textbook_activation() -> None:
    lifter = Lifter(bar_mass_kg=0.0)
    truth = lifter.truth(times(12.0))
    for side in SIDES:
        for muscle in QUADRICEPS:
            assert 0.30 < truth.activation[muscle, side].max() < 0.60
        for muscle in HAMSTRINGS:
            assert 0.06 < truth.activation[muscle, side].max() < 0.12
        np.testing.assert_allclose(truth.qh[side], 5.2, rtol=0.1)


@settings(max_examples=25)
@given(seconds=st.sampled_from([6.0, 8.0, 10.0, 15.0, 30.0, 90.0, 7200.0]), seed=st.integers(0, 200))
def test_demonstration_begins_balanced_and_ends_imbalanced(seconds: float, seed: int) -> None:
    rules = Rules()
    lifter = demo_lifter(seconds, seed)
    assert lifter.tempo.quiet_s >= 2.0
    bounds = lifter.bounds(seconds)
    assert len(bounds) >= 2
    assert len(bounds) == lifter.repetitions
    bottoms = lifter.truth(np.array([repetition.bottom_s for repetition in bounds]))
    first = lifter.truth(np.linspace(0.0, seconds / 3, 4000))
    assert bounds[0].end_s < lifter.imbalances[0].onset_s
    stance = lifter.truth(np.linspace(0.5, lifter.tempo.quiet_s - 0.5, 1000))
    assert np.abs(first.load_shift_pct).max() < 4.0 < rules.load_shift.amber_pct
    for side in SIDES:
        assert (first.medial_mm[side] - stance.medial_mm[side].mean()).max() < 6.0 < rules.foot_cop_medial.amber_mm
        assert first.qh[side].max() / first.qh[side].min() < 1.3 < rules.qh_change.amber_ratio
    assert (first.qh["right"] / first.qh["left"]).max() < 1.3
    assert bottoms.load_shift_pct[-1] > rules.load_shift.red_pct
    assert bottoms.medial_mm["right"][-1] > 2.0 * rules.foot_cop_medial.amber_mm
    assert 0.0 < bottoms.margin_mm["right"][-1] < bottoms.margin_mm["left"][-1] - 50.0
    assert np.abs(bottoms.medial_mm["left"][-1]) < rules.foot_cop_medial.amber_mm
    assert bottoms.qh["right"][-1] / first.qh["right"].mean() > rules.qh_change.red_ratio
    assert bottoms.qh["left"][-1] == pytest.approx(first.qh["left"].mean(), rel=1e-6)


def test_demonstration_too_short_says_what_it_needs() -> None:
    with pytest.raises(SquatscopeError, match="give it 5 s or more"):
        demo_lifter(3.0)
    with pytest.raises(SquatscopeError, match="give it 5 s or more"):
        demo_lifter(float("nan"))


def test_demonstration_without_end_goes_on_imbalanced() -> None:
    endless, half_a_minute = demo_lifter(None), demo_lifter(30.0)
    t_s = times(28.0)
    assert (endless.truth(t_s).fz_total_N == half_a_minute.truth(t_s).fz_total_N).all()
    last = endless.bounds(7200.0)[-1]
    assert last.end_s > 7195.0
    assert endless.truth(np.array([last.bottom_s])).load_shift_pct[0] > Rules().load_shift.red_pct


def test_a_lifter_who_would_leave_the_plates_is_refused() -> None:
    with pytest.raises(ValidationError, match="would leave the plates"):
        Lifter(depth_m=0.6, tempo=Tempo(lowering_s=0.6, rising_s=0.5))
    fastest = Lifter(depth_m=0.6, tempo=Tempo(lowering_s=0.7, rising_s=0.7))
    assert fastest.truth(times(20.0)).fz_total_N.min() > 0


def test_a_tempo_that_no_one_squats_is_refused() -> None:
    with pytest.raises(ValidationError, match="within five times"):
        Tempo(lowering_s=6.0, rising_s=1.0)


def test_same_seed_same_lifter_other_seed_another() -> None:
    t_s = times(8.0)
    one, again, other = (Lifter(seed=seed).truth(t_s) for seed in (3, 3, 4))
    assert (one.fz_total_N == again.fz_total_N).all()
    assert (one.share_right == again.share_right).all()
    assert (one.fz_total_N != other.fz_total_N).any()
    assert one.activation["VL", "left"].max() != other.activation["VL", "left"].max()


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000))
def test_sway_has_the_spread_asked_for_and_never_runs_away(seed: int) -> None:
    sway = Sway(np.random.default_rng(seed), 2.0, (0.1, 3.0))
    t_s = np.arange(0.0, 2000.0, 0.05)
    assert sway(t_s).std() == pytest.approx(2.0, rel=0.1)
    assert np.abs(sway(t_s)).max() <= 8.0 + 1e-9
    fine = np.arange(0.0, 5.0, 1e-3)
    np.testing.assert_allclose(np.gradient(sway.integrated(fine), fine)[1:-1], sway(fine)[1:-1], atol=1e-3)
    np.testing.assert_allclose(np.gradient(sway.integrated_twice(fine), fine)[1:-1], sway.integrated(fine)[1:-1], atol=1e-3)
