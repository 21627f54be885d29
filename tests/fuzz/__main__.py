"""Fuzz every format for as long as there is time, and print what came of it: `python -m tests.fuzz --minutes 60`."""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from tests.fuzz.runner import Tally, run
from tests.fuzz.targets import TARGETS

AT_ONCE = 50


def main(minutes: Annotated[float, typer.Option()] = 5.0, first: Annotated[int, typer.Option()] = 0, only: str = "") -> None:
    """Try AT_ONCE files of each format in turn until the time is over; exit code 1 where anything went wrong."""
    tallies: dict[str, Tally] = defaultdict(Tally)
    end_s, turn = time.perf_counter() + 60 * minutes, 0
    targets = [target for target in TARGETS if only in target.name]
    while time.perf_counter() < end_s:
        target = targets[turn % len(targets)]
        with TemporaryDirectory() as folder:
            found = run(target, Path(folder), first + AT_ONCE * (turn // len(targets)), AT_ONCE)
        total = tallies[target.name]
        total.read += found.read
        total.refused += found.refused
        total.wrong += found.wrong
        turn += 1
    table = Table("format, mutated in its", "files", "read", "refused with a sentence", "anything else")
    for name, tally in tallies.items():
        tried = tally.read + tally.refused + len(tally.wrong)
        table.add_row(name, str(tried), str(tally.read), str(tally.refused), str(len(tally.wrong)))
    console = Console()
    console.print(table)
    for wrong in [wrong for tally in tallies.values() for wrong in tally.wrong]:
        console.print(wrong, soft_wrap=True, markup=False)
    sys.exit(any(tally.wrong for tally in tallies.values()))


if __name__ == "__main__":
    typer.run(main)
