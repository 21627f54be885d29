"""The channel watch: plates whose raw channels stick or are cut off, that pull, or that feel shear and no weight.

A converter at the end of its range gives its largest or least value again and again, right after a steep way there. A channel
that sticks gives one value for half a second, and moved freely before, or never does while its neighbours do. What rests on
such a channel is undefined while the plate is loaded: the force where the channel is a part of the vertical force, else the
centre of pressure. All is judged in whole steps, so that no splitting into blocks can change it; and a channel that is zero
throughout is one that the plate does not have.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from acquisition.rig.plate_map import PlateMap
from acquisition.rig.rig import VERTICAL_ALONE
from hardware.arrays import Floats, Samples
from processing.force.faults.plate_fault import PlateFault

STUCK_S = 0.5
LIVELY_CODES = 2.5
LIVELY_STEPS = 10
"""A channel is stuck that gives one value for so long, and moved by so many codes from a step to the next shortly before; what
comes to rest slowly, as a model that stands, is not."""
SINCE_EVER = 6
"""What has never moved is stuck after so many times as long."""
CUT_SAMPLES = 8
"""So many samples in a row at an end of the range are cut off, after a way there that no turning point has."""
STEEP_CODES = 32.0
"""A parabola that stays within a code for a while comes from eight codes away in the same time; this is four times as much."""
FINE_CODES = 64.0
"""A channel that has spanned fewer codes may come to its largest value by chance."""
COARSE_N = 4.0
"""A vertical force in larger steps is too coarse: a tenth of the amber limit of the load shift of 80 kg (*design*)."""
OF_THE_FORCE = 0.05
"""A channel is part of the vertical force where its share in it is above this one of the largest share."""
PULLS_N = 30.0
SHEAR_N = 20.0
"""A plate with nobody on it feels no such pull and no such shear."""
LEAST_S = 0.5
"""For so long in all a plate must have pulled, or felt shear alone."""
CUT_S = 0.1
"""For so long in all a channel must have been cut off."""
STEP_FRAMES = 4
"""All is judged in steps of so many frames, and holds until the next."""
_WAY = 64  # a power of two: steps that are remembered to see how a value was reached


@dataclass(frozen=True, slots=True)
class FoundFault:
    """A fault of a plate: since which raw sample, for how long in all, and at which value, raw or of the plate in N."""

    side: str
    kind: PlateFault
    channel: str
    first_sample: int
    seconds: float
    value: float


class WatchedPlate(NamedTuple):
    """A plate to watch: its side, its channels' names and columns among the raw ones, and its map."""

    side: str
    names: list[str]
    columns: list[int]
    map: PlateMap


class WatchColumns(NamedTuple):
    """Where a plate's vertical force stands in a frame, and all that rests on its force or its centre of pressure."""

    fz: int
    on_force: list[int]
    on_cop: list[int]


_OK, _NO_COP, _NO_FORCE = range(3)
_NOT_YET = -1
_CUT, _STUCK = range(2)
_PULLS, _NO_WEIGHT = range(2)
# The sample expected next, samples in the open frame, steps so far, and whether a step is open that has begun whole.
_NEXT, _IN_FRAME, _STEPS, _OPEN = range(4)

CHANNEL = np.dtype(
    [
        ("column", np.int64),
        ("plate", np.int64),
        ("effect", np.int64),
        ("first", np.float64),
        ("flat", np.bool_),
        ("value", np.float64),
        ("run", np.int64),
        ("was_lively", np.bool_),
        ("code", np.float64),
        ("coarse", np.float64),
        ("most", np.float64),
        ("least", np.float64),
        ("way", np.float64, (_WAY,)),
        ("steps", np.int64, (2,)),
        ("since", np.int64, (2,)),
        ("at", np.float64, (2,)),
        ("cuts", np.int64),
    ]
)
PLATE = np.dtype(
    [
        ("fz", np.int64),
        ("shear", np.float64, (2, 8)),
        ("zero", np.float64, (8,)),
        ("columns", np.int64, (8,)),
        ("steps", np.int64, (2,)),
        ("since", np.int64, (2,)),
        ("worst", np.float64, (2,)),
        ("loaded", np.int64),
    ]
)


class ChannelWatch:
    """Takes the raw blocks of the plates' stream with the frames that they gave, and blanks what can't be right in these."""

    def __init__(
        self,
        plates: list[WatchedPlate],
        columns: list[WatchColumns],
        contact_N: float,
        rate_hz: float,
        frame_samples: int,
    ) -> None:
        self._watched = plates
        self._step_s = STEP_FRAMES * frame_samples / rate_hz
        self._channels = np.zeros(sum(len(plate.names) for plate in plates), CHANNEL)
        self._plates = np.zeros(len(plates), PLATE)
        widest = max(len(c.on_force + c.on_cop) for c in columns)
        self._blank = np.full((len(plates), 3, widest), -1, dtype=np.int64)
        k = 0
        for p, (plate, into) in enumerate(zip(plates, columns, strict=True)):
            share = np.abs(plate.map.matrix[2] if not plate.map.gives_point else np.eye(6)[2, : len(plate.names)])
            share = share if len(share) > VERTICAL_ALONE else np.ones(1)
            self._plates[p]["fz"] = into.fz
            count = len(plate.names)
            self._plates[p]["columns"][:count] = plate.columns
            self._plates[p]["zero"][:count] = plate.map.zero
            # Of type 1 the shear is the first two channels turned into the lab: the map's other entries are of moments.
            if count > VERTICAL_ALONE:
                self._plates[p]["shear"][:, :count] = plate.map.matrix[:2, :count] * plate.map.per_unit[:count]
            self._blank[p, _NO_COP, : len(into.on_cop)] = into.on_cop
            self._blank[p, _NO_FORCE, : len(into.on_force + into.on_cop)] = into.on_force + into.on_cop
            newtons = share * plate.map.per_unit[: len(share)] if plate.map.gives_point else share
            for column, newton in zip(plate.columns, np.abs(newtons), strict=True):
                of_force = newton > OF_THE_FORCE * np.abs(newtons).max()
                self._channels[k]["column"], self._channels[k]["plate"] = column, p
                self._channels[k]["effect"] = _NO_FORCE if of_force else _NO_COP
                self._channels[k]["coarse"] = COARSE_N / newton if of_force else np.inf
                k += 1
        self._channels["value"] = self._channels["first"] = np.nan
        self._channels["most"], self._channels["least"], self._channels["code"] = -np.inf, np.inf, np.inf
        self._channels["way"] = np.nan
        self._channels["since"] = self._plates["since"] = _NOT_YET
        self._levels = np.zeros(len(plates), dtype=np.int64)
        self._limits = (contact_N, max(1, round(STUCK_S / self._step_s)), -(-CUT_SAMPLES // (STEP_FRAMES * frame_samples)))
        self._step_samples = frame_samples
        self._position = np.array([-1, 0, 0, 0], dtype=np.int64)

    def look(self, samples: Samples, first_index: int, rows: Floats) -> None:
        """Watch a block of raw samples (T, C) and blank in its frames (n, columns), in place, what can't be right."""
        _look(
            samples,
            first_index,
            self._step_samples,
            self._position,
            self._channels,
            self._plates,
            self._levels,
            self._limits,
            self._blank,
            rows,
        )

    @property
    def faults(self) -> list[FoundFault]:
        """What has been wrong for long enough to be told, the earliest first."""
        found: list[FoundFault] = []
        names = [(plate.side, name) for plate in self._watched for name in plate.names]
        stuck: dict[tuple[str, int], list[str]] = {}
        for (side, name), channel in zip(names, self._channels, strict=True):
            cut_s, stuck_s = (float(steps) * self._step_s for steps in channel["steps"])
            first, at = int(channel["since"][_CUT]), float(channel["at"][_CUT])
            if stuck_s and cut_s and channel["at"][_STUCK] == at:
                if channel["cuts"] > 1:  # it stayed at the end of its range for long
                    cut_s, stuck_s, first = cut_s + stuck_s, 0.0, min(first, int(channel["since"][_STUCK]))
                else:
                    cut_s = 0.0
            if cut_s > CUT_S:
                found.append(FoundFault(side, PlateFault.CUT, name, first, cut_s, at))
            if stuck_s:
                together = stuck.setdefault((side, int(channel["since"][_STUCK])), [])
                together.append(name)
                if len(together) == 1:
                    at = float(channel["at"][_STUCK])
                    found.append(FoundFault(side, PlateFault.STUCK, name, int(channel["since"][_STUCK]), stuck_s, at))
            if (
                channel["coarse"] <= channel["code"] < np.inf
                and self._plates[channel["plate"]]["loaded"] * self._step_s > LEAST_S
            ):
                step_N = COARSE_N * float(channel["code"] / channel["coarse"])
                found.append(FoundFault(side, PlateFault.COARSE, name, 0, 0.0, step_N))
        found = [
            replace(fault, channel=", ".join(stuck[fault.side, fault.first_sample]))
            if fault.kind is PlateFault.STUCK
            else fault
            for fault in found
        ]
        for watched, plate in zip(self._watched, self._plates, strict=True):
            for kind, i in ((PlateFault.PULLS, _PULLS), (PlateFault.NO_WEIGHT, _NO_WEIGHT)):
                seconds = float(plate["steps"][i]) * self._step_s
                if seconds > LEAST_S and not (kind is PlateFault.NO_WEIGHT and plate["loaded"] > plate["steps"][i]):
                    worst = float(plate["worst"][i])
                    found.append(FoundFault(watched.side, kind, "", int(plate["since"][i]), seconds, worst))
        return sorted(found, key=lambda fault: fault.first_sample)


_inlined = njit(nogil=True, error_model="numpy", inline="always")


@njit(nogil=True, cache=True, error_model="numpy")
def _look(
    samples: Samples,
    first_index: int,
    frame_samples: int,
    position: NDArray[np.int64],
    channels: NDArray[np.void],
    plates: NDArray[np.void],
    levels: NDArray[np.int64],
    limits: tuple[float, int, int],
    blank: NDArray[np.int64],
    rows: Floats,
) -> None:
    step_samples = STEP_FRAMES * frame_samples
    if first_index != position[_NEXT]:
        position[_IN_FRAME] = 0
        position[_OPEN] = 0
        for k in range(len(channels)):
            channels[k].run = 0
            channels[k].way[:] = np.nan
    t = 0 if position[_IN_FRAME] > 0 else min(-first_index % frame_samples, len(samples))
    seen = t  # what of the open step stands before is checked
    n = 0
    while t < len(samples):
        if position[_IN_FRAME] == 0 and (first_index + t) % step_samples == 0:
            position[_OPEN] = 1
            seen = t
            for k in range(len(channels)):
                channels[k].first = samples[t, channels[k].column]
                channels[k].flat = True
        t = min(t + frame_samples - position[_IN_FRAME], len(samples))
        whole = (first_index + t) % frame_samples == 0
        ends = whole and (first_index + t) % step_samples == 0
        if position[_OPEN] == 1 and (ends or t == len(samples)):
            for k in range(len(channels)):
                # Hardly a step comes beyond its last sample here.
                if channels[k].flat:
                    c, first = channels[k].column, channels[k].first
                    channels[k].flat = samples[t - 1, c] == first and _all_equal(samples, seen, t, c, first)
        if whole:
            if position[_OPEN] == 1 and ends:
                end, step = t - 1, position[_STEPS]
                _judge(samples, end, first_index + end, step, channels, plates, levels, limits, frame_samples, rows, n)
                position[_STEPS] = step + 1
                position[_OPEN] = 0
            for p in range(len(plates)):
                if levels[p] != _OK:
                    for i in blank[p, levels[p]]:
                        if i >= 0:
                            rows[n, i] = np.nan
            n += 1
        position[_IN_FRAME] = (first_index + t) % frame_samples
    position[_NEXT] = first_index + len(samples)


@_inlined
def _all_equal(samples: Samples, start: int, end: int, c: int, value: float) -> bool:
    t = start
    while t < end and samples[t, c] == value:
        t += 1
    return t == end


@_inlined
def _judge(
    samples: Samples,
    t: int,
    sample: int,
    step: int,
    channels: NDArray[np.void],
    plates: NDArray[np.void],
    levels: NDArray[np.int64],
    limits: tuple[float, int, int],
    frame_samples: int,
    rows: Floats,
    n: int,
) -> None:
    """Judge a step by its last raw sample, in row `t`, by its last frame `n`, and by which channels did not move in it."""
    contact_N, stuck_steps, cut_steps = limits
    for p in range(len(plates)):
        levels[p] = _OK
        _feel(plates, p, rows[n, plates[p].fz], contact_N, sample, samples, t)
    for k in range(len(channels)):
        channel = channels[k]
        x = float(samples[t, channel.column])
        moved = abs(x - channel.first)
        if 0.0 < moved < channel.code:
            channel.code = moved
        if not channel.flat:
            channel.run = 0
        elif channel.run > 0 and x == channel.value:
            channel.run += 1
        else:
            channel.run = 1
            channel.was_lively = _lively(channels, k, step)
        channel.value = x
        channel.most = max(channel.most, x)
        channel.least = min(channel.least, x)
        channel.way[step & (_WAY - 1)] = x
        if channel.run == 0 or x == 0.0 or not abs(rows[n, plates[channel.plate].fz]) > contact_N:
            continue
        fault = -1
        # What has never moved may be coarse, and is given longer.
        least_run = stuck_steps if channel.code < np.inf else SINCE_EVER * stuck_steps
        if channel.run >= least_run and not channel.coarse <= channel.code < np.inf:
            since_ever = channel.run > step
            fault = _STUCK if channel.was_lively or (since_ever and _neighbour_lively(channels, k, step)) else -1
        elif channel.run >= cut_steps and (x == channel.most or x == channel.least):
            way = min(2 * channel.run + 1, _WAY - 1)
            steep = abs(x - channel.way[(step - way) & (_WAY - 1)]) > STEEP_CODES * channel.code
            if steep and step >= way and channel.most - channel.least > FINE_CODES * channel.code:
                fault = _CUT
        if fault >= 0:
            channel.cuts += 1 if fault == _CUT and channel.run == cut_steps else 0
            if channel.steps[fault] == 0:
                channel.since[fault] = sample + 1 - min(channel.run, step + 1) * STEP_FRAMES * frame_samples
                channel.at[fault] = x
                channel.steps[fault] = channel.run - 1
            channel.steps[fault] += 1
            levels[channel.plate] = max(levels[channel.plate], channel.effect)


@_inlined
def _lively(channels: NDArray[np.void], k: int, step: int) -> bool:
    """Return whether a channel moved freely in the steps before this one."""
    channel = channels[k]
    for i in range(LIVELY_STEPS):
        now, before = channel.way[(step - i - 1) & (_WAY - 1)], channel.way[(step - i - 2) & (_WAY - 1)]
        if abs(now - before) > LIVELY_CODES * channel.code:
            return True
    return False


@_inlined
def _neighbour_lively(channels: NDArray[np.void], k: int, step: int) -> bool:
    """Return whether another channel of the same plate moves freely."""
    for other in range(len(channels)):
        if channels[other].plate == channels[k].plate and channels[other].run == 0 and _lively(channels, other, step):
            return True
    return False


@_inlined
def _feel(plates: NDArray[np.void], p: int, fz_N: float, contact_N: float, sample: int, samples: Samples, t: int) -> None:
    """Count a step in which a plate pulls, or feels shear without weight."""
    plate = plates[p]
    fault = -1
    size = 0.0
    if abs(fz_N) > contact_N:
        plate.loaded += 1
    if fz_N < -max(PULLS_N, contact_N):
        fault = _PULLS
        size = fz_N
    elif abs(fz_N) < contact_N:
        x, y = 0.0, 0.0
        for j in range(8):
            raw = samples[t, plate.columns[j]] - plate.zero[j]
            x += plate.shear[0, j] * raw
            y += plate.shear[1, j] * raw
        size = math.hypot(x, y)
        if size > SHEAR_N:
            fault = _NO_WEIGHT
    if fault >= 0:
        if plate.steps[fault] == 0:
            plate.since[fault] = sample
        plate.steps[fault] += 1
        if abs(size) > abs(plate.worst[fault]):
            plate.worst[fault] = size
