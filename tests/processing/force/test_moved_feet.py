"""Repetitions after a foot was moved, with no stance in between, are judged by the place that the next stance tells."""

from __future__ import annotations

import numpy as np
import pytest

from acquisition.rig import SIDES
from processing.findings.caveats import caveats
from processing.findings.findings import findings
from sim.lifter.motion import Tempo
from sim.lifter.people import Person
from sim.lifter.sets import FootMoves, Set
from tests.support.rigs import example_with
from tests.support.sessions import analysed, lifted

PLATES = [stream.model_dump() for stream in example_with().stream if stream.name == "plates"]
RIG = example_with(stream=PLATES, emg=[], foot=[{"side": side, "toe_out_deg": 15.0} for side in SIDES])
TEMPO = Tempo(quiet_s=0.0, lowering_s=1.4, rising_s=1.1, top_s=0.5)
ROWS = ("medial_mean_mm", "medial_worst_mm", "force_line_mean_mm", "cop_beyond_load_mm")


def session(*moves: FootMoves):
    person = Person(seed=5, tempo=TEMPO, sets=(Set(repetitions=6, bar_mass_kg=0.0, rest_s=9.0),), moves=moves)
    return person, analysed(RIG, lifted(RIG, person, person.plan.end_s))


def numbers(results, column) -> dict[tuple[int, str, str], float]:
    return {(row.repetition, row.phase, row.side): getattr(row, column) for row in results.phases}


@pytest.mark.parametrize(("side", "moved_mm"), [("right", -25.0), ("left", 40.0), ("right", 18.0)])
def test_repetitions_on_both_sides_of_the_move_are_those_of_a_lifter_who_did_not_move(side, moved_mm):
    _, still = session()
    top_s = next(row.end_s for row in still.repetitions if row.number == 3)
    _, moved = session(FootMoves(at_s=top_s + 0.1, side=side, right_mm=moved_mm))
    assert [caveat.about for caveat in caveats(moved) if caveat.id == "foot_moved"] == [f"{side} foot"]
    assert len(moved.repetitions) == len(still.repetitions) == 6
    for column in ROWS:
        plain, found = numbers(still, column), numbers(moved, column)
        known = {key for key, value in found.items() if np.isfinite(value)}
        for repetition in (1, 2, 3, 5, 6):
            assert (repetition, "bottom", "both" if column == "cop_beyond_load_mm" else side) in known
        assert max(abs(found[key] - plain[key]) for key in known if key[0] != 4) < 4.0
    assert findings(moved) == []


def test_a_repetition_within_which_a_foot_is_moved_tells_nothing_of_its_place():
    _, still = session()
    bottom_s = next(row.bottom_s for row in still.repetitions if row.number == 3)
    _, moved = session(FootMoves(at_s=bottom_s, side="right", right_mm=-25.0))
    rows = [row for row in moved.phases if row.repetition == 3]
    assert all(np.isnan(row.medial_worst_mm) for row in rows if row.side == "right")
    assert all(np.isfinite(row.medial_worst_mm) for row in rows if row.side == "left")
    assert all(np.isnan(row.cop_beyond_load_mm) for row in rows if row.side == "both")
    assert findings(moved) == []
