"""The index: one page for a folder of recordings, results and reports, a row for each, the worst first where that is asked for.

It can be sorted by its columns, without anything from elsewhere, and holds relative links, so that a folder can be moved.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from acquisition.storage.disk import put_over
from acquisition.storage.hdf5_text import name_of
from hardware.errors import SquatscopeError
from hardware.severity import Severity
from processing.batch import as_recorded
from processing.findings.findings import findings, nothing_found
from processing.results import Results
from processing.screening.answers import headline
from processing.screening.guided.session_file import NAME, read_session
from processing.screening.recorded_sets import screening_of
from ui.archive.folder import Folder
from ui.report.page import ReportError, write_page

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

INDEX = "index.html"
MOST_ROWS = 20_000
"""More rows than that make a page that no browser likes."""
MARK = '<meta name="generator" content="squatscope index">'
"""By which a page that may be made anew is known."""
RESULTS = ".metrics.h5"


@dataclass(frozen=True, slots=True)
class IndexRow:
    """A line of the index: what it is, whose, when and how it was done, what was found; `link` is relative, empty for none.

    `severity` is that of the worst finding, FINE without one; `failed` says why there is no result.
    """

    name: str
    link: str = ""
    lifter: str = ""
    day: str = ""
    condition: str = ""
    bar_kg: float | None = None
    repetitions: int | None = None
    severity: Severity = Severity.FINE
    finding: str = ""
    answer: str = ""
    failed: str = ""


def link_to(path: Path, folder: Path) -> str:
    """Return the way to a file from a folder as a page has it, whatever its name is; empty where there is no such file."""
    return quote(os.fsencode(path.relative_to(folder).as_posix())) if path.is_file() else ""


def worst_first(rows: Iterable[IndexRow]) -> list[IndexRow]:
    """Return rows with failures first, then answers of sessions, then what is worst."""
    return sorted(rows, key=lambda row: (not row.failed, not row.answer, -row.severity))


def write_index(path: Path, title: str, rows: Sequence[IndexRow], remarks: Sequence[str] = ()) -> None:
    """Write an index; of more than 20,000 rows those that are worst. Raises ReportError where the file is there."""
    shown = list(rows) if len(rows) <= MOST_ROWS else worst_first(rows)[:MOST_ROWS]
    more = (
        [f"{len(rows) - len(shown):,} rows more, of which nothing worse was found, are left out."]
        if len(shown) < len(rows)
        else []
    )
    columns = {
        "lifter": any(row.lifter for row in shown),
        "condition": any(row.condition for row in shown),
        "bar": any(row.bar_kg is not None for row in shown),
        "answer": any(row.answer for row in shown),
    }
    write_page("index.html.j2", path, title=title, rows=shown, remarks=[*remarks, *more], shows=columns)


def rows_in(folder: Path) -> Iterator[IndexRow]:
    """Yield a row for each file of results in a folder and below it, and for each session, in the order of their names.

    A session's answer is computed anew from its recordings. What can't be read has a row that says why.
    """
    found = [
        path for path in folder.rglob("*.h5") if path.name.endswith(RESULTS) or path.name == Folder(path.parent).metrics.name
    ]
    for path in sorted([*found, *folder.rglob(NAME)]):
        try:
            yield _session_row(path.parent, folder) if path.name == NAME else _results_row(path, folder)
        except SquatscopeError as error:
            yield IndexRow(_way(path, folder), failed=str(error))


def make_index(folder: Path) -> tuple[Path, int]:
    """Make the index of a folder, over the one of last time; return it, and how many rows it has.

    Raises ReportError where there is nothing to list, or another page is called like it.
    """
    path = folder / INDEX
    if not folder.is_dir():
        raise ReportError(f"{folder} is no folder.")
    if path.exists() and not _is_ours(path):
        raise ReportError(f"{path} is there and was not made by 'squatscope index'; move it away, or give another folder.")
    rows = list(rows_in(folder))
    if not rows:
        raise ReportError(f"There are neither results nor sessions in {folder}; 'squatscope reprocess' makes results.")
    fresh = path.with_name(f"{INDEX}.new")
    with suppress(OSError):
        fresh.unlink(missing_ok=True)  # left by whoever was killed while writing it
    write_index(fresh, folder.resolve().name, rows)
    try:
        put_over(fresh, path)
    except OSError as error:
        raise ReportError(f"{path} can't be written: {error.strerror}.") from error
    return path, len(rows)


def _is_ours(path: Path) -> bool:
    with suppress(OSError), path.open("rb") as file:
        return MARK.encode() in file.read(1024)
    return False


def _results_row(path: Path, folder: Path) -> IndexRow:
    results = Results.read(path)
    report = (
        Folder(path.parent).report if path.name == "metrics.h5" else path.with_name(path.name.removesuffix(RESULTS) + ".html")
    )
    worst = next(iter(findings(results)), None)
    return IndexRow(
        _way(path.parent if path.name == "metrics.h5" else path, folder).removesuffix(RESULTS),
        link_to(report, folder),
        day=results.created_utc[:10],
        repetitions=len(results.repetitions),
        severity=Severity.FINE if worst is None else worst.severity,
        finding=nothing_found(results) if worst is None else f"{worst.sentence()}.",
    )


def _session_row(session_folder: Path, folder: Path) -> IndexRow:
    session = read_session(session_folder)
    sets = session.counting()
    told = screening_of(session_folder, session, as_recorded)
    worst = min(
        (finding for results in told.results for finding in findings(results)), key=lambda one: -one.severity, default=None
    )
    bars = [one.bar_kg for one in sets if one.bar_kg is not None]
    return IndexRow(
        _way(session_folder, folder),
        link_to(Folder(session_folder).screening, folder),
        session.lifter,
        session.created_utc[:10],
        ", ".join(dict.fromkeys(one.condition for one in sets)),
        max(bars, default=None),
        sum(len(results.repetitions) for results in told.results),
        Severity.FINE if worst is None else worst.severity,
        "" if worst is None else f"{worst.sentence()}.",
        headline(told.triage) if sets else "No set of it counts.",
    )


def _way(path: Path, folder: Path) -> str:
    way = path.relative_to(folder)
    return "/".join(name_of(Path(part)) for part in way.parts) or name_of(folder.resolve())
