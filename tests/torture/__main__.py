"""Torture sessions for as long as there is time, and print what was lost: `python -m tests.torture --minutes 60`."""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from tests.torture.account import Account
from tests.torture.ordeals import ORDEALS, possible


@dataclass
class Total:
    """What came of one ordeal's sessions."""

    sessions: int = 0
    published: int = 0
    lost: int = 0
    wrong: list[str] = field(default_factory=list)


def main(
    minutes: Annotated[float, typer.Option()] = 5.0,
    first: Annotated[int, typer.Option(help="The first seed.")] = 0,
    at_once: Annotated[int, typer.Option(help="Sessions side by side.")] = 3,
    only: str = "",
) -> None:
    """Torture in turn until the time is over; exit code 1 where anything went wrong."""
    ordeals = [ordeal for ordeal in ORDEALS if only in ordeal.name and possible(ordeal)]
    totals: dict[str, Total] = defaultdict(Total)
    end_s = time.perf_counter() + 60 * minutes

    def one(number: int) -> tuple[str, int, Account]:
        ordeal = ordeals[number % len(ordeals)]
        seed = first + number // len(ordeals)
        if time.perf_counter() > end_s:
            return "", seed, Account()
        with TemporaryDirectory() as folder:
            return ordeal.name, seed, ordeal.run(Path(folder) / "session", seed)

    with ThreadPoolExecutor(at_once) as pool:
        for name, seed, account in pool.map(one, range(int(60 * minutes) * at_once)):
            if name:
                total = totals[name]
                total.sessions += 1
                total.published += account.published
                total.lost += account.lost
                total.wrong += [f"{name}, seed {seed}: {sentence}" for sentence in account.wrong]
    table = Table("sessions that were", "how many", "samples published", "lost", "anything wrong")
    for name, total in totals.items():
        table.add_row(name, str(total.sessions), str(total.published), str(total.lost), str(len(total.wrong)))
    console = Console()
    console.print(table)
    for wrong in [wrong for total in totals.values() for wrong in total.wrong]:
        console.print(wrong, soft_wrap=True, markup=False)
    sys.exit(any(total.wrong for total in totals.values()))


if __name__ == "__main__":
    typer.run(main)
