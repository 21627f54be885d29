"""A simulated device: a source that takes its samples from the simulated lifter instead of a driver.

Devices of one session share the lifter and the session's time zero, and each has its own crystal and its own delays.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator

import numpy as np

from acquisition.rig import UNITS_TO_MM, Electrode, Rig, SimulatedSource, StreamSettings
from hardware.arrays import Floats, Samples
from hardware.source import Block, SourceError, SourceState, StreamEnded
from sim.lifter.emg import EmgNoise, SimulatedEmg
from sim.lifter.lifter import Lifter
from sim.lifter.markers import NAMES, markers_mm
from sim.lifter.plates import NOISE, SimulatedPlate
from sim.session_clock import SessionClock, sync_level

CHUNK_S = 0.5
SYNC_HIGH = 0.5  # of the channel's full scale
RIGHT = {
    "x": np.array([1.0, 0.0, 0.0]),
    "-x": np.array([-1.0, 0.0, 0.0]),
    "y": np.array([0.0, 1.0, 0.0]),
    "-y": np.array([0.0, -1.0, 0.0]),
}
FULL_SCALE = {"V": 10.0, "mV": 11.0, "uV": 187_500.0, "N": 5_000.0, "Nmm": 2e6, "mm": 10_000.0, "cm": 1_000.0, "m": 10.0}
MARKER_NOISE_MM = 0.3


def footing(rig: Rig, stance_width_mm: float) -> tuple[Floats, Floats]:
    """Return the lifter's axes (rows: right, forward, up) in the lab axes and the middle of the stance in mm.

    The lifter stands in the middle of the two plates, or with that plate's foot on the middle of a single one,
    and faces so that the right plate is on the right, or as the rig's `right_axis` or `right_deg` says.
    """
    centres = {plate.side: SimulatedPlate(plate).centre_mm for plate in rig.plate}
    right = np.array([1.0, 0.0, 0.0])
    if rig.lab.right_deg is not None:
        angle = math.radians(rig.lab.right_deg)
        right = np.array([math.cos(angle), math.sin(angle), 0.0])
    elif rig.lab.right_axis is not None:
        right = RIGHT[rig.lab.right_axis]
    elif len(centres) == 2:
        across = (centres["right"] - centres["left"]) * np.array([1.0, 1.0, 0.0])
        right = across / np.linalg.norm(across)
    match centres:
        case {"left": left_plate, "right": right_plate}:
            middle = (left_plate + right_plate) / 2
        case {"right": only}:
            middle = only - right * stance_width_mm / 2
        case {"left": only}:
            middle = only + right * stance_width_mm / 2
        case _:
            middle = np.zeros(3)
    up = np.array([0.0, 0.0, 1.0])
    return np.stack([right, np.cross(up, right), up]), middle


class SimulatedDevice:
    """A source of simulated samples for one stream of the rig, with all its plates, electrodes and markers.

    A channel that belongs to none and whose name begins with `count` carries the sample's number, one that begins with `sync`
    the session's sync line, any other the noise of an open input. The samples depend on the rig and the lifter alone, never
    on the length of the blocks or on when they are read.
    """

    def __init__(
        self,
        settings: StreamSettings,
        rig: Rig,
        lifter: Lifter,
        *,
        speed: float | None = 1.0,
        end_s: float | None = None,
        session: SessionClock | None = None,
    ) -> None:
        """Prepare the channels; raises SourceError where the stream isn't one of a simulated device.

        `session` is shared with other devices; without it the device has one of its own, at `speed`.
        """
        if not isinstance(settings.source, SimulatedSource):
            raise SourceError(
                f"The stream {settings.name!r} has a source {settings.source.kind!r}; the simulator plays 'simulated' alone."
            )
        self.stream = settings.stream()
        self.state = SourceState.IDLE
        self.note = ""
        self.backlog_samples = 0
        self._lifter = lifter
        self._session = session or SessionClock(speed)
        self._rate_hz = settings.rate_hz * (1.0 + settings.source.clock_ppm * 1e-6)
        self._jitter_s = settings.source.jitter_s
        self._end = None if end_s is None else math.ceil(end_s * self._rate_hz - 1e-6)
        self._seed = (lifter.seed, zlib.crc32(settings.name.encode()))
        self._chunk_samples = max(1, round(CHUNK_S * settings.rate_hz))
        self._axes, self._middle = footing(rig, lifter.stance_width_mm)
        self._plates = [
            (plate, SimulatedPlate(plate), [settings.channels.index(name) for name in plate.channels])
            for plate in rig.plate
            if plate.stream == settings.name
        ]
        electrodes = [electrode for electrode in rig.emg if electrode.stream == settings.name]
        self._emg_columns = [settings.channels.index(electrode.channel) for electrode in electrodes]
        units = [self.stream.channels[column].unit for column in self._emg_columns]
        self._emg = SimulatedEmg(electrodes, units, settings.rate_hz, lifter, EmgNoise()) if electrodes else None
        self._markers = self._prepared_markers(rig)
        self._assign_other_columns()
        self._set_converter(electrodes, settings.source.adc_bits)
        self._chunk: tuple[int, Samples] | None = None
        self._next = 0
        self._last_due_s = 0.0
        self._segment = -1

    def _prepared_markers(self, rig: Rig) -> list[tuple[str, list[int], float]]:
        """Return the name of each marker of the stream, the columns of its place, and its unit in mm."""
        found = []
        for marker in rig.marker:
            if marker.stream != self.stream.name:
                continue
            if marker.point not in NAMES:
                raise SourceError(
                    f"The simulated lifter has no marker on the point {marker.point!r}; it has {', '.join(NAMES)}."
                )
            columns = [self.stream.channel_names.index(name) for name in marker.channels]
            unit_mm = UNITS_TO_MM[self.stream.channels[columns[0]].unit]
            found.append((f"{marker.side[0].upper()}{NAMES[marker.point]}", columns, unit_mm))
        return found

    def _assign_other_columns(self) -> None:
        taken = {column for _, _, columns in self._plates for column in columns} | set(self._emg_columns)
        taken |= {column for _, columns, _ in self._markers for column in columns}
        names = [name.lower() for name in self.stream.channel_names]
        free = [column for column in range(len(names)) if column not in taken]
        self._counts = [column for column in free if names[column].startswith("count")]
        self._syncs = [column for column in free if names[column].startswith("sync")]
        self._open = [column for column in free if column not in self._counts and column not in self._syncs]

    def _set_converter(self, electrodes: list[Electrode], bits: int) -> None:
        full_scale = np.array([FULL_SCALE.get(channel.unit, 10.0) for channel in self.stream.channels])
        for column, electrode in zip(self._emg_columns, electrodes, strict=True):
            if electrode.full_scale is not None:
                full_scale[column] = electrode.full_scale
        self._full_scale = full_scale
        self._step = full_scale / 2.0 ** (bits - 1)

    def open(self) -> None:
        """Do nothing: there is nothing to find."""

    def start(self) -> None:
        """Begin the session if no other device has; after a stop, go on from now, with the samples between lost."""
        if self.state is SourceState.RUNNING:
            return
        self._session.begin()
        self._segment += 1
        now_s = self._session.now_s()
        if self._segment > 0 and now_s is not None:
            self._next = max(self._next, math.ceil(now_s * self._rate_hz))
        self.state = SourceState.RUNNING

    def read(self, timeout_s: float) -> Block | None:
        """Return the next block when it is due, None if that is later than `timeout_s`; raises StreamEnded behind the last."""
        if self.state is SourceState.ENDED:
            raise StreamEnded
        if self.state is not SourceState.RUNNING:
            raise SourceError(f"The simulated device {self.stream.name!r} was read before it was started; start it first.")
        first, stop = self._next, self._next + self.stream.block_samples
        if self._end is not None:
            stop = min(stop, self._end)
            if first >= stop:
                self.state = SourceState.ENDED
                raise StreamEnded
        due_s = max(self._last_due_s, (stop - 1) / self._rate_hz + self._delay_s(first))
        if not self._session.wait_until(due_s, timeout_s):
            return None
        self._last_due_s = due_s
        self._next = stop
        now_s = self._session.now_s()
        self.backlog_samples = 0 if now_s is None else max(0, math.floor(now_s * self._rate_hz) + 1 - stop)
        return Block(self.samples(first, stop), first, self._session.host_s(due_s), self._segment)

    def drain(self) -> Iterator[Block]:
        """Hand out the blocks that are overdue; of a session faster than life, none: more would be due than can be made."""
        while self._session.speed == 1.0 and self.backlog_samples >= self.stream.block_samples:
            block = self.read(0.0)
            if block is None:
                break
            yield block
        self.backlog_samples = 0

    def stop(self) -> None:
        """Stop acquiring."""
        self.state = SourceState.IDLE

    def close(self) -> None:
        """Stop acquiring."""
        self.stop()

    def _delay_s(self, first: int) -> float:
        if self._jitter_s == 0.0:
            return 0.0
        return self._jitter_s * abs(float(np.random.default_rng([*self._seed, 3, first]).standard_normal()))

    def samples(self, first: int, stop: int) -> Samples:
        """Return samples `first` to `stop` as the device takes them, (n, channels); they may be asked for in any order."""
        size = self._chunk_samples
        pieces: list[Samples] = []
        while first < stop:
            number, offset = divmod(first, size)
            if self._chunk is None or self._chunk[0] != number:
                self._chunk = (number, self._make_chunk(number))
            end = min(size, offset + stop - first)
            pieces.append(self._chunk[1][offset:end])
            first += end - offset
        return pieces[0] if len(pieces) == 1 else np.concatenate(pieces).astype(self.stream.dtype, copy=False)

    def _make_chunk(self, number: int) -> Samples:
        index = np.arange(number * self._chunk_samples, (number + 1) * self._chunk_samples)
        t_s = index / self._rate_hz
        rng = np.random.default_rng([*self._seed, 4, number])
        raw = np.zeros((len(index), len(self.stream.channels)))
        if self._plates or self._markers:
            movement = self._lifter.motion.at(t_s)
        for plate, simulated, columns in self._plates:
            foot = self._lifter.foot(plate.side, movement)
            cop = foot.cop_mm @ self._axes[:2, :2] + self._middle[:2]
            load = simulated.load(foot.force_N @ self._axes, cop, foot.free_moment_Nmm)
            raw[:, columns] = simulated.raw(load + NOISE * rng.standard_normal(load.shape))
        if self._markers:
            places_mm = markers_mm(self._lifter, movement)
            for name, columns, unit_mm in self._markers:
                seen_mm = places_mm[name] + MARKER_NOISE_MM * rng.standard_normal((len(index), 3))
                raw[:, columns] = (seen_mm @ self._axes + self._middle) / unit_mm
        if self._emg is not None:
            raw[:, self._emg_columns] = self._emg.chunk(number, t_s)
        if self._open:
            raw[:, self._open] = 2.0 * self._step[self._open] * rng.standard_normal((len(index), len(self._open)))
        if self._syncs:
            raw[:, self._syncs] = SYNC_HIGH * self._full_scale[self._syncs] * sync_level(t_s)[:, None]
        raw /= self._step
        np.rint(raw, out=raw)
        raw *= self._step
        np.clip(raw, -self._full_scale, self._full_scale, out=raw)
        raw[:, self._counts] = index[:, None]
        return raw.astype(self.stream.dtype, copy=False)


def devices(
    rig: Rig,
    lifter: Lifter,
    *,
    speed: float | None = 1.0,
    end_s: float | None = None,
    session: SessionClock | None = None,
) -> list[SimulatedDevice]:
    """Return a device for each stream of a rig, all in one session; raises SourceError where a stream isn't simulated."""
    session = session or SessionClock(speed)
    return [SimulatedDevice(stream, rig, lifter, session=session, end_s=end_s) for stream in rig.stream]
