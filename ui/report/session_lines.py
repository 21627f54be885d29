"""What the terminal says of the repetitions of a session: what the knees did, and each set in a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from processing.findings.knees import knee_outcomes
from ui.report.repetition_table import OF_REPETITION

if TYPE_CHECKING:
    from processing.results import Results


def session_lines(results: Results) -> list[str]:
    """Return the lines: each knee that markers show with the evidence of force and EMG, then the sets."""
    said = []
    for knee in knee_outcomes(results):
        said.append(f"{knee.sentence()}.")
        said += [f"  {evidence.sentence()}." for evidence in knee.evidence]
    return said + sets_in_words(results)


def sets_in_words(results: Results) -> list[str]:
    """Say in a line for each set how many repetitions it has, how deep and fast they are, and how much that varies."""
    varies = {(row.set, row.phase, row.side, row.column): row for row in results.variability}
    said = []
    for number in dict.fromkeys(row.set for row in results.repetitions):
        count = sum(row.set == number for row in results.repetitions)
        line = f"Set {number}: {count} repetition{'s' if count > 1 else ''}"
        told = [varies.get((number, OF_REPETITION, "both", column)) for column in ("depth_m", "lowering_s", "rising_s")]
        words = ("{:.2f} m deep", "down in {:.1f} s", "up in {:.1f} s")
        parts = [f"{how.format(one.mean)} (CV {one.cv_pct:.0f} %)" for how, one in zip(words, told, strict=True) if one]
        said.append(f"{', '.join([line, *parts])}.")
    return said
