"""New files and folders, whole or not at all: made under another name beside, and given their own once complete."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from acquisition.export.about import ExportError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EXISTS = "{} exists already, and nothing is ever overwritten; give another name with --out."


@contextmanager
def new_files(paths: list[Path]) -> Iterator[list[Path]]:
    """Give names to write to, which become `paths` together at the end; raises ExportError where one exists or can't be made.

    Where anything goes wrong, nothing is left of them.
    """
    for path in paths:
        if path.exists():
            raise ExportError(EXISTS.format(path))
    parts = [path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}") for path in paths]
    named: list[Path] = []
    try:
        for part in parts:  # of people's data: other accounts of this machine can't read them
            os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        yield parts
        for part, path in zip(parts, paths, strict=True):
            _give_name(part, path)
            named.append(path)
    except BaseException as error:
        for path in named:
            path.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise ExportError(f"{paths[0]} can't be written: {error.strerror or error}.") from error
        raise
    finally:
        for part in parts:
            with suppress(OSError):
                part.unlink(missing_ok=True)


def _give_name(part: Path, path: Path) -> None:
    """Give a file its name, unless something has that by now."""
    try:
        os.link(part, path)
    except FileExistsError:
        raise ExportError(EXISTS.format(path)) from None
    except OSError:  # a file system without links
        if path.exists():
            raise ExportError(EXISTS.format(path)) from None
        part.rename(path)


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Give a folder to fill, which becomes `path` at the end; raises ExportError where that exists or can't be made.

    Where anything goes wrong, nothing is left of it.
    """
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise ExportError(EXISTS.format(path))
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part.mkdir(mode=0o700)
        yield part
        if path.is_dir():
            path.rmdir()  # empty
        part.rename(path)
    except OSError as error:
        raise ExportError(f"The folder {path} can't be made: {error.strerror or error}.") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def made_folder(path: Path) -> None:
    """Make a folder where there is none; raises ExportError where it can't be."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(f"The folder {path} can't be made: {error.strerror}; give another one with --out.") from error
