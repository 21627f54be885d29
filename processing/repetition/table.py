"""The table of repetitions: one row for each, and one for each of its phases and sides, from frames of force and EMG."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from acquisition.rig import SIDES
from hardware.arrays import Floats
from processing.repetition.columns import BOTTOM_S, WORST_S
from processing.repetition.phases import Doubt
from processing.repetition.spans import FARTHEST, HIGHEST, LEAST, MEAN, MOST, SD, span_statistics

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from processing.repetition.phases import Repetition

BOTH = "both"
LOWERING, BOTTOM, RISING, WHOLE = "lowering", "bottom", "rising", "whole"
PHASES = (LOWERING, BOTTOM, RISING, WHOLE)
SET_REST_S, SET_WEIGHT = 10.0, 0.02
"""Who rests for longer, or carries a weight that differs by more, does another set (*design*)."""
NAN = math.nan


@dataclass(frozen=True, slots=True)
class RepetitionResult:
    """One repetition in session time; columns as in `columns.OF_REPETITION`. `doubt`: why it is doubtful, else empty."""

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


@dataclass(slots=True)  # not frozen: a row would take five times as long to make
class PhaseResult:
    """One phase of a repetition on one side, `left`, `right` or `both`; columns as in `columns.OF_PHASE`, NaN where they have
    no meaning there or too little is known."""

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


def _bounds_s(row: RepetitionResult) -> dict[str, tuple[float, float]]:
    bottom = (row.pause_start_s, row.rise_s)
    if row.pause_s <= 0.0:
        bottom = (row.bottom_s - BOTTOM_S / 2, row.bottom_s + BOTTOM_S / 2)
    return {
        LOWERING: (row.start_s, row.pause_start_s),
        BOTTOM: bottom,
        RISING: (row.rise_s, row.end_s),
        WHOLE: (row.start_s, row.end_s),
    }


def phase_rows(rows: Sequence[RepetitionResult], force: Frames, emg: Sequence[Frames], least_pct: float) -> list[PhaseResult]:
    """Return a row for each phase and side; EMG's envelopes are taken as much later as they lag.

    `least_pct`: two groups of muscles that are less active together have no ratio.
    """
    bounds = np.array([bound for row in rows for bound in _bounds_s(row).values()]).reshape(-1, 2)
    told = _Told(bounds, force, emg)
    found = []
    for k, (row, phase) in enumerate((row, phase) for row in rows for phase in PHASES):
        left, right = (told.leg(k, side, row, phase, least_pct) for side in SIDES)
        found += [left, right, told.both(k, row, phase, left, right)]
    return found


_OF_BOTH = ("fz_total_N", "body_weight_N", "load_shift_pct", "cop_net_beyond_load_mm")
_OF_LEG = ("fz_{}_N", "foot_cop_medial_{}_mm", "outward_push_{}_pct", "free_moment_{}_Nm", "force_line_{}_mm", "quads_{}_pct",
           "hams_{}_pct", "glutes_{}_pct", "co_contraction_{}_pct")  # fmt: skip
_TOLD = frozenset([*_OF_BOTH, *(name.format(side) for name in _OF_LEG for side in SIDES)])
_Forces = tuple[float, float, float, float, float, float, float, float]


class _Told:
    """Statistics of all spans of a session."""

    def __init__(self, bounds_s: Floats, force: Frames, emg: Sequence[Frames]) -> None:
        self._seconds = bounds_s[:, 1] - bounds_s[:, 0]
        self._values: dict[str, list[list[float]]] = {}
        for of in (force, *emg):
            step_s = float(np.median(np.diff(of.time_s[:1000]))) if len(of.time_s) > 1 else 1.0
            firsts, lasts = (np.searchsorted(of.time_s, bounds_s[:, i] + of.lag_s, side="right") for i in (0, 1))
            names = [name for name in of.columns if name in _TOLD]
            columns = [of.at(name) for name in names]
            statistics = span_statistics(of.frames, firsts, lasts, columns, round(WORST_S / step_s))
            self._values.update({name: statistics[:, c].tolist() for c, name in enumerate(names)})
            if of is force:
                self._at_peak = [_at_peak(force, int(a), int(b)) for a, b in zip(firsts, lasts, strict=True)]

    def _of(self, name: str, k: int, statistic: int) -> float:
        return self._values[name][k][statistic] if name in self._values else NAN

    def _forces(self, k: int, column: str, weight_N: float) -> _Forces:
        mean_N, peak_N, least_N = (self._of(column, k, statistic) for statistic in (MEAN, MOST, LEAST))
        body_N = self._of("body_weight_N", k, MEAN)
        seconds = float(self._seconds[k])
        return (
            seconds,
            mean_N,
            peak_N,
            least_N,
            mean_N / body_N,
            peak_N / body_N,
            mean_N * seconds,
            (mean_N - weight_N) * seconds,
        )

    def leg(self, k: int, side: str, row: RepetitionResult, phase: str, least_pct: float) -> PhaseResult:
        """Return the row of a leg."""
        medial = f"foot_cop_medial_{side}_mm"
        quads, hams, glutes = (self._of(f"{group}_{side}_pct", k, MEAN) for group in ("quads", "hams", "glutes"))
        return PhaseResult(
            row.number,
            row.set,
            phase,
            side,
            *self._forces(k, f"fz_{side}_N", NAN),
            cop_ml_range_mm=self._of(medial, k, MOST) - self._of(medial, k, LEAST),
            cop_ml_sd_mm=self._of(medial, k, SD),
            medial_mean_mm=self._of(medial, k, MEAN),
            medial_worst_mm=self._of(medial, k, HIGHEST),
            outward_push_mean_pct=self._of(f"outward_push_{side}_pct", k, MEAN),
            free_moment_mean_Nm=self._of(f"free_moment_{side}_Nm", k, MEAN),
            force_line_mean_mm=self._of(f"force_line_{side}_mm", k, MEAN),
            quads_mean_pct=quads,
            quads_peak_pct=self._of(f"quads_{side}_pct", k, MOST),
            hams_mean_pct=hams,
            hams_peak_pct=self._of(f"hams_{side}_pct", k, MOST),
            glutes_mean_pct=glutes,
            glutes_peak_pct=self._of(f"glutes_{side}_pct", k, MOST),
            qh_ratio=_ratio(quads, hams, least_pct),
            qg_ratio=_ratio(quads, glutes, least_pct),
            co_contraction_pct=self._of(f"co_contraction_{side}_pct", k, MEAN),
        )

    def both(self, k: int, row: RepetitionResult, phase: str, left: PhaseResult, right: PhaseResult) -> PhaseResult:
        """Return the row of both legs together."""
        return PhaseResult(
            row.number,
            row.set,
            phase,
            BOTH,
            *self._forces(k, "fz_total_N", row.weight_N),
            load_shift_mean_pct=self._of("load_shift_pct", k, MEAN),
            load_shift_at_peak_pct=self._at_peak[k],
            load_shift_worst_pct=self._of("load_shift_pct", k, FARTHEST),
            cop_beyond_load_mm=self._of("cop_net_beyond_load_mm", k, MEAN),
            qh_between_legs_log2=_log2(right.qh_ratio / left.qh_ratio),
            glute_deficit_log2=_log2(_ratio(left.glutes_mean_pct, right.glutes_mean_pct, 0.0)),
        )


def _at_peak(force: Frames, first: int, last: int) -> float:
    """Return the load shift in the frame of the greatest force."""
    total = force.frames[first:last, force.at("fz_total_N")]
    if not len(total):
        return NAN
    at = int(np.argmax(total))  # of a NaN, if there is one
    at = at if total[at] == total[at] else int(np.argmax(np.nan_to_num(total, nan=-np.inf)))
    return float(force.frames[first + at, force.at("load_shift_pct")])


def _ratio(above: float, below: float, least_pct: float) -> float:
    return above / below if above + below >= least_pct and above > 0.0 and below > 0.0 else NAN


def _log2(ratio: float) -> float:
    return math.log2(ratio) if ratio > 0.0 else NAN


NUMBERS = tuple(field.name for field in fields(PhaseResult) if field.name not in ("repetition", "set", "phase", "side"))
"""The columns of a phase that hold numbers."""
