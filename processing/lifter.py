"""A lifter's own measures, from recordings: maximal contractions, the reference set of ratios, and how the feet are turned."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from acquisition.lifter_file import Mvc
from acquisition.rig import SAID_OF_A_SET, SIDES
from acquisition.rig.judgement import ReferenceSettings
from acquisition.rig.lifter_axes import lifter_axes
from hardware.errors import SquatscopeError
from processing.batch import reprocess
from processing.emg.mvc import AGREE, WINDOW_S, MvcFound, Try, efforts_in, judge_tries
from processing.force.rocking import Rocked, foot_axis

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from acquisition.rig import Electrode, Rig
    from processing.results import Results

STEADY = 0.3
"""While rocking each foot carries more than this share of what it carries on average."""
BOUNCE = 0.03
"""Who rocks slowly keeps the total force within this share of its mean (standard deviation); a squat does not."""
MOSTLY_PCT = 50.0
"""A channel that was bad for more of the time tells no try, and why."""
LEAST_S = 3.0
"""A reference set must have a ratio defined for so long."""


class LifterError(SquatscopeError):
    """A recording gives no measure of a lifter; the text is a full sentence."""


def mvc_of(recordings: Sequence[Path]) -> list[MvcFound]:
    """Return what the tries in these recordings give for each of their electrodes; raises LifterError where there are none."""
    tries: dict[str, list[Try]] = {}
    spoilt: dict[str, tuple[Try | None, str]] = {}
    electrodes: dict[str, Electrode] = {}
    for path in recordings:
        results = reprocess(path, _in_microvolts)
        for electrode in results.rig.emg:
            if electrode.muscle == "other":
                continue
            electrodes.setdefault(electrode.name, electrode)
            column = f"activation_{electrode.side}_{electrode.muscle}_pct"
            table = results.table_with(column)
            if table is None:
                continue
            envelope = table.column(f"envelope_{electrode.side}_{electrode.muscle}_uV")
            efforts = efforts_in(table.time_s, table.column(column), envelope, path.stem)
            tries.setdefault(electrode.name, []).extend(efforts.tries)
            before, _ = spoilt.get(electrode.name, (None, ""))
            quality = next((channel for channel in results.channels if channel.name == electrode.name), None)
            if efforts.spoilt is not None and (before is None or efforts.spoilt.uV > before.uV):
                spoilt[electrode.name] = efforts.spoilt, quality.found if quality is not None else ""
            elif before is None and quality is not None and quality.bad_pct > MOSTLY_PCT:
                spoilt[electrode.name] = None, quality.found
    if not electrodes:
        raise LifterError(f"There is no EMG of a named muscle in {', '.join(map(str, recordings))}.")
    return [_judged(electrode, tries.get(name, []), *spoilt.get(name, (None, ""))) for name, electrode in electrodes.items()]


def _judged(electrode: Electrode, tries: Sequence[Try], spoilt: Try | None, why: str) -> MvcFound:
    """Return what tries give; a spoilt effort counts where it was clearly stronger than the best of them all."""
    best_uV = max((one.uV for one in tries), default=0.0)
    stronger = spoilt is not None and spoilt.uV > (1.0 + AGREE) * best_uV
    return judge_tries(electrode, tries, spoilt if stronger else None, why)


def dynamic_reference(path: Path) -> list[Mvc]:
    """Return, instead of maximal contractions, what each muscle does in a set of the lifter's own (a dynamic reference).

    Of each repetition the largest mean of its envelope over `WINDOW_S`, and the median of these. Ratios between muscles then
    say how they change, and nothing of how strong one is beside another. Empty where there is no repetition or no EMG.
    """
    results = reprocess(path, _in_microvolts)
    found = []
    for electrode in results.rig.emg:
        column = f"activation_{electrode.side}_{electrode.muscle}_pct"
        table = results.table_with(column)
        if electrode.muscle == "other" or table is None:
            continue
        values, width = table.column(column), max(1, round(WINDOW_S / table.frame_s)) if table.frame_s else 1
        peaks = []
        for row in results.repetitions:
            first, last = np.searchsorted(table.time_s, [row.start_s, row.end_s])
            part = values[first:last]
            if len(part) >= width and np.isfinite(part).all():
                peaks.append(float(np.convolve(part, np.full(width, 1.0 / width), "valid").max()))
        if peaks and (value := float(np.median(peaks))) > 0.0:
            trial = f"{SAID_OF_A_SET} {path.stem}"
            found.append(Mvc(muscle=electrode.muscle, side=electrode.side, mvc_uV=value, trial=trial, mvc_from="set"))
    return found


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


def rocked(results: Results) -> list[Rocked]:
    """Return each foot's angle from a rocking trial; raises LifterError where the rig has no two plates."""
    axes = lifter_axes(results.rig)
    columns = [f"cop_{side}_{axis}_mm" for side in SIDES for axis in "xy"] + [f"fz_{side}_N" for side in SIDES]
    table = results.table_with(*columns)
    if table is None or len(results.rig.plate) < 2 or not np.isfinite(axes.right).all():
        raise LifterError(f"{results.recording} has no two force plates, so how the feet are turned can't be told from it.")
    forward = np.array([-axes.right[1], axes.right[0]])
    loads = {side: table.column(f"fz_{side}_N") for side in SIDES}
    steady = np.ones(len(table.time_s), dtype=bool)
    for load in loads.values():
        known = load[np.isfinite(load)]
        steady &= load > STEADY * (float(np.median(known)) if len(known) else math.inf)
    total = sum(load[steady] for load in loads.values())
    if np.size(total) and float(np.std(total)) > BOUNCE * float(np.mean(total)):
        share_pct = 100.0 * float(np.std(total) / np.mean(total))
        raise LifterError(
            f"In {results.recording} the force on both plates varies by {share_pct:.0f} % (standard deviation), too much for "
            "slow rocking: record the rocking alone, with straight knees."
        )
    found = []
    for side in SIDES:
        cop = np.column_stack([table.column(f"cop_{side}_{axis}_mm") for axis in "xy"])
        outward = axes.right if side == "right" else -axes.right
        found.append(foot_axis(side, cop[steady], forward, outward))
    return found
