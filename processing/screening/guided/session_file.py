"""The file of a screening session: who, by which protocol, and every try of every step; beside it lie the recordings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import Field, ValidationError

from acquisition.lifter_file import Mvc
from acquisition.storage.disk import write_anew
from hardware.errors import SquatscopeError
from hardware.settings import NotNegative, Settings
from processing.screening.guided.protocol import Protocol

NAME = "session.json"
MOST_BYTES = 10_000_000
PLACED_ANEW = timedelta(hours=6)
"""After so long without a try, electrodes were placed anew: another day (*design*)."""
Grade = Literal["none", "slight", "past"]
GRADES: tuple[Grade, ...] = get_args(Grade)


class SessionFileError(SquatscopeError):
    """A session's folder can't be read or written; the text is a full sentence."""


class Try(Settings):
    """One go at a step: `step` counts from 0; `condition` and `bar_kg` are those of a set; `recording` lies in the folder.

    `accepted`: it counts; `why` says what was wrong or is to be known. `rating` is a coach's of the whole set, `ratings` of
    single repetitions, by their number. `number`: of a set in the session, from 1 on, in the order they were done.
    `reference`: what can stand for 100 % of each muscle: maximal contractions, or of a light set its own (dynamic reference).
    """

    step: Annotated[int, Field(ge=0)]
    number: Annotated[int, Field(ge=1)]
    kind: str
    condition: str = ""
    bar_kg: NotNegative | None = None
    recording: str = ""
    accepted: bool = True
    why: list[str] = []
    rating: Grade | Literal[""] = ""
    ratings: dict[int, Grade] = {}
    reference: list[Mvc] = []
    notes: str = ""
    created_utc: str = ""


class Session(Settings):
    """One session of one lifter; ids only, no names. `body_weight_N` is what the plates weighed."""

    format_version: Literal[1] = 1
    lifter: str
    created_utc: str
    software_version: str
    protocol: Protocol
    body_weight_N: NotNegative | None = None
    notes: str = ""
    tries: list[Try] = []

    def counting(self) -> list[Try]:
        """Return the sets that count, in the order in which they were done: the last accepted try of each step."""
        last = {one.step: one for one in self.tries if one.accepted and one.kind == "set" and one.recording}
        return sorted(last.values(), key=lambda one: one.number)

    def placement(self, at_utc: str) -> int:
        """Return for the how-manieth time, at a time, the electrodes were placed; a time that is not known is of the first."""
        at = time_of(at_utc)
        if at is None:
            return 1
        times = [known for one in self.tries if (known := time_of(one.created_utc)) is not None and known < at]
        return 1 + sum(later - earlier > PLACED_ANEW for earlier, later in pairwise([*sorted(times), at]))

    def done(self, at_utc: str) -> set[int]:
        """Return the steps that are done: sets for good; plates, weights and contractions while electrodes stay in place."""
        here = self.placement(at_utc)
        return {
            one.step for one in self.tries if one.accepted and (one.kind == "set" or self.placement(one.created_utc) == here)
        }


def new_session(lifter: str, protocol: Protocol) -> Session:
    """Return a session that begins now."""
    return Session(
        lifter=lifter,
        created_utc=now_utc(),
        software_version=version("squatscope"),
        protocol=protocol,
    )


def now_utc() -> str:
    """Return the time of now, as files have it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def time_of(at_utc: str) -> datetime | None:
    """Return a time as files have it, None where it is none; one without a zone is in UTC."""
    try:
        at = datetime.fromisoformat(at_utc)
    except ValueError:
        return None
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def read_session(folder: Path) -> Session:
    """Read a session's file from its folder; raises SessionFileError where it is none."""
    path = folder / NAME
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise SessionFileError(f"{folder} is no folder of a session: there is no {NAME} in it.") from None
    except OSError as error:
        raise SessionFileError(f"{path} can't be read: {error.strerror}.") from error
    return session_from(content, path)


def session_from(content: bytes, path: Path | str) -> Session:
    """Return the session that a file's content describes; raises SessionFileError, which names its path, where it is none."""
    if len(content) > MOST_BYTES:
        raise SessionFileError(f"{path} is larger than {MOST_BYTES // 1_000_000} MB, too large to be a session's file.")
    try:
        session = Session.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "its text"
        raise SessionFileError(f"{path} is no session's file, or is damaged: {where}: {first['msg']}.") from None
    for one in session.tries:
        if Path(one.recording).name != one.recording:
            raise SessionFileError(f"{path} names the recording {one.recording!r}, which is not in its folder.")
    return session


def try_of(recording: Path) -> tuple[Session, Try] | None:
    """Return the session in whose folder a recording lies, and the try that it is of; None where there is none.

    Raises SessionFileError where there is a session's file that can't be read.
    """
    if not (recording.parent / NAME).exists():
        return None
    session = read_session(recording.parent)
    one = next((one for one in session.tries if one.recording == recording.name), None)
    return None if one is None else (session, one)


def write_session(folder: Path, session: Session) -> None:
    """Write a session's file anew, in one step: who reads meanwhile sees the old one or the new. Raises SessionFileError."""
    path = folder / NAME
    try:
        write_anew(path, session.model_dump_json(indent=1).encode() + b"\n")
    except OSError as error:
        raise SessionFileError(f"{path} can't be written: {error.strerror}.") from error
