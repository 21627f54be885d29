"""Commands about many recordings: study and index."""

from __future__ import annotations

import os
import time
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ui.cli.console import console, fail, say

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from processing.study.outcomes import Outcome
    from processing.study.plan import Plan
    from processing.study.run import Tally
    from ui.report.study import Written

TOLD = 20
"""So many failures are told at the end; all of them are in the study's folder."""
TELL_S = 30.0
"""Where no bar can be shown, a line tells every so often how far it is."""
INTERRUPTED = 130


def study(
    source: Annotated[
        str, typer.Argument(metavar="FOLDER", help="The folder of recordings and sessions, or an address: s3://..., http://...")
    ],
    out: Annotated[Path, typer.Option("--out", help="The folder of the study: a new one, or this study's, to go on.")],
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", min=1, max=1024, help="So many processes on this computer; one for each core by default."),
    ] = None,
    dask: Annotated[
        str | None, typer.Option("--dask", metavar="ADDRESS", help="The scheduler of a Dask cluster, as tcp://10.0.0.1:8786.")
    ] = None,
    settings: Annotated[
        Path | None,
        typer.Option("--settings", help="A rig file whose filters, limits and rules are used instead of the recorded ones."),
    ] = None,
    csv: Annotated[bool, typer.Option("--csv", help="The table of repetitions as CSV, not as Parquet.")] = False,
    reports: Annotated[bool, typer.Option("--reports", help="Write a report of each recording, too.")] = False,
    no_results: Annotated[
        bool, typer.Option("--no-results", help="Keep no file of results for each recording: tables and index only.")
    ] = False,
) -> None:
    """Compute thousands of recordings, and the answers of their sessions, to one table; called again, it goes on."""
    from acquisition.rig.rig_file import load
    from processing.study.cluster import cluster_at, local_cluster
    from processing.study.folder import Study, StudyFolder
    from processing.study.plan import plan_of
    from processing.study.run import Tally, run
    from processing.study.task import Work
    from processing.tables import arrow_packages
    from ui.report import report
    from ui.report.study import write_study

    if jobs is not None and dask is not None:
        raise typer.BadParameter("give either --jobs or --dask")
    if not csv:
        arrow_packages()  # said now, and not after hours
    rig = load(settings) if settings is not None else None
    plan, folder, tally = plan_of(source, out), StudyFolder(out), Tally()
    with ExitStack() as stack:
        judged = Study(
            software_version=version("squatscope"), source=plan.source, settings=rig, results=not no_results, reports=reports
        )
        folder.open(judged)
        work = Work(str(out.absolute()), folder.sha256(), report.write if reports else None)
        stack.callback(folder.close)
        try:
            cluster = stack.enter_context(
                cluster_at(dask) if dask is not None else local_cluster(jobs if jobs is not None else os.cpu_count() or 1)
            )
            dashboard = f" Dashboard: {cluster.dashboard}" if cluster.dashboard else ""
            say(f"{len(plan.jobs):,} recordings, {cluster.threads} at a time {cluster.where}.{dashboard}")
            for _ in _watched(run(plan, work, cluster, tally), plan, tally):
                pass
            with console.status(f"{len(tally.done):,} recordings are brought into one table"):
                written = write_study(folder, plan, tally, csv=csv)
        except KeyboardInterrupt:
            kept = sum(folder.is_done(job.name) for job in plan.jobs)
            say(f"Stopped: {kept:,} of {len(plan.jobs):,} are done and kept; the same command goes on.")
            raise typer.Exit(INTERRUPTED) from None
    say(f"{written.repetitions:,} repetitions of {len(tally.done):,} recordings: {written.table}")
    _tell(out, plan, tally, written)


def _watched(outcomes: Iterable[Outcome], plan: Plan, tally: Tally) -> Iterator[Outcome]:
    """Hand on what comes, and show how far it is and how long it will take."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    total = len(plan.jobs) + len(plan.failed)
    began_s = told_s = time.monotonic()
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        bar = bars.add_task("recordings", total=total)
        for number, outcome in enumerate(outcomes, 1):
            failed = f", {len(tally.failed):,} failed" if tally.failed else ""
            bars.update(bar, completed=number, description=f"recordings{failed}")
            now_s = time.monotonic()
            if not console.is_terminal and now_s - told_s > TELL_S:
                told_s = now_s
                left_min = (now_s - began_s) / number * (total - number) / 60.0
                say(f"{number:,} of {total:,}{failed}, about {left_min:.0f} min left")
            yield outcome


def _tell(out: Path, plan: Plan, tally: Tally, written: Written) -> None:
    from processing.study.tables import failure_rows
    from ui.report.index import INDEX

    said = [(tally.already, "were done already"), (tally.others, "HDF5 files are no recordings")]
    said.append((plan.not_counting, "recordings of sessions are no sets that count"))
    for count, what in said:
        if count:
            say(f"{count:,} {what}.")
    if same := tally.same():
        name, first = same[0]
        say(
            f"• {len(same):,} are the same recording as another, by recording_uuid, such as {name} and {first}: the table has "
            "both."
        )
    if written.sessions:
        say(f"Answers of {written.sessions:,} sessions: {out / 'sessions.csv'}")
    say(f"Index: {(out / INDEX).resolve().as_uri()}")
    if tally.failed:
        rows = failure_rows(tally.failed.values())
        more = [f"... and {len(rows) - TOLD:,} more."] if len(rows) > TOLD else []
        lines = [f"{name}: {why}" for name, why in rows[:TOLD]]
        fail("\n".join([*lines, *more, f"{len(rows):,} failed: {out / 'failures.csv'}"]))


def index(
    folder: Annotated[Path, typer.Argument(help="A folder with results, reports and sessions in and below it.")],
) -> None:
    """Make a page that lists the results, reports and sessions in a folder: FOLDER/index.html, made anew when called again."""
    from ui.report.index import make_index

    with console.status("Reading"):
        path, count = make_index(folder)
    say(f"{count:,} rows: {path.resolve().as_uri()}")
