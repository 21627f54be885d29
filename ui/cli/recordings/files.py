"""Commands about files: import, propose-map, add-markers, table and reprocess."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ui.cli.console import console, fail, say
from ui.cli.recordings.lifter import Lifters, for_lifters

if TYPE_CHECKING:
    from acquisition.formats.markers.adding_markers import MarkerStart
    from acquisition.formats.markers.leg_markers import LegMarkers
    from acquisition.rig import Rig


def import_files(
    files: Annotated[list[Path], typer.Argument(help="Files of other programs, or folders with some in and below them.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the recordings, each named after its file.")],
    map_file: Annotated[
        Path | None, typer.Option("--map", help="A TOML file that says what the files don't; propose-map begins one.")
    ] = None,
) -> None:
    """Turn files of other programs into recordings, which can be replayed and reprocessed."""
    from ui.cli.recordings.importing import import_into

    failed = import_into(files, out, map_file, console)
    if failed:
        fail("\n".join(failed))


def propose_map(
    file: Annotated[Path, typer.Argument(help="A file of another program.")],
) -> None:
    """Print a map for a file: what its labels say, as a guess, and what is to be filled in."""
    from acquisition.formats.proposal import propose_map as propose

    say(propose(file).rstrip())


def add_markers(
    recording: Annotated[
        Path, typer.Argument(help="The recording that lacks them, or the folder of a session; recordings stay as they are.")
    ],
    file: Annotated[Path, typer.Argument(help="A file of markers or of a pose's key points: TRC or C3D.")],
    out: Annotated[
        Path | None,
        typer.Argument(help="The recording to make, with all that the first one has, and the markers; no session's."),
    ] = None,
    starts_s: Annotated[
        float | None,
        typer.Option("--starts-s", help="When the first frame was, in seconds of the session; else the squats tell."),
    ] = None,
    map_file: Annotated[
        Path | None, typer.Option("--map", help="A TOML file that says which marker is on what: marker = [...].")
    ] = None,
    number: Annotated[
        int | None, typer.Option("--set", help="Of a session: which set the file is of; else the squats tell.")
    ] = None,
) -> None:
    """Add the markers of a file to a recording, or to the sets of a session, so that the knees are seen over the feet."""
    from acquisition.caveat import Caveat
    from acquisition.formats.markers.adding_markers import MarkerStart, add_markers, read_leg_markers
    from acquisition.formats.markers.leg_markers import markers_in_words
    from processing.screening.guided.session_file import read_session
    from ui.archive.carried_edits import carry_edits

    caveats: list[Caveat] = []
    legs = read_leg_markers(file, map_file, caveats)
    if recording.is_dir():
        read_session(recording)
        if out is not None or starts_s is not None:
            raise typer.BadParameter("a session's new recordings lie in its folder, and its squats say when the markers began")
        _mark_sets(recording, legs, number)
        return
    if out is None:
        raise typer.BadParameter("name the recording to make")
    start = _start_by_squats(recording, legs) if starts_s is None else MarkerStart(starts_s, "given")
    rig = add_markers(recording, legs, start, out)
    carry_edits(recording, out)
    for caveat in caveats:
        say(f"• {caveat.sentence}")
    how = "as it was given" if start.alike is None else f"by the squats, which are alike by {start.alike:.3f} (1 = the same)"
    say(f"The first frame was at {start.starts_s:.2f} s of the session, {how}.")
    for line in markers_in_words(rig.marker):
        say(f"  {line}")
    say(f"Recording: {out}")


def _mark_sets(folder: Path, legs: LegMarkers, number: int | None) -> None:
    from ui.archive.marked_sets import mark_sets

    for marked in mark_sets(folder, legs, _start_by_squats, number):
        alike = marked.start.alike or 0.0
        say(f"{marked.before}: the first frame was at {marked.start.starts_s:.2f} s of it (alike by {alike:.3f}): {marked.now}")


def _start_by_squats(recording: Path, legs: LegMarkers) -> MarkerStart:
    """Return when markers began, by the squats that forces and markers show; raises AlignmentError where these don't tell."""
    from acquisition.formats.markers.adding_markers import MarkerStart
    from processing import batch
    from processing.knee.alignment import AlignmentError, align, leg_height_mm

    results = batch.reprocess(recording)
    table = results.table_with("com_height_mm")
    if table is None or len(table.time_s) < 2:
        raise AlignmentError(f"{recording} has no forces, by whose squats markers could be aligned; give --starts-s.")
    height_mm = leg_height_mm(legs.markers, legs.samples)
    squats_s = [(row.start_s, row.end_s) for row in results.repetitions]
    found = align(table.time_s, table.column("com_height_mm"), squats_s, height_mm, legs.stream.rate_hz)
    return MarkerStart(found.starts_s, "squats", found.alike)


def table(
    paths: Annotated[
        list[Path], typer.Argument(help="Recordings, files of results, sessions, or folders with some in and below them.")
    ],
    out: Annotated[Path, typer.Option("--out", help="The table to make: a name that ends in .csv or .parquet.")],
) -> None:
    """Make one table of many recordings: a row for each repetition, with lifter, condition, load, settings and version."""
    from rich.progress import track

    from processing.tables import files_in, refuse_existing, table_of, write_table

    if out.suffix not in (".csv", ".parquet"):
        raise typer.BadParameter(f"{out} ends in neither .csv nor .parquet", param_hint="--out")
    refuse_existing(out)
    files = files_in(paths)
    failed: list[str] = []
    columns, rows = table_of(
        track(files, "Reading", console=console, transient=True), lambda path, error: failed.append(f"{path}: {error}")
    )
    write_table(columns, rows, out)
    say(f"{len(rows)} repetitions of {len(files) - len(failed)} recordings, {len(columns)} columns: {out}")
    if failed:
        fail("\n".join(failed))


def reprocess(
    recordings: Annotated[list[Path], typer.Argument(help="Recordings, or folders with recordings in and below them.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the results.")],
    settings: Annotated[
        Path | None,
        typer.Option("--settings", help="A rig file whose filters, limits and rules are used instead of the recorded ones."),
    ] = None,
    lifter: Lifters = None,
    skip_existing: Annotated[
        bool, typer.Option("--skip-existing", help="Leave out recordings whose results are in the folder already.")
    ] = False,
    without_edits: Annotated[
        bool, typer.Option("--without-edits", help="Leave out what was corrected by hand with 'squatscope review'.")
    ] = False,
) -> None:
    """Compute metrics, flags and report of recordings anew, with the code that ran live."""
    from acquisition.rig.rig_file import load
    from processing.batch import with_settings
    from ui.cli.recordings.reprocess import reprocess_files

    other = load(settings) if settings is not None else None

    def rig_for(rig: Rig) -> Rig:
        return for_lifters(rig if other is None else with_settings(rig, other), lifter)

    failed = reprocess_files(recordings, out, rig_for, console, skip_existing=skip_existing, with_edits=not without_edits)
    if failed:
        raise typer.Exit(1)
