"""The plan of a study: which recordings lie in a folder, here or behind an address, and which session each is a set of.

No recording is opened for it. Of a session those sets stand in the plan that count, as in a table.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote

from acquisition.storage.remote import RemoteError, content_of, is_address, listed
from hardware.errors import SquatscopeError
from processing.repetition.corrections import edits_of
from processing.screening.guided.session_file import MOST_BYTES, NAME, session_from
from processing.screening.recorded_sets import LIFTER
from processing.study.outcomes import Failed, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from processing.screening.guided.session_file import Session

SUFFIX = ".h5"


class StudyError(SquatscopeError):
    """A study can't begin or go on; the text is a full sentence."""


@dataclass(frozen=True, slots=True)
class Job:
    """One recording of a study: its name is its way from the folder, with `/` and without `.h5`; where it lies.

    `beside`: where its edits and the files of its session lie; `beside_sha256`: a fingerprint of what is in them. Empty where
    there are none.
    """

    name: str
    source: str
    beside: tuple[str, ...] = ()
    beside_sha256: str = ""


@dataclass(frozen=True, slots=True)
class PlannedSession:
    """A session: its folder's way from that of the study, what its file says, and the names of its sets that count."""

    folder: str
    session: Session
    sets: tuple[str, ...]


@dataclass(slots=True)
class Plan:
    """What is to be done; `failed`: folders and sessions that can't be read; `not_counting`: recordings that don't."""

    source: str
    jobs: list[Job] = field(default_factory=list)
    sessions: list[PlannedSession] = field(default_factory=list)
    failed: list[Failed] = field(default_factory=list)
    not_counting: int = 0


def plan_of(source: str, out: Path) -> Plan:
    """Return the plan of a folder, or of an address; what lies in `out` is no part of it.

    Raises StudyError where it is no folder or holds no file of the kind, RemoteError where an address can't be read.
    """
    remote = is_address(source)
    plan = Plan(source.rstrip("/") if remote else printable(str(Path(source).absolute())))
    found = _remote_files(source) if remote else _local_files(Path(source), out.absolute(), plan.failed)
    folders: dict[str, dict[str, str]] = {}
    for way, path in found:
        folders.setdefault(str(PurePosixPath(way).parent), {})[PurePosixPath(way).name] = path
    for folder, files in sorted(folders.items()):
        _add(plan, "" if folder == "." else folder, files)
    if not plan.jobs and not plan.failed:
        raise StudyError(f"There is no recording in {source}, nor below it: no file is called NAME{SUFFIX}.")
    return plan


def _add(plan: Plan, folder: str, files: dict[str, str]) -> None:
    """Add what lies in one folder: of a session its sets that count."""
    recordings = sorted(name for name in files if name.endswith(SUFFIX))
    names = {name: f"{folder}/{name}".lstrip("/").removesuffix(SUFFIX) for name in recordings}
    if NAME not in files:
        for name in recordings:
            _add_job(plan, names[name], name, files, {})
        return
    try:
        shared = {files[name]: _content(files[name]) for name in (NAME, LIFTER) if name in files}
        session = session_from(shared[files[NAME]], files[NAME])
    except SquatscopeError as error:
        plan.failed += [Failed(names[name], str(error)) for name in recordings or [NAME]]
        return
    counting = [one.recording for one in session.counting()]
    for name in recordings:
        if name in counting:
            _add_job(plan, names[name], name, files, shared)
    sets = tuple(f"{folder}/{name}".lstrip("/").removesuffix(SUFFIX) for name in counting)
    plan.failed += [
        Failed(name, f"The session in {folder or '.'} names this recording, and it is missing.")
        for name in sets
        if name not in names.values()
    ]
    plan.not_counting += sum(name not in counting for name in recordings)
    plan.sessions.append(PlannedSession(folder, session, sets))


def _add_job(plan: Plan, way: str, name: str, files: dict[str, str], shared: dict[str, bytes]) -> None:
    """Add a recording with what is beside it: the files that its session's sets share, and its own edits."""
    edits = files.get(edits_of(Path(name)).name)
    try:
        beside = shared if edits is None else {**shared, edits: _content(edits)}
    except SquatscopeError as error:
        plan.failed.append(Failed(way, str(error)))
        return
    digest = hashlib.sha256(b"".join(hashlib.sha256(content).digest() for content in beside.values())).hexdigest()
    plan.jobs.append(Job(way, files[name], tuple(beside), digest if beside else ""))


def _content(path: str) -> bytes:
    if is_address(path):
        return content_of(path, MOST_BYTES)
    try:
        with Path(path).open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise StudyError(f"{path} can't be read: {error.strerror}.") from error


def _local_files(folder: Path, out: Path, failed: list[Failed]) -> Iterator[tuple[str, str]]:
    """Yield the way of each file from a folder, with /, and its path."""
    if not folder.is_dir():
        raise StudyError(f"{folder} is no folder; give the folder in which recordings lie, or an address such as s3://... .")

    def unread(error: OSError) -> None:
        where = Path(os.fsdecode(error.filename)) if error.filename else folder
        failed.append(Failed(where.relative_to(folder).as_posix(), f"This folder can't be read: {error.strerror}."))

    for here, below, names in os.walk(folder, onerror=unread):
        below[:] = sorted(name for name in below if Path(here, name).absolute() != out)
        for name in sorted(names):
            path = Path(here, name)
            yield path.relative_to(folder).as_posix(), str(path.absolute())


def _remote_files(address: str) -> Iterator[tuple[str, str]]:
    """Yield the way of each file from an address, and its own address."""
    root = address.rstrip("/") + "/"
    for path in listed(address):
        way = unquote(path.removeprefix(root)).partition("?")[0]
        if not path.startswith(root) or ".." in PurePosixPath(way).parts or PurePosixPath(way).is_absolute():
            raise RemoteError(f"{address} lists {path}, which does not lie below it.")
        yield way, path
