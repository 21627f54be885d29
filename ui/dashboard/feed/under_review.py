"""What is under review: one recording with its edits, which part of it is on the screen, and its samples there."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from acquisition.recording import Recording
from acquisition.rig.rig import microvolts_per_unit
from hardware.severity import Severity
from processing.repetition.table import WHOLE
from processing.results.frame_file import PIECE_ROWS, pieces

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from acquisition.rig import Electrode
    from hardware.arrays import Floats
    from processing.repetition.table import PhaseResult, RepetitionResult
    from processing.results import Results, Table
    from processing.review import Review

LEAST_S, FIRST_S, MOST_S = 1.0, 20.0, 600.0
"""So much of a recording is on the screen: at least, at first, and at most."""
BINS = 4096
"""Of so many parts of a recording the lowest and highest values are known, for the whole of it in one strip."""


class UnderReview:
    """A review, and what is chosen and shown of it; times are seconds of the session."""

    def __init__(self, review: Review) -> None:
        """Show the first repetition, or the beginning."""
        self.review = review
        self._recording = Recording(review.path)
        self.whole_s = max(review.found.seconds, LEAST_S)
        self.force: Table | None = review.found.table_with("fz_total_N", "com_height_mm")
        self.from_s, self.to_s = 0.0, min(FIRST_S, self.whole_s)
        self.cursor_s = 0.0
        self.number = 0
        self.flag = 0
        self._told_of: Results | None = None
        self._whole: dict[tuple[int, str], PhaseResult] = {}
        rows = review.results.repetitions
        if rows:
            self.choose(rows[0])

    def close(self) -> None:
        """Close the recording."""
        self._recording.close()

    @property
    def repetitions(self) -> list[RepetitionResult]:
        """The repetitions as they stand."""
        return self.review.results.repetitions

    @property
    def chosen(self) -> RepetitionResult | None:
        """The repetition that is chosen."""
        return next((row for row in self.repetitions if row.number == self.number), None)

    def dropped(self) -> list[tuple[float, float, int]]:
        """Return from when to when each repetition lasted that was dropped, and its number."""
        edits = self.review.results.edits
        return [(edit.start_s, edit.end_s, edit.repetition) for edit in edits if edit.kind == "drop" and edit.applied]

    def whole(self, number: int, side: str) -> PhaseResult | None:
        """Return what was told of the whole of a repetition on a side, or on `both`."""
        results = self.review.results
        if self._told_of is not results:
            self._told_of = results
            self._whole = {(row.repetition, row.side): row for row in results.phases if row.phase == WHOLE}
        return self._whole.get((number, side))

    def worst(self, row: RepetitionResult) -> Severity:
        """Return the worst severity of the flags within a repetition that nobody dismissed."""
        within = (
            flag
            for flag in self.review.results.flags
            if flag.start_s < row.end_s and not flag.end_s <= row.start_s and not flag.dismissed
        )
        return max((flag.severity for flag in within), default=Severity.FINE)

    def choose(self, row: RepetitionResult) -> None:
        """Choose a repetition, with the cursor in its middle, and show it."""
        self.number = row.number
        self.point((row.start_s + row.end_s) / 2)

    def point(self, second: float) -> None:
        """Put the cursor to a second, and show it."""
        self.cursor_s = min(max(second, 0.0), self.whole_s)
        if not self.from_s <= self.cursor_s <= self.to_s:
            self.show(self.cursor_s, self.to_s - self.from_s)

    def show(self, middle_s: float, span_s: float) -> None:
        """Show a part around a second, as long as is wanted and can be."""
        span_s = min(max(span_s, LEAST_S), MOST_S, self.whole_s)
        self.from_s = min(max(middle_s - span_s / 2, 0.0), self.whole_s - span_s)
        self.to_s = self.from_s + span_s

    def frames(self, table: Table, columns: list[str]) -> tuple[Floats, Floats]:
        """Return times (n,) and frames (n, columns) of a table within what is shown, and one frame more at either end."""
        first, last = np.searchsorted(table.time_s, [self.from_s, self.to_s])
        part = slice(max(0, int(first) - 1), int(last) + 1)
        at = [table.columns.index(name) for name in columns]
        return table.time_s[part], np.ascontiguousarray(table.frames[part][:, at])

    def emg(self, electrodes: list[Electrode]) -> tuple[Floats, Floats]:
        """Return times (n,) and signals (n, electrodes) in µV at the skin of electrodes of one stream, within what is shown."""
        stream = self._recording.streams[electrodes[0].stream]
        ticks, start_s = stream.ticks, self._recording.start_s
        if not len(ticks):
            return np.zeros(0), np.zeros((0, len(electrodes)))
        ends_s = stream.clock.host_s(ticks["index"]) - start_s
        first, last = np.searchsorted(ends_s, [self.from_s, self.to_s])
        first_row = int(ticks["row"][first - 1]) if first else 0
        end_row = int(ticks["row"][min(int(last), len(ticks) - 1)])
        rig = self.review.found.rig
        at = [rig.column(stream.stream.name, electrode.channel) for electrode in electrodes]
        factors = [
            microvolts_per_unit(one, stream.stream.channels[column].unit) for one, column in zip(electrodes, at, strict=True)
        ]
        samples = self._recording.samples(stream.stream.name, first_row, end_row - first_row)[:, at] * factors
        rows = np.arange(first_row, first_row + len(samples))
        of = np.searchsorted(ticks["row"], rows, side="right")
        numbers = rows + (ticks["index"] - ticks["row"])[of]
        return stream.clock.host_s(numbers) - start_s, np.ascontiguousarray(samples, dtype=np.float64)


def lowest_and_highest(table: Table, column: str, whole_s: float) -> NDArray[np.float64]:
    """Return the lowest and highest value (2, parts) of a column in each part of a recording, NaN where none is known.

    There are BINS parts, of a short recording as many as have two frames each.
    """
    bins = max(1, min(BINS, len(table.time_s) // 2))
    found = np.full((2, bins), math.nan)
    at = table.columns.index(column)
    for k, piece in enumerate(pieces(table.frames)):
        values = np.asarray(piece[:, at])
        time_s = table.time_s[k * PIECE_ROWS : k * PIECE_ROWS + len(values)]
        known = np.isfinite(values)
        at_bin = np.clip((time_s[known] * (bins / whole_s)).astype(np.int64), 0, bins - 1)
        np.fmin.at(found[0], at_bin, values[known])
        np.fmax.at(found[1], at_bin, values[known])
    return found
