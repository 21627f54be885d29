"""The task of a study: one recording, on a worker; it computes what `reprocess`, or the triage of its session, computes."""

from __future__ import annotations

import hashlib
import json
import socket
import tempfile
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote

from acquisition.recording import Recording, is_other_hdf5
from acquisition.storage.remote import fetch, is_address, remote_stamp
from hardware.errors import SquatscopeError
from processing.batch import as_recorded, reprocess, with_settings
from processing.findings.findings import findings, nothing_found
from processing.pipeline import warm
from processing.repetition.corrections import read_history
from processing.screening.guided.session_file import try_of
from processing.screening.recorded_sets import measured, outcome_of_try
from processing.study.folder import Body, Head, NoRoomError, StudyFolder
from processing.study.outcomes import Done, Failed, Halt, NoRecording, printable
from processing.study.plan import StudyError
from processing.tables import rows_from

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from acquisition.rig import Rig
    from processing.results import Results
    from processing.screening.guided.session_file import Session, Try
    from processing.study.folder import Study
    from processing.study.outcomes import Outcome
    from processing.study.plan import Job

_warmed: set[frozenset[tuple[str, str, float]]] = set()


@dataclass(frozen=True, slots=True)
class Work:
    """What is done with each recording of a study, in its folder; `report` writes a page of its results.

    `study_sha256`: of the study's file, so that a worker that has run for days judges as it says now.
    """

    out: str
    study_sha256: str
    report: Callable[[Results, Path], None] | None = None

    def __call__(self, job: Job) -> Outcome:
        """Do one recording; what is wrong comes back in words."""
        try:
            return self._done(job)
        except NoRoomError as error:
            return Halt(str(error))
        except SquatscopeError as error:
            return Failed(job.name, str(error))
        except OSError as error:
            return Failed(job.name, f"It can't be done: {error.strerror or error}.")
        except Exception as error:  # noqa: BLE001 - one recording of ten thousand must not stop the others
            return Failed(job.name, f"This is a mistake in squatscope: {type(error).__name__}: {error}.")

    def _done(self, job: Job) -> Outcome:
        folder = StudyFolder(Path(self.out))
        try:
            study = _study_in(self.out, self.study_sha256)
        except StudyError as error:
            return Halt(f"On {socket.gethostname()}: {error} Its folder must be one that all workers have at the same path.")
        if study.software_version != version("squatscope"):
            here = version("squatscope")
            return Halt(f"{socket.gethostname()} has squatscope {here}, and the study {study.software_version}.")
        stamp, before = _stamp_of(job), folder.head(job.name)
        if before is not None and stamp and (stamp, job.beside_sha256) == (before.stamp, before.beside_sha256):
            return _already(before)
        with _here(job) as path, folder.unfinished() as room:
            if is_other_hdf5(path):
                return NoRecording(job.name)
            found = try_of(path)
            rig_for = _judged(study, path, found)
            with Recording(path) as recording:
                rig = rig_for(recording.rig)
                edits = read_history(path, recording.uuid).model_dump_json()
                key = _key(rig, recording.uuid, edits, found, complete=recording.complete)
            if before is not None and before.key == key:
                head = Head(stamp, job.beside_sha256, key, before.done)
                folder.renew(head)
                return _already(head)
            _warm_once(rig)
            results = reprocess(path, rig_for)
            head = Head(stamp, job.beside_sha256, key, _told(job, results, found))
            folder.put(head, _body(job, results, found), self._made(results, study, room))
            return head.done

    def _made(self, results: Results, study: Study, room: Path) -> dict[str, Path]:
        made = {}
        if study.results:
            made[".metrics.h5"] = room / "results.h5"
            results.write(made[".metrics.h5"])
        if self.report is not None:
            made[".html"] = room / "report.html"
            self.report(results, made[".html"])
        return made


@cache
def _study_in(out: str, study_sha256: str) -> Study:
    folder = StudyFolder(Path(out))
    if folder.sha256() != study_sha256:
        raise StudyError(f"{out} holds another study.")
    return folder.study()


def _judged(study: Study, path: Path, found: tuple[Session, Try] | None) -> Callable[[Rig], Rig]:
    """Return what makes of a recording's rig the one to use: with the study's settings, then what its session measured."""
    settings = study.settings
    by_study = as_recorded if settings is None else lambda rig: with_settings(rig, settings)
    return by_study if found is None else lambda rig: measured(path.parent, *found, by_study(rig))


def _key(rig: Rig, recording_uuid: str, edits: str, found: tuple[Session, Try] | None, *, complete: bool) -> str:
    """Return a fingerprint of all that a recording's numbers hang on, but for the program's version.

    One that is not complete is never the same: it may be being written.
    """
    parts = [rig.model_dump_json(), recording_uuid if complete else uuid.uuid4().hex, edits]
    if found is not None:
        session, one = found
        parts += [session.lifter, one.model_dump_json(), str(session.placement(one.created_utc))]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _warm_once(rig: Rig) -> None:
    """Compile the kernels for a rig's samples, once in the life of a worker."""
    kinds = frozenset((stream.name, stream.dtype, stream.rate_hz) for stream in rig.stream)
    if kinds not in _warmed:
        warm(rig)
        _warmed.add(kinds)


def _told(job: Job, results: Results, found: tuple[Session, Try] | None) -> Done:
    worst = next(iter(findings(results)), None)
    session, one = found if found is not None else (None, None)
    return Done(
        job.name,
        results.recording_uuid,
        results.created_utc,
        results.seconds,
        len(results.repetitions),
        "" if worst is None else worst.severity.name.lower(),
        nothing_found(results) if worst is None else f"{worst.sentence()}.",
        "" if session is None else session.lifter,
        "" if one is None else one.condition,
        None if one is None else one.bar_kg,
    )


def _already(head: Head) -> Done:
    return Done(**{name: getattr(head.done, name) for name in Done.__slots__ if name != "already"}, already=True)


def _body(job: Job, results: Results, found: tuple[Session, Try] | None) -> Body:
    folder = printable(PurePosixPath(job.name).parent.name)
    rows = rows_from(results, folder, *found) if found is not None else rows_from(results)
    if found is None:
        return Body(rows)
    return Body(rows, outcome_of_try(*found, results), results.rig.triage)


def _stamp_of(job: Job) -> str:
    """Return what tells a recording from another at its path or address; "" where nothing does."""
    if is_address(job.source):
        return remote_stamp(job.source)
    try:
        found = Path(job.source).stat()
    except OSError as error:
        raise StudyError(f"{job.source} can't be read: {error.strerror}.") from error
    return f"{found.st_size} {found.st_mtime_ns}"


@contextmanager
def _here(job: Job) -> Iterator[Path]:
    """Lend a recording as a file beside its edits and its session's files: itself, or for as long a copy of what is remote."""
    if not is_address(job.source):
        yield Path(job.source)
        return
    with tempfile.TemporaryDirectory(prefix="squatscope-fetched-", ignore_cleanup_errors=True) as folder:
        try:
            for source in (*job.beside, job.source):
                fetch(source, Path(folder, _name(source)))
        except OSError as error:
            raise NoRoomError(
                f"The temporary folder of {socket.gethostname()} takes no more ({error.strerror}): make room. What is done is "
                "kept, and the same command goes on."
            ) from error
        yield Path(folder, _name(job.source))


def _name(address: str) -> str:
    return PurePosixPath(unquote(address).partition("?")[0]).name
