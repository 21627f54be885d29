"""Export from the command line: recordings in the formats of other programs; one that fails stops no other."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ui.cli.console import console, fail, say

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from acquisition.caveat import Caveat
    from acquisition.recording import Recording
    from processing.session_events import Described

    Write = Callable[[Recording, Described, list[Caveat]], list[Path]]


class Kind(StrEnum):
    """What recordings are exported as."""

    C3D = "c3d"
    CSV = "csv"
    PARQUET = "parquet"
    BIDS = "bids"


def export(
    paths: Annotated[
        list[Path],
        typer.Argument(help="Recordings, sessions, or folders with some in and below them; of a session what counts."),
    ],
    out: Annotated[Path, typer.Option("--out", help="The folder to fill; nothing in it is overwritten.")],
    kind: Annotated[Kind, typer.Option("--as", help="The format.")],
    long: Annotated[
        bool, typer.Option("--long", help="Of csv and parquet: a row for each sample and signal, not one for each sample.")
    ] = False,
) -> None:
    """Hand recordings on to other programs, with repetitions and flags as events, and whose they are."""
    if long and kind not in (Kind.CSV, Kind.PARQUET):
        raise typer.BadParameter(f"is for csv and parquet, and not for {kind}", param_hint="--long")
    names = _names(paths)
    failed = _as_dataset(names, out) if kind is Kind.BIDS else _as_files(names, kind, out, long=long)
    say(f"{len(names) - len(failed)} of {len(names)} recordings were exported into {out}.")
    if failed:
        fail("\n".join(failed))


def _as_files(names: dict[Path, str], kind: Kind, out: Path, *, long: bool) -> list[str]:
    """Write each recording as files of its own; return what failed."""
    from acquisition.export.c3d import export_c3d
    from acquisition.export.new_file import made_folder
    from acquisition.export.tables import TableExport

    def c3d(recording: Recording, known: Described, caveats: list[Caveat]) -> list[Path]:
        return export_c3d(recording, known.about, known.events, out / f"{known.about.name}.c3d", caveats)

    made_folder(out)
    if kind is Kind.C3D:
        return _each(names, out, c3d)
    files = TableExport(out, "csv" if kind is Kind.CSV else "parquet", long=long)

    def tables(recording: Recording, known: Described, _caveats: list[Caveat]) -> list[Path]:
        return files.add(recording, known.about, known.events, known.frames, known.results.rig)

    return _each(names, out, tables)


def _as_dataset(names: dict[Path, str], out: Path) -> list[str]:
    """Write all recordings as one BIDS dataset, which is there once it is whole; return what failed."""
    from acquisition.export.bids import BidsDataset
    from acquisition.export.new_file import new_folder

    with new_folder(out) as folder:
        dataset = BidsDataset(folder)

        def bids(recording: Recording, known: Described, caveats: list[Caveat]) -> list[Path]:
            return dataset.add(recording, known.about, known.events, caveats)

        failed = _each(names, folder, bids)
        if len(failed) == len(names):
            fail("\n".join(failed))
        dataset.finish()
    return failed


def _names(paths: Sequence[Path]) -> dict[Path, str]:
    """Return the recordings that are meant, with their names; of a session's folder the tries that count."""
    from processing.session_events import counts
    from ui.cli.recordings.reprocess import recordings_of, refuse_doubles

    found = dict(recordings_of(paths))
    names = {path: name for path, name in found.items() if path in paths or counts(path)}
    if left := len(found) - len(names):
        say(f"Left out of the sessions' folders, as no try that counts names them: {left} recordings. Name one to export it.")
    refuse_doubles(names)
    return names


def _each(names: dict[Path, str], out: Path, write: Write) -> list[str]:
    """Write each recording, tell what was written and altered, each sentence once, and return what failed."""
    from rich.progress import track

    from acquisition.caveat import Caveat
    from acquisition.recording import Recording
    from hardware.errors import SquatscopeError
    from processing.session_events import described

    failed: list[str] = []
    said: set[str] = set()
    for path, name in track(list(names.items()), "Exporting", console=console, transient=True):
        caveats: list[Caveat] = []
        try:
            known = described(path, name)
            with Recording(path) as recording:
                if not recording.complete:
                    sentence = "The recording was cut short, or is still being written; what there is was exported."
                    caveats.append(Caveat("incomplete", "recording", {}, sentence))
                files = write(recording, known, caveats)
        except SquatscopeError as error:
            failed.append(str(error) if str(path) in str(error) else f"{path}: {error}")
            continue
        more = f" and {len(files) - 1} more files" if len(files) > 1 else ""
        say(f"{path}: {files[0].relative_to(out).as_posix()}{more}")
        for sentence in dict.fromkeys(caveat.sentence for caveat in caveats):
            if sentence not in said:
                say(f"  • {sentence}", style="dim")
                said.add(sentence)
    return failed
