"""Remote files: what lies behind an address, such as s3://bucket/prefix or http://host/folder/, read through fsspec.

A file is fetched whole before it is opened: HDF5 asks for many small pieces, each of which would be a request of its own, and a
connection that breaks must not look like a damaged file.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from acquisition.storage.disk import NO_SPACE
from hardware.errors import SquatscopeError

if TYPE_CHECKING:
    from pathlib import Path

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
    root = root.rstrip("/") + "/"
    found, folders = set(), [root]
    try:
        for folder in folders:  # which grows
            for entry in system.ls(folder, detail=True):
                path = entry["name"].rstrip("/") + ("/" if entry["type"] == "directory" else "")
                if not path.startswith(root):  # a page may link to anything
                    continue
                if entry["type"] != "directory":
                    found.add(path)
                elif path not in folders:
                    folders.append(path)
    except FileNotFoundError:
        raise RemoteError(f"There is no folder {address}.") from None
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
    """Return what tells a remote file from another at its address: size, and tag or time; "" where only its size is known."""
    system, path = _system(address)
    try:
        system.invalidate_cache()  # a worker lives for days
        info = system.info(path)
    except FileNotFoundError:
        raise RemoteError(f"There is no file {address}.") from None
    except Exception as error:
        raise RemoteError(f"{address} can't be read: {_words(error)}.") from error
    tags = [str(info[name]) for name in STAMPS if info.get(name) is not None]
    return f"{info.get('size')} {' '.join(tags)}" if tags else ""


def fetch(address: str, to: Path) -> None:
    """Copy a remote file whole; raises RemoteError where it does not come to its end, and OSError on a full disk."""
    system, path = _system(address)
    try:
        size = system.info(path).get("size")
        system.get_file(path, str(to))
    except FileNotFoundError:
        raise RemoteError(f"There is no file {address}.") from None
    except Exception as error:
        if isinstance(error, OSError) and error.errno in NO_SPACE:
            raise
        raise RemoteError(f"{address} can't be fetched: {_words(error)}.") from error
    if size is not None and to.stat().st_size != size:
        raise RemoteError(f"{address} broke off: {to.stat().st_size} of {size} bytes came.")


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
