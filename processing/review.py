"""A review: one recording computed once, with other limits once more, and what a person changes of it, kept as it is made.

An edit that can't be made is refused with a sentence; one that was made counts wherever the recording is computed from then on.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from acquisition.recording import Recording
from acquisition.rig.changed_limits import limits_in_words, words_of
from acquisition.rig.judgement import limits
from processing.batch import reprocess
from processing.corrected import corrected
from processing.repetition.corrections import EditError, read_history, write_history
from processing.results import settings_sha256
from processing.screening.recorded_sets import session_measures

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from processing.repetition.corrections import History
    from processing.repetition.table import RepetitionResult
    from processing.results import Results


class Review:
    """A recording under review. `found` is what was computed, `results` what it comes to with the edits."""

    def __init__(self, path: Path, who: str | None = None, progress: Callable[[float], None] = lambda _: None) -> None:
        """Compute a recording, of a session with what that measured of its lifter; raises SquatscopeError where it can't be.

        `who` makes the edits; by default who is logged in.
        """
        self.path = path
        self._who = who
        with Recording(path) as recording:
            self._uuid = recording.uuid
        self.history: History = read_history(path, self._uuid)
        self.found: Results = reprocess(path, session_measures(path), progress, with_edits=False)
        self._judged = self.found
        self.results: Results = self._with(self.history)

    def repetition(self, number: int) -> RepetitionResult:
        """Return a repetition as it stands; raises EditError where there is none of that number."""
        row = next((row for row in self.results.repetitions if row.number == number), None)
        if row is None:
            numbers = ", ".join(str(row.number) for row in self.results.repetitions)
            raise EditError(f"{self.path} has no repetition {number}; its repetitions are {numbers or 'none'}.")
        return row

    def drop(self, number: int, reason: str = "") -> None:
        """Drop a repetition; raises EditError."""
        self._add("drop", reason, repetition=self._span(number))

    def split(self, number: int, at_s: float, reason: str = "") -> None:
        """Split a repetition at a time, in s of the session; raises EditError."""
        self._add("split", reason, repetition=self._span(number), at_s=at_s)

    def move(
        self,
        number: int,
        *,
        start_s: float | None = None,
        bottom_s: float | None = None,
        end_s: float | None = None,
        reason: str = "",
    ) -> None:
        """Move start, bottom or end of a repetition to other times, in s of the session; raises EditError."""
        instants = {"start_s": start_s, "bottom_s": bottom_s, "end_s": end_s}
        self._add("move", reason, repetition=self._span(number), **instants)

    def dismiss(self, number: int, reason: str) -> None:
        """Dismiss a flag by its number among the flags, from 1 on; raises EditError."""
        flags = self.results.flags
        if not 1 <= number <= len(flags):
            raise EditError(f"{self.path} has no flag {number}; it has {len(flags)}.")
        if not reason.strip():
            raise EditError("A flag is dismissed for a reason: say which.")
        flag = flags[number - 1]
        if flag.dismissed:
            raise EditError(f"The flag {flag.label!r} at {flag.start_s:.1f} s is dismissed already: {flag.dismissed}.")
        self._add("dismiss", reason, flag={"rule": flag.rule, "side": flag.side, "start_s": flag.start_s})

    def limits(self, rule: str, amber: float, red: float | None = None, reason: str = "") -> None:
        """Give a rule other limits, in its own unit, over the whole recording; raises EditError.

        `red` stays as it is where it is not given.
        """
        rules = self.results.rig.rules
        if rule in type(rules).model_fields:
            stand = limits(getattr(rules, rule))
            red = None if math.isinf(stand[1]) else stand[1] if red is None else red
            if (amber, math.inf if red is None else red) == stand:
                raise EditError(f"The limits of {words_of(rule)} are {limits_in_words(rules, rule)} already.")
        self._add("limits", reason, rule=rule, amber=amber, red=red)

    def undo(self, number: int | None = None) -> int:
        """Take back an edit, by default the last that stands, and return its number; raises EditError.

        An undo that is named can be taken back as well.
        """
        standing = [edit.number for edit in self.history.standing()]
        if number is None and not standing:
            raise EditError(f"{self.path} has no edit that could be taken back.")
        number = standing[-1] if number is None else number
        if not 1 <= number <= len(self.history.edits):
            raise EditError(f"{self.path} has no edit {number}; it has {len(self.history.edits)}.")
        if number in self.history.taken_back():
            raise EditError(f"Edit {number} of {self.path} is taken back already.")
        self._add("undo", "", undone=number)
        return number

    def _with(self, history: History) -> Results:
        """Return what the recording comes to with edits; with other limits it is computed by these, once for each."""
        own = self.found.rig
        rig = history.judged(own)
        if rig.rules == own.rules:
            judged = self.found
        elif rig.rules == self._judged.rig.rules:
            judged = self._judged
        else:
            judged = reprocess(self.path, lambda _recorded: rig, with_edits=False)
        self._judged = judged
        return corrected(judged, history, own)

    def _span(self, number: int) -> dict[str, float]:
        row = self.repetition(number)
        return {"start_s": row.start_s, "end_s": row.end_s}

    def _add(self, kind: str, reason: str, **what: object) -> None:
        """Make an edit of those that the file has now, apply it, and keep it if that went well."""
        history = read_history(self.path, self._uuid).with_edit(
            kind, settings_sha256(self.found.rig), self._who, reason=reason.strip(), **what
        )
        results = self._with(history)
        number = len(history.edits)
        became = next((edit for edit in results.edits if edit.number == number), None)
        if became is not None and not became.applied:
            raise EditError(became.sentence)
        write_history(self.path, history)
        self.history, self.results = history, results
