"""Commands about files: import and reprocess."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ui.cli.console import console, say
from ui.cli.lifter import Lifters, for_lifters

if TYPE_CHECKING:
    from acquisition.rig import Rig


def import_file(
    file: Annotated[Path, typer.Argument(help="A C3D file with force plates and EMG.")],
    out: Annotated[Path, typer.Argument(help="The recording to make.")],
    map_file: Annotated[
        Path | None, typer.Option("--map", help="A TOML file that says which plate and channel is what.")
    ] = None,
) -> None:
    """Turn a C3D file into a recording, which can be replayed and reprocessed."""
    from acquisition.formats.c3d.importer import import_c3d

    imported = import_c3d(file, out, map_file)
    for caveat in imported.caveats:
        say(f"• {caveat.sentence}")
    say(imported.summary)
    say(f"Recording: {imported.path}")


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
) -> None:
    """Compute metrics, flags and report of recordings anew, with the code that ran live."""
    from acquisition.rig.rig_file import load
    from processing.batch import with_settings
    from ui.cli.reprocess import reprocess_files

    other = load(settings) if settings is not None else None

    def rig_for(rig: Rig) -> Rig:
        return for_lifters(rig if other is None else with_settings(rig, other), lifter)

    failed = reprocess_files(recordings, out, rig_for, console, skip_existing=skip_existing)
    if failed:
        raise typer.Exit(1)
