"""The page of validation: what was compared, as tables in Markdown."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING

import numpy as np

from ui.validation.agreement import PLATES_DIFFER, agreements
from ui.validation.patterns import REPETITIONS, sensitivities
from ui.validation.repetitions import DRIFT, NONE, ORDINARY, SLOW, score
from ui.validation.screening import scored

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ui.validation.comparison import Agreement
    from ui.validation.patterns import Told
    from ui.validation.repetitions import Score
    from ui.validation.screening import Scored

WIDTH = 130
OF_REPETITIONS = ("squats", "n", "found", "invented", "doubtful", "< 2 cm", "depth off, 50 and 99 %", "< 30 ms",
                  "bottom off, 99 %", "told after")  # fmt: skip
OF_AGREEMENT = ("what", "beside", "ours", "theirs", "off at most", "of")
OF_SCREENINGS = ("family", "knee by", "counted", "right", "wrong cause", "told")
REPETITIONS_EACH = (3, 6, 9)
SIZE = 2.0
OF_PATTERNS = ("rule", "what is wrong", "lifters", "a moment flagged", "found over repetitions")


def page(lifters: int, data: Path | None, progress: Callable[[str], None]) -> str:
    """Return the page; `progress` is called with each part's name as it begins."""
    return "\n".join(_lines(lifters, data, progress)) + "\n"


def _lines(lifters: int, data: Path | None, progress: Callable[[str], None]) -> Iterator[str]:
    yield from ("# Validation", "")
    yield from _paragraph(
        "Our numbers beside those of others, and beside what is known of simulated lifters. `squatscope validate` makes this "
        "page; with `--data` it takes public recordings, too."
    )
    yield from ("", "## Repetitions", "")
    yield from _paragraph(
        f"Force of a body that moves along splines, of {lifters} lifters each, with noise, sway of 0.25 % of the weight and "
        "repetitions that vary; it is made apart from the simulated lifter of the demonstration. *None*: what is no squat, and "
        "gives no repetition."
    )
    progress("repetitions")
    yield from ("", _row(OF_REPETITIONS), _rule(OF_REPETITIONS))
    for script in (*ORDINARY, *SLOW):
        yield _row(_of_score(script, score(script, lifters)))
    for script in ("a second at the top", "continuous", "lowering takes 3 s"):
        yield _row(_of_score(f"{script}, drift of 15 N a minute", score(script, lifters, **DRIFT)))
    for script in NONE:
        found = score(script, lifters)
        yield _row((f"none: {script}", "0", "", str(found.invented), "", "", "", "", "", ""))
    progress("agreement")
    yield from ("", "## Agreement", "")
    yield from _paragraph(
        f"Largest values, or medians, and how far ours are off at most. Plates themselves differ by {PLATES_DIFFER}."
    )
    yield from ("", _row(OF_AGREEMENT), _rule(OF_AGREEMENT))
    for agreement in agreements(data):
        yield _row(_of_agreement(agreement))
    progress("patterns")
    yield from ("", "## Patterns", "")
    yield from _paragraph(
        f"Lifters who vary as people do, two sets of {REPETITIONS} repetitions each; a fault grows after half a minute. The "
        "limits are 5 % of load shift, 1.5 times of Q:H and 2 times of glutes. *A moment flagged*: a value stayed beyond its "
        "limit for 0.3 s, which is all that was told before repetitions were counted. *Found*: it did so in 3 of 5 repetitions "
        "in a row."
    )
    yield from ("", _row(OF_PATTERNS), _rule(OF_PATTERNS))
    for told in sensitivities(lifters):
        yield _row(_of_told(told))
    progress("screenings")
    yield from ("", "## Screenings", "")
    yield from _paragraph(
        f"Lifters of each family through a screening: two sets of each condition in turns with light ones, each analysed as a "
        f"recording of its own. What is wrong is {SIZE:g} times the smallest change that matters: 20 mm of a knee, 10 % of "
        "load shift, 1.56 times of Q:H or of a glute. Of three sound lifters one drifts by two standard deviations of a "
        "repetition, and one has a bad repetition. *Counted*: repetitions of each of the two sets. *Wrong cause*: one that is "
        "not there; that the muscles are unclear is none."
    )
    yield from ("", _row(OF_SCREENINGS), _rule(OF_SCREENINGS))
    for screened in scored(lifters, REPETITIONS_EACH, SIZE):
        yield _row(_of_screened(screened))


def _paragraph(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, break_on_hyphens=False)


def _row(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(cells) + " |"


def _rule(cells: tuple[str, ...]) -> str:
    return "|" + "---|" * len(cells)


def _of_score(script: str, found: Score) -> tuple[str, ...]:
    depth_mm, bottom_ms = 1e3 * np.abs(found.depth_off_m), 1e3 * np.abs(found.bottom_off_s)
    return (
        script,
        str(found.squats),
        f"{100.0 * found.recall:.1f} %",
        str(found.invented),
        f"{100.0 * found.doubtful / max(1, len(depth_mm)):.0f} %",
        f"{100.0 * found.within():.1f} %",
        f"{np.median(depth_mm):.0f}, {np.percentile(depth_mm, 99):.0f} mm",
        f"{100.0 * found.in_time():.1f} %",
        f"{np.percentile(bottom_ms, 99):.0f} ms",
        f"{max(found.confirmed_after_s):.2f} s",
    )


def _of_agreement(agreement: Agreement) -> tuple[str, ...]:
    a = agreement
    numbers = (f"{value:.6g} {a.unit}".rstrip() for value in (a.ours, a.theirs))
    off = "not comparable" if math.isnan(a.off) else f"{a.off:.2g} {a.unit}".rstrip()
    return a.what, a.reference, *numbers, off, a.cases


def _of_screened(found: Scored) -> tuple[str, ...]:
    told = ", ".join(f"{words} {count}" for words, count in found.told)
    knee = "markers" if found.markers else "nothing"
    right, wrong = (f"{100.0 * count / found.lifters:.0f} %" for count in (found.right, found.wrong))
    return found.family, knee, f"2 x {found.repetitions}", right, wrong, told


def _of_told(told: Told) -> tuple[str, ...]:
    share = tuple(f"{100.0 * count / told.lifters:.0f} %" for count in (told.moments, told.found))
    return told.rule if told.rule == "any" else f"`{told.rule}`", told.size or "nothing", str(told.lifters), *share
