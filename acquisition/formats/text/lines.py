"""Lines of a text file: its encoding and its first lines, or a sentence on why not."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import TYPE_CHECKING

from acquisition.formats.signal_file import SignalFileError

if TYPE_CHECKING:
    from pathlib import Path

HEAD_BYTES = 1 << 18
HEAD_LINES = 600
BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


@dataclass(frozen=True, slots=True)
class Head:
    """The first lines of a text file, without their ends, and its encoding; `whole` where these are all."""

    path: Path
    lines: list[str]
    encoding: str
    whole: bool


def read_head(path: Path) -> Head:
    """Return the head of a text file; raises SignalFileError where it can't be read, is empty, or is no text."""
    content = first_bytes(path, HEAD_BYTES + 1)
    if not content.strip():
        raise SignalFileError(f"{path} is empty.")
    encoding = next((name for bom, name in BOMS if content.startswith(bom)), "")
    whole = len(content) <= HEAD_BYTES
    if not encoding:
        if b"\0" in content:
            raise SignalFileError(f"{path} is no text, and of no kind that is known here by its content.")
        try:
            content.decode("utf-8")
            encoding = "utf-8"
        except UnicodeDecodeError as error:
            encoding = "utf-8" if not whole and error.start > len(content) - 4 else "cp1252"
    lines = content.decode(encoding, errors="replace").splitlines()
    if not whole and len(lines) > 1:
        lines.pop()
    return Head(path, lines[:HEAD_LINES], encoding, whole and len(lines) <= HEAD_LINES)


def first_bytes(path: Path, count: int) -> bytes:
    """Return the first bytes of a file; raises SignalFileError where it can't be read."""
    try:
        with path.open("rb") as file:
            return file.read(count)
    except FileNotFoundError:
        raise SignalFileError(f"There is no file {path}.") from None
    except IsADirectoryError:
        raise SignalFileError(f"{path} is a folder; name a file in it.") from None
    except (OSError, ValueError) as error:
        if path.is_dir():
            raise SignalFileError(f"{path} is a folder; name a file in it.") from None
        raise SignalFileError(f"{path} can't be read: {getattr(error, 'strerror', None) or error}.") from None
