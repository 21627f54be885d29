"""Remote files: what lies behind an address, such as s3://bucket/prefix or http://host/folder/, read through fsspec.

A file is fetched whole before it is opened: HDF5 asks for many small pieces, each of which would be a request of its own, and a
connection that breaks must not look like a damaged file.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from hardware.errors import SquatscopeError

if TYPE_CHECKING:
    from pathlib import Path

CHUNK = 1 << 22
STAMPS = ("ETag", "etag", "Content-MD5", "LastModified", "Last-Modified", "last_modified", "mtime", "updated")
"""What file systems call that by which a file is known to be the same."""


class RemoteError(SquatscopeError):
    """A remote file or folder can't be read; the text is a full sentence."""


def is_address(text: str) -> bool:
    """Return whether a text is the address of something remote, and not a path."""
    return "://" in text


def listed(address: str) -> list[str]:
    """Return the addresses of all files in a remote folder and below it, by name; raises RemoteError where it can't be read."""
    system, root = _system(address)
    try:
        found = system.find(root)
    except Exception as error:  # each file system fails in ways of its own
        raise RemoteError(f"{address} can't be read: {_words(error)}.") from error
    return sorted(system.unstrip_protocol(path) for path in found)


def content_of(address: str, most_bytes: int) -> bytes:
    """Return a small remote file; raises RemoteError where it can't be read, or is larger."""
    system, path = _system(address)
    try:
        with system.open(path, "rb") as file:
            content = bytes(file.read(most_bytes + 1))
    except Exception as error:
        raise RemoteError(f"{address} can't be read: {_words(error)}.") from error
    if len(content) > most_bytes:
        raise RemoteError(f"{address} is larger than {most_bytes // 1_000_000} MB.")
    return content


def remote_stamp(address: str) -> str:
    """Return what tells a remote file from another at its place: size, and its tag or time; "" where only its size is known."""
    system, path = _system(address)
    try:
        info = system.info(path)
    except FileNotFoundError:
        raise RemoteError(f"There is no file {address}.") from None
    except Exception as error:
        raise RemoteError(f"{address} can't be read: {_words(error)}.") from error
    tags = [str(info[name]) for name in STAMPS if info.get(name) is not None]
    return f"{info.get('size')} {' '.join(tags)}" if tags else ""


def fetch(address: str, to: Path) -> None:
    """Copy a remote file whole; raises RemoteError where it can't be read to its end, and OSError where it can't be written."""
    system, path = _system(address)
    try:
        size = system.info(path).get("size")
        remote = system.open(path, "rb")
    except FileNotFoundError:
        raise RemoteError(f"There is no file {address}.") from None
    except Exception as error:
        raise RemoteError(f"{address} can't be read: {_words(error)}.") from error
    with remote, to.open("xb") as file:
        while True:
            try:
                piece = remote.read(CHUNK)
            except Exception as error:
                raise RemoteError(f"{address} broke off after {file.tell()} bytes: {_words(error)}.") from error
            if not piece:
                break
            file.write(piece)
        if size is not None and file.tell() != size:
            raise RemoteError(f"{address} broke off: {file.tell()} of {size} bytes came.")


def _system(address: str) -> tuple[Any, str]:
    """Return the file system behind an address, and the path in it."""
    try:
        fsspec = import_module("fsspec")
    except ImportError:
        raise RemoteError(f"{address} needs the package fsspec: install it with 'pip install squatscope[remote]'.") from None
    try:
        system, path = fsspec.core.url_to_fs(address)
    except ImportError as error:
        raise RemoteError(f"{address} needs a package that is not installed: {_words(error)}.") from error
    except Exception as error:
        raise RemoteError(f"{address} is no address that can be read: {_words(error)}.") from error
    return system, path


def _words(error: Exception) -> str:
    return (" ".join(str(error).split()) or type(error).__name__).rstrip(".")
