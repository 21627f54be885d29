"""Caveats on repetitions: none, too few, doubtful or broken off, changed by hand, and a habit that is no finding."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from acquisition.caveat import Caveat
from acquisition.rig import SIDES
from processing.findings.findings import counted_in, habits
from processing.flags.amounts import amount
from processing.flags.kinds import kind_on
from processing.flags.rules import column_limits
from processing.force.faults.wrong_plates import off_pct

if TYPE_CHECKING:
    from processing.results import Results

KINDS_OF_EDIT = ("drop", "split", "move", "dismiss", "limits")
ADVISED_REPETITIONS = 5
"""Fewer say little of the lifter (*design*; single-repetition reliability gives ICC about .89 with five)."""
MOST_TOLD = 10
"""So many edits are told one by one."""
LOAD_SHIFT = kind_on("load_shift_pct")
HABIT_SHARE = 0.5
"""A habit is told from this share of the amber limit on."""


def about_repetitions(results: Results) -> list[Caveat]:
    """Tell what bounds findings, which rest on repetitions."""
    count = len(results.repetitions)
    needed, _ = counted_in(results.rig.rules)
    said = []
    if not count:
        said.append(_none(results))
    elif count < needed:
        were = "repetition was" if count == 1 else "repetitions were"
        sentence = f"Only {count} {were} found, and a pattern is counted in {needed}, so nothing can be found; squat again."
        said.append(Caveat("few_repetitions", "repetitions", {"repetitions": float(count), "needed": float(needed)}, sentence))
    elif count < ADVISED_REPETITIONS:
        sentence = (
            f"Only {count} repetitions were found; with {ADVISED_REPETITIONS} or more the numbers say more of the lifter."
        )
        values = {"repetitions": float(count), "needed": float(ADVISED_REPETITIONS)}
        said.append(Caveat("few_repetitions", "repetitions", values, sentence))
    doubtful = [row for row in results.repetitions if row.doubt]
    if doubtful:
        named = ", ".join(f"{row.number} ({row.doubt})" for row in doubtful[:10])
        more = f" and {len(doubtful) - 10} more" if len(doubtful) > 10 else ""
        sentence = (
            f"Of {count} repetitions {len(doubtful)} are doubtful: {named}{more}. They stay out of means and CVs of a set."
        )
        said.append(Caveat("doubtful_repetitions", "repetitions", {"doubtful": float(len(doubtful))}, sentence))
    if results.broken_off_s:
        at = ", ".join(f"{at_s:.1f} s" for at_s in results.broken_off_s[:10])
        sentence = f"A squat that began at {at} is not counted: the force was lost within it."
        values = {"broken_off": float(len(results.broken_off_s))}
        said.append(Caveat("repetition_broken_off", "repetitions", values, sentence))
    return said + _by_hand(results) + _habit(results)


def _by_hand(results: Results) -> list[Caveat]:
    """Tell what a person changed of what was computed, and what of that could not be applied."""
    said = []
    for id_, applied, begins in (("changed_by_hand", True, "Changed by hand"), ("edit_not_applied", False, "Not applied")):
        edits = [edit for edit in results.edits if edit.applied is applied]
        if edits:
            more = f" And {len(edits) - MOST_TOLD} more." if len(edits) > MOST_TOLD else ""
            sentence = f"{begins}: {' '.join(edit.sentence for edit in edits[:MOST_TOLD])}{more}"
            counts = {f"{kind}_edits": float(sum(edit.kind == kind for edit in edits)) for kind in KINDS_OF_EDIT}
            said.append(Caveat(id_, "repetitions", counts, sentence))
    return said


def _none(results: Results) -> Caveat:
    if len({plate.side for plate in results.rig.plate}) < len(SIDES):
        why = "repetitions are found from the force on two plates, and the rig does not have them"
    elif results.weighing_refused:
        why = f"nobody could be weighed, as {results.weighing_refused}"
    elif results.found_repetitions:
        why = f"all {len(results.found_repetitions)} that were found were dropped by hand"
    else:
        why = "nobody went down and came up again between two stances"
    none = "No repetition is left" if results.found_repetitions else "No repetition was found"
    sentence = f"{none}: {why}. So nothing is found, and nothing is advised."
    return Caveat("no_repetition", "repetitions", {}, sentence)


def _habit(results: Results) -> list[Caveat]:
    """Tell a shift of load that is the same in stance and in the repetitions, below its limit."""
    amber, _ = column_limits(results.rig.rules, LOAD_SHIFT)
    stood = list(habits(results, LOAD_SHIFT.metric).values())
    shifts = [row.load_shift_mean_pct for row in results.phases if row.side == "both" and row.phase == "whole"]
    if not stood or not np.isfinite(shifts).any() or off_pct(results.zeros, results.body_weight_N) > 0.0:
        return []
    standing, squatting = float(np.median(stood)), float(np.nanmedian(shifts))
    alike = standing * squatting > 0.0 and min(abs(standing), abs(squatting)) >= HABIT_SHARE * amber
    if not alike or abs(squatting) >= amber:
        return []
    side = "right" if squatting > 0 else "left"
    of_stance, of_squats = (amount(shift, LOAD_SHIFT.unit, LOAD_SHIFT.metric) for shift in (standing, squatting))
    sentence = (
        f"The {side} leg carries more of the weight in quiet stance ({of_stance}) and in the "
        f"repetitions ({of_squats} in the median), below the limit: a habit of today, and no "
        "finding. Which side it is often changes from one day to another."
    )
    values = {"standing_pct": standing, "squatting_pct": squatting}
    return [Caveat("load_habit", f"{side} leg", values, sentence)]
