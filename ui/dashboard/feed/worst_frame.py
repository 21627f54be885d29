"""The worst frame of a session that has ended: the lifter has stepped off by then, and its last values say little."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from processing.pipeline import EVENTS, FLAGS, REPETITIONS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from acquisition.ring import Ring
    from ui.dashboard.feed.feed import Feed

STEP_S = 0.02
MOST = 3.0
"""No metric counts for more than this many times its red limit, since a ratio has no bounds."""


def rewind(ring: Ring, feed: Feed) -> float:
    """Take a ring back to the worst frame of its session, for readers made from now on; returns its second.

    That is when the metrics whose flags were up stood farthest out, each as a multiple of its red limit (twice the amber one
    where it is never red), all taken together.
    NaN where no flag tells, and then the ring stays as it is. `feed` has been polled.
    """
    frames = {name: _Frames(ring, name) for name in ring.derived - EVENTS}
    seconds = np.arange(0.0, max((float(f.seconds[-1]) for f in frames.values() if len(f.seconds)), default=0.0), STEP_S)
    far_out = np.zeros(len(seconds))
    for shown in feed.flags:
        rule = feed.rules[shown.flag.rule]
        red = rule.get("red")
        if red == math.inf:
            red = 2.0 * rule.get("amber", math.inf)
        for one in frames.values():
            if isinstance(red, float) and red > 0 and shown.metric in one.columns and len(one.seconds):
                up = (seconds >= shown.start_s) & ~(seconds > shown.end_s)
                far_out += np.where(up, np.minimum(np.abs(one.values(shown.metric, seconds)) / red, MOST), 0.0)
    if not far_out.any():
        return math.nan
    worst_s = float(seconds[np.argmax(far_out)])
    ends = {name: int(worst_s * stream.rate_hz) for name, stream in ring.streams.items() if name not in ring.derived}
    ends |= {name: one.end(worst_s) for name, one in frames.items()}
    if REPETITIONS in ring.derived:
        ends[REPETITIONS] = _end_of_repetitions(ring, feed, worst_s)
    ring.rewind(ends | {FLAGS: _end_of_flags(ring, feed, worst_s)})
    return worst_s


class _Frames:
    """All rows of a derived stream that the ring still holds, and the second of the session at which each stands."""

    def __init__(self, ring: Ring, name: str) -> None:
        self.columns = {column: c for c, column in enumerate(ring.streams[name].channel_names)}
        self._index, self._rows = _everything(ring, name)
        raw = ring.streams.get(name.rpartition(".")[0])
        known = raw is not None and "sample" in self.columns
        self.seconds = self._rows[:, self.columns["sample"]] / raw.rate_hz if raw is not None and known else np.zeros(0)

    def values(self, metric: str, seconds: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return a metric at some seconds, each from the frame that is next; 0 where it is undefined."""
        frames = np.minimum(np.searchsorted(self.seconds, seconds), len(self.seconds) - 1)
        found = self._rows[frames, self.columns[metric]]
        return np.where(np.isfinite(found), found, 0.0)

    def end(self, worst_s: float) -> int:
        """Return the number of the first row after a given time."""
        frames = int(np.searchsorted(self.seconds, worst_s, side="right"))
        return int(self._index[frames]) if frames < len(self._index) else int(np.max(self._index, initial=-1)) + 1


def _everything(ring: Ring, name: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the numbers of all rows of a stream that the ring still holds, and the rows."""
    reader = ring.reader(name)
    numbers, rows = [np.zeros(0, dtype=np.int64)], [np.zeros((0, len(ring.streams[name].channels)))]
    while (stretch := reader.read()) is not None:
        numbers.append(np.arange(stretch.first_index, stretch.first_index + len(stretch.samples)))
        rows.append(stretch.samples)
    return np.concatenate(numbers), np.concatenate(rows)


def _end_of_repetitions(ring: Ring, feed: Feed, worst_s: float) -> int:
    """Return the number of the first repetition that was confirmed after a given time."""
    numbers, rows = _everything(ring, REPETITIONS)
    stream = ring.streams.get(feed.rig.plate[0].stream) if feed.rig is not None and feed.rig.plate else None
    if stream is None or not len(numbers):
        return int(np.max(numbers, initial=-1)) + 1
    confirmed = rows[:, ring.streams[REPETITIONS].channel_names.index("confirmed_sample")]
    return int(numbers[0]) + int(np.count_nonzero(confirmed <= worst_s * stream.rate_hz))


def _end_of_flags(ring: Ring, feed: Feed, worst_s: float) -> int:
    """Return the number of the first change of a flag that came after a given time."""
    numbers, changes = _everything(ring, FLAGS)
    for number, (rule, _, _, raised, end, _) in zip(numbers, changes, strict=True):
        known = feed.rules[int(rule)] if 0 <= rule < len(feed.rules) else {}
        stream = ring.streams.get(str(known.get("stream", "")))
        if stream is not None and np.fmax(raised, end) > worst_s * stream.rate_hz:
            return int(number)
    return int(numbers[-1]) + 1
