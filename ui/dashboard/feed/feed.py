"""The feed: what a ring says right now, for all panels: newest metrics, a short trail, flags, the rig and the rules."""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from pydantic import ValidationError

from acquisition.rig import Rig
from acquisition.rig.changed_limits import LimitsError, changed_on, rig_with_rules, with_changed
from acquisition.ring import SessionPhase
from hardware.host_clock import host_now_s
from hardware.severity import Severity
from processing.flags.kinds import KINDS, kind_in_ring
from processing.flags.rules import CHANGE, Flag, column_limits, flags_of
from processing.pipeline import EVENTS, FLAGS
from ui.dashboard.feed.repetitions import FollowedRepetitions
from ui.dashboard.feed.stream_health import StreamHealth

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from acquisition.rig import Side
    from acquisition.ring import Ring
    from acquisition.ring.fault_log import Fault

TRAIL_ROWS = 240
STALE_S = 1.0
DEAD_S = 3.0


@dataclass(frozen=True, slots=True)
class ShownFlag:
    """A flag with the rule it belongs to, in words; times in seconds of the session, `end_s` NaN while it is up."""

    flag: Flag
    label: str
    short: str
    metric: str
    side: str
    unit: str
    start_s: float
    end_s: float

    @property
    def up(self) -> bool:
        """Whether it is up."""
        return math.isnan(self.end_s)


class ShownMark(NamedTuple):
    """A mark, in seconds of the session."""

    at_s: float
    label: str


class Feed:
    """Follows the derived streams of a ring; `poll` it once a frame.

    With `frozen`, the last values in the ring stay, however old they are. `whole_s` is the length of the whole session, for a
    ring that was rewound to an earlier time in it.
    """

    def __init__(self, ring: Ring, *, frozen: bool = False, whole_s: float = math.nan) -> None:
        """Read the description and begin at the newest frames, with all flags that the ring still holds."""
        self.ring = ring
        self.frozen = frozen
        self.whole_s = whole_s
        self.rig = _rig(ring.description)
        rules = ring.description.get("rules")
        self.rules: list[dict[str, Any]] = [r for r in rules if isinstance(r, dict)] if isinstance(rules, list) else []
        self.raw = [name for name in ring.streams if name not in ring.derived]
        self.health = {name: StreamHealth(ring, name) for name in self.raw}
        self._frames = [_Frames(ring, name) for name in ring.derived - EVENTS]
        self._columns = {name: (frames, c) for frames in self._frames for name, c in frames.columns.items()}
        follows_flags = FLAGS in ring.derived and ring.streams[FLAGS].channel_names == CHANGE
        self._changes = ring.reader(FLAGS) if follows_flags else None
        self._seen: list[NDArray[np.float64]] = []
        self.flags: list[ShownFlag] = []
        self.faults: list[Fault] = []
        self.marks: list[ShownMark] = []
        self.repetitions = FollowedRepetitions(ring, self.rig)
        self._limits_turn = 0

    def poll(self) -> None:
        """Take what is new."""
        now = host_now_s()
        stale_after = math.inf if self.frozen or self.ring.phase == SessionPhase.FINISHED else STALE_S
        for frames in self._frames:
            frames.poll()
            frames.stale = now - frames.host_s > stale_after
        self.faults = self.ring.faults.read()
        self.poll_limits()
        if self.ring.marks.count > len(self.marks):
            per_s = self.ring.streams[self.raw[0]].rate_hz
            self.marks = [ShownMark(mark.sample / per_s, mark.label) for mark in self.ring.marks.read()]
        self._poll_flags()
        self.repetitions.poll()

    @property
    def fault(self) -> Fault | None:
        """The newest of the severest faults that stand; what was told to be well again stands no more."""
        standing = {fault.about: fault for fault in self.faults}
        return max(
            (fault for fault in standing.values() if fault.severity),
            key=lambda fault: (fault.severity, fault.host_s),
            default=None,
        )

    @property
    def newest_s(self) -> float:
        """When the newest frame came, or NaN once it is out of date."""
        return max((frames.host_s for frames in self._frames if not frames.stale), default=math.nan)

    def value(self, column: str) -> float:
        """Return the newest value of a metric: NaN where it is undefined, unknown or out of date."""
        found = self._columns.get(column)
        if found is None or found[0].stale:
            return math.nan
        return float(found[0].rows[-1, found[1]])

    def trail(self, column: str) -> NDArray[np.float64]:
        """Return the last `TRAIL_ROWS` values of a metric, NaN where there are none."""
        found = self._columns.get(column)
        if found is None or found[0].stale:
            return np.full(TRAIL_ROWS, np.nan)
        return found[0].rows[:, found[1]]

    def severity(self, metric: str, side: str | None = None) -> Severity:
        """Return the severity of the worst flag that is up on a metric, FINE where there is none."""
        up = (f.flag.severity for f in self.flags if f.up and f.metric == metric and side in (None, f.side))
        return max(up, default=Severity.FINE)

    def limits(self, metric: str) -> tuple[float, float] | None:
        """Return the amber and the red limit on a metric, None where no rule looks at it."""
        for rule in self.rules:
            amber, red = rule.get("amber"), rule.get("red")
            if rule.get("metric") == metric and isinstance(amber, float) and isinstance(red, float):
                return amber, red
        return None

    @property
    def target_pct(self) -> float:
        """How far the load may shift to either side: what was wanted of this session, else the amber limit; NaN of none."""
        wanted, limits = self.ring.target_pct.value, self.limits("load_shift_pct")
        return wanted if math.isfinite(wanted) else limits[0] if limits is not None else math.nan

    @property
    def gone(self) -> bool:
        """Whether the ring's file is no more where it was, while its session goes on."""
        return not self.ring.path.exists()

    @property
    def dead(self) -> bool:
        """Whether the engine has gone without ending the session."""
        if self.frozen or self.ring.phase != SessionPhase.RUNNING:
            return False
        return not 0.0 <= self.ring.heartbeat_age_s < DEAD_S

    @property
    def session_s(self) -> float:
        """How long the session has run, by the raw stream that came farthest; NaN before the first sample."""
        return max((health.session_s for health in self.health.values()), default=math.nan)

    def lost_streams(self, side: Side | None = None) -> list[str]:
        """Return the raw streams that have stopped and that a leg's electrodes, or the plates, need."""
        if self.rig is None:
            return []
        if side is None:
            needed = {plate.stream for plate in self.rig.plate}
        else:
            needed = {electrode.stream for electrode in self.rig.emg if electrode.side == side}
        return [name for name in self.raw if name in needed and self.health[name].stopped]

    def poll_limits(self) -> None:
        """Take the limits that were changed by hand, if there are new ones."""
        turn = self.ring.limits.turn
        if self.rig is None or turn == self._limits_turn:
            return
        self._limits_turn = turn
        with suppress(LimitsError):
            changed = changed_on(self.ring.limits)
            settings = with_changed(self.rig.rules, changed)
            self.rig = rig_with_rules(self.rig, settings)
            own = {kind.setting: column_limits(settings, kind) for kind in KINDS if kind.setting in changed}
            self.rules = [
                rule | dict(zip(("amber", "red"), own[name], strict=True)) if (name := rule.get("name")) in own else rule
                for rule in self.rules
            ]

    def _poll_flags(self) -> None:
        if self._changes is None:
            return
        new = False
        while (stretch := self._changes.read()) is not None:
            known = stretch.samples[np.isfinite(stretch.samples[:, :4]).all(axis=1)]
            of_rules = (known[:, 0] >= 0) & (known[:, 0] < len(self.rules))
            self._seen.append(known[of_rules & np.isin(known[:, 1], (Severity.AMBER, Severity.RED))])
            new = True
        if new:
            self._seen = [np.concatenate(self._seen)]
            self.flags = sorted((self._shown(flag) for flag in flags_of(self._seen[0])), key=_weight)

    def _shown(self, flag: Flag) -> ShownFlag:
        rule = self.rules[flag.rule]
        stream = self.ring.streams.get(str(rule.get("stream", "")))
        per_s = stream.rate_hz if stream is not None else math.nan
        kind = kind_in_ring(rule)
        return ShownFlag(
            flag,
            kind.label,
            kind.short,
            metric=kind.metric,
            side=str(rule.get("side", "")),
            unit=kind.unit,
            start_s=flag.start_sample / per_s,
            end_s=flag.end_sample / per_s,
        )


class _Frames:
    """The newest rows of one derived stream."""

    def __init__(self, ring: Ring, name: str) -> None:
        self._reader = ring.reader(name, rows_back=TRAIL_ROWS)
        self.columns = {column: c for c, column in enumerate(ring.streams[name].channel_names)}
        self.rows = np.full((TRAIL_ROWS, len(self.columns)), np.nan)
        self.host_s = -math.inf
        self.stale = True

    def poll(self) -> None:
        while (stretch := self._reader.read()) is not None:
            new = stretch.samples[-TRAIL_ROWS:]
            self.rows[: TRAIL_ROWS - len(new)] = self.rows[len(new) :]
            self.rows[TRAIL_ROWS - len(new) :] = new
            self.host_s = float(stretch.ticks["host_s"][-1])


def _weight(shown: ShownFlag) -> tuple[bool, float, float]:
    """Order flags: those that are up first, the worst of them first, then the newest."""
    if shown.up:
        return False, -shown.flag.severity, -shown.flag.start_sample
    return True, -shown.end_s, -shown.flag.start_sample


def _rig(description: dict[str, Any]) -> Rig | None:
    try:
        return Rig.model_validate(description["rig"])
    except (KeyError, ValidationError, TypeError):
        return None
