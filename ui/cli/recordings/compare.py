"""The command that compares: two recordings, two files of results, or two sessions."""

from __future__ import annotations

import math
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from ui.cli.console import console, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from processing.compare.changes import Changed, Comparing, Recomputed
    from processing.compare.source import Source

UNKNOWN = "–"
COLUMNS = "  {:<6}{:>7}{:>7}{:>9}{:>16}{:>9}{:>10}  {}"


def compare(
    first: Annotated[Path, typer.Argument(metavar="A", help="A recording, a file of results, or a session's folder.")],
    second: Annotated[Path, typer.Argument(metavar="B", help="Another of the same kind, such as a later session.")],
    settings: Annotated[
        Path | None,
        typer.Option("--settings", help="A rig file by whose filters, limits and rules both are judged."),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="The changes as a table, too: .csv or .parquet.")] = None,
) -> None:
    """Say what changed from A to B, with intervals, what would matter, and what bounds it."""
    from acquisition.rig.rig_file import load
    from processing.batch import with_settings
    from processing.compare.changes import compared
    from processing.compare.source import source_of
    from processing.tables import refuse_existing, write_table

    if out is not None:
        if out.suffix not in (".csv", ".parquet"):
            raise typer.BadParameter(f"{out} ends in neither .csv nor .parquet", param_hint="--out")
        refuse_existing(out)
    rig = load(settings) if settings is not None else None
    rig_for = None if rig is None else (lambda own: with_settings(own, rig))
    with console.status("Computing"):
        told = compared(source_of(first, rig_for), source_of(second, rig_for))
    say(f"A  {_line(told.first)}", style="bold")
    say(f"B  {_line(told.second)}", style="bold")
    for caveat in told.caveats:
        say(f"• {caveat.sentence}")
    if told.first.uuids & told.second.uuids:
        _tell_recomputed(told.recomputed)
    else:
        _tell_changes(told.changes)
    if out is not None:
        columns, rows = _rows(told)
        write_table(columns, rows, out)
        say(f"{len(rows)} rows: {out}")


def _line(source: Source) -> str:
    from processing.screening.outcome import DEPTH

    repetitions = sum(len(one.repetitions) for one in source.sets)
    depths = [one.numbers[DEPTH] for of in source.sets for one in of.repetitions if math.isfinite(one.numbers[DEPTH])]
    depth = f", {sorted(depths)[len(depths) // 2]:.2f} m deep" if depths else ""
    counted = f"{len(source.sets)} set{'s' if len(source.sets) != 1 else ''}"
    whose = f", lifter {source.lifter}" if source.lifter else ""
    return f"{source.name}: {source.created_utc[:10]}{whose}, {repetitions} repetitions in {counted}{depth}"


def _tell_changes(changes: Sequence[Changed]) -> None:
    from processing.screening.comparison import FEWEST, FEWEST_SETS, Answer

    said = {Answer.LESS: "went down", Answer.MORE: "went up", Answer.SAME: "not changed", Answer.UNCLEAR: "can't be told"}
    say(COLUMNS.format("", "A", "B", "B less A", "90 %", "matters", "seen from", "so it"), style="dim")
    for (condition, outcome), rows in groupby(changes, lambda one: (one.condition, one.outcome.on(""))):
        meaning = outcome.meaning
        say(f"{condition}{': ' if condition else ''}{meaning.words} ({'times' if meaning.is_log else meaning.unit})")
        for one in rows:
            change = one.change
            interval = f"{_shown(change.low, one)} to {_shown(change.high, one)}" if math.isfinite(change.low) else UNKNOWN
            numbers = (_shown(value, one) for value in (one.first, one.second, change.difference))
            limits = _shown(change.smallest, one), _shown(one.seen_from, one)
            say(COLUMNS.format(one.outcome.side, *numbers, interval, *limits, said.get(change.answer, str(change.answer))))
    if any(one.change.answer is Answer.TOO_FEW for one in changes):
        say(
            f"Too few: nothing is told of fewer than {FEWEST} repetitions, the first of each set not counted, or {FEWEST_SETS} "
            "sets."
        )
    if any(one.outcome.meaning.is_log for one in changes):
        say("Of ratios, B less A is how many times larger it is in B.")


def _shown(value: float, of: Changed) -> str:
    """Return a number of an outcome; a logarithm is shown as the ratio that it stands for."""
    if not math.isfinite(value):
        return UNKNOWN
    meaning = of.outcome.meaning
    if meaning.is_log:
        return f"{math.exp(value):.2f}"
    digits = meaning.digits
    return f"{round(value, digits) + 0.0:.{digits}f}"  # no "-0.0"


def _tell_recomputed(recomputed: Sequence[Recomputed]) -> None:
    say("Both are of the same recording: what differs is how it was computed.")
    if not recomputed:
        say("Every number of every repetition is the same.")
        return
    table = Table(box=None, pad_edge=False)
    for title in ("column", "rows that differ", "largest difference, B less A"):
        table.add_column(title, overflow="fold")
    for one in recomputed:
        largest = (
            f"{one.largest:+.6g} {one.unit.removeprefix('1')}".rstrip()
            if math.isfinite(one.largest)
            else "known in one only, or a text"
        )
        table.add_row(one.column, f"{one.differ} of {one.rows}", largest)
    console.print(table)


def _rows(told: Comparing) -> tuple[list[str], list[dict[str, str | int | float]]]:
    """Return the changes as a table; logarithms of ratios stay what they are."""
    rows: list[dict[str, str | int | float]] = [
        {
            "condition": one.condition,
            "outcome": one.outcome.name,
            "side": one.outcome.side,
            "unit": one.outcome.meaning.unit,
            "first": one.first,
            "second": one.second,
            "difference": one.change.difference,
            "low": one.change.low,
            "high": one.change.high,
            "smallest": one.change.smallest,
            "seen_from": one.seen_from,
            "answer": str(one.change.answer),
            "probability": one.change.probability,
            "first_repetitions": one.change.repetitions[0],
            "second_repetitions": one.change.repetitions[1],
            "first_sets": one.change.sets[0],
            "second_sets": one.change.sets[1],
        }
        for one in told.changes
    ]
    rows += [
        {"outcome": one.column, "unit": one.unit, "rows": one.rows, "differ": one.differ, "largest": one.largest}
        for one in told.recomputed
    ]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    return columns, rows
