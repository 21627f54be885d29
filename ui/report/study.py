"""What a study leaves for people: its tables, the answers of its sessions, its failures, and an index of all."""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields
from typing import TYPE_CHECKING

from hardware.severity import Severity
from processing.study.outcomes import printable
from processing.study.tables import Answered, answers, failure_rows, write_repetitions, write_rows
from ui.report.index import INDEX, IndexRow, link_to, worst_first, write_index

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from processing.study.folder import StudyFolder
    from processing.study.plan import Plan
    from processing.study.run import Tally


@dataclass(frozen=True, slots=True)
class Written:
    """The table of repetitions, how many there are, and how many sessions."""

    table: Path
    repetitions: int
    sessions: int


def write_study(folder: StudyFolder, plan: Plan, tally: Tally, *, csv: bool) -> Written:
    """Make tables and index of what is done, over those of last time.

    Raises StudyError where something of it can't be read any more or the disk is full, TableError without pyarrow.
    """
    done = tally.in_order(plan)
    name = "repetitions.csv" if csv else "repetitions.parquet"
    with folder.unfinished() as room:
        repetitions = write_repetitions(folder, done, room / name)
        folder.replace(name, room / name)
        answered = list(answers(folder, plan.sessions, tally.done))
        sessions = [tuple(astuple(one)) for one in answered]
        write_rows([column.name for column in fields(Answered)], sessions, room / "sessions.csv")
        folder.replace("sessions.csv", room / "sessions.csv")
        write_rows(("recording", "reason"), failure_rows(tally.failed.values()), room / "failures.csv")
        folder.replace("failures.csv", room / "failures.csv")
        rows = worst_first(_index_rows(folder, plan, tally, answered))
        remark = f"{len(done):,} recordings, {repetitions:,} repetitions, {len(tally.failed):,} failed."
        write_index(room / INDEX, f"Study of {plan.source}", rows, [remark])
        folder.replace(INDEX, room / INDEX)
    return Written(folder.path / name, repetitions, len(answered))


def _index_rows(folder: StudyFolder, plan: Plan, tally: Tally, answered: list[Answered]) -> Iterator[IndexRow]:
    for session in answered:
        yield IndexRow(
            session.folder or ".",
            lifter=session.lifter,
            day=session.created_utc[:10],
            condition=f"{session.sets} sets",
            answer=session.answer,
        )
    for failed in tally.failed.values():
        yield IndexRow(printable(failed.name), failed=printable(failed.why))
    for one in tally.in_order(plan):
        link = link_to(folder.result(one.name, ".html"), folder.path)
        whose = printable(one.name), link, one.lifter, one.created_utc[:10], one.condition, one.bar_kg
        severity = Severity[one.severity.upper()] if one.severity else Severity.FINE
        yield IndexRow(*whose, one.repetitions, severity, one.finding)
