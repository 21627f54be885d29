"""The folder of a study: how it judges, and what is done of it, a file for each recording that is there whole or not at all.

`study.json` says how it judges; `done/` has a file for each recording: a first line by which a worker knows that it is done,
and a second with what the table and the triage of its session are made of; `results/` has results and reports, where they are
kept. Everything is made in `unfinished/` and then moved out of it in one step.
"""

from __future__ import annotations

import errno
import hashlib
import json
import shutil
import uuid
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

from acquisition.rig import Rig
from acquisition.rig.judgement import TriageSettings
from acquisition.storage.disk import NO_SPACE, put_over, write_whole
from hardware.resource_lock import ResourceLock
from hardware.settings import Settings
from processing.screening.outcomes import SetOutcome
from processing.study.outcomes import Done
from processing.study.plan import StudyError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

STUDY, DONE, RESULTS, UNFINISHED = "study.json", "done", "results", "unfinished"
_SET: TypeAdapter[SetOutcome] = TypeAdapter(SetOutcome)


class NoRoomError(StudyError):
    """The study's folder can't take what is to be written; nothing of the recording is kept."""


class Study(Settings):
    """How a study judges and what it keeps: the same for all that is in its folder.

    `settings` is the rig whose ways of judging are used, None for each recording's own.
    """

    format_version: Literal[1] = 1
    software_version: str
    source: Annotated[str, Field(min_length=1)]
    settings: Rig | None = None
    results: bool = True
    reports: bool = False


@dataclass(frozen=True, slots=True)
class Head:
    """By what a recording is known to be done: its file's stamp, its session's, and `key`, of all that its numbers hang on."""

    stamp: str
    beside_sha256: str
    key: str
    done: Done


@dataclass(frozen=True, slots=True)
class Body:
    """What is made of a recording later: a row for each repetition, and of a set of a session what it tells.

    Read from the folder, what is unknown in a row is None.
    """

    rows: Sequence[Mapping[str, str | int | float | None]]
    outcome: SetOutcome | None = None
    triage: TriageSettings | None = None


class StudyFolder:
    """The folder, as coordinator and workers see it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = ResourceLock(f"study {path.absolute()}")

    def open(self, study: Study) -> None:
        """Make the folder, or take up the study in it; raises StudyError where it is another one's, or somebody is at it."""
        if held := self._lock.take():
            who = f"{held.folder}, since {held.since}" if held.folder else held.in_words
            raise StudyError(f"The study in {self.path} is being done by {who}.")
        try:
            if not (self.path / STUDY).exists():
                if self.path.exists() and any(entry.name != UNFINISHED for entry in self.path.iterdir()):
                    raise StudyError(f"{self.path} is there and holds no study; give another folder with --out.")
                self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
                with self.unfinished() as folder:
                    write_whole(folder / STUDY, study.model_dump_json(indent=1).encode() + b"\n")
                    self.replace(STUDY, folder / STUDY)
            self._require_same(study)
            shutil.rmtree(self.path / UNFINISHED, ignore_errors=True)
        except OSError as error:
            self._lock.free()
            raise StudyError(f"The study's folder {self.path} can't be made: {error.strerror}.") from error
        except StudyError:
            self._lock.free()
            raise

    def _require_same(self, study: Study) -> None:
        before = self.study()
        for name, what in (
            ("software_version", "version of squatscope"),
            ("source", "folder"),
            ("results", "choice of what results to keep"),
            ("reports", "choice of reports"),
        ):
            was, now = getattr(before, name), getattr(study, name)
            if was != now:
                raise StudyError(
                    f"The study in {self.path} was begun with another {what} ({was}; now {now}), and a table is of one only: "
                    "give another --out."
                )
        if before.settings != study.settings:
            raise StudyError(
                f"The study in {self.path} was begun with other --settings, and a table is of one way of judging: give another "
                "--out."
            )

    def sha256(self) -> str:
        """Return a fingerprint of the study's file; raises StudyError."""
        return hashlib.sha256(self._content()).hexdigest()

    def _content(self) -> bytes:
        try:
            return (self.path / STUDY).read_bytes()
        except OSError as error:
            raise StudyError(f"{self.path / STUDY} can't be read: {error.strerror}.") from error

    def study(self) -> Study:
        """Return how the study judges; raises StudyError."""
        try:
            return Study.model_validate_json(self._content())
        except ValidationError as error:
            raise StudyError(f"{self.path / STUDY} is damaged: {error.errors()[0]['msg']}.") from None

    def close(self) -> None:
        """Remove what was not finished, and let others have it."""
        shutil.rmtree(self.path / UNFINISHED, ignore_errors=True)
        self._lock.free()

    def result(self, name: str, suffix: str) -> Path:
        """Return where results (`.metrics.h5`) or a report (`.html`) of a recording are."""
        return self.path / RESULTS / f"{name}{suffix}"

    def is_done(self, name: str) -> bool:
        """Return whether a recording is done, as far as its file's being there tells."""
        return self._done(name).exists()

    def head(self, name: str) -> Head | None:
        """Return by what a recording is known to be done; None where it is not, or that can't be read."""
        try:
            with self._done(name).open("rb") as file:
                found = json.loads(file.readline())
            return Head(**{**found, "done": Done(**found["done"])})
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def body(self, name: str) -> Body:
        """Return what is made of a recording that is done; raises StudyError where it can't be read."""
        path = self._done(name)
        try:
            with path.open("rb") as file:
                file.readline()
                found = json.loads(file.readline())
            columns: list[str] = found["columns"]
            rows = [dict(zip(columns, row, strict=True)) for row in found["rows"]]
            outcome = None if found["outcome"] is None else _SET.validate_python(found["outcome"])
            triage = None if found["triage"] is None else TriageSettings.model_validate(found["triage"])
            return Body(rows, outcome, triage)
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise StudyError(f"{path} is damaged ({error}); remove it, and the study makes it anew.") from error

    def put(self, head: Head, body: Body, made: dict[str, Path]) -> None:
        """Move results out of `unfinished/`, by suffix, and then say that a recording is done; raises NoRoomError, OSError."""
        for suffix, fresh in made.items():
            _move(fresh, self.result(head.done.name, suffix))
        columns = list(dict.fromkeys(name for row in body.rows for name in row))
        content = {
            "columns": columns,
            "rows": [[_known(row.get(name)) for name in columns] for row in body.rows],
            "outcome": None if body.outcome is None else _plain(body.outcome),
            "triage": None if body.triage is None else body.triage.model_dump(mode="json"),
        }
        told = asdict(head) | {"done": asdict(replace(head.done, already=False))}
        lines = "\n".join(json.dumps(part, separators=(",", ":")) for part in (told, content)) + "\n"
        with self.unfinished() as folder:
            fresh = folder / "done.json"
            write_whole(fresh, lines.encode())
            _move(fresh, self._done(head.done.name))

    def renew(self, head: Head) -> None:
        """Say that a recording that is done was found with another stamp."""
        self.put(head, self.body(head.done.name), {})

    @contextmanager
    def unfinished(self) -> Iterator[Path]:
        """Lend a folder of its own on the same disk, removed with what is left in it; raises NoRoomError on a full disk."""
        folder = self.path / UNFINISHED / uuid.uuid4().hex
        try:
            folder.mkdir(mode=0o700, parents=True)
            yield folder
        except Exception as error:
            cause = error if isinstance(error, OSError) else error.__cause__
            if isinstance(cause, OSError) and cause.errno in (*NO_SPACE, errno.EROFS):
                raise NoRoomError(
                    f"The disk of {self.path} takes no more ({cause.strerror}): make room. What is done is kept, and the same "
                    "command goes on."
                ) from error
            raise
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def replace(self, name: str, fresh: Path) -> Path:
        """Put one of the study's own pages or tables over the one of the last time."""
        _move(fresh, self.path / name)
        return self.path / name

    def _done(self, name: str) -> Path:
        return self.path / DONE / f"{name}.json"


def _move(fresh: Path, to: Path) -> None:
    for folder in [*reversed(to.parent.parents), to.parent]:
        folder.mkdir(mode=0o700, exist_ok=True)  # `parents=True` would leave those above open to everybody
    fresh.chmod(0o600)
    put_over(fresh, to)


def _known(value: object) -> object:
    """Return a cell, None where nobody knows it."""
    return None if value is None or value == "" or value != value else value


def _plain(outcome: SetOutcome) -> dict[str, Any]:
    repetitions = [
        {
            "numbers": {str(outcome): value for outcome, value in one.numbers.items()},
            "words": dict(one.words),
            "rating": one.rating,
        }
        for one in outcome.repetitions
    ]
    return {**{name: getattr(outcome, name) for name in outcome.__slots__}, "repetitions": repetitions}
