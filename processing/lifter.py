"""A lifter's own measures, from recordings: maximal voluntary contractions, and the reference set of ratios."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from acquisition.rig import SIDES
from acquisition.rig.judgement import ReferenceSettings
from hardware.errors import SquatscopeError
from processing.batch import reprocess
from processing.emg.mvc import MvcFound, Try, judge_tries, tries_in

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from acquisition.rig import Electrode, Rig
    from processing.results import Results

LEAST_S = 3.0
"""A reference set must have a ratio defined for so long."""


class LifterError(SquatscopeError):
    """A recording gives no measure of a lifter; the text is a full sentence."""


def mvc_of(recordings: Sequence[Path]) -> list[MvcFound]:
    """Return what the tries in these recordings give for each of their electrodes; raises LifterError where there are none."""
    tries: dict[str, list[Try]] = {}
    electrodes: dict[str, Electrode] = {}
    for path in recordings:
        results = reprocess(path, _in_microvolts)
        for electrode in results.rig.emg:
            if electrode.muscle == "other":
                continue
            electrodes.setdefault(electrode.name, electrode)
            column = f"activation_{electrode.side}_{electrode.muscle}_pct"
            table = results.table_with(column)
            if table is not None:
                tries.setdefault(electrode.name, []).extend(tries_in(table.time_s, table.column(column), path.stem))
    if not electrodes:
        raise LifterError(f"There is no EMG of a named muscle in {', '.join(map(str, recordings))}.")
    return [judge_tries(electrode, tries.get(name, [])) for name, electrode in electrodes.items()]


def _in_microvolts(rig: Rig) -> Rig:
    """Return a rig whose activations are envelopes in µV, undefined where a channel is not good: all MVCs are 100 µV."""
    return rig.model_copy(update={"emg": [electrode.model_copy(update={"mvc_uV": 100.0}) for electrode in rig.emg]})


def reference_of(results: Results, name: str) -> ReferenceSettings:
    """Return a set's median ratios, to compare others with; raises LifterError where none was defined for long enough."""
    known: dict[str, float] = {}
    for ratio, above, below in (("qh", "quads", "hams"), ("qg", "quads", "glutes")):
        for side in SIDES:
            columns = [f"{above}_{side}_pct", f"{below}_{side}_pct"]
            table = results.table_with(*columns)
            if table is None:
                continue
            over, under = (table.column(column) for column in columns)
            with np.errstate(divide="ignore", invalid="ignore"):
                active = (over + under >= results.rig.emg_processing.least_activation_pct) & (over > 0) & (under > 0)
                values = (over / under)[active]
            if len(values) * table.frame_s >= LEAST_S:
                known[f"{ratio}_{side}"] = float(np.median(values))
    if not known:
        raise LifterError(
            f"In {results.recording} no ratio of muscle groups is defined for {LEAST_S:g} s, so it can't be a reference; are "
            "there MVCs, and good channels?"
        )
    return ReferenceSettings(name=name, **known)
