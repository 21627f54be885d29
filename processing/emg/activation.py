"""Activation: envelopes in %MVC, of each muscle and by muscle group; NaN without an MVC, and while a channel is not good."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numba import njit
from numpy.typing import NDArray

from acquisition.rig import GLUTES, HAMSTRINGS, QUADRICEPS, SIDES, Electrode, Muscle, Side
from acquisition.rig.judgement import EmgSettings, ReferenceSettings
from hardware.arrays import Floats
from processing.emg.filters import LANES
from processing.emg.ratios import Ratios
from processing.formulas import Metric, metric

GROUPS: dict[str, tuple[Muscle, ...]] = {"quads": QUADRICEPS, "hams": HAMSTRINGS, "glutes": GLUTES}
_PER_LEG = len(GROUPS)


@njit(nogil=True, cache=True)
def _fill(
    envelopes: Floats,
    energies: Floats,
    first: int,
    last: int,
    sample: int,
    frame_samples: int,
    good: NDArray[np.bool_],
    pct_per_uV: Floats,
    sample_column: int,
    envelope_column: NDArray[np.int64],
    activation_column: NDArray[np.int64],
    energy_column: NDArray[np.int64],
    group_of: NDArray[np.int64],
    group_size: Floats,
    group_column: NDArray[np.int64],
    groups: Floats,
    out: Floats,
) -> None:
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
                row[energy_column[e]] = energies[e // LANES, f, e % LANES] if good[e] else np.nan
                if group_of[e] >= 0:
                    groups[group_of[e]] += activation
        for g in range(group_size.shape[0]):
            if group_column[g] >= 0:
                row[group_column[g]] = groups[g] / group_size[g]


class Activation:
    """The columns that one stream's electrodes give, and what fills them.

    A column exists where the rig has the electrodes for it: groups with at least one electrode, and `Ratios` of them. An
    electrode for `other` has an envelope only.
    """

    def __init__(
        self, electrodes: list[Electrode], settings: EmgSettings, reference: ReferenceSettings, frame_rate_hz: float
    ) -> None:
        """Lay out the columns; ratios are compared with `reference`, or with what the session begins with."""
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
        self._pct_per_uV = np.full(count, np.nan)
        self.refer_to(electrodes)
        self._activation_column = np.full(count, -1, dtype=np.int64)
        self._energy_column = np.full(count, -1, dtype=np.int64)
        self._group_of = np.full(count, -1, dtype=np.int64)
        for i, e in enumerate(electrodes):
            if e.muscle != "other":
                self._activation_column[i] = column("activation.mvc_referenced", side=e.side, muscle=e.muscle)
                self._energy_column[i] = column("energy.teager_kaiser", side=e.side, muscle=e.muscle)
            for g, muscles in enumerate(GROUPS.values()):
                if e.muscle in muscles:
                    self._group_of[i] = SIDES.index(e.side) * _PER_LEG + g
        self._group_size = np.array([np.count_nonzero(self._group_of == g) for g in range(2 * _PER_LEG)], dtype=np.float64)
        self._group_column = np.full(2 * _PER_LEG, -1, dtype=np.int64)
        for leg, side in enumerate(SIDES):
            for g, group in enumerate(GROUPS):
                if self._group_size[leg * _PER_LEG + g]:
                    self._group_column[leg * _PER_LEG + g] = column("group.mean_activation", group=group, side=side)
        self.ratios = Ratios(metrics, settings, reference, frame_rate_hz)
        self.metrics: tuple[Metric, ...] = tuple(metrics)
        self._groups = np.zeros(2 * _PER_LEG)

    def refer_to(self, electrodes: Sequence[Electrode]) -> None:
        """Take the MVCs of these electrodes, which are those that it was made for, from the next frame on."""
        self._pct_per_uV[:] = [100.0 / e.mvc_uV if e.mvc_uV is not None else np.nan for e in electrodes]

    def resting_on(self, electrode: int) -> list[int]:
        """Return the columns that rest on an electrode, but for its envelope, which is what it measured."""
        own = [int(column) for column in (self._activation_column[electrode], self._energy_column[electrode]) if column >= 0]
        group = int(self._group_of[electrode])
        return own + (self.ratios.resting_on(*divmod(group, _PER_LEG)) if group >= 0 else [])

    def fill(
        self,
        envelopes: Floats,
        energies: Floats,
        first: int,
        last: int,
        sample: int,
        frame_samples: int,
        good: NDArray[np.bool_],
        out: Floats,
    ) -> None:
        """Write frames `first` to `last` into the rows of `out`.

        `envelopes` in µV and `energies` in µV² are (lane groups, frames, LANES).

        `sample` is the index of frame 0's last sample; `good` says of each electrode whether it was judged good.
        """
        _fill(
            envelopes,
            energies,
            first,
            last,
            sample,
            frame_samples,
            good,
            self._pct_per_uV,
            self._sample_column,
            self._envelope_column,
            self._activation_column,
            self._energy_column,
            self._group_of,
            self._group_size,
            self._group_column,
            self._groups,
            out,
        )
        self.ratios.fill(out[: last - first])
