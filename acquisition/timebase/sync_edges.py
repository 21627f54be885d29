"""The edges of a sync line: where a channel goes up and down, to a fraction of a sample, followed stretch by stretch.

The line's two levels are learnt from the channel itself, so neither volts nor wiring need be known. An edge counts once the
line has stayed on its new level for LEAST_PULSE_S: mains hum, contact bounce and noise do not. Behind a gap, a restart or a
sample that is no number the line's level is looked for anew, and a change that fell in between is no edge.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from acquisition.rig import Rig
    from acquisition.stretches import Stretch

EDGE = np.dtype([("index", "<f8"), ("rising", "?")])
"""One edge: where it lies between samples, as a sample number with a fraction, and whether the line went up."""
LEAST_PULSE_S = 0.025
FORGET_S = 20.0
STEP_S = 1.0
LEAST_SPAN = 12.0
"""How many mean steps from sample to sample the two levels must be apart; noise alone spans less than 9 of its own."""
MARGIN = 0.15
"""How far beyond the threshold, as a share of the span, a level begins."""

_UNKNOWN, _LOW, _HIGH = -1.0, 0.0, 1.0
_LEVEL, _PREVIOUS, _CROSSING, _SINCE, _BOTTOM, _TOP, _STEP, _COUNT, _THRESHOLD = range(9)


class EdgeFinder:
    """Follows the sync channel of one stream."""

    def __init__(self, rate_hz: float, column: int, dtype: str, threshold_pct: float) -> None:
        """Compile the kernel for the stream's dtype, and begin with nothing known."""
        self._column = column
        self._least = max(2, round(LEAST_PULSE_S * rate_hz))
        self._share = threshold_pct / 100
        self._forget = 1 / (FORGET_S * rate_hz)
        self._memory = max(100.0, STEP_S * rate_hz)
        self._digits = (float(np.finfo(dtype).eps), float(np.finfo(dtype).tiny))
        self._state = np.array([_UNKNOWN, np.nan, np.nan, np.nan, np.nan, np.nan, 0.0, 0.0, np.nan])
        self._found = np.zeros(64, EDGE)
        self._next = (-1, 0)
        self._take(np.zeros((0, column + 1), dtype), 0)

    def take(self, stretch: Stretch) -> NDArray[np.void]:
        """Return the edges that have become certain with the next stretch of the stream; the array is the caller's.

        However the samples are cut into stretches and blocks, the edges are the same, bit for bit.
        """
        segment = int(stretch.ticks["segment"][0])
        if self._next != (stretch.first_index, segment):
            self._state[_LEVEL], self._state[_PREVIOUS], self._state[_SINCE] = _UNKNOWN, np.nan, np.nan
        self._next = (stretch.first_index + len(stretch.samples), segment)
        return self._take(stretch.samples, stretch.first_index)

    def _take(self, samples: NDArray[np.float32] | NDArray[np.float64], first_index: int) -> NDArray[np.void]:
        most = len(samples) // self._least + 1
        if len(self._found) < most:
            self._found = np.zeros(most, EDGE)
        index, rising = self._found["index"], self._found["rising"]
        count = _follow(
            samples,
            self._column,
            first_index,
            self._share,
            self._forget,
            self._memory,
            *self._digits,
            self._least,
            self._state,
            index,
            rising,
        )
        return self._found[:count].copy()


def finders(rig: Rig) -> dict[str, EdgeFinder]:
    """Return a finder for each stream that has a sync channel, in the rig's order."""
    return {
        stream.name: EdgeFinder(
            stream.rate_hz, stream.channels.index(stream.sync_channel), stream.dtype, rig.sync.threshold_pct
        )
        for stream in rig.stream
        if stream.sync_channel is not None
    }


@njit(nogil=True, cache=True)
def _follow(
    samples: NDArray[np.float32] | NDArray[np.float64],
    column: int,
    first_index: int,
    share: float,
    forget: float,
    memory: float,
    epsilon: float,
    tiny: float,
    least: int,
    state: NDArray[np.float64],
    index: NDArray[np.float64],
    rising: NDArray[np.bool_],
) -> int:
    """Write the edges into `index` and `rising`, carry `state` on, and return how many there are."""
    level, previous, crossing, since = state[_LEVEL], state[_PREVIOUS], state[_CROSSING], state[_SINCE]
    bottom, top, step, count = state[_BOTTOM], state[_TOP], state[_STEP], state[_COUNT]
    threshold_before = state[_THRESHOLD]
    found = 0
    for k in range(len(samples)):
        x = float(samples[k, column])
        i = first_index + k
        if not np.isfinite(x):
            level, previous, since = _UNKNOWN, np.nan, np.nan
            continue
        if np.isnan(bottom):
            bottom = top = x
        span = top - bottom
        bottom = min(x, bottom + forget * span)
        top = max(x, top - forget * span)
        span = top - bottom
        if not np.isnan(previous):
            count = min(memory, count + 1)
            step += (abs(x - previous) - step) / count
        threshold = bottom + share * span
        # Far from zero a quiet line flickers by the last digit of its numbers: its mean step is less than one such digit. Next
        # to zero, below the smallest normal number, the mean step itself has no digits left.
        digit = max(tiny, epsilon * max(abs(bottom), abs(top)))
        if span <= LEAST_SPAN * max(step, digit):
            level, since = _UNKNOWN, np.nan
        elif level == _UNKNOWN:
            if x > threshold + MARGIN * span:
                level = _HIGH
            elif x < threshold - MARGIN * span:
                level = _LOW
            crossing = since = np.nan
        else:
            # Seen from a high line everything is upside down.
            side = 1.0 if level == _LOW else -1.0
            before, now = side * (previous - threshold), side * (x - threshold)
            if np.isnan(since) and now >= 0:
                if before < 0:
                    crossing = i - now / (now - before)
                elif side * (previous - threshold_before) < 0:
                    # The threshold itself has moved past the sample before.
                    crossing = i - 1.0
            if now > MARGIN * span:
                if np.isnan(since):
                    since = float(i)
            elif now < -MARGIN * span:
                since = np.nan
            if i - since + 1 >= least:
                if not np.isnan(crossing):
                    index[found] = crossing
                    rising[found] = level == _LOW
                    found += 1
                level = _HIGH if level == _LOW else _LOW
                crossing = since = np.nan
        previous, threshold_before = x, threshold
    state[_LEVEL], state[_PREVIOUS], state[_CROSSING], state[_SINCE] = level, previous, crossing, since
    state[_BOTTOM], state[_TOP], state[_STEP], state[_COUNT], state[_THRESHOLD] = bottom, top, step, count, threshold_before
    return found
