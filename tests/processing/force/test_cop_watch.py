"""A centre of pressure that can't be one is told nowhere: not in frames, nor in flags, nor in findings."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acquisition.rig import SIDES
from processing.findings.caveats import caveats
from processing.findings.findings import findings
from processing.force.chain import METRICS, ForceChain
from processing.force.faults.plate_fault import PlateFault
from processing.force.faults.two_plates import pull_inwards_pct, unlike_feet
from sim.lifter.lifter import Lifter
from sim.lifter.people import someone
from sim.lifter.sets import Set
from tests.support.rigs import example_with
from tests.support.sessions import analysed, lifted

FEET = [{"side": side, "toe_out_deg": 15.0} for side in SIDES]
PLATES = [stream.model_dump() for stream in example_with().stream if stream.name == "plates"]
RIG = example_with(stream=PLATES, emg=[], foot=FEET)
NAMES = [metric.name for metric in METRICS]
COP_RULES = ("cop_shift", "foot_cop_medial")
OF_RIGHT = ("cop_right_x_mm", "cop_right_y_mm", "foot_cop_medial_right_mm", "free_moment_right_Nm", "force_line_right_mm")


@cache
def session() -> dict[str, np.ndarray]:
    return lifted(RIG, Lifter(seed=7, load_shift_pct=14.0), 20.0)


def with_moments(side: str, factor: float, add_raw: float = 0.0) -> dict[str, np.ndarray]:
    """Return the session with one plate's moments so many times as large, or off by so much."""
    changed = {name: values.copy() for name, values in session().items()}
    plate = next(plate for plate in RIG.plate if plate.side == side)
    at = [RIG.column("plates", name) for name in plate.channels[3:]]
    zero = np.asarray(plate.zero)[3:]
    changed["plates"][:, at] = zero + factor * (changed["plates"][:, at] - zero) + add_raw
    return changed


@pytest.mark.parametrize(
    ("factor", "add_raw", "kinds", "said"),
    [
        (1000.0, 0.0, {"cop_off_plate"}, "lay beyond the plate"),
        (100.0, 0.0, {"cop_off_plate"}, "lay beyond the plate"),
        (1.0, 2.0, {"cop_off_plate"}, "its zero, its origin or its corners can't be right"),
        (10.0, 0.0, {"plates_unlike"}, "10 times as far"),
        (0.1, 0.0, {"plates_unlike"}, "10 times as far"),
        (0.001, 0.0, {"plates_unlike", "moments_unit_wrong"}, "moments"),
    ],
)
@pytest.mark.parametrize("side", SIDES)
def test_moments_that_cannot_be_right_raise_nothing_and_are_said(side, factor, add_raw, kinds, said):
    results = analysed(RIG, with_moments(side, factor, add_raw))
    (sentence,) = [caveat.sentence for caveat in caveats(results) if caveat.id in kinds]
    assert said in sentence
    assert not {flag.rule for flag in results.flags} & set(COP_RULES)
    found = [(one.rule, one.side) for one in findings(results)]
    assert found == [("load_shift", "right")], "forces are right, so what they show is found"


def test_what_lies_beyond_the_plate_is_undefined_and_the_lifter_is_weighed_all_the_same():
    results, sound = analysed(RIG, with_moments("right", 1000.0)), analysed(RIG, session())
    table = results.table_with(*OF_RIGHT)
    for column in OF_RIGHT:
        assert not np.isfinite(table.column(column)[100:]).any()
    left = table.column("foot_cop_medial_left_mm")
    assert np.isfinite(left[200:]).all()
    assert results.body_weight_N == pytest.approx(sound.body_weight_N, rel=0.05), "its moments are a small part of each force"
    assert len(results.repetitions) == len(sound.repetitions)


def test_a_frame_beyond_the_plate_costs_itself():
    changed = {name: values.copy() for name, values in session().items()}
    plate = RIG.plate[1]
    changed["plates"][10_000:10_010, RIG.column("plates", plate.channels[4])] += 2.0
    table = analysed(RIG, changed).table_with(*OF_RIGHT)
    assert np.flatnonzero(np.isnan(table.column("cop_right_x_mm"))).tolist() == [1000]


def test_a_moment_channel_that_is_not_connected_gives_no_cop():
    """All moments are zero: the pressure would never leave the true origin."""
    plates = [plate.model_dump() for plate in RIG.plate]
    for plate in plates:
        plate.update(c3d_type=2, calibration_matrix=None, sensitivities=[1.0] * 6, zero=[0.0] * 6, origin_mm=[0.0, 0.0, -40.0])
    rig = example_with(plate=plates, stream=PLATES, emg=[], foot=FEET)
    samples = np.zeros((5000, 12))
    rng = np.random.default_rng(1)
    for first in (0, 6):
        samples[:, first : first + 2] = rng.normal(0.0, 30.0, (5000, 2))
        samples[:, first + 2] = -400.0 + rng.normal(0.0, 1.0, 5000)
        samples[:, first + 3 : first + 5] = rng.normal(20_000.0, 3000.0, (5000, 2))
    chain = ForceChain(rig)
    chain.process(samples, 0)
    assert chain.faults == []
    samples[:, 9:12] = 0.0
    chain = ForceChain(rig)
    rows = chain.process(samples, 0)
    assert np.isnan(rows[150:, NAMES.index("cop_right_x_mm")]).all()
    (fault,) = chain.faults
    assert (fault.side, fault.kind) == ("right", PlateFault.NO_MOMENTS)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 5999), max_size=5), st.sampled_from([1000.0, 40.0, 10.0]))
def test_no_splitting_into_blocks_changes_what_is_believed(cuts, factor):
    samples = with_moments("right", factor)["plates"][:6000]
    edges = [0, *sorted(cuts), 6000]
    chains = ForceChain(RIG), ForceChain(RIG)
    whole = chains[0].process(samples, 0).copy()
    split = np.concatenate([chains[1].process(samples[a:b], a).copy() for a, b in pairwise(edges)])
    np.testing.assert_array_equal(whole, split)
    assert chains[0].faults == chains[1].faults


@pytest.mark.parametrize(("times", "side"), [(10.0, "right"), (0.1, "left"), (2.5, None), (0.5, None), (np.nan, None)])
def test_two_feet_move_alike(times, side):
    way = 20.0 * np.sin(np.arange(400) / 10.0)
    found = unlike_feet(way, times * way, [(0, 99), (100, 199), (200, 299)])
    assert (found.side if found else None) == side
    assert unlike_feet(way, times * way, [(0, 99)]) is None
    assert unlike_feet(0.01 * way, 0.01 * times * way, [(0, 99), (100, 199), (200, 299)]) is None, (
        "hardly moving is no evidence"
    )


def swapped(samples: np.ndarray) -> np.ndarray:
    """Return the plates' channels as they come where each cable is in the other's socket; both plates are of one kind."""
    left, right = (np.array([RIG.column("plates", name) for name in plate.channels]) for plate in TWINS.plate)
    changed = samples.copy()
    changed[:, left], changed[:, right] = samples[:, right], samples[:, left]
    return changed


def _half_a_turn(corners_mm: list[list[float]]) -> list[list[float]]:
    return corners_mm[2:] + corners_mm[:2]


TWINS = example_with(
    plate=[
        RIG.plate[0].model_dump() | {"zero": None},
        RIG.plate[0].model_dump()
        | {
            "name": "right",
            "side": "right",
            "channels": RIG.plate[1].channels,
            "corners_mm": [[x + 420.0, y, z] for x, y, z in RIG.plate[0].corners_mm],
            "zero": None,
        },
    ],
    emg=[],
    stream=[stream.model_dump() for stream in RIG.stream if stream.name == "plates"],
)
TURNED = TWINS.model_copy(
    update={"plate": [plate.model_copy(update={"corners_mm": _half_a_turn(plate.corners_mm)}) for plate in TWINS.plate]}
)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("how", ["as it is", "cables swapped", "half a turn"])
def test_feet_that_seem_to_pull_inwards_are_a_doubt(seed, how):
    lifter = someone(seed, sets=(Set(repetitions=5, bar_mass_kg=20.0),), outward=0.10 + 0.1 * seed)
    samples = lifted(TWINS, lifter, lifter.plan.end_s)
    if how == "cables swapped":
        samples = {"plates": swapped(samples["plates"])}
    results = analysed(TURNED if how == "half a turn" else TWINS, samples)
    said = [caveat for caveat in caveats(results) if caveat.id == "feet_pull_inwards"]
    assert [caveat.about for caveat in said] == ([] if how == "as it is" else ["plates"])
    if said:
        assert "the plates are swapped" in said[0].sentence
        assert not {one.rule for one in findings(results)} & set(COP_RULES)


@pytest.mark.parametrize(("left", "right", "found"), [(-8.0, -6.0, 6.0), (-8.0, 6.0, 0.0), (8.0, 6.0, 0.0), (-2.0, -9.0, 0.0)])
def test_one_foot_alone_that_pulls_inwards_is_no_evidence(left, right, found):
    spans = [(0, 10), (10, 20), (20, 30)]
    push = [np.full(30, pct) for pct in (left, right)]
    assert pull_inwards_pct(*push, spans) == found
    assert pull_inwards_pct(*push, spans[:2]) == 0.0
    assert pull_inwards_pct(np.full(30, np.nan), push[1], spans) == 0.0
