"""Activation: envelopes in %MVC, by muscle group, and the quad/hamstring ratio of each leg.

A ratio is a number only where it means something: both groups measured with an MVC on good channels, and together at least
`least_activation_pct` active. Elsewhere it is NaN, never a huge number.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
from numba import njit
from numpy.typing import NDArray

from acquisition.rig import GLUTES, HAMSTRINGS, QUADRICEPS, SIDES, Electrode, Muscle, Side
from acquisition.rig.judgement import EmgSettings
from hardware.arrays import Floats
from processing.emg.filters import LANES
from processing.formulas import Metric, metric

GROUPS: dict[str, tuple[Muscle, ...]] = {"quads": QUADRICEPS, "hams": HAMSTRINGS, "glutes": GLUTES}
LARGEST_RATIO = 1000.0  # beyond this, one of the two groups is a channel without a signal

_PER_LEG = len(GROUPS)
_QUADS, _HAMS = (tuple(GROUPS).index(group) for group in ("quads", "hams"))
_QH, _SHARE, _CHANGE = range(3)


@njit(nogil=True, cache=True)
def _fill(
    envelopes: Floats,
    first: int,
    last: int,
    sample: int,
    frame_samples: int,
    good: NDArray[np.bool_],
    pct_per_uV: Floats,
    sample_column: int,
    envelope_column: NDArray[np.int64],
    activation_column: NDArray[np.int64],
    group_of: NDArray[np.int64],
    group_size: Floats,
    group_column: NDArray[np.int64],
    leg_column: NDArray[np.int64],
    between_column: int,
    least_pct: float,
    baseline_frames: Floats,
    baseline_count: NDArray[np.int64],
    baseline: Floats,
    groups: Floats,
    qh: Floats,
    out: Floats,
) -> None:
    needed = baseline_frames.shape[1]
    for f in range(first, last):
        row = out[f - first]
        row[sample_column] = sample + f * frame_samples
        groups[:] = 0.0
        for e in range(group_of.shape[0]):
            envelope = envelopes[e // LANES, f, e % LANES]
            row[envelope_column[e]] = envelope
            if activation_column[e] >= 0:
                # The low-pass may swing a little below zero; a muscle can't.
                activation = max(envelope, 0.0) * pct_per_uV[e] if good[e] and envelope == envelope else np.nan
                row[activation_column[e]] = activation
                if group_of[e] >= 0:
                    groups[group_of[e]] += activation
        for g in range(group_size.shape[0]):
            if group_column[g] >= 0:
                groups[g] /= group_size[g]
                row[group_column[g]] = groups[g]
        for leg in range(2):
            qh[leg] = np.nan
            if leg_column[leg, _QH] >= 0:
                quads = groups[leg * _PER_LEG + _QUADS]
                hams = groups[leg * _PER_LEG + _HAMS]
                share = hams / (quads + hams) if quads + hams >= least_pct else np.nan
                # NaN fails both comparisons, and so does a group at exactly zero.
                if share > 1.0 / (1.0 + LARGEST_RATIO) and share < LARGEST_RATIO / (1.0 + LARGEST_RATIO):
                    qh[leg] = quads / hams
                    if baseline_count[leg] < needed:
                        baseline_frames[leg, baseline_count[leg]] = qh[leg]
                        baseline_count[leg] += 1
                        if baseline_count[leg] == needed:
                            baseline_frames[leg].sort()
                            baseline[leg] = 0.5 * (baseline_frames[leg, (needed - 1) // 2] + baseline_frames[leg, needed // 2])
                row[leg_column[leg, _QH]] = qh[leg]
                row[leg_column[leg, _SHARE]] = share
                row[leg_column[leg, _CHANGE]] = qh[leg] / baseline[leg]
        if between_column >= 0:
            row[between_column] = np.log2(qh[1] / qh[0])


class Activation:
    """The columns that one stream's electrodes give, and what fills them.

    A column exists where the rig has the electrodes for it: groups with at least one electrode, Q:H for legs with quadriceps
    and hamstrings, the comparison of the legs where both have a Q:H. An electrode for `other` has an envelope only.
    Activations and all that rests on them are NaN without an MVC, and while the channel is not judged good.
    """

    def __init__(self, electrodes: list[Electrode], settings: EmgSettings, frame_rate_hz: float) -> None:
        """Lay out the columns; the baseline of Q:H is the median of each leg's first `baseline_s` of defined frames."""
        metrics: list[Metric] = []

        def column(formula_id: str, **parts: str) -> int:
            metrics.append(metric(formula_id, **parts))
            return len(metrics) - 1

        self._sample_column = column("frame.last_sample")
        count = len(electrodes)
        self._envelope_column = np.full(count, -1, dtype=np.int64)
        others: Counter[Side] = Counter()
        for i, e in enumerate(electrodes):
            muscle: str = e.muscle
            if e.muscle == "other":
                others[e.side] += 1
                muscle = "other" if others[e.side] == 1 else f"other_{others[e.side]}"
            self._envelope_column[i] = column("envelope.causal_lowpass", side=e.side, muscle=muscle)
        self._pct_per_uV = np.array([100.0 / e.mvc_uV if e.mvc_uV is not None else np.nan for e in electrodes])
        self._activation_column = np.full(count, -1, dtype=np.int64)
        self._group_of = np.full(count, -1, dtype=np.int64)
        for i, e in enumerate(electrodes):
            if e.muscle != "other":
                self._activation_column[i] = column("activation.mvc_referenced", side=e.side, muscle=e.muscle)
            for g, muscles in enumerate(GROUPS.values()):
                if e.muscle in muscles:
                    self._group_of[i] = SIDES.index(e.side) * _PER_LEG + g
        self._group_size = np.array([np.count_nonzero(self._group_of == g) for g in range(2 * _PER_LEG)], dtype=np.float64)
        self._group_column = np.full(2 * _PER_LEG, -1, dtype=np.int64)
        self._leg_column = np.full((2, 3), -1, dtype=np.int64)
        for leg, side in enumerate(SIDES):
            for g, group in enumerate(GROUPS):
                if self._group_size[leg * _PER_LEG + g]:
                    self._group_column[leg * _PER_LEG + g] = column("group.mean_activation", group=group, side=side)
        for leg, side in enumerate(SIDES):
            if self._group_size[leg * _PER_LEG + _QUADS] and self._group_size[leg * _PER_LEG + _HAMS]:
                for what, formula_id in enumerate(("qh.mvc_ratio", "h_share.bounded", "qh_change.baseline_ratio")):
                    self._leg_column[leg, what] = column(formula_id, side=side)
        both = (self._leg_column[:, _QH] >= 0).all()
        self._between_column = column("qh_between_legs.log2_ratio") if both else -1
        self.metrics: tuple[Metric, ...] = tuple(metrics)
        self._least_pct = settings.least_activation_pct
        self._baseline_frames = np.zeros((2, max(1, round(settings.baseline_s * frame_rate_hz))))
        self._baseline_count = np.zeros(2, dtype=np.int64)
        self._baseline = np.full(2, np.nan)
        self._groups = np.zeros(2 * _PER_LEG)
        self._qh = np.zeros(2)

    @property
    def baseline_qh(self) -> dict[Side, float]:
        """The Q:H of each leg with which `qh_change` compares; NaN until it is complete."""
        return {side: float(self._baseline[leg]) for leg, side in enumerate(SIDES)}

    def fill(
        self,
        envelopes: Floats,
        first: int,
        last: int,
        sample: int,
        frame_samples: int,
        good: NDArray[np.bool_],
        out: Floats,
    ) -> None:
        """Write frames `first` to `last` of `envelopes` (lane groups, frames, LANES; µV) into the rows of `out`.

        `sample` is the index of frame 0's last sample; `good` says of each electrode whether it was judged good.
        """
        _fill(
            envelopes,
            first,
            last,
            sample,
            frame_samples,
            good,
            self._pct_per_uV,
            self._sample_column,
            self._envelope_column,
            self._activation_column,
            self._group_of,
            self._group_size,
            self._group_column,
            self._leg_column,
            self._between_column,
            self._least_pct,
            self._baseline_frames,
            self._baseline_count,
            self._baseline,
            self._groups,
            self._qh,
            out,
        )
