"""The force chain: the wrench of each plate at the full rate, and frames of load and centre of pressure.

Forces are the reaction on the foot in N, + up in the lab axes; lengths are in mm and moments in N·mm. The centre of pressure
is noise over force, so there is none (NaN) below `cop_N`. A raw sample that is NaN or infinite makes its own frame NaN, and
harms no other.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from acquisition.rig import SIDES, Rig
from acquisition.rig.empty_plate import READS_N, READS_NMM
from acquisition.rig.lifter_axes import lifter_axes
from acquisition.rig.plate_map import plate_map
from hardware.arrays import Floats, Samples
from processing.force.cop_watch import cop_watch_of, feel_arm
from processing.force.empty_watch import AT, SINCE_GAP, Empty, TakenOff, look_for_empty, nothing_taken_off
from processing.force.faults.channel_watch import ChannelWatch, FoundFault, WatchColumns, WatchedPlate
from processing.force.faults.plate_fault import PlateFault
from processing.force.own_pressure import OwnPressure, OwnPressureColumns
from processing.force.signals import ABSENT, PlateSignals
from processing.force.stance import QuietStance, StanceColumns
from processing.force.wrench import FZ, Plates, Six, columns_of, cop_of, inlined, stacked, wrench_of
from processing.formulas import Metric, frame_samples, metric
from processing.repetition.detector import RepetitionColumns, RepetitionDetector

METRICS: tuple[Metric, ...] = (
    metric("frame.last_sample"),
    metric("fz.frame_mean", side="left"),
    metric("fz.frame_mean", side="right"),
    metric("fz_total.sum"),
    metric("load_share.total_referenced"),
    metric("load_shift.total_referenced"),
    metric("limb_symmetry.min_over_max"),
    *(metric("cop.lab", side=side, axis=axis) for side in SIDES for axis in "xy"),
    metric("cop_net_shift.lifter_axis"),
    metric("cop_net_beyond_load.lifter_axis"),
    *(metric("foot_cop_medial.foot_axis", side=side) for side in SIDES),
    *(metric("foot_cop_medial.foot_width", side=side) for side in SIDES),
    *(metric("foot_cop_medial_unsure.foot_axis", side=side) for side in SIDES),
    *(metric("outward_push.foot_axis", side=side) for side in SIDES),
    *(metric("free_moment.mirrored", side=side) for side in SIDES),
    *(metric("force_line.ankle_height", side=side) for side in SIDES),
    metric("body_weight.least_stance"),
    metric("system_weight.stance_mean"),
    metric("judged.weight_on_both_feet"),
    metric("standing.quiet_stance"),
    metric("repetition_phase.causal"),
    metric("com_height.causal"),
    *(metric("foot_cop_change.own_repetitions", side=side) for side in SIDES),
)


def _at(name: str) -> int:
    """Return where a column stands."""
    return next(i for i, column in enumerate(METRICS) if column.name == name)


# Numba takes these as constants.
_SAMPLE, _TOTAL, _SHARE, _SHIFT = _at("sample"), _at("fz_total_N"), _at("load_share_right_pct"), _at("load_shift_pct")
_SYMMETRY, _FZ_LEFT, _FZ_RIGHT = _at("limb_symmetry_pct"), _at("fz_left_N"), _at("fz_right_N")
_LEFT_X, _LEFT_Y, _RIGHT_X, _RIGHT_Y = (_at(f"cop_{side}_{axis}_mm") for side in SIDES for axis in "xy")
_LEFT_PUSH, _RIGHT_PUSH = (_at(f"outward_push_{side}_pct") for side in SIDES)
_LEFT_TURN, _RIGHT_TURN = (_at(f"free_moment_{side}_Nm") for side in SIDES)
_NEXT, _IN_FRAME = range(2)  # of the position: the index expected next, and the samples in the open frame
_CONTACT, _COP = range(2)  # of the gates: a foot is on its plate above the one, and has a centre of pressure above the other
_OF_BOTH = [_TOTAL, _SHARE, _SHIFT, _SYMMETRY]
_WATCHED = {
    side: WatchColumns(
        _at(f"fz_{side}_N"),
        [_at(f"fz_{side}_N"), *_OF_BOTH],
        [*(_at(f"cop_{side}_{axis}_mm") for axis in "xy"), _at(f"outward_push_{side}_pct"), _at(f"free_moment_{side}_Nm")],
    )
    for side in SIDES
}


class ForceChain:
    """Raw blocks of the plates' stream in, frames of `metrics` out, live and offline alike.

    A frame is the mean force and moment over `frame_samples` raw samples, and its indices come from the means. With one
    plate, whatever needs both feet is NaN, and so are body weight and what refers to quiet stance. `axes` are the lifter's and
    each foot's.
    """

    metrics = METRICS

    def __init__(self, rig: Rig) -> None:
        """Prepare all buffers; raises ValueError for a rig without plates, or with the same middle of both and no right."""
        if not rig.plate:
            raise ValueError(f"The rig {rig.name!r} has no force plate, so no force can be computed; add a [[plate]] to it.")
        self.stream = rig.plate[0].stream
        rate_hz = rig.stream_named(self.stream).rate_hz
        self.frame_samples = frame_samples(rate_hz)
        self.axes = lifter_axes(rig)
        columns = StanceColumns(*(_at(name) for name in StanceColumns._fields))
        located = {side: all(plate.corners_mm is not None for plate in rig.plate if plate.side == side) for side in SIDES}
        self._frame_s = self.frame_samples / rate_hz
        by_side = {plate.side: plate for plate in rig.plate}
        self._watches = np.concatenate([cop_watch_of(by_side.get(side), self._frame_s) for side in SIDES])
        self._empty = nothing_taken_off([side in by_side for side in SIDES], self._frame_s)
        self._found_empty = np.zeros((4, len(TakenOff._fields)))
        self.taken_off: list[TakenOff] = []
        self.stance = QuietStance(
            rig.still,
            rig.plates.contact_N,
            rate_hz,
            self.frame_samples,
            columns,
            self.axes,
            rig.plates.ankle_height_mm,
            (located["left"], located["right"]),
            self._watches,
        )
        into = RepetitionColumns(*(_at(name) for name in RepetitionColumns._fields))
        self.repetitions = RepetitionDetector(rate_hz, self.frame_samples, into)
        self._own_pressure = OwnPressure(OwnPressureColumns(*(_at(name) for name in OwnPressureColumns._fields)))
        channels = {plate.side: [rig.column(plate.stream, name) for name in plate.channels] for plate in rig.plate}
        self._sums = np.zeros((2, 6))
        maps = {plate.side: plate_map(plate) for plate in rig.plate}
        self._signals = PlateSignals([(channels[side], maps[side]) if side in maps else ABSENT for side in SIDES])
        self._plates = stacked(self._signals.plates)
        watched = [WatchedPlate(plate.side, plate.channels, channels[plate.side], maps[plate.side]) for plate in rig.plate]
        spoils = [_WATCHED[plate.side] for plate in rig.plate]
        self.watch = ChannelWatch(watched, spoils, rig.plates.contact_N, rate_hz, self.frame_samples)
        self._gates = np.array([rig.plates.contact_N if rig.lab.feet_apart else np.inf, rig.plates.cop_N])
        self._medial = np.array([self.axes.medial[side] for side in SIDES])
        self._position = np.array([-1, 0], dtype=np.int64)
        self._rows = np.empty((1, len(METRICS)))

    def process(self, samples: Samples, first_index: int) -> Floats:
        """Return the frames (n, columns of `metrics`) that end within this block (T, C): a view, valid until the next call.

        `first_index` is the index of the block's first sample in its stream. Where it doesn't follow the block before, the
        open frame is dropped, and the next one begins at the next multiple of `frame_samples`. The kernel is compiled at the
        first block of each dtype and memory layout (a read-only array is a layout of its own), which takes seconds.
        """
        most = len(samples) // self.frame_samples + 1
        if most > len(self._rows):
            self._rows = np.empty((most, len(METRICS)))
            self._found_empty = np.zeros((len(SIDES) * (most + 1), len(TakenOff._fields)))
        n, found = _frames_of_block(
            self._signals.of(samples),
            first_index,
            self.frame_samples,
            self._position,
            self._sums,
            self._plates,
            self._gates,
            self._medial,
            self._empty,
            self._watches,
            self._found_empty,
            self._rows,
        )
        for plate, sample, *reads in self._found_empty[:found].tolist():
            self.taken_off.append(TakenOff(int(plate), int(sample), *reads))
        rows = self._rows[:n]
        self.watch.look(samples, first_index, rows)
        self.stance.refer(rows)
        self.repetitions.follow(rows)
        self._own_pressure.follow(rows)
        return rows

    def finish(self) -> Floats:
        """Return no frames: none waits."""
        return self._rows[:0]

    @property
    def faults(self) -> list[FoundFault]:
        """What has been wrong with the plates for long enough to be told, the earliest first."""
        found = list(self.watch.faults)
        for p, side in enumerate(SIDES):
            for kind, limit, reads in (
                (PlateFault.NOT_ZEROED, READS_N, "reads_N"),
                (PlateFault.SHEAR_NOT_ZEROED, READS_N, "shear_N"),
                (PlateFault.MOMENTS_NOT_ZEROED, READS_NMM, "moment_Nmm"),
            ):
                off = [one for one in self.taken_off if one.plate == p and abs(getattr(one, reads)) > limit]
                if off:
                    found.append(FoundFault(side, kind, "", off[0].last_sample, 0.0, getattr(off[0], reads)))
            watch = self._watches[p]
            if watch["first"] >= 0:
                kind = PlateFault.NO_MOMENTS if watch["armless"] else PlateFault.OFF_PLATE
                frames = int(watch["loaded"] - watch["with_arm"] if watch["armless"] else watch["off"])
                share_pct = 100.0 * frames / int(watch["loaded"])
                found.append(FoundFault(side, kind, "", int(watch["first"]), frames * self._frame_s, share_pct))
        return sorted(found, key=lambda fault: fault.first_sample)


@inlined
def _add(samples: Samples, start: int, end: int, plates: Plates, p: int, sums: Floats) -> Six:
    """Add the samples of plate `p` to its row of `sums`, one after the other, and return the row."""
    a, b, c, d, e, f = columns_of(plates, p)
    sa, sb, sc, sd, se, sf = sums[p, 0], sums[p, 1], sums[p, 2], sums[p, 3], sums[p, 4], sums[p, 5]
    for t in range(start, end):
        sa += samples[t, a]
        sb += samples[t, b]
        sc += samples[t, c]
        sd += samples[t, d]
        se += samples[t, e]
        sf += samples[t, f]
    sums[p, 0], sums[p, 1], sums[p, 2], sums[p, 3], sums[p, 4], sums[p, 5] = sa, sb, sc, sd, se, sf
    return sa, sb, sc, sd, se, sf


@njit(nogil=True, cache=True, error_model="numpy")
def _frames_of_block(
    samples: Samples,
    first_index: int,
    frame_samples: int,
    position: NDArray[np.int64],
    sums: Floats,
    plates: Plates,
    gates: Floats,
    medial: Floats,
    empty: Empty,
    watches: NDArray[np.void],
    found_empty: Floats,
    rows: Floats,
) -> tuple[int, int]:
    """Fill `rows` and `found_empty`, and return how many of each.

    `position` keeps the index expected next and the samples in the open frame. One sample is added after the other, so that no
    splitting into blocks can change a bit.
    """
    if first_index != position[_NEXT]:
        position[_IN_FRAME] = 0
        empty.position[SINCE_GAP] = 0
    found = 0
    ring = empty.wrenches.shape[0]
    hop = max(1, ring // 10)
    t = 0 if position[_IN_FRAME] > 0 else min(-first_index % frame_samples, len(samples))
    n = 0
    while t < len(samples):
        if position[_IN_FRAME] == 0:
            sums[:] = 0.0
        end = min(t + frame_samples - position[_IN_FRAME], len(samples))
        position[_IN_FRAME] += end - t
        left = _add(samples, t, end, plates, 0, sums)
        right = _add(samples, t, end, plates, 1, sums)
        t = end
        if position[_IN_FRAME] == frame_samples:
            position[_IN_FRAME] = 0
            sample = first_index + t - 1
            _frame(sample, frame_samples, left, right, plates, gates, medial, empty, watches, rows, n)
            n += 1
            if empty.position[SINCE_GAP] >= ring and (empty.position[SINCE_GAP] - ring) % hop == 0:
                found = look_for_empty(empty, sample, found_empty, found)
    position[_NEXT] = first_index + len(samples)
    return n, found


@inlined
def _as_zeroed(empty: Empty, p: int, wrench: Six) -> Six:
    """Keep a frame's wrench as read, and return it without what the empty plate reads."""
    at = empty.position[AT]
    for i in range(6):
        empty.wrenches[at, p, i] = wrench[i]
    off = empty.taken_off
    return (
        wrench[0] - off[p, 0],
        wrench[1] - off[p, 1],
        wrench[2] - off[p, 2],
        wrench[3] - off[p, 3],
        wrench[4] - off[p, 4],
        wrench[5] - off[p, 5],
    )


@inlined
def _frame(
    sample: int,
    frame_samples: int,
    left_sum: Six,
    right_sum: Six,
    plates: Plates,
    gates: Floats,
    medial: Floats,
    empty: Empty,
    watches: NDArray[np.void],
    rows: Floats,
    n: int,
) -> None:
    """Fill row `n` from the raw channels' sums over a frame, but for what refers to quiet stance."""
    left = _as_zeroed(empty, 0, wrench_of(plates, 0, left_sum, 1.0 / frame_samples))
    right = _as_zeroed(empty, 1, wrench_of(plates, 1, right_sum, 1.0 / frame_samples))
    empty.position[AT] = (empty.position[AT] + 1) % empty.wrenches.shape[0]
    empty.position[SINCE_GAP] += 1
    if left[FZ] > gates[_COP]:
        feel_arm(watches, 0, left)
    if right[FZ] > gates[_COP]:
        feel_arm(watches, 1, right)
    left_x, left_y, _, left_turn = cop_of(plates, 0, left, gates[_COP])
    right_x, right_y, _, right_turn = cop_of(plates, 1, right, gates[_COP])
    fz_left, fz_right = left[FZ], right[FZ]
    total = fz_left + fz_right
    # An index that needs both feet is switched off by its factor, since a product with NaN is NaN.
    both = 1.0 if fz_left > gates[_CONTACT] and fz_right > gates[_CONTACT] else np.nan
    rows[n, _SAMPLE] = sample
    rows[n, _FZ_LEFT] = fz_left
    rows[n, _FZ_RIGHT] = fz_right
    rows[n, _TOTAL] = total
    rows[n, _SHARE] = both * 100.0 * fz_right / total
    rows[n, _SHIFT] = both * 100.0 * (fz_right - fz_left) / total
    rows[n, _SYMMETRY] = both * 100.0 * min(fz_left, fz_right) / max(fz_left, fz_right)
    rows[n, _LEFT_X] = left_x
    rows[n, _LEFT_Y] = left_y
    rows[n, _RIGHT_X] = right_x
    rows[n, _RIGHT_Y] = right_y
    # The reaction on a foot that pushes outwards points inwards; nothing is known of it without a centre of pressure.
    rows[n, _LEFT_PUSH] = 100.0 * (medial[0, 0] * left[0] + medial[0, 1] * left[1]) / fz_left + 0.0 * left_x
    rows[n, _RIGHT_PUSH] = 100.0 * (medial[1, 0] * right[0] + medial[1, 1] * right[1]) / fz_right + 0.0 * right_x
    rows[n, _LEFT_TURN] = -left_turn / 1000.0 * plates.turns[0]
    rows[n, _RIGHT_TURN] = right_turn / 1000.0 * plates.turns[1]
