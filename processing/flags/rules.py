"""Rules turn metrics into flags: a limit, held for a while, on one side; ended once the value has come back far enough.

A rule looks at one column in one direction, so what can lean both ways has a rule for each side. A flag goes up when the value
has stayed at or beyond the amber limit for `hold_s`; it becomes red when it has stayed at or beyond the red one as long; it
ends where the value first falls below `release_pct` of the amber limit. Where the value is undefined or a frame is missing,
what was held so far counts no more; a flag that is up ends once that has lasted longer than `hold_s` and a frame.

Frames that say of themselves that they are not judged (column `judged`, 0) count as undefined. Nor does the second before them
count, since a foot that leaves its plate has shifted the load first: all flags go back to where they were then, and one that
has come up since is withdrawn, by a change whose severity is FINE.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from acquisition.rig import SIDES
from acquisition.rig.judgement import Rules, RuleSettings, limits
from hardware.severity import Severity
from processing.flags.kinds import KINDS, Kind

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from processing.formulas import Metric

AMBER, RED = int(Severity.AMBER), int(Severity.RED)  # as numba takes them
CHANGE = ("rule", "severity", "start_sample", "raised_sample", "end_sample", "peak")
"""Columns of a flag's changes; `rule` counts a session's rules, `raised_sample` is when it reached its severity, `end_sample`
is NaN while the flag is up. A flag whose severity is 0 (FINE) is withdrawn."""
_CHANGE_RULE, _CHANGE_SEVERITY, _CHANGE_START, _CHANGE_RAISED, _CHANGE_END, _CHANGE_PEAK = range(len(CHANGE))
JUDGED = "judged"
TAKEN_BACK_S = 1.0
"""What came up so shortly before a frame that is not judged is withdrawn."""

_IDLE, _PENDING, _UP = 0, 1, 2
# State of a rule: phase, severity, start, raised, peak, red since (NaN: not), last defined sample, peak as last told.
_PHASE, _SEVERITY, _START, _RAISED, _PEAK, _RED_SINCE, _LAST, _TOLD = range(8)
_FIELDS = 8
_RECENT = 8  # flags of one rule that may come up, with a hold of a frame or more, before the oldest is forgotten
_AT, _WAS_JUDGED = 0, 1
_SIGN = 0  # of a rule's limits; amber, red, release and hold follow
TELL = 1.05
"""A flag that is up is told again once its peak has grown by so much."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One limit on one side of one metric.

    `sign` is +1 or -1: which way the column must go. `amber`, `red` and `release` are limits of sign x column, in `unit`.
    `stream` is the raw stream whose sample numbers its flags bear; `short`, `meaning` and `read_unit` are its kind's.
    """

    name: str
    label: str
    metric: str
    formula_id: str
    unit: str
    side: str
    sign: float
    amber: float
    red: float
    release: float
    hold_s: float
    stream: str
    short: str
    meaning: str
    read_unit: str

    def as_data(self) -> dict[str, Any]:
        """Return the rule as plain data, for files and screens."""
        return asdict(self)


def column_limits(settings: Rules, kind: Kind) -> tuple[float, float]:
    """Return the amber and the red limit of a kind, in the unit of its column.

    Where the column is a logarithm so are its limits: a ratio of 1 is even, and `release_pct` is of the way from 1.
    """
    amber, red = limits(getattr(settings, kind.setting))
    return (math.log2(amber), math.log2(red)) if kind.metric.endswith("_log2") else (amber, red)


def rules_for(
    settings: Rules, metrics: Sequence[Metric], stream: str, axis_unknown: Collection[str] = (), doubt: str = ""
) -> list[Rule]:
    """Return the rules which are switched on and whose metric is among `metrics`.

    No rule that rests on a foot's axis is on the sides `axis_unknown`.
    `doubt` is said with each of their labels: what all of the metrics rest on is not what it should be.
    """
    by_name = {metric.name: metric for metric in metrics}
    found = []
    for kind in KINDS:
        setting: RuleSettings = getattr(settings, kind.setting)
        amber, red = column_limits(settings, kind)
        for side in SIDES:
            metric = by_name.get(kind.column(side))
            if metric is None or not setting.on or kind.without_axis(side, axis_unknown):
                continue
            found.append(
                Rule(
                    name=kind.setting,
                    label=kind.label.format(side=side) + (f" ({doubt})" if doubt else ""),
                    metric=metric.name,
                    formula_id=metric.formula_id,
                    unit=metric.unit,
                    side=side,
                    sign=kind.sign(side),
                    amber=amber,
                    red=red,
                    release=amber * setting.release_pct / 100,
                    hold_s=setting.hold_s,
                    stream=stream,
                    short=kind.short,
                    meaning=kind.meaning.format(side=side),
                    read_unit=kind.unit,
                )
            )
    return found


class RuleBook:
    """Applies the rules of one stream's metrics, frame by frame, and returns every change of a flag."""

    def __init__(
        self, rules: Sequence[Rule], metrics: Sequence[Metric], rate_hz: float, frame_samples: int, first_rule: int
    ) -> None:
        """Number the rules from `first_rule` on; a frame is `frame_samples` raw samples of `rate_hz`."""
        names = [metric.name for metric in metrics]
        self._columns = np.array([names.index(rule.metric) for rule in rules], dtype=np.int64)
        self._sample_column = names.index("sample")
        self._limits = np.array([(r.sign, r.amber, r.red, r.release, r.hold_s * rate_hz) for r in rules]).reshape(-1, 5)
        self._frame_samples = float(frame_samples)
        self._state = np.full((len(rules), _FIELDS), np.nan)
        self._state[:, _PHASE] = _IDLE
        self._judged_column = names.index(JUDGED) if JUDGED in names else -1
        back = max(1, round(TAKEN_BACK_S * rate_hz / frame_samples)) if JUDGED in names else 0
        self._before = np.tile(self._state, (back + 1, 1, 1))  # the states after each of the last frames, in a ring
        self._recent = np.full((len(rules), _RECENT, 2), np.nan)  # when the newest flags began, and came up
        self._position = np.array([0, 1], dtype=np.int64)
        self._first_rule = first_rule
        self._changes = np.zeros((max(1, len(rules)) * 64, len(CHANGE)))

    def process(self, frames: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the changes of flags in these frames, (n, len(CHANGE)); the array is valid until the next call.

        A frame changes a flag at most once, or withdraws some; more frames than ever before let the array grow.
        """
        if len(self._columns) == 0:
            return self._changes[:0]
        if len(frames) * len(self._columns) * (1 + _RECENT) > len(self._changes):
            self._changes = np.zeros((len(frames) * len(self._columns) * (1 + _RECENT), len(CHANGE)))
        count = _apply(
            frames,
            self._sample_column,
            self._frame_samples,
            self._columns,
            self._limits,
            self._state,
            self._judged_column,
            self._before,
            self._recent,
            self._position,
            float(self._first_rule),
            self._changes,
        )
        return self._changes[:count]

    def judge_by(self, rules: Sequence[Rule]) -> None:
        """Judge by other limits of the same rules from the next frame on; a flag that is up stays until it ends by these."""
        for row, rule in zip(self._limits, rules, strict=True):
            row[:4] = rule.sign, rule.amber, rule.red, rule.release

    def flags_up(self) -> NDArray[np.float64]:
        """Return the flags that are up as they stand now, as changes of their own, with the peak so far."""
        up = np.flatnonzero(self._state[:, _PHASE] == _UP)
        changes = np.full((len(up), len(CHANGE)), np.nan)
        changes[:, _CHANGE_RULE] = self._first_rule + up
        changes[:, _CHANGE_SEVERITY] = self._state[up, _SEVERITY]
        changes[:, _CHANGE_START] = self._state[up, _START]
        changes[:, _CHANGE_RAISED] = self._state[up, _RAISED]
        changes[:, _CHANGE_PEAK] = self._limits[up, _SIGN] * self._state[up, _PEAK]
        return changes


@njit(nogil=True, cache=True)
def _take_back(
    states: NDArray[np.float64],
    before: NDArray[np.float64],
    recent: NDArray[np.float64],
    first_rule: float,
    changes: NDArray[np.float64],
    count: int,
) -> int:
    """Put all rules back to the states `before`, and withdraw what has come up since; return the number of changes then."""
    for r in range(states.shape[0]):
        states[r] = before[r]
        for i in range(_RECENT):
            start, raised = recent[r, i]
            was_up = states[r, _PHASE] == _UP and states[r, _START] == start
            if np.isnan(start) or was_up or not (raised > states[r, _LAST] or np.isnan(states[r, _LAST])):
                continue
            recent[r, i] = np.nan
            change = changes[count]
            change[:] = np.nan
            change[_CHANGE_RULE] = first_rule + r
            change[_CHANGE_SEVERITY] = 0.0
            change[_CHANGE_START] = start
            count += 1
    return count


@njit(nogil=True, cache=True)
def _apply(
    frames: NDArray[np.float64],
    sample_column: int,
    frame_samples: float,
    columns: NDArray[np.int64],
    limits: NDArray[np.float64],
    states: NDArray[np.float64],
    judged_column: int,
    before: NDArray[np.float64],
    recent: NDArray[np.float64],
    position: NDArray[np.int64],
    first_rule: float,
    changes: NDArray[np.float64],
) -> int:
    count = 0
    for f in range(frames.shape[0]):
        sample = frames[f, sample_column]
        judged = judged_column < 0 or frames[f, judged_column] == 1.0
        if not judged and position[_WAS_JUDGED] == 1:
            count = _take_back(states, before[position[_AT]], recent, first_rule, changes, count)
            for b in range(before.shape[0]):
                before[b] = states
        position[_WAS_JUDGED] = 1 if judged else 0
        for r in range(columns.shape[0]):
            sign, amber, red, release, hold = limits[r]
            state = states[r]
            value = sign * frames[f, columns[r]]
            severity_before, ended = state[_SEVERITY], np.nan
            was_up = state[_PHASE] == _UP

            defined = judged and np.isfinite(value)
            value = value if defined else np.nan
            broken = not defined or sample - state[_LAST] > frame_samples
            silent = sample - state[_LAST] > max(hold, frame_samples)
            if was_up and (value < release or silent):
                ended = state[_LAST] if silent else sample
                state[_PHASE] = _IDLE
            elif state[_PHASE] == _PENDING and (broken or not value >= amber):
                state[_PHASE] = _IDLE
            if broken or not value >= red:
                state[_RED_SINCE] = np.nan
            if defined:
                state[_LAST] = sample

            if not np.isfinite(ended) and value >= amber and state[_PHASE] == _IDLE:
                state[_PHASE], state[_START], state[_PEAK], state[_SEVERITY] = _PENDING, sample, value, 0
            if state[_PHASE] != _IDLE and defined:
                state[_PEAK] = max(state[_PEAK], value)
                if value >= red and np.isnan(state[_RED_SINCE]):
                    state[_RED_SINCE] = sample
                if state[_PHASE] == _PENDING and sample - state[_START] >= hold:
                    state[_PHASE], state[_SEVERITY], state[_RAISED] = _UP, AMBER, sample
                    for i in range(_RECENT - 1, 0, -1):
                        recent[r, i] = recent[r, i - 1]
                    recent[r, 0, 0], recent[r, 0, 1] = state[_START], sample
                if state[_PHASE] == _UP and state[_SEVERITY] == AMBER and sample - state[_RED_SINCE] >= hold:
                    state[_SEVERITY], state[_RAISED] = RED, sample

            is_up = state[_PHASE] == _UP
            news = not was_up or state[_SEVERITY] != severity_before or state[_PEAK] > TELL * state[_TOLD]
            if np.isfinite(ended) or (is_up and news):
                state[_TOLD] = state[_PEAK]
                change = changes[count]
                change[_CHANGE_RULE] = first_rule + r
                change[_CHANGE_SEVERITY] = state[_SEVERITY]
                change[_CHANGE_START] = state[_START]
                change[_CHANGE_RAISED] = state[_RAISED]
                change[_CHANGE_END] = ended
                change[_CHANGE_PEAK] = sign * state[_PEAK]
                count += 1
        if judged_column >= 0:
            before[position[_AT]] = states
            position[_AT] = (position[_AT] + 1) % before.shape[0]
    return count


@dataclass(frozen=True, slots=True)
class Flag:
    """A flag as it stands: its rule, how severe, its samples in the rule's stream, and the value farthest out.

    `raised_sample` is when it reached that severity, `end_sample` NaN while it is up; `peak` bears the sign of the metric.
    """

    rule: int
    severity: Severity
    start_sample: float
    raised_sample: float
    end_sample: float
    peak: float


def flag_of(change: NDArray[np.float64]) -> Flag:
    """Return the flag as one change leaves it; its severity is FINE where it is withdrawn."""
    rule, severity, start, raised, end, peak = map(float, change)
    return Flag(int(rule), Severity(int(severity)), start, raised, end, peak)


def flags_of(changes: NDArray[np.float64]) -> list[Flag]:
    """Return the flags that a series of changes leaves, in the order in which they went up, without what was withdrawn."""
    latest: dict[tuple[int, float], Flag] = {}
    for change in changes:
        flag = flag_of(change)
        latest[flag.rule, flag.start_sample] = flag
    return [flag for flag in latest.values() if flag.severity]
