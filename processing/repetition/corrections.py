"""Corrections: what a person changed of repetitions, flags and limits, in a file beside the recording, in order.

Nothing is ever taken out of that file: an edit is taken back by another one, which may be taken back in turn. Repetitions are
named by when they began and ended, and flags by rule, side and beginning, so that an edit is never applied to another one.
"""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, ValidationError, model_validator

from acquisition.logged_in import logged_in
from acquisition.rig.changed_limits import LimitsError, rig_with_rules, with_limits
from acquisition.storage.disk import write_anew
from hardware.errors import SquatscopeError
from hardware.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from acquisition.rig import Rig
    from acquisition.rig.judgement import Rules

SUFFIX = ".edits.json"
MOST_BYTES = 10_000_000
WITHIN_S = 0.1
"""What began and ended within so long of what an edit names is the same (*design*)."""

Finite = Annotated[float, Field(allow_inf_nan=False)]
Text = Annotated[str, Field(max_length=1000)]


class EditError(SquatscopeError):
    """Edits can't be made, read or written; the text is a full sentence."""


class Span(Settings):
    """A repetition, by when it began and ended, in seconds of the session."""

    start_s: Finite
    end_s: Finite

    def is_of(self, start_s: float, end_s: float) -> bool:
        """Return whether these are the same times, within WITHIN_S."""
        return abs(self.start_s - start_s) <= WITHIN_S and abs(self.end_s - end_s) <= WITHIN_S


class FlagName(Settings):
    """A flag, by its rule, its side, and when it began, in seconds of the session."""

    rule: Text
    side: Text
    start_s: Finite


class _Edit(Settings):
    """What all edits have: their number, when, by whom and why, and what computed the automatic result they were made on."""

    number: Annotated[int, Field(ge=1)]
    at_utc: Text
    who: Text = ""
    reason: Text = ""
    software_version: Text = ""
    settings_sha256: Text = ""


class Drop(_Edit):
    """The repetition counts nowhere."""

    kind: Literal["drop"] = "drop"
    repetition: Span


class Split(_Edit):
    """The repetition is two, the second of which begins at `at_s`."""

    kind: Literal["split"] = "split"
    repetition: Span
    at_s: Finite


class Move(_Edit):
    """The repetition begins, turns or ends at other times; None leaves an instant where it was found."""

    kind: Literal["move"] = "move"
    repetition: Span
    start_s: Finite | None = None
    bottom_s: Finite | None = None
    end_s: Finite | None = None


class Dismiss(_Edit):
    """The flag is none, for the reason that is given."""

    kind: Literal["dismiss"] = "dismiss"
    reason: Annotated[str, Field(min_length=1, max_length=1000)]
    flag: FlagName


class Limits(_Edit):
    """The rule has these limits, in its own unit, over the whole recording; `red` is None of a rule that is never red."""

    kind: Literal["limits"] = "limits"
    rule: Text
    amber: Finite
    red: Finite | None = None

    def over(self, rules: Rules) -> Rules:
        """Return rules with these limits; raises LimitsError where they can't have them."""
        return with_limits(rules, self.rule, self.amber, math.inf if self.red is None else self.red)


class Undo(_Edit):
    """The edit of the number `undone` is taken back."""

    kind: Literal["undo"] = "undo"
    undone: Annotated[int, Field(ge=1)]


Edit = Annotated[Drop | Split | Move | Dismiss | Limits | Undo, Field(discriminator="kind")]


class History(Settings):
    """All edits that were ever made of one recording, in their order; numbered from 1 on."""

    format: Literal["squatscope edits"] = "squatscope edits"
    format_version: Literal[1] = 1
    recording: str
    recording_uuid: str
    edits: list[Edit] = []

    @model_validator(mode="after")
    def _in_order(self) -> History:
        for number, edit in enumerate(self.edits, 1):
            if edit.number != number:
                raise ValueError(f"edit {number} in the list has the number {edit.number}")
            if isinstance(edit, Undo) and edit.undone >= number:
                raise ValueError(f"edit {number} takes back edit {edit.undone}, which is not before it")
        return self

    def standing(self) -> list[Drop | Split | Move | Dismiss | Limits]:
        """Return the edits that were not taken back."""
        back = self.taken_back()
        return [edit for edit in self.edits if not isinstance(edit, Undo) and edit.number not in back]

    def taken_back(self) -> set[int]:
        """Return the numbers of edits that were taken back, by one that was not taken back itself."""
        back: set[int] = set()
        for edit in reversed(self.edits):
            if isinstance(edit, Undo) and edit.number not in back:
                back.add(edit.undone)
        return back

    def judged(self, rig: Rig) -> Rig:
        """Return a rig with the limits that stand, by which the whole recording is judged; those that it can't have are not.

        Limits are pairs, and the last of a rule counts, whatever was dragged before.
        """
        rules = rig.rules
        for edit in self.standing():
            if isinstance(edit, Limits):
                with suppress(LimitsError):
                    rules = edit.over(rules)
        return rig_with_rules(rig, rules)

    def with_edit(self, kind: str, settings_sha256: str, who: str | None = None, **what: object) -> History:
        """Return the history with one more edit, made now; raises EditError where it can't be as it is said."""
        edit = {
            "number": len(self.edits) + 1,
            "kind": kind,
            "at_utc": datetime.now(UTC).isoformat(timespec="seconds"),
            "who": logged_in() if who is None else who,
            "software_version": version("squatscope"),
            "settings_sha256": settings_sha256,
            **what,
        }
        known = self.model_dump()
        try:
            return History.model_validate({**known, "edits": [*known["edits"], edit]})
        except ValidationError as error:
            first = error.errors()[0]
            raise EditError(f"The edit can't be made: {first['loc'][-1]}: {first['msg']}.") from None


@dataclass(frozen=True, slots=True)
class EditResult:
    """What became of an edit: the repetition it was of (0: of none), whether it was applied, and a sentence that says it."""

    number: int
    kind: str
    repetition: int
    start_s: float
    end_s: float
    applied: bool
    reason: str
    who: str
    at_utc: str
    sentence: str


def edits_of(recording: Path) -> Path:
    """Return where the edits of a recording are kept."""
    return recording.with_name(recording.name.removesuffix(".h5") + SUFFIX)


def read_history(recording: Path, uuid: str) -> History:
    """Return the edits of a recording, none where there is no file; raises EditError where it is damaged or of another one."""
    path = edits_of(recording)
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        return History(recording=recording.name, recording_uuid=uuid)
    except OSError as error:
        raise EditError(f"The edits {path} can't be read: {error.strerror}.") from error
    if len(content) > MOST_BYTES:
        raise EditError(f"{path} is larger than {MOST_BYTES // 1_000_000} MB, too large to be a file of edits.")
    try:
        history = History.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "its text"
        raise EditError(
            f"{path} is no file of edits, or is damaged: {where}: {first['msg']}. Leave edits out with --without-edits, or "
            "move the file away."
        ) from None
    if history.recording_uuid != uuid:
        raise EditError(
            f"The edits {path} were made of another recording ({history.recording}, {history.recording_uuid}), and are applied "
            "to no other one. Leave edits out with --without-edits, or move the file away."
        )
    return history


def write_history(recording: Path, history: History) -> None:
    """Write the edits of a recording anew, in one step; raises EditError."""
    path = edits_of(recording)
    try:
        write_anew(path, history.model_dump_json(indent=1).encode() + b"\n")
    except OSError as error:
        raise EditError(f"The edits {path} can't be written: {error.strerror}.") from error
