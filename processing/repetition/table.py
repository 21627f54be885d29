"""The table of repetitions: one row for each, and one for each of its phases and sides, from frames of force, EMG and knees."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from acquisition.rig import SIDES
from hardware.arrays import Floats
from processing.repetition.columns import BOTTOM_S, WORST_S
from processing.repetition.knee_over_foot import Bounds, KneeFrames, come_in_mm, in_words, knee_phases, worst_word
from processing.repetition.phases import Doubt
from processing.repetition.spans import FARTHEST, HIGHEST, LEAST, MEAN, MOST, SD, WHERE, means_together, span_statistics

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from processing.repetition.phases import Repetition

BOTH = "both"
LOWERING, BOTTOM, RISING, WHOLE = "lowering", "bottom", "rising", "whole"
PHASES = (LOWERING, BOTTOM, RISING, WHOLE)
SET_REST_S, SET_WEIGHT = 10.0, 0.02
"""Who rests for longer, or carries a weight that differs by more, does another set (*design*)."""
NAN = math.nan


@dataclass(frozen=True, slots=True)
class RepetitionResult:
    """One repetition in session time; columns as in `columns.OF_REPETITION`. `doubt`: why it is doubtful, else empty.

    `edited`: `moved` or `split` by hand, else empty.
    """

    number: int
    set: int
    start_s: float
    deceleration_s: float
    pause_start_s: float
    bottom_s: float
    rise_s: float
    end_s: float
    depth_m: float
    depth_sd_m: float
    lowering_s: float
    pause_s: float
    rising_s: float
    tempo_ratio: float
    lowering_mean_m_s: float
    lowering_peak_m_s: float
    rising_mean_m_s: float
    rising_peak_m_s: float
    weight_N: float
    doubt: str
    edited: str = ""


@dataclass(slots=True)  # not frozen: a row would take five times as long to make
class PhaseResult:
    """One phase of a repetition on one side, `left`, `right` or `both`; columns as in `columns.OF_PHASE`.

    A number is NaN where it has no meaning on that side, or where too little is known. `knee`: `past` the foot's inner edge,
    `slight`, where it comes in by `slight_mm` or more, `none`, or empty where it is unknown.
    """

    repetition: int
    set: int
    phase: str
    side: str
    duration_s: float
    fz_mean_N: float
    fz_peak_N: float
    fz_min_N: float
    fz_mean_bw: float
    fz_peak_bw: float
    impulse_Ns: float
    net_impulse_Ns: float
    load_shift_mean_pct: float = NAN
    load_shift_at_peak_pct: float = NAN
    load_shift_worst_pct: float = NAN
    cop_beyond_load_mm: float = NAN
    cop_ml_range_mm: float = NAN
    cop_ml_sd_mm: float = NAN
    medial_mean_mm: float = NAN
    medial_worst_mm: float = NAN
    outward_push_mean_pct: float = NAN
    free_moment_mean_Nm: float = NAN
    force_line_mean_mm: float = NAN
    quads_mean_pct: float = NAN
    quads_peak_pct: float = NAN
    hams_mean_pct: float = NAN
    hams_peak_pct: float = NAN
    glutes_mean_pct: float = NAN
    glutes_peak_pct: float = NAN
    qh_ratio: float = NAN
    qg_ratio: float = NAN
    co_contraction_pct: float = NAN
    qh_between_legs_log2: float = NAN
    glute_deficit_log2: float = NAN
    knee_margin_mean_mm: float = NAN
    knee_margin_min_mm: float = NAN
    knee_off_axis_mean_mm: float = NAN
    knee_fall_mm: float = NAN
    knee_come_in_mm: float = NAN
    knee_ankle_ratio_min: float = NAN
    frontal_angle_max_deg: float = NAN
    knee: str = ""
    medial_change_worst_mm: float = NAN


class Frames(NamedTuple):
    """Frames (n, columns) by which phases are told, with the time of each and how far they lag behind what they tell."""

    columns: tuple[str, ...]
    time_s: Floats
    frames: Floats
    lag_s: float

    def at(self, name: str) -> int:
        """Return where a column stands, -1 where there is none."""
        return self.columns.index(name) if name in self.columns else -1


_WORDS = {
    Doubt.SHALLOW: "shallow",
    Doubt.UNSURE: "depth unsure",
    Doubt.NOT_BACK: "not back at the same height",
    Doubt.BROKEN: "force unknown for a moment",
}


def doubt_in_words(doubt: Doubt) -> str:
    """Say why a repetition is doubtful; empty where it isn't."""
    return ", ".join(word for bit, word in _WORDS.items() if doubt & bit)


def repetition_rows(found: Sequence[Repetition], time_s: Callable[[Floats], Floats]) -> list[RepetitionResult]:
    """Return a row for each repetition; `time_s` gives the session time of raw samples of the stream of forces."""
    rows: list[RepetitionResult] = []
    number_of_set = 1
    for number, r in enumerate(found, 1):
        samples = r.start_sample, r.deceleration_sample, r.pause_start_sample, r.bottom_sample, r.rise_sample, r.end_sample
        start, deceleration, pause, bottom, rise, end = map(float, time_s(np.array(samples)))
        if rows and (start - rows[-1].end_s > SET_REST_S or abs(r.weight_N / rows[-1].weight_N - 1.0) > SET_WEIGHT):
            number_of_set += 1
        lowering_s, rising_s = pause - start, end - rise
        rows.append(
            RepetitionResult(
                number,
                number_of_set,
                start,
                deceleration,
                pause,
                bottom,
                rise,
                end,
                r.depth_m,
                r.depth_sd_m,
                lowering_s,
                rise - pause,
                rising_s,
                lowering_s / rising_s,
                r.depth_m / lowering_s,
                r.lowering_peak_m_s,
                r.depth_m / rising_s,
                r.rising_peak_m_s,
                r.weight_N,
                doubt_in_words(r.doubt),
            )
        )
    return rows


def bounds_s(row: RepetitionResult) -> dict[str, tuple[float, float]]:
    """Return from when to when each phase of a repetition lasted, in s; NaN where it is not known when it began or ended."""
    bottom = (row.pause_start_s, row.rise_s)
    if row.pause_s <= 0.0:
        bottom = (row.bottom_s - BOTTOM_S / 2, row.bottom_s + BOTTOM_S / 2)
    bounds = {
        LOWERING: (row.start_s, row.pause_start_s),
        BOTTOM: bottom,
        RISING: (row.rise_s, row.end_s),
        WHOLE: (row.start_s, row.end_s),
    }
    return {phase: (NAN, NAN) if math.isnan(sum(of)) else of for phase, of in bounds.items()}


def phase_rows(
    rows: Sequence[RepetitionResult], force: Frames, others: Sequence[Frames], least_pct: float, slight_mm: float
) -> list[PhaseResult]:
    """Return a row for each phase and side; EMG's envelopes, among the `others`, are taken as much later as they lag.

    `least_pct`: two groups of muscles that are less active together have no ratio. `slight_mm`: a knee that comes in by less
    does not come in.
    """
    if not rows:
        return []
    told = _Told(np.array([bound for row in rows for bound in bounds_s(row).values()]), force, others)
    weight_N = np.repeat([row.weight_N for row in rows], len(PHASES))
    legs: dict[str, dict[str, Floats]] = {side: told.leg(side, least_pct) for side in SIDES}
    told_of: dict[str, dict[str, Floats]] = {**legs}
    told_of[BOTH] = told.both(force, weight_N, legs["left"], legs["right"])
    names = [(row.number, row.set, phase) for row in rows for phase in PHASES]
    by_side = [
        [_row(*name, side, values) for name, values in zip(names, _as_rows(columns, len(names)), strict=True)]
        for side, columns in told_of.items()
    ]
    for of_side in by_side[: len(SIDES)]:
        _tell_knee(rows, of_side, force, others, slight_mm)
    return [row for of_phase in zip(*by_side, strict=True) for row in of_phase]


def _tell_knee(
    rows: Sequence[RepetitionResult], told: Sequence[PhaseResult], force: Frames, others: Sequence[Frames], slight_mm: float
) -> None:
    """Fill in how far the knee of one side comes in, phase by phase; `told` has the phases of that side."""
    side = told[0].side
    seen = next((of for of in others if of.at(f"knee_off_axis_{side}_mm") >= 0), None)
    if seen is None:
        return
    height_mm = np.interp(seen.time_s, force.time_s, force.frames[:, force.at("com_height_mm")])
    knee = KneeFrames(
        seen.time_s,
        seen.frames[:, seen.at(f"knee_off_axis_{side}_mm")],
        seen.frames[:, seen.at(f"knee_margin_{side}_mm")],
        height_mm,
    )
    in_phases = [
        phase
        for row in rows
        for phase in knee_phases(
            knee, Bounds(row.start_s, row.rise_s, row.end_s, 1000.0 * row.depth_m), list(bounds_s(row).values())
        )
    ]
    for k in range(len(PHASES)):
        come_in = come_in_mm(np.array([row.knee_off_axis_mean_mm for row in told[k :: len(PHASES)]]))
        for row, phase, further_mm in zip(told[k :: len(PHASES)], in_phases[k :: len(PHASES)], come_in, strict=True):
            row.knee_fall_mm, row.knee_come_in_mm = phase.fall_mm, float(further_mm)
            row.knee = in_words(phase, further_mm, slight_mm)
    for k in range(0, len(told), len(PHASES)):
        told[k + PHASES.index(WHOLE)].knee = worst_word(row.knee for row in told[k : k + PHASES.index(WHOLE)])


def _row(repetition: int, of_set: int, phase: str, side: str, values: tuple[Any, ...]) -> PhaseResult:
    """Return a row of its numbers, in the order of `NUMBERS`: the last stands behind the word on the knee."""
    row = PhaseResult(repetition, of_set, phase, side, *values[:-1])
    row.medial_change_worst_mm = values[-1]
    return row


def _as_rows(columns: dict[str, Floats], count: int) -> Iterator[tuple[Any, ...]]:
    """Yield the numbers of each row, in the order of a `PhaseResult`; NaN where a side has none."""
    none = [NAN] * count
    return zip(*(columns[name].tolist() if name in columns else none for name in NUMBERS), strict=True)


_OF_BOTH = ("fz_total_N", "body_weight_N", "load_shift_pct", "cop_net_beyond_load_mm", "knee_ankle_ratio")
_OF_LEG = ("fz_{}_N", "foot_cop_medial_{}_mm", "foot_cop_change_{}_mm", "outward_push_{}_pct", "free_moment_{}_Nm",
           "force_line_{}_mm", "quads_{}_pct",
           "hams_{}_pct", "glutes_{}_pct", "co_contraction_{}_pct", "knee_margin_{}_mm", "knee_off_axis_{}_mm",
           "frontal_angle_{}_deg")  # fmt: skip
_TOLD = frozenset([*_OF_BOTH, *(name.format(side) for name in _OF_LEG for side in SIDES)])


_COMPARED = (
    *(
        pair
        for side in SIDES
        for pair in ((f"quads_{side}_pct", f"hams_{side}_pct"), (f"quads_{side}_pct", f"glutes_{side}_pct"))
    ),
    ("glutes_left_pct", "glutes_right_pct"),
)
"""Groups of muscles that are compared with each other."""


class _Told:
    """Statistics of all spans of a session; each number is an array over the spans."""

    def __init__(self, bounds_s: Floats, force: Frames, others: Sequence[Frames]) -> None:
        self._seconds = bounds_s[:, 1] - bounds_s[:, 0]
        self._unknown = np.full(len(bounds_s), NAN)
        self._values: dict[str, Floats] = {}
        self._together: dict[tuple[str, str], tuple[Floats, Floats]] = {}
        for of in (force, *others):
            step_s = float(np.median(np.diff(of.time_s[:1000]))) if len(of.time_s) > 1 else 1.0
            firsts, lasts = (np.searchsorted(of.time_s, bounds_s[:, i] + of.lag_s, side="right") for i in (0, 1))
            names = [name for name in of.columns if name in _TOLD]
            columns = [of.at(name) for name in names]
            statistics = span_statistics(of.frames, firsts, lasts, columns, round(WORST_S / step_s))
            self._values.update({name: statistics[:, c] for c, name in enumerate(names)})
            for pair in _COMPARED:
                if of.at(pair[0]) >= 0 and of.at(pair[1]) >= 0:
                    self._together[pair] = means_together(of.frames, firsts, lasts, (of.at(pair[0]), of.at(pair[1])))

    def _at_peak(self, force: Frames) -> Floats:
        """Return the load shift in the frame of the greatest force."""
        where = self._of("fz_total_N", WHERE)
        known = np.isfinite(where)
        shifts_pct = self._unknown.copy()
        shifts_pct[known] = force.frames[where[known].astype(np.int64), force.at("load_shift_pct")]
        return shifts_pct

    def _of(self, name: str, statistic: int) -> Floats:
        return self._values[name][:, statistic] if name in self._values else self._unknown

    def _ratio(self, above: str, below: str, least_pct: float) -> Floats:
        """Return the ratio of two columns' means over the frames in which both are known, where both are active together.

        A channel that was bad for a part of a phase is compared with what the other did in the rest of it.
        """
        apart = self._of(above, MEAN), self._of(below, MEAN)
        return _ratio(*self._together.get((above, below), apart), least_pct)

    def _forces(self, column: str) -> dict[str, Floats]:
        mean_N, peak_N, body_N = self._of(column, MEAN), self._of(column, MOST), self._of("body_weight_N", MEAN)
        return {
            "duration_s": self._seconds,
            "fz_mean_N": mean_N,
            "fz_peak_N": peak_N,
            "fz_min_N": self._of(column, LEAST),
            "fz_mean_bw": mean_N / body_N,
            "fz_peak_bw": peak_N / body_N,
            "impulse_Ns": mean_N * self._seconds,
        }

    def leg(self, side: str, least_pct: float) -> dict[str, Floats]:
        """Return the numbers of a leg."""
        medial = f"foot_cop_medial_{side}_mm"
        groups = {group: f"{group}_{side}_pct" for group in ("quads", "hams", "glutes")}
        quads, hams, glutes = groups.values()
        return {
            **self._forces(f"fz_{side}_N"),
            "cop_ml_range_mm": self._of(medial, MOST) - self._of(medial, LEAST),
            "cop_ml_sd_mm": self._of(medial, SD),
            "medial_mean_mm": self._of(medial, MEAN),
            "medial_worst_mm": self._of(medial, HIGHEST),
            "medial_change_worst_mm": self._of(f"foot_cop_change_{side}_mm", HIGHEST),
            "outward_push_mean_pct": self._of(f"outward_push_{side}_pct", MEAN),
            "free_moment_mean_Nm": self._of(f"free_moment_{side}_Nm", MEAN),
            "force_line_mean_mm": self._of(f"force_line_{side}_mm", MEAN),
            **{f"{group}_mean_pct": self._of(column, MEAN) for group, column in groups.items()},
            **{f"{group}_peak_pct": self._of(column, MOST) for group, column in groups.items()},
            "qh_ratio": self._ratio(quads, hams, least_pct),
            "qg_ratio": self._ratio(quads, glutes, least_pct),
            "co_contraction_pct": self._of(f"co_contraction_{side}_pct", MEAN),
            "knee_margin_mean_mm": self._of(f"knee_margin_{side}_mm", MEAN),
            "knee_margin_min_mm": self._of(f"knee_margin_{side}_mm", LEAST),
            "knee_off_axis_mean_mm": self._of(f"knee_off_axis_{side}_mm", MEAN),
            "frontal_angle_max_deg": self._of(f"frontal_angle_{side}_deg", MOST),
        }

    def both(self, force: Frames, weight_N: Floats, left: dict[str, Floats], right: dict[str, Floats]) -> dict[str, Floats]:
        """Return the numbers of both legs together."""
        return {
            **self._forces("fz_total_N"),
            "net_impulse_Ns": (self._of("fz_total_N", MEAN) - weight_N) * self._seconds,
            "load_shift_mean_pct": self._of("load_shift_pct", MEAN),
            "load_shift_at_peak_pct": self._at_peak(force),
            "load_shift_worst_pct": self._of("load_shift_pct", FARTHEST),
            "cop_beyond_load_mm": self._of("cop_net_beyond_load_mm", MEAN),
            "knee_ankle_ratio_min": self._of("knee_ankle_ratio", LEAST),
            "qh_between_legs_log2": np.log2(right["qh_ratio"] / left["qh_ratio"]),
            "glute_deficit_log2": np.log2(self._ratio("glutes_left_pct", "glutes_right_pct", 0.0)),
        }


def _ratio(above: Floats, below: Floats, least_pct: float) -> Floats:
    """Return a ratio where both are active, and active enough together."""
    defined = (above > 0.0) & (below > 0.0) & (above + below >= least_pct)
    return np.asarray(np.divide(above, below, out=np.full(len(above), NAN), where=defined))


NUMBERS = tuple(field.name for field in fields(PhaseResult) if field.type == "float")
"""The columns of a phase that hold numbers."""
