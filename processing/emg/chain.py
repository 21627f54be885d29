"""The EMG chain, from raw samples to envelopes: one kernel, live and offline, exact however the blocks are cut.

Each sample: hold what is not a number, band-pass, notch, rectify, low-pass; beside it the Teager-Kaiser energy of the band.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from acquisition.rig import Rig, microvolts_per_unit
from hardware.arrays import Floats, Samples
from processing.emg.activation import Activation
from processing.emg.envelope_kernel import LEFT, STATE, TILE, envelopes_of_block
from processing.emg.filters import LANES, cutoffs_hz, emg_sections, notch
from processing.emg.quality import QualityJudge
from processing.emg.verdicts import ChannelQuality, Withdrawal
from processing.formulas import Metric, frame_samples


class EmgChain:
    """Envelopes, activations and Q:H of the electrodes on one stream, frame by frame.

    Frames cover `frame_samples` raw samples, about 10 ms; the envelope is the one at the frame's last sample. A frame that is
    not complete because samples were lost is dropped, and what follows a loss, the beginning or a sample that is no number is
    NaN until the filters have settled (`settle_s`). Frames wait for the verdict on the window of quality in which they end, so
    that nothing rests on a channel that was bad then. What is found only later to have rested on no muscle is in `withdrawn`.
    """

    def __init__(self, rig: Rig, stream_name: str) -> None:
        """Design the filters, and compile the kernels so that no block waits for it; raises ValueError with no electrode."""
        settings = rig.emg_processing
        stream = rig.stream_named(stream_name).stream()
        electrodes = [electrode for electrode in rig.emg if electrode.stream == stream_name]
        if not electrodes:
            raise ValueError(f"no electrode of the rig {rig.name!r} is on the stream {stream_name!r}; list them as [[emg]]")
        lane_groups = -(-len(electrodes) // LANES)
        self.frame_samples = frame_samples(stream.rate_hz)
        self.undersampled = stream.rate_hz < settings.undersampled_below_hz
        self._stream = stream_name
        self._width = len(stream.channels)
        self._sections = emg_sections(settings, stream.rate_hz)
        self._settle = float(max(1, round(settings.settle_s * stream.rate_hz)))
        self._activation = Activation(electrodes, settings, rig.reference, stream.rate_hz / self.frame_samples)
        columns = [rig.column(stream_name, electrode.channel) for electrode in electrodes]
        microvolts = np.array(
            [microvolts_per_unit(e, stream.channels[c].unit) for e, c in zip(electrodes, columns, strict=True)]
        )
        band_hz = cutoffs_hz(settings, stream.rate_hz)
        self._rate_hz = stream.rate_hz
        self._notches = np.zeros((lane_groups, 5, LANES))
        self._notches[:, 0] = 1.0
        self._judge = QualityJudge(electrodes, microvolts, rig.quality, settings, stream.rate_hz, band_hz)
        self._set_notches(np.arange(len(electrodes)))
        self._columns = np.full((lane_groups, LANES), columns[0], dtype=np.int64)
        self._factor = np.zeros((lane_groups, LANES))
        self._full_scale = np.full((lane_groups, LANES), np.inf)
        for e, electrode in enumerate(electrodes):
            at = divmod(e, LANES)
            self._columns[at] = columns[e]
            self._factor[at] = microvolts[e]
            self._full_scale[at] = electrode.full_scale if electrode.full_scale is not None else np.inf
        self._z = np.zeros((lane_groups, STATE))
        self._work = np.zeros((3, 2 + TILE, LANES))
        self._envelopes, self._energies = np.zeros((2, lane_groups, 0, LANES))
        self._frames = np.zeros((0, len(self.metrics)))
        self._held: list[tuple[int, int, int]] = []  # rows of `_envelopes` from, to, and the last sample of the first
        self._rows_held = 0
        self._next = -1
        self._segment_start = 0
        self._window_end = -1
        self.withdrawn: list[Withdrawal] = []
        self._advance(np.zeros((0, self._width), dtype=stream.dtype), 0)
        self._activation.fill(self._envelopes, self._energies, 0, 0, 0, self.frame_samples, self._judge.good, self._frames)

    def refer_to(self, rig: Rig) -> None:
        """Take the MVCs of a rig that is the chain's own but for these, from the next frame on."""
        self._activation.refer_to([electrode for electrode in rig.emg if electrode.stream == self._stream])

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The columns of a frame, in order."""
        return self._activation.metrics

    @property
    def quality(self) -> tuple[ChannelQuality, ...]:
        """What is known about each electrode's channel, in the order of the rig."""
        return self._judge.channels

    def resting_on(self, electrode: int) -> list[int]:
        """Return the columns of a frame that rest on an electrode, by its number."""
        return self._activation.resting_on(electrode)

    @property
    def window_end(self) -> int:
        """The sample with which the running window of quality ends; it moves with every verdict."""
        return self._window_end

    def process(self, samples: Samples, first_index: int) -> Floats:
        """Return the frames whose window of quality these samples (n, all channels of the stream; raw units) end.

        The frames (n_frames, n_columns) are a view of a buffer, valid until the next call. Raises ValueError where the number
        of channels differs.
        """
        n = samples.shape[0]
        if samples.shape[1] != self._width:
            raise ValueError(f"a block has {samples.shape[1]} channels, but its stream in the rig has {self._width}")
        self._make_room(n // self.frame_samples + 2)
        rows = self._jump(first_index) if first_index != self._next else 0
        done = 0
        while done < n:
            start = first_index + done
            at = start - self._window_end + self._judge.window_samples
            k, slice_end = self._judge.slice_at(at)
            length = min(n - done, slice_end - at)
            self._advance(samples[done : done + length], start)
            done += length
            if at + length == slice_end:
                self._judge.close_slice(k)
            if start + length == self._window_end:
                rows += self._judged(rows)
        self._next = first_index + n
        return self._frames[:rows]

    def finish(self) -> Floats:
        """Return the frames that still wait, once no sample will follow; of their window nothing is believed."""
        self.withdrawn += [Withdrawal(e, -math.inf, math.inf) for e, q in enumerate(self.quality) if q.is_unused]
        nobody = np.zeros_like(self._judge.good)
        return self._frames[: self._hand_out(0, nobody)]

    def _make_room(self, frames: int) -> None:
        needed = self._rows_held + frames + 1
        if needed > self._envelopes.shape[1]:
            more = np.zeros((2, self._envelopes.shape[0], 2 * needed, LANES))
            more[0, :, : self._rows_held] = self._envelopes[:, : self._rows_held]
            more[1, :, : self._rows_held] = self._energies[:, : self._rows_held]
            self._envelopes, self._energies = more
            self._frames = np.zeros((2 * needed, len(self.metrics)))

    def _judged(self, row: int) -> int:
        """End the running window, and hand out its frames from `row` on; return how many."""
        before = self._judge.tuned_hz.copy()
        self._judge.judge()
        self._set_notches(np.flatnonzero(self._judge.tuned_hz != before))
        for e in np.flatnonzero(self._judge.lost):
            samples = float(self._judge.lost[e]) * self._judge.window_samples / self._judge.slices
            self.withdrawn.append(Withdrawal(int(e), self._window_end - samples, float(self._window_end)))
        self._window_end += self._judge.window_samples
        return self._hand_out(row, self._judge.good)

    def _set_notches(self, electrodes: NDArray[np.int64]) -> None:
        """Give these electrodes the notch that the judge has for them."""
        for e in electrodes:
            group, lane = divmod(int(e), LANES)
            self._notches[group, :, lane] = notch(float(self._judge.tuned_hz[e]), self._rate_hz)[0, [0, 1, 2, 4, 5]]

    def _jump(self, first_index: int) -> int:
        """Begin anew after lost samples: filters at rest, and the windows of quality count what is missing.

        Returns how many frames were handed out, of a window that has ended with the loss.
        """
        self._z[:] = 0.0
        self._z[:, LEFT:] = self._settle
        self._segment_start = first_index
        window = self._judge.window_samples
        rows = 0
        if first_index < self._next or self._next < 0:
            rows = self._hand_out(0, np.zeros_like(self._judge.good))
            self._judge.begin_anew()
            self._window_end = first_index + window
        elif first_index >= self._window_end:
            lost = (first_index - self._window_end) // window
            rows = self._judged(0)
            if lost:
                self._judge.judge(lost)
            self._window_end += lost * window
        return rows

    def _advance(self, samples: Samples, start: int) -> None:
        """Take samples within one window of quality through the kernels; the frames that they complete wait for its verdict."""
        phase = start % self.frame_samples
        held = self._rows_held
        envelopes_of_block(
            samples,
            self._columns,
            self._factor,
            self._full_scale,
            self._sections,
            self._notches,
            self._z,
            self._settle,
            phase + held * self.frame_samples,
            self.frame_samples,
            *self._judge.open_sums,
            start - self._window_end + self._judge.window_samples,
            self._judge.bins_per_sample,
            self._work,
            self._envelopes,
            self._energies,
        )
        last = int(phase + samples.shape[0]) // self.frame_samples
        first = min(last, int(start - phase < self._segment_start))
        if last > first:
            self._held.append((held + first, held + last, start - phase + (first + 1) * self.frame_samples - 1))
            self._rows_held = held + last

    def _hand_out(self, row: int, good: NDArray[np.bool_]) -> int:
        """Write the frames that wait into the rows from `row` on, by what is good; return how many."""
        rows = row
        for first, last, sample in self._held:
            self._activation.fill(
                self._envelopes,
                self._energies,
                first,
                last,
                sample - first * self.frame_samples,
                self.frame_samples,
                good,
                self._frames[rows:],
            )
            rows += last - first
        self._held.clear()
        self._rows_held = 0
        return rows - row
