"""Reprocessing from the command line: recordings in, a results file and a report each out, with a bar to watch."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from acquisition.recording import recordings_in
from acquisition.storage.hdf5_text import name_of
from hardware.errors import SquatscopeError
from processing.batch import reprocess_many
from processing.findings.caveats import caveats
from processing.findings.findings import findings, nothing_found
from processing.results import ResultsError
from ui.archive.folder import Folder
from ui.palette import RED_SENTENCE
from ui.report import report
from ui.report.session_lines import session_lines
from ui.report.tables import repetition_csv

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from acquisition.rig import Rig
    from processing.results import Results


def reprocess_files(
    paths: Sequence[Path],
    out: Path,
    rig_for: Callable[[Rig], Rig],
    console: Console,
    *,
    skip_existing: bool,
    with_edits: bool = True,
) -> int:
    """Write NAME.metrics.h5, NAME.repetitions.csv and NAME.html for each recording into `out`, by the rig to use.

    Returns how many of them failed.
    A folder stands for all recordings in and below it. With `skip_existing` a recording whose results are there is left out. A
    recording that can't be read is told, and the others go on. Raises ResultsError where the folder can't be made, two
    recordings would get one name, or results are there and may not be skipped.
    """
    names = dict(recordings_of(paths))
    recordings = list(names)
    refuse_doubles(names)
    there = [path for path, name in names.items() if any(file.exists() for file in _results_of(out, name))]
    if there and not skip_existing:
        raise ResultsError(
            f"Results of {len(there)} of {len(recordings)} recordings are in {out} already, and nothing is ever overwritten: "
            "give another --out, or leave them out with --skip-existing."
        )
    left = [path for path in recordings if path not in there]
    new = not out.exists()
    try:
        out.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ResultsError(f"The folder {out} can't be made: {error.strerror}; give another one with --out.") from error
    errors = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    failed = 0
    columns = TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, transient=True) as bars:
        tasks = {path: bars.add_task(name_of(path), total=1.0) for path in left}
        for path, results in reprocess_many(
            left,
            rig_for,
            progress=lambda path, share: bars.update(tasks[path], completed=share),
            with_edits=with_edits,
        ):
            try:
                if isinstance(results, SquatscopeError):
                    raise results
                metrics, table, page = _results_of(out, names[path])
                results.write(metrics)
                repetition_csv.write(results, table)
                report.write(results, page)
            except SquatscopeError as error:
                failed += 1
                errors.print(f"{path}: {error}", style=RED_SENTENCE)
                continue
            _tell(path, results, bars.console, alone=len(left) == 1)
    if left and failed == len(left) and new:
        with suppress(OSError):
            out.rmdir()
        return failed
    skipped = f"; {len(there)} were there already" if there else ""
    console.print(
        f"Results and reports of {len(left) - failed} of {len(recordings)} recordings were written into {out}{skipped}.",
        soft_wrap=True,
    )
    return failed


def _tell(path: Path, results: Results, console: Console, alone: bool) -> None:
    applied = sum(edit.applied for edit in results.edits)
    edited = f"; {applied} edit{'' if applied == 1 else 's'} by hand applied" if applied else ""
    console.print(f"{path}: {results.seconds:.1f} s{edited}", style="bold", soft_wrap=True)
    found = findings(results)
    for finding in found:
        console.print(f"  {finding.severity.name:<5}  {finding.sentence()}.", soft_wrap=True)
    if not found:
        console.print(f"  {nothing_found(results)}", soft_wrap=True)
    for line in session_lines(results, table=alone):
        console.print(f"  {line}", soft_wrap=True)
    for caveat in caveats(results):
        console.print(f"  • {caveat.sentence}", style="dim", soft_wrap=True)


def recordings_of(paths: Sequence[Path]) -> list[tuple[Path, str]]:
    """Return the recordings that are meant, each with the name of its results, which depends on no other recording.

    A file is named by its stem; what is in and below a folder by its way from there. A session's recording is always called
    recording.h5, so it bears the name of its folder.
    """
    found: dict[Path, str] = {}
    for path in paths:
        inside = recordings_in(path) if path.is_dir() else []
        for file in inside or [path]:
            way = file.relative_to(path) if path.is_dir() and inside else Path(file.name)
            parts = [*way.parts[:-1], way.stem]
            if file.name == Folder(file.parent).recording.name:
                parts = list(way.parts[:-1]) or [file.resolve().parent.name]
            found.setdefault(file, "-".join(parts))
        if path.is_dir() and not inside:
            del found[path]
    if paths and not found:
        raise ResultsError(f"There is no recording in {', '.join(map(str, paths))}; name recordings, or folders with some.")
    return list(found.items())


def _results_of(out: Path, name: str) -> tuple[Path, Path, Path]:
    return out / f"{name}.metrics.h5", out / f"{name}.repetitions.csv", out / f"{name}.html"


def refuse_doubles(names: dict[Path, str]) -> None:
    """Raise ResultsError where two recordings would bear one name."""
    doubled = [name for name, count in Counter(names.values()).items() if count > 1]
    if doubled:
        which = " and ".join(str(path) for path, name in names.items() if name == doubled[0])
        raise ResultsError(f"{which} would both be called {doubled[0]!r}; give each its own --out, or rename one.")
