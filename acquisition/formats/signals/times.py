"""Times of a file's streams: ticks that tell segments, lost samples and when each stream began, right to the sample."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from acquisition.formats.importing import even_ticks
from acquisition.formats.signal_file import SignalFileError
from acquisition.stretches import Stretch

if TYPE_CHECKING:
    from acquisition.formats.signal_file import SignalStream
    from acquisition.rig import StreamSettings

OFF_SAMPLES = 0.1
"""A segment that begins within this of a whole sample after the one before has lost samples; the clock went on (*design*)."""
BACK_S = 1.0
"""A clock that began anew is not known better than this, so its segment may seem to begin so much too early."""


def checked(stream: SignalStream) -> SignalStream:
    """Return a stream whose segments are in order; raises SignalFileError where its times go back."""
    ends = [segment.first_row for segment in stream.segments[1:]] + [len(stream.samples)]
    for number, (segment, end_row) in enumerate(zip(stream.segments, ends, strict=True)):
        begins_s, rows = segment.start_s, end_row - segment.first_row
        before = stream.segments[number - 1] if number else None
        ended_s = -np.inf if before is None else before.start_s + (segment.first_row - before.first_row) / stream.rate_hz
        if not np.isfinite(begins_s) or rows <= 0 or segment.first_row < 0 or (number == 0) != (segment.first_row == 0):
            raise SignalFileError(
                f"The times of {stream.name!r} can't be right: its segment {number + 1} begins at {begins_s} s."
            )
        if begins_s < ended_s - BACK_S:
            raise SignalFileError(
                f"The times of {stream.name!r} go back from {ended_s:g} s to {begins_s:g} s at row {segment.first_row + 1}, so "
                "what came when can't be known; split the file there."
            )
    return stream


def stretches_of(stream: SignalStream, settings: StreamSettings, starts_s: float) -> list[Stretch]:
    """Return the stretches of a stream, one for each segment, in a time that is 0 at `starts_s` of the file's.

    Where samples were lost their numbers go on; where the clock began anew, or its rate drifted, the segment of the device's
    clock goes up as well.
    """
    found: list[Stretch] = []
    ends = [segment.first_row for segment in stream.segments[1:]] + [len(stream.samples)]
    index, number, line_s = 0, 0, stream.segments[0].start_s - starts_s
    for at, (segment, end_row) in enumerate(zip(stream.segments, ends, strict=True)):
        begins_s = segment.start_s - starts_s
        rows = stream.samples[segment.first_row : end_row]
        if at:
            ahead = (begins_s - line_s) * stream.rate_hz - index
            if ahead > 0.5 and abs(ahead - round(ahead)) < OFF_SAMPLES:
                begins_s = line_s + (index + round(ahead)) / stream.rate_hz
            else:
                number += 1
            index += max(0, round(ahead))
            if number and (not found or found[-1].ticks["segment"][-1] != number):
                line_s = begins_s - index / stream.rate_hz
        ticks = even_ticks(len(rows), settings, begins_s)
        ticks["index"] += index
        ticks["segment"] = number
        found.append(Stretch(rows, ticks, 0, index))
        index += len(rows)
    return found
