"""Sync lines made by hand: pulses at known times, as a device samples them."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from acquisition.stretches import TICK, Stretch
from acquisition.timebase.sync_edges import EDGE, EdgeFinder


@st.composite
def pulses(draw, least=4, most=14):
    """Draw the times of the edges of a line that is low at first, in turn rising and falling."""
    lengths = draw(st.lists(st.floats(0.08, 0.9), min_size=2 * least, max_size=2 * most))
    return 0.4 + np.cumsum(lengths[: len(lengths) // 2 * 2])


def level(edges_s, t_s, ramp_s=0.0):
    """Return the line from 0 to 1 at some times; each edge is a ramp whose middle is at the edge's time."""
    up = np.arange(len(edges_s)) % 2 == 0
    if ramp_s == 0:
        return (np.searchsorted(edges_s, t_s, side="right") % 2).astype(float)
    ramps = np.clip((t_s[:, None] - edges_s) / ramp_s + 0.5, 0, 1)
    return ramps @ np.where(up, 1.0, -1.0)


def stretch_of(samples, first_index=0, first_row=0, segment=0, block=40):
    """Return samples as a run; one channel where they are flat."""
    samples = samples[:, None] if samples.ndim == 1 else samples
    ends = np.minimum(np.arange(block, len(samples) + block, block), len(samples))
    ticks = np.zeros(len(ends), TICK)
    ticks["row"], ticks["index"], ticks["segment"] = first_row + ends, first_index + ends, segment
    return Stretch(samples, ticks, first_row, first_index)


def finder(rate_hz, column=0, dtype="float64", threshold_pct=50.0):
    return EdgeFinder(rate_hz, column, dtype, threshold_pct)


def found(samples, rate_hz, threshold_pct=50.0):
    return finder(rate_hz, 0, samples.dtype.name, threshold_pct).take(stretch_of(samples))


def edges_at(t_s, rising, true_hz, first_index=0, off_s=0.0):
    """Return edges as a stream that began `off_s` before time 0 would number them."""
    edges = np.zeros(len(t_s), EDGE)
    edges["index"], edges["rising"] = first_index + (np.asarray(t_s) + off_s) * true_hz, rising
    return edges
