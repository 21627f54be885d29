"""The first lines of a report: what was seen, what that can tell, and what comes next; of one recording, so of no cause."""

from __future__ import annotations

from typing import TYPE_CHECKING

from processing.findings.findings import counted_in, findings, nothing_found
from processing.findings.knees import knee_outcomes

if TYPE_CHECKING:
    from processing.results import Results

SCREEN = "'squatscope screen' leads through the sets that tell them apart"


def first_lines(results: Results) -> tuple[str, str, str]:
    """Return what was seen, what it can tell and what comes next, a sentence or two each."""
    if not results.repetitions:
        return (
            "Every squat was dropped by hand." if results.found_repetitions else "No squat was seen.",
            nothing_found(results),
            "Next: record squats between two quiet stances, a foot on each plate.",
        )
    found = findings(results)
    knees = [knee for knee in knee_outcomes(results) if knee.pattern]
    seen = [f"{knee.sentence()}." for knee in knees]
    if found:
        first = found[0]
        more = f" {len(found) - 1} more below." if len(found) > 1 else ""
        seen.append(
            f"{first.label[0].upper()}{first.label[1:]} in {len(first.beyond_amber)} of {first.of} repetitions, first in "
            f"repetition {first.beyond_amber[0]}.{more}"
        )
    if not seen and len(results.repetitions) < counted_in(results.rig.rules)[0]:
        return nothing_found(results), "That is too few for any pattern.", "Next: record a set of 5 to 8 repetitions."
    if not seen:
        return (
            nothing_found(results),
            "That is so for this condition and this weight, and for what was measured.",
            "Next: go on as you train; look again with a heavier bar, if that is where it shows.",
        )
    return (
        " ".join(seen),
        "With no other condition beside it, whether technique, mobility or muscles go with it is not decidable.",
        f"Next: the same weight with the cue, feet screwed outwards, in turns with sets as they are; {SCREEN}.",
    )
