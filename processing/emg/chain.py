"""The EMG chain, from raw samples to envelopes: one kernel, live and offline, exact however the blocks are cut.

Each sample: hold what is not a number, band-pass, notch, rectify, low-pass; beside it the Teager-Kaiser energy of the band.
The signal stands time-major with 16 channels side by side, and the state of every filter flat, `z[row * LANES + channel]`,
so that the compiler runs the channels in SIMD lanes; three short passes over a tile that stays in the cache are faster than one
long one. No fast-math: the results are those of `scipy.signal.sosfilt` to the bit.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from acquisition.rig import Rig, microvolts_per_unit
from hardware.arrays import Floats, Samples
from processing.emg.activation import Activation
from processing.emg.converter import LARGEST_UV, count_samples
from processing.emg.filters import LANES, SECTIONS, cutoffs_hz, emg_sections, notch
from processing.emg.mains import add_to_fold
from processing.emg.quality import QualityJudge
from processing.emg.verdicts import ChannelQuality, Withdrawal
from processing.formulas import Metric, frame_samples

TILE = 128

# Rows of the state after two per section: the value held, the offset taken off, samples until settled; and of the energy the
# sample before, the one before that, and the sum over the open frame.
_HELD = 2 * SECTIONS * LANES
_OFFSET = _HELD + LANES
_LEFT = _OFFSET + LANES
_BEFORE = _LEFT + LANES
_BEFORE_THAT = _BEFORE + LANES
_SUM = _BEFORE_THAT + LANES
STATE = _SUM + LANES


@njit(nogil=True, cache=True)
def _section(
    x: float, s1: float, s2: float, b0: float, b1: float, b2: float, a1: float, a2: float
) -> tuple[float, float, float]:
    """One second-order section, direct form II transposed, in SciPy's order of operations."""
    y = b0 * x + s1
    return y, b1 * x - a1 * y + s2, b2 * x - a2 * y


@njit(nogil=True, cache=True)
def _hold(
    tile: Floats,
    n: int,
    factor: Floats,
    z: Floats,
    settle: float,
    left: Floats,
) -> None:
    """Bring raw samples to µV, take the offset off and hold the last value where there is none.

    A channel begins at zero, and one that returns goes on from the value held: its offset is what it shows then. So neither
    a DC offset nor a jump within a dropout reaches the filters, which is the steady state at any offset.
    """
    for t in range(n):
        for c in range(LANES):
            value = tile[t, c] * factor[c]
            held = z[_HELD + c]
            before = z[_LEFT + c]
            present = abs(value) < LARGEST_UV
            offset = value - held if present and before == settle else z[_OFFSET + c]
            x = value - offset if present else held
            now = before - 1.0 if present else settle
            z[_OFFSET + c] = offset
            z[_HELD + c] = x
            z[_LEFT + c] = now
            tile[t, c] = x
            left[t, c] = now


@njit(nogil=True, cache=True)
def _take_offset_off(tile: Floats, n: int, factor: Floats, z: Floats, left: Floats) -> None:
    """Do what `_hold` does where all samples are there and no offset is still to be found: less than half the work."""
    for t in range(n):
        for c in range(LANES):
            tile[t, c] = tile[t, c] * factor[c] - z[_OFFSET + c]
            left[t, c] = z[_LEFT + c] - (t + 1.0)
    for c in range(LANES):
        z[_HELD + c], z[_LEFT + c] = tile[n - 1, c], left[n - 1, c]


@njit(nogil=True, cache=True)
def _band_pass(tile: Floats, n: int, b: Floats, notch: Floats, z: Floats, band: Floats) -> None:
    """Band-pass into `band`, then notch in place; sections are spelled out, as a loop over them is half as fast."""
    p0, p1, p2, p3, p4 = b[0], b[1], b[2], b[3], b[4]
    q0, q1, q2, q3, q4 = b[5], b[6], b[7], b[8], b[9]
    r0, r1, r2, r3, r4 = b[10], b[11], b[12], b[13], b[14]
    s0, s1, s2, s3, s4 = b[15], b[16], b[17], b[18], b[19]
    for t in range(n):
        for c in range(LANES):
            i = c
            y, z[i], z[i + LANES] = _section(tile[t, c], z[i], z[i + LANES], p0, p1, p2, p3, p4)
            i = 2 * LANES + c
            y, z[i], z[i + LANES] = _section(y, z[i], z[i + LANES], q0, q1, q2, q3, q4)
            i = 4 * LANES + c
            y, z[i], z[i + LANES] = _section(y, z[i], z[i + LANES], r0, r1, r2, r3, r4)
            i = 6 * LANES + c
            y, z[i], z[i + LANES] = _section(y, z[i], z[i + LANES], s0, s1, s2, s3, s4)
            band[t, c] = y
            i = 8 * LANES + c
            n0, n1, n2, n3, n4 = notch[0, c], notch[1, c], notch[2, c], notch[3, c], notch[4, c]
            y, z[i], z[i + LANES] = _section(y, z[i], z[i + LANES], n0, n1, n2, n3, n4)
            tile[t, c] = y


@njit(nogil=True, cache=True)
def _low_pass(
    tile: Floats,
    n: int,
    b: Floats,
    z: Floats,
    left: Floats,
    phase: int,
    frame_samples: int,
    envelope: Floats,
) -> None:
    """Rectify and smooth; each frame's last sample goes to `envelope` (frames, LANES), as NaN until settled."""
    u0, u1, u2, u3, u4 = b[20], b[21], b[22], b[23], b[24]
    v0, v1, v2, v3, v4 = b[25], b[26], b[27], b[28], b[29]
    for t in range(n):
        for c in range(LANES):
            i = 10 * LANES + c
            y, z[i], z[i + LANES] = _section(abs(tile[t, c]), z[i], z[i + LANES], u0, u1, u2, u3, u4)
            i = 12 * LANES + c
            y, z[i], z[i + LANES] = _section(y, z[i], z[i + LANES], v0, v1, v2, v3, v4)
            tile[t, c] = y
    f = phase // frame_samples
    for t in range((f + 1) * frame_samples - 1 - phase, n, frame_samples):
        for c in range(LANES):
            envelope[f, c] = tile[t, c] if left[t, c] <= 0.0 else np.nan
        f += 1


@njit(nogil=True, cache=True)
def _energy(rows: Floats, n: int, z: Floats, left: Floats, phase: int, frame_samples: int, energy: Floats) -> None:
    """Write the mean Teager-Kaiser energy of each frame into `energy` (frames, LANES), NaN until settled.

    psi(n) = x(n)^2 - x(n + 1) x(n - 1) stands with the sample n + 1, by which it is known. `rows` (n + 2, LANES), behind the
    notch, begin with two for the samples before, which are filled in here.
    """
    f, k = phase // frame_samples, phase % frame_samples
    for c in range(LANES):
        rows[0, c], rows[1, c] = z[_BEFORE_THAT + c], z[_BEFORE + c]
    for t in range(n):
        for c in range(LANES):
            z[_SUM + c] += rows[t + 1, c] * rows[t + 1, c] - rows[t + 2, c] * rows[t, c]
        k += 1
        if k == frame_samples:
            for c in range(LANES):
                energy[f, c] = z[_SUM + c] / frame_samples if left[t, c] <= 0.0 else np.nan
                z[_SUM + c] = 0.0
            f += 1
            k = 0
    for c in range(LANES):
        z[_BEFORE_THAT + c], z[_BEFORE + c] = rows[n, c], rows[n + 1, c]


@njit(nogil=True, cache=True)
def _envelopes_of_block(
    raw: Samples,
    columns: NDArray[np.int64],
    factor: Floats,
    full_scale: Floats,
    sections: Floats,
    notches: Floats,
    z: Floats,
    settle: float,
    phase: int,
    frame_samples: int,
    counts: Floats,
    sums: Floats,
    folds: Floats,
    at: int,
    bins_per_sample: float,
    work: Floats,
    envelopes: Floats,
    energies: Floats,
) -> None:
    """Take the columns of raw (n, all channels) through the filters, 16 at a go; `work` is (3, 2 + TILE, LANES).

    `at` is how far into its window of quality the first of them lies. A tile has room for two samples before it.
    """
    tile, band, left = work[0, 2:], work[1], work[2]
    start = 0
    while start < raw.shape[0]:
        n = min(TILE, raw.shape[0] - start)
        for g in range(z.shape[0]):
            for t in range(n):
                for c in range(LANES):
                    tile[t, c] = raw[start + t, columns[g, c]]
            all_there = count_samples(work[0, 1:], n, factor[g], full_scale[g], counts[g])
            if all_there and z[g, _LEFT:_BEFORE].max() < settle:
                _take_offset_off(tile, n, factor[g], z[g], left)
            else:
                _hold(tile, n, factor[g], z[g], settle, left)
            _band_pass(tile, n, sections, notches[g], z[g], band)
            add_to_fold(band, tile, n, at + start, bins_per_sample, sums[g], folds[g])
            _energy(work[0], n, z[g], left, phase + start, frame_samples, energies[g])
            _low_pass(tile, n, sections, z[g], left, phase + start, frame_samples, envelopes[g])
        start += n


class EmgChain:
    """Envelopes, activations and Q:H of the electrodes on one stream, frame by frame.

    Frames cover `frame_samples` raw samples, about 10 ms; the envelope is the one at the frame's last sample. A frame that is
    not complete because samples were lost is dropped, and what follows a loss, the beginning or a sample that is no number is
    NaN until the filters have settled (`settle_s`). Frames wait for the verdict on the window of quality in which they end, so
    that nothing rests on a channel that was bad then. What is found only later to have rested on no muscle is in `withdrawn`.
    """

    unjudged: frozenset[str] = frozenset()

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
        self._z[:, _LEFT:] = self._settle
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
        _envelopes_of_block(
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
