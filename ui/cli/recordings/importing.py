"""Importing from the command line: files of any kind in, a recording each out, with a bar; one failure stops no other."""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from typing import TYPE_CHECKING

from rich.progress import track

from acquisition.formats.kinds import import_file, may_be_imported
from acquisition.formats.signal_file import SignalFileError
from hardware.errors import SquatscopeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from rich.console import Console

    from acquisition.formats.importing import ImportResult

MARKERS, MARKERS_BESIDE = ".trc", (".mot", ".sto")
"""OpenSim's files of forces are imported with the file of markers of the same name, if that is named as well."""


def import_into(paths: Sequence[Path], out: Path, map_file: Path | None, console: Console) -> list[str]:
    """Write a recording into `out` for each file; return a sentence for each that failed, the others being there.

    A folder stands for the files of known kinds in and below it. A recording is named after its file, whatever else is
    imported. Raises SignalFileError where no file is found, or the folder can't be made.
    """
    names = _named(paths)
    files = _with_markers(names)
    new = not out.exists()
    try:
        out.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SignalFileError(f"The folder {out} can't be made: {error.strerror}; give another one with --out.") from error
    failed: list[str] = []
    made = 0
    for path, markers in track(files.items(), "Importing", console=console, transient=True):
        twins = [str(other) for other in files if names[other] == names[path] and other != path]
        try:
            if twins:
                raise SignalFileError(
                    f"{path} and {' and '.join(twins)} would both be called {names[path]}; import one elsewhere."
                )
            imported = import_file(path, out / names[path], map_file, markers)
        except SquatscopeError as error:
            failed.append(str(error))
            continue
        made += 1
        _tell(imported, console)
    if not made and new:
        with suppress(OSError):
            out.rmdir()
    elif len(files) > 1:
        console.print(f"{made} of {len(files)} files were imported into {out}.", soft_wrap=True)
    return failed


def _tell(imported: ImportResult, console: Console) -> None:
    console.print(imported.summary, soft_wrap=True)
    for caveat in imported.caveats:
        console.print(f"  • {caveat.sentence}", soft_wrap=True)
    console.print(f"Recording: {imported.path}", soft_wrap=True)


def _named(paths: Sequence[Path]) -> dict[Path, str]:
    """Return the files that are meant, each with the name of its recording, which depends on no other file.

    A file is named by its stem; what is in and below a folder by its way from there.
    """
    found: dict[Path, str] = {}
    for path in paths:
        if not path.is_dir():
            found.setdefault(path, f"{path.stem or path.name}.h5")
            continue
        for file in sorted(path.rglob("*")):
            if file.is_file() and may_be_imported(file):
                way = file.relative_to(path)
                found.setdefault(file, "-".join([*way.parts[:-1], f"{way.stem}.h5"]))
    if not found:
        raise SignalFileError(f"There is no file of a known kind in {', '.join(map(str, paths))}.")
    return found


def _with_markers(files: Iterable[Path]) -> dict[Path, Path | None]:
    """Return the files to import, each with the file of markers that belongs to it."""
    beside: dict[Path, dict[str, Path]] = defaultdict(dict)
    for path in files:
        beside[path.with_suffix("")][path.suffix.lower()] = path
    joined: dict[Path, Path | None] = {}
    for own in beside.values():
        forces = [own[ending] for ending in MARKERS_BESIDE if ending in own]
        markers = own.get(MARKERS) if len(forces) == 1 else None
        joined.update({path: markers if path in forces else None for path in own.values() if path != markers})
    return joined
