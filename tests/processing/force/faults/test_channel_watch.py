"""Plates that can't measure what they read: found in a simulated session with one channel spoiled, and never in a sound one."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest

from acquisition.rig.plate_map import plate_map
from processing.findings.caveats import caveats
from processing.findings.findings import findings
from processing.force.chain import ForceChain
from sim.lifter.people import someone
from sim.lifter.sets import Set
from tests.support.rigs import a_rig, example_with
from tests.support.sessions import analysed, lifted, simulated

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from processing.results import Results

PLATES = ("plate_cut_off", "plate_stuck", "plate_coarse", "plate_pulls", "plate_without_weight", "plate_not_zeroed")
RIG = example_with()
RIGHT = next(plate for plate in RIG.plate if plate.side == "right")
FZ = RIG.column("plates", RIGHT.channels[2])
OTHERS = [RIG.column("plates", name) for name in RIGHT.channels]
VOLT_PER_N = 1.0 / plate_map(RIGHT).matrix[2, 2]
ZERO = plate_map(RIGHT).zero[2]


@cache
def session() -> dict[str, NDArray[np.float64]]:
    return simulated(RIG, seconds=14.0)


def spoiled(change: Callable[[NDArray[np.float64]], None]) -> Results:
    samples = dict(session())
    samples["plates"] = samples["plates"].copy()
    change(samples["plates"])
    return analysed(RIG, samples)


def nothing(x: NDArray[np.float64]) -> None:
    pass


def cut_off(x: NDArray[np.float64]) -> None:
    end = np.percentile(np.abs(x[:, FZ]), 70)
    x[:, FZ] = np.clip(x[:, FZ], -end, end)


def cut_off_throughout(x: NDArray[np.float64]) -> None:
    x[:, FZ] = np.clip(x[:, FZ], ZERO + 400.0 * VOLT_PER_N, None)


def stuck(x: NDArray[np.float64]) -> None:
    x[6000:, FZ] = x[6000, FZ]


def all_stuck(x: NDArray[np.float64]) -> None:
    x[6000:, OTHERS] = x[6000, OTHERS]


def never_moves(x: NDArray[np.float64]) -> None:
    x[:, FZ] = ZERO + 300.0 * VOLT_PER_N


def coarse(x: NDArray[np.float64]) -> None:
    step = abs(20.0 * VOLT_PER_N)
    x[:, FZ] = np.rint(x[:, FZ] / step) * step


def turned(x: NDArray[np.float64]) -> None:
    x[:, FZ] = 2.0 * ZERO - x[:, FZ]


def zeroed_while_loaded(x: NDArray[np.float64]) -> None:
    x[:, FZ] -= x[500:1500, FZ].mean() - ZERO


def dead(x: NDArray[np.float64]) -> None:
    x[:, FZ] = 0.0


def dead_with_noise(x: NDArray[np.float64]) -> None:
    x[:, FZ] = ZERO + np.random.default_rng(0).normal(0.0, abs(0.5 * VOLT_PER_N), len(x))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (nothing, None),
        (cut_off, "plate_cut_off"),
        (cut_off_throughout, "plate_stuck"),
        (stuck, "plate_stuck"),
        (all_stuck, "plate_stuck"),
        (never_moves, "plate_stuck"),
        (coarse, "plate_coarse"),
        (turned, "plate_pulls"),
        (zeroed_while_loaded, "plate_pulls"),
        (dead, "plate_without_weight"),
        (dead_with_noise, "plate_without_weight"),
    ],
)
def test_each_fault_is_named_alone_and_raises_no_flag(change: Callable[..., None], told: str | None) -> None:
    found = spoiled(change)
    about_plates = [caveat for caveat in caveats(found) if caveat.id in PLATES]
    assert [caveat.id for caveat in about_plates] == ([told] if told else [])
    if told in ("plate_cut_off", "plate_stuck", "plate_coarse"):
        assert RIGHT.channels[2] in about_plates[0].about
    if told != "plate_coarse":
        spoilt = {flag.rule for flag in found.flags} - {flag.rule for flag in spoiled(nothing).flags}
        assert not spoilt & {"load_shift", "cop_shift"}


def test_what_rests_on_a_stuck_channel_is_undefined_from_half_a_second_on() -> None:
    table = spoiled(stuck).tables["plates.force"]
    fz = table.column("fz_right_N")
    shift = table.column("load_shift_pct")
    later = table.time_s > 6.6
    assert np.isnan(fz[later]).all()
    assert np.isnan(shift[later]).all()
    assert np.isfinite(fz[table.time_s < 6.4]).all()
    assert np.isfinite(table.column("fz_left_N")).all()


def test_a_stuck_shear_channel_leaves_the_load_share() -> None:
    def change(x: NDArray[np.float64]) -> None:
        x[6000:, OTHERS[4]] = x[6000, OTHERS[4]]

    table = spoiled(change).tables["plates.force"]
    later = table.time_s > 7.0
    assert np.isnan(table.column("cop_right_x_mm")[later]).all()
    assert np.isfinite(table.column("load_shift_pct")[later]).any()


def test_no_splitting_into_blocks_changes_what_is_found() -> None:
    samples = session()["plates"].copy()
    cut_off(samples)
    stuck(samples)

    def frames(sizes: list[int]) -> NDArray[np.float64]:
        chain, at, found = ForceChain(RIG), 0, []
        while at < len(samples):
            size = sizes[len(found) % len(sizes)]
            found.append(chain.process(samples[at : at + size], at).copy())
            at += size
        return np.concatenate(found)

    whole = frames([len(samples)])
    for sizes in ([1, 7, 40], [20], [33, 500], [4001]):
        np.testing.assert_array_equal(frames(sizes), whole)


def test_a_plate_without_shear_channels_and_one_clamped_to_zero_are_sound() -> None:
    """Zero throughout is a channel that isn't there, and zero while nobody is on it is what some programs store."""
    rig = a_rig(
        {"name": "plates", "channels": ["Fx", "Fy", "Fz", "Mx", "My", "Mz"], "units": "N"},
        plate=[
            {
                "name": "left",
                "model": "made",
                "side": "left",
                "stream": "plates",
                "channels": ["Fx", "Fy", "Fz", "Mx", "My", "Mz"],
                "c3d_type": 2,
                "corners_mm": [[-400, 300, 0], [0, 300, 0], [0, -300, 0], [-400, -300, 0]],
                "origin_mm": [0, 0, 0],
                "sensitivities": [1.0] * 6,
                "zero": [0.0] * 6,
            }
        ],
    )
    t = np.arange(20_000) / 1000.0
    samples = np.zeros((len(t), 6))
    force = np.maximum(0.0, 500.0 * np.sin(2 * np.pi * t / 5.0)) + np.random.default_rng(1).normal(0.0, 1.0, len(t))
    samples[:, 2] = -np.where(force > 10.0, force, 0.0)
    samples[:, 3] = 20.0 * samples[:, 2]
    chain = ForceChain(rig)
    chain.process(samples, 0)
    assert chain.watch.faults == []
    chain = ForceChain(rig)
    chain.process(np.rint(samples), 0)  # whole newtons
    assert chain.watch.faults == []


@pytest.mark.parametrize("channel", ["Fx", "Fy", "Mx", "My", "Mz"])
@pytest.mark.parametrize(("side", "from_s"), [("left", 0.0), ("right", 0.0), ("left", 12.0), ("right", 20.0)])
def test_who_stands_on_a_plate_whose_shear_or_moment_sticks_is_weighed_and_judged_by_the_load(side, from_s, channel):
    rig = example_with(emg=[], stream=[one.model_dump() for one in example_with().stream if one.name == "plates"])
    lifter = someone(5, sets=(Set(repetitions=5, bar_mass_kg=20.0),), load_shift_pct=14.0)
    samples = lifted(rig, lifter, lifter.plan.end_s)
    sound = analysed(rig, samples)
    (plate,) = (plate for plate in rig.plate if plate.side == side)
    names = ("Fx", "Fy", "Fz", "Mx", "My", "Mz")
    first = round(1000 * from_s)
    column = rig.column("plates", plate.channels[names.index(channel)])
    samples["plates"][first:, column] = samples["plates"][first, column] + 0.01
    results = analysed(rig, samples)
    assert results.body_weight_N == pytest.approx(sound.body_weight_N, rel=2e-3)
    assert len(results.repetitions) == len(sound.repetitions) == 5
    assert [(one.rule, one.side) for one in findings(results)] == [("load_shift", "right")]
    assert {one.id for one in caveats(results)} & {"plate_stuck", "plate_not_zeroed"} == {"plate_stuck"}
