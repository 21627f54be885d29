"""Scrolling back: what a ring showed at an earlier second of its session, while that goes on or after it has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from acquisition.ring import Ring
from processing.pipeline import EVENTS, FLAGS, REPETITIONS
from ui.dashboard.feed.feed import Feed

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

LEAST_S = 0.5
"""Before this second of a session there is hardly a frame to show."""


def feed_at(path: Path, second: float, whole_s: float) -> Feed:
    """Return a feed of the ring as it was at a second of its session, which lasted `whole_s` so far; raises RingError."""
    ring = Ring.attach(path)
    rewind(ring, second, Feed(ring, frozen=True))
    return Feed(ring, frozen=True, whole_s=whole_s)


def oldest_s(ring: Ring) -> float:
    """Return the earliest second of the session that can still be gone back to: that of the oldest sample in the ring."""
    oldest = 0.0
    for name, stream in ring.streams.items():
        if name not in ring.derived:
            reader = ring.reader(name)
            stretch = reader.read(1)
            oldest = max(oldest, stretch.first_index / stream.rate_hz if stretch is not None else 0.0)
    return oldest + LEAST_S


def rewind(ring: Ring, second: float, feed: Feed) -> None:
    """Have readers that are made from now on see a ring as it was at a second of its session; `feed` tells rig and rules."""
    ends = {name: int(second * stream.rate_hz) for name, stream in ring.streams.items() if name not in ring.derived}
    ends |= {name: FramesInRing(ring, name).end(second) for name in ring.derived - EVENTS}
    if REPETITIONS in ring.derived:
        ends[REPETITIONS] = _end_of_repetitions(ring, feed, second)
    if FLAGS in ring.derived:
        ends[FLAGS] = _end_of_flags(ring, feed, second)
    ring.rewind(ends)


class FramesInRing:
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

    def end(self, second: float) -> int:
        """Return the number of the first row after a given second."""
        frames = int(np.searchsorted(self.seconds, second, side="right"))
        return int(self._index[frames]) if frames < len(self._index) else int(np.max(self._index, initial=-1)) + 1


def _everything(ring: Ring, name: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the numbers of all rows of a stream that the ring still holds, and the rows."""
    reader = ring.reader(name)
    numbers, rows = [np.zeros(0, dtype=np.int64)], [np.zeros((0, len(ring.streams[name].channels)))]
    while (stretch := reader.read()) is not None:
        numbers.append(np.arange(stretch.first_index, stretch.first_index + len(stretch.samples)))
        rows.append(stretch.samples)
    return np.concatenate(numbers), np.concatenate(rows)


def _end_of_repetitions(ring: Ring, feed: Feed, second: float) -> int:
    """Return the number of the first repetition that was confirmed after a given second."""
    numbers, rows = _everything(ring, REPETITIONS)
    stream = ring.streams.get(feed.rig.plate[0].stream) if feed.rig is not None and feed.rig.plate else None
    if stream is None or not len(numbers):
        return int(np.max(numbers, initial=-1)) + 1
    confirmed = rows[:, ring.streams[REPETITIONS].channel_names.index("confirmed_sample")]
    return int(numbers[0]) + int(np.count_nonzero(confirmed <= second * stream.rate_hz))


def _end_of_flags(ring: Ring, feed: Feed, second: float) -> int:
    """Return the number of the first change of a flag that came after a given second."""
    numbers, changes = _everything(ring, FLAGS)
    for number, (rule, _, _, raised, end, _) in zip(numbers, changes, strict=True):
        known = feed.rules[int(rule)] if 0 <= rule < len(feed.rules) else {}
        stream = ring.streams.get(str(known.get("stream", "")))
        if stream is not None and np.fmax(raised, end) > second * stream.rate_hz:
            return int(number)
    return int(np.max(numbers, initial=-1)) + 1
