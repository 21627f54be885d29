"""One time base for several devices: edges of a line that all of them sample tie their clocks together.

The host-clock fit says roughly when each edge came. Edges of two streams that are equally far apart again and again, rising
from rising and falling from falling, are the same edges: pulses of other lengths don't fit. Then small corrections of the
host-clock fits, an offset for each segment of a device's clock and one rate for each device, are fitted to the edges, weighed
against how far a host-clock fit may be off: many edges decide everything, one or two move offsets alone, and where there are
none the host's clock stands. Everything is told in the time of the reference, the first stream that has a sync channel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array, vstack

from acquisition.timebase import clock
from acquisition.timebase.clock import LEAST_S, Clock, SyncLevel
from hardware.arrays import Floats

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from acquisition.timebase.arrivals import Arrivals


HOST_OFF_S = 0.45
"""How far two host-clock fits may disagree; less than half of the second that pulses are apart at least."""
FEW_OFF_S = 0.1
"""The same for fewer than ENOUGH edges, which have no pattern to tell them by."""
ENOUGH = 3
TOGETHER_S = 0.02
"""How far the distances of edges that belong together may differ from their middle."""
LEAST_SHARE = 0.4
"""How many of the edges that could meet must do so, of the rising ones and of the falling ones."""
AS_GOOD = 0.8
OFFSET_S = 0.02
RATE = 1e-4
FIT_END_S = 0.002
"""What host-clock fits may be off: offset, rate of the crystal where the nominal one was kept, and ends of a fitted line."""
OUTLIER = 4.0
"""Edges that lie so many times the usual distance from the line are left out, and the line is fitted anew."""
MOST_ROUNDS = 20


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Edges seen by a stream and by the reference: segments, host time by the stream, and that time less the reference's."""

    segment: NDArray[np.int64]
    reference_segment: NDArray[np.int64]
    host_s: Floats
    apart_s: Floats


def clocks(arrivals: Mapping[str, Arrivals], edges: Mapping[str, NDArray[np.void]]) -> dict[str, Clock]:
    """Return the clock of each stream, from its arrivals and the edges (EDGE) of those that have a sync channel, in order.

    A clock of level EDGES tells the host time of the reference, and its `residual_s` is the 99th percentile of how far its
    edges lie from the reference's, or what samples can tell if that is more; that of the reference is 0. Where no edges match,
    a stream keeps its host-clock fit.
    """
    found = {name: clock.fit(of_stream) for name, of_stream in arrivals.items()}
    reference, *others = [name for name in edges if arrivals[name].segments] or [""]
    pairs = {name: _match(found[name], edges[name], found[reference], edges[reference]) for name in others}
    pairs = {name: matched for name, matched in pairs.items() if len(matched.apart_s)}
    if pairs:
        found.update(_fit(reference, found, pairs, arrivals))
    return found


def _segments(line: Clock, index: Floats) -> NDArray[np.int64]:
    return np.searchsorted(line.first_index[1:], index, side="right")


def _match(line: Clock, edges: NDArray[np.void], reference: Clock, reference_edges: NDArray[np.void]) -> _Pairs:
    """Find the edges that two streams share, for each segment of the one with each segment of the other."""
    own, other = line.host_s(edges["index"]), reference.host_s(reference_edges["index"])
    own_segment, other_segment = _segments(line, edges["index"]), _segments(reference, reference_edges["index"])
    pairs = [np.empty((2, 0), np.int64)]
    for segment in np.unique(own_segment):
        mine = np.flatnonzero(own_segment == segment)
        close = (other >= own[mine[0]] - HOST_OFF_S) & (other <= own[mine[-1]] + HOST_OFF_S)
        for other_one in np.unique(other_segment[close]):
            theirs = np.flatnonzero((other_segment == other_one) & close)
            a, b = _same_edges(own[mine], edges["rising"][mine], other[theirs], reference_edges["rising"][theirs])
            pairs.append(np.stack([mine[a], theirs[b]]))
    a, b = np.concatenate(pairs, axis=1)
    return _Pairs(own_segment[a], other_segment[b], own[a], own[a] - other[b])


def _same_edges(
    own: Floats, own_rising: NDArray[np.bool_], other: Floats, other_rising: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return which edges of two pieces are the same ones; none where that can't be told.

    Of the distances at which most edges meet the smallest is taken. A line that is wired the other way round meets upside down.
    """
    straight, crossed = (_Meetings.of(own, rising, other, other_rising) for rising in (own_rising, ~own_rising))
    meet = straight if straight.most >= AS_GOOD * crossed.most else crossed
    nothing = np.empty(0, np.int64)
    if not meet.most:
        return nothing, nothing
    good = np.flatnonzero(meet.count >= AS_GOOD * meet.most)
    middle_s = meet.apart_s[good + meet.count[good] // 2]
    best = good[np.argmin(np.abs(middle_s))]
    at_s = float(np.median(meet.apart_s[best : best + meet.count[best]]))
    near = np.abs(meet.apart_s - at_s) <= TOGETHER_S
    a, b = meet.own[near], meet.other[near]
    sure = len(a) >= ENOUGH or abs(at_s) <= FEW_OFF_S
    for rising in (True, False):
        like = other_rising[meet.other] == rising
        could = min(len(np.unique(meet.own[like])), len(np.unique(meet.other[like])))
        sure = sure and int((other_rising[b] == rising).sum()) >= LEAST_SHARE * could
    return (a, b) if sure else (nothing, nothing)


@dataclass(frozen=True, slots=True)
class _Meetings:
    """All pairs of like edges, sorted by how far apart they are, and how many from each on lie together with it."""

    own: NDArray[np.int64]
    other: NDArray[np.int64]
    apart_s: Floats
    count: NDArray[np.int64]

    @property
    def most(self) -> int:
        """How many lie together at most."""
        return int(self.count.max(initial=0))

    @classmethod
    def of(cls, own: Floats, own_rising: NDArray[np.bool_], other: Floats, other_rising: NDArray[np.bool_]) -> _Meetings:
        """Pair every edge with those near it."""
        begin = np.searchsorted(other, own - HOST_OFF_S)
        counts = np.searchsorted(other, own + HOST_OFF_S, side="right") - begin
        a = np.repeat(np.arange(len(own)), counts)
        b = np.arange(len(a)) + np.repeat(begin - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts)
        like = own_rising[a] == other_rising[b]
        a, b = a[like], b[like]
        apart = own[a] - other[b]
        order = np.argsort(apart, kind="stable")
        apart = apart[order]
        count = np.searchsorted(apart, apart + 2 * TOGETHER_S, side="right") - np.arange(len(apart))
        return cls(a[order], b[order], apart, count)


def _fit(
    reference: str, found: Mapping[str, Clock], pairs: Mapping[str, _Pairs], arrivals: Mapping[str, Arrivals]
) -> dict[str, Clock]:
    """Return the clocks of the reference and of the streams that share edges with it, corrected.

    Least squares, with what host-clock fits may be off as the prior. Unknowns, in seconds and shares: for each stream an offset
    for each segment, then its rate. The reference's first offset and its rate stay where its host-clock fit put them.
    """
    names = [reference, *pairs]
    starts = np.cumsum([0, *(len(found[name].first_index) + 1 for name in names)])
    middles = {name: _middles_s(found[name], arrivals[name]) for name in names}
    weight = np.full(starts[-1], 1 / OFFSET_S**2)
    weight[starts[1:] - 1] = [_rate_off(arrivals[name]) ** -2 for name in names]

    parts, apart, finest = [], [], []
    for name, offsets, end in zip(pairs, starts[1:], starts[2:], strict=False):
        p = pairs[name]
        count = len(p.apart_s)
        columns = np.stack([offsets + p.segment, np.full(count, end - 1), p.reference_segment])
        values = np.stack([np.ones(count), p.host_s - middles[name][p.segment], -np.ones(count)])
        values[2, p.reference_segment == 0] = 0
        rows = np.tile(np.arange(count), 3)
        # A square edge is anywhere between two samples of each stream, so it is told no better than that.
        fine = np.hypot(1 / found[name].rate_hz, 1 / found[reference].rate_hz) / np.sqrt(12)
        parts.append(coo_array((values.ravel() / fine, (rows, columns.ravel())), shape=(count, starts[-1])))
        apart.append(-p.apart_s / fine)
        finest.append(fine)
    a, right = vstack(parts, format="csr"), np.concatenate(apart)
    cuts = np.cumsum([len(part) for part in apart])[:-1]
    kept = np.ones(len(right), bool)
    for _ in range(MOST_ROUNDS):
        b = a[kept]
        z = np.linalg.solve((b.T @ b).toarray() + np.diag(weight), b.T @ right[kept])
        off = np.split(np.abs(a @ z - right), cuts)
        near = np.concatenate([part <= OUTLIER * max(1.0, 1.4826 * float(np.median(part))) for part in off])
        if (near == kept).all():
            break
        kept = near
    residuals = [0.0]
    for part, good, fine in zip(off, np.split(kept, cuts), finest, strict=True):
        residuals.append(max(1.0, float(np.percentile(part[good], 99))) * fine)
    return {
        name: _corrected(found[name], z[begin : end - 1], float(z[end - 1]), middles[name], residual)
        for name, begin, end, residual in zip(names, starts, starts[1:], residuals, strict=False)
    }


def _corrected(line: Clock, offset_s: Floats, rate: float, middle_s: Floats, residual_s: float) -> Clock:
    return Clock(
        rate_hz=line.rate_hz / (1 + rate),
        first_index=line.first_index,
        offset_s=line.offset_s + offset_s + rate * (line.offset_s - middle_s),
        residual_s=residual_s,
        level=SyncLevel.EDGES,
    )


def _middles_s(line: Clock, arrivals: Arrivals) -> Floats:
    """Return the host time of the middle of each segment."""
    ends = np.append(line.first_index[1:], arrivals.segments[-1].next_index)
    return line.host_s((line.first_index + ends - 1) / 2)


def _rate_off(arrivals: Arrivals) -> float:
    """Return how far the rate of a host-clock fit may be off, as a share of it."""
    return RATE if arrivals.span_s < LEAST_S else min(RATE, FIT_END_S / arrivals.span_s)
