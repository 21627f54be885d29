"""Corrected results: those that were computed, with the edits that a person made of them applied to them.

Limits that were changed are no correction of results: these were computed by them (`History.judged`), and are told here.

What was computed is kept beside them. An edit whose repetition or flag is not there any more, as with other settings, is told
and not applied.
"""

from __future__ import annotations

from dataclasses import replace
from importlib.metadata import version
from itertools import pairwise
from typing import TYPE_CHECKING

from acquisition.rig.changed_limits import LimitsError, limits_in_words, words_of
from acquisition.rig.lifter_axes import lifter_axes
from processing.emg.filters import envelope_delay_s
from processing.force.moved_feet import judge_by_true_places
from processing.repetition.by_hand import ByHand, moved, split
from processing.repetition.corrections import WITHIN_S, Dismiss, Drop, EditResult, Limits, Move, Split
from processing.repetition.muscles import muscle_rows
from processing.repetition.table import Frames, phase_rows
from processing.repetition.variability import variability
from processing.results import settings_sha256

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acquisition.rig import Rig
    from acquisition.rig.judgement import Rules
    from processing.repetition.corrections import History, Span
    from processing.repetition.table import RepetitionResult
    from processing.results import FlagResult, Results

WHAT = {
    "drop": "drops a repetition",
    "split": "splits one",
    "move": "moves one",
    "dismiss": "dismisses a flag",
    "limits": "changes limits",
}
LEAST_S = 0.2
"""Between two instants of a repetition there is so much time at least (*design*)."""


def with_repetitions(results: Results, rows: Sequence[RepetitionResult]) -> Results:
    """Return results with these repetitions, and with their phases, muscles and variability by the frames."""
    force = force_frames(results)
    if force is None:
        return results
    rig = results.rig
    others = [
        Frames(table.columns, table.time_s, table.frames, _lag_s(results, name))
        for name, table in results.tables.items()
        if table.frames is not force.frames
    ]
    phases = phase_rows(rows, force, others, rig.emg_processing.least_activation_pct, rig.knee.slight_mm)
    judge_by_true_places(phases, rows, results.stances, force, lifter_axes(rig))
    muscles = muscle_rows(rows, rig.emg, force, others)
    varies = variability(rows, phases)
    return replace(results, repetitions=list(rows), phases=phases, muscles=muscles, variability=varies)


def force_frames(results: Results) -> Frames | None:
    """Return the frames of force, by which repetitions are told; None without plates."""
    table = results.table_with("sample", "fz_total_N", "com_height_mm")
    return None if table is None else Frames(table.columns, table.time_s, table.frames, 0.0)


def _lag_s(results: Results, name: str) -> float:
    """Return how far the frames of a table lag behind what they tell."""
    stream, _, kind = name.rpartition(".")
    if kind != "emg":
        return 0.0
    designed_hz = next(one.designed_hz for one in results.streams if one.name == stream)
    return envelope_delay_s(results.rig.emg_processing, designed_hz)


def corrected(results: Results, history: History, own: Rig) -> Results:
    """Return computed results with every edit applied that stands; without any they are what was computed.

    `own` is the rig without what was changed of its limits; the results were computed with it.
    A repetition keeps its number whatever becomes of others, and the parts of a split one have numbers that no other has.
    """
    edits = history.standing()
    if not edits:
        return results
    force = force_frames(results)
    sha256 = settings_sha256(own)
    limited = _limited([edit for edit in edits if isinstance(edit, Limits)], own.rules, results)
    standing = [ByHand.found(row) for row in results.repetitions]
    flags = list(results.flags)
    next_number = 1 + max((row.number for row in results.repetitions), default=0)
    of_split = {
        edit.number: (next_number + 2 * k, next_number + 2 * k + 1)
        for k, edit in enumerate(edit for edit in history.edits if isinstance(edit, Split))
    }
    told: list[EditResult] = []
    for edit in edits:
        if isinstance(edit, Dismiss):
            told.append(_dismissed(edit, flags, sha256))
            continue
        if isinstance(edit, Limits):
            told.append(limited[edit.number])
            continue
        k = _index(standing, edit.repetition)
        if k is None or force is None:
            told.append(_lost(edit, edit.repetition.start_s, edit.repetition.end_s, sha256))
            continue
        one = standing[k].row
        if not isinstance(edit, Drop) and (why := _trouble(edit, [other.row for other in standing], k, force)):
            said = f"{why} So edit {edit.number}, which {WHAT[edit.kind]}, is not applied."
            told.append(_result(edit, 0, one.start_s, one.end_s, False, said))
            continue
        parts = _parts(edit, standing[k], force, of_split)
        standing[k : k + 1] = parts
        said = f"Repetition {one.number} ({one.start_s:.1f} to {one.end_s:.1f} s) {_said(edit, parts)}"
        told.append(_result(edit, one.number, one.start_s, one.end_s, True, f"{said}{_why(edit)}."))
    rows = [one.row for one in standing]
    changed = results if rows == results.repetitions else with_repetitions(results, rows)
    found = [] if changed is results else results.repetitions
    return replace(changed, flags=flags, edits=told, found_repetitions=found)


def _index(standing: Sequence[ByHand], span: Span) -> int | None:
    """Return where the repetition stands that an edit names, the nearest one; None where there is none."""
    found = [k for k, one in enumerate(standing) if span.is_of(one.row.start_s, one.row.end_s)]
    return min(found, key=lambda k: abs(standing[k].row.start_s - span.start_s), default=None)


def _parts(edit: Drop | Split | Move, one: ByHand, force: Frames, of_split: dict[int, tuple[int, int]]) -> list[ByHand]:
    """Return what stands instead of a repetition after an edit."""
    match edit:
        case Drop():
            return []
        case Split():
            return [*split(one, force, edit.at_s, of_split[edit.number])]
        case Move():
            return [moved(one, force, edit.start_s, edit.bottom_s, edit.end_s)]


def _trouble(edit: Split | Move, rows: Sequence[RepetitionResult], k: int, force: Frames) -> str:
    """Say in a sentence why a repetition can't be split or moved so; empty where it can."""
    row = rows[k]
    if isinstance(edit, Split):
        if row.start_s + LEAST_S <= edit.at_s <= row.end_s - LEAST_S:
            return ""
        return (
            f"Repetition {row.number} lasts from {row.start_s:.2f} to {row.end_s:.2f} s; it can be split "
            f"{LEAST_S:g} s or more within that."
        )
    start_s = row.start_s if edit.start_s is None else edit.start_s
    end_s = row.end_s if edit.end_s is None else edit.end_s
    instants = [start_s, end_s] if edit.bottom_s is None else [start_s, edit.bottom_s, end_s]
    if any(after - before < LEAST_S for before, after in pairwise(instants)):
        return f"Start, bottom and end of repetition {row.number} must follow each other, {LEAST_S:g} s apart or more."
    if start_s < force.time_s[0] or end_s > force.time_s[-1]:
        return f"Repetition {row.number} can't reach out of the recording, {force.time_s[0]:.2f} to {force.time_s[-1]:.2f} s."
    before, after = (rows[k - 1] if k else None), (rows[k + 1] if k + 1 < len(rows) else None)
    if before is not None and start_s < before.end_s - WITHIN_S:
        return f"Repetition {row.number} can't begin before repetition {before.number} has ended, at {before.end_s:.2f} s."
    if after is not None and end_s > after.start_s + WITHIN_S:
        return f"Repetition {row.number} can't end after repetition {after.number} has begun, at {after.start_s:.2f} s."
    return ""


def _dismissed(edit: Dismiss, flags: list[FlagResult], sha256: str) -> EditResult:
    """Dismiss a flag in the list of them, and return what became of that."""
    name = edit.flag
    here = [
        k
        for k, flag in enumerate(flags)
        if (flag.rule, flag.side) == (name.rule, name.side) and abs(flag.start_s - name.start_s) <= WITHIN_S
    ]
    if not here:
        return _lost(edit, name.start_s, name.start_s, sha256)
    k = min(here, key=lambda k: abs(flags[k].start_s - name.start_s))
    flags[k] = replace(flags[k], dismissed=edit.reason)
    flag = flags[k]
    said = f"The flag {flag.label!r} at {flag.start_s:.1f} s was dismissed{_why(edit)}."
    return _result(edit, 0, flag.start_s, flag.end_s, True, said)


def _limited(edits: Sequence[Limits], own: Rules, results: Results) -> dict[int, EditResult]:
    """Return by number what became of each edit of limits: flags rest on the last of a rule, unless settings were named."""
    seconds, rules, last = results.seconds, own, {}
    found: dict[int, EditResult] = {}
    for edit in edits:
        try:
            rules = edit.over(rules)
            last[edit.rule] = edit.number
        except LimitsError as error:
            said = f"{error} So edit {edit.number}, which {WHAT[edit.kind]}, is not applied."
            found[edit.number] = _result(edit, 0, 0.0, seconds, False, said)
    for edit in edits:
        if edit.number in found:
            continue
        name, now, was = (words_of(edit.rule), *(limits_in_words(of, edit.rule) for of in (edit.over(own), own)))
        said = f"The limits of {name} are {now} instead of {was}{_why(edit)}."
        if last[edit.rule] != edit.number:
            said = f"The limits of {name} were {now}, until edit {last[edit.rule]} changed them again{_why(edit)}."
        elif now == was:
            said = f"The limits of {name} are those of the rig again, {was}{_why(edit)}."
        judged = limits_in_words(results.rig.rules, edit.rule)
        if other := last[edit.rule] == edit.number and judged != now:
            said = f"The settings that were named judge {name} by {judged}, so edit {edit.number} of its limits is not applied."
        found[edit.number] = _result(edit, 0, 0.0, seconds, not other, said)
    return found


def _said(edit: Drop | Split | Move, parts: Sequence[ByHand]) -> str:
    if isinstance(edit, Drop):
        return "was dropped"
    if isinstance(edit, Split):
        return f"was split at {edit.at_s:.2f} s into {parts[0].row.number} and {parts[1].row.number}"
    instants = (("start", edit.start_s), ("bottom", edit.bottom_s), ("end", edit.end_s))
    return "was moved: " + ", ".join(f"{name} at {at_s:.2f} s" for name, at_s in instants if at_s is not None)


def _why(edit: Drop | Split | Move | Dismiss | Limits) -> str:
    return f": {edit.reason.rstrip('.')}" if edit.reason else ""


def _lost(edit: Drop | Split | Move | Dismiss, start_s: float, end_s: float, sha256: str) -> EditResult:
    """Return an edit whose repetition or flag is not there."""
    made = []
    if edit.settings_sha256 != sha256:
        made.append("with other settings")
    if edit.software_version != version("squatscope"):
        made.append(f"by version {edit.software_version or 'unknown'}")
    how = f"the edit was made {' and '.join(made)}" if made else "another edit changed it, or was taken back"
    what, which = WHAT[edit.kind], "flag" if isinstance(edit, Dismiss) else "repetition"
    said = f"There is no such {which} at {start_s:.1f} s: {how}. So edit {edit.number}, which {what}, is not applied."
    return _result(edit, 0, start_s, end_s, False, said)


def _result(
    edit: Drop | Split | Move | Dismiss | Limits, repetition: int, start_s: float, end_s: float, applied: bool, sentence: str
) -> EditResult:
    of = edit.number, edit.kind, repetition, start_s, end_s, applied
    return EditResult(*of, edit.reason, edit.who, edit.at_utc, sentence)
