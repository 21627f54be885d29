"""Reprocessing from the command line: recordings in, a results file and a report each out, with a bar to watch."""

from __future__ import annotations

from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from acquisition.hdf5_text import name_of
from hardware.errors import SquatscopeError
from processing.batch import reprocess_many
from processing.findings.caveats import caveats
from processing.findings.findings import findings
from processing.results import ResultsError
from ui.report import report

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from acquisition.rig import Rig


def reprocess_files(files: Sequence[Path], out: Path, settings: Rig | None, console: Console) -> int:
    """Write NAME.metrics.h5 and NAME.html for each recording into `out`; return how many of them failed.

    A recording that can't be read is told, and the others go on. Raises ResultsError where the folder can't be made.
    """
    new = not out.exists()
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ResultsError(f"The folder {out} can't be made: {error.strerror}; give another one with --out.") from error
    errors = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    failed = 0
    columns = TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, transient=True) as bars:
        tasks = {path: bars.add_task(name_of(path), total=1.0) for path in dict.fromkeys(files)}
        names = unique_names(list(tasks))
        for path, results in reprocess_many(
            list(tasks), settings, progress=lambda path, share: bars.update(tasks[path], completed=share)
        ):
            try:
                if isinstance(results, SquatscopeError):
                    raise results
                results.write(out / f"{names[path]}.metrics.h5")
                report.write(results, out / f"{names[path]}.html")
            except SquatscopeError as error:
                failed += 1
                errors.print(f"{path}: {error}", style="bold red")
                continue
            bars.console.print(f"{path}: {results.seconds:.1f} s", style="bold", soft_wrap=True)
            for finding in findings(results):
                bars.console.print(f"  {finding.severity.name:<5}  {finding.sentence()}.", soft_wrap=True)
            if not results.flags:
                bars.console.print("  No flag came up.")
            for caveat in caveats(results):
                bars.console.print(f"  • {caveat.sentence}", style="dim", soft_wrap=True)
    if failed == len(tasks) and new:
        with suppress(OSError):
            out.rmdir()
        return failed
    console.print(f"Results and reports of {len(tasks) - failed} of {len(tasks)} recordings are in {out}", soft_wrap=True)
    return failed


def unique_names(paths: Sequence[Path]) -> dict[Path, str]:
    """Return a name for each path's results: its own stem, with its folder before and a number behind where others have it."""
    stems = [path.stem for path in paths]
    names: dict[Path, str] = {}
    for path in paths:
        name = path.stem if stems.count(path.stem) == 1 else f"{path.resolve().parent.name}-{path.stem}"
        numbered = (f"{name}-{number}" for number in count(2))
        names[path] = name if name not in names.values() else next(n for n in numbered if n not in names.values())
    return names
