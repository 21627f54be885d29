"""Patterns: how often a sound lifter is told one, and how often one of a size is found, by moments and over repetitions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from acquisition.rig import SIDES, Foot
from acquisition.rig.rig_file import example, load
from hardware.source import StreamEnded
from processing.emg.filters import envelope_delay_s
from processing.findings.findings import findings
from processing.flags.rules import CHANGE, flags_of
from processing.pipeline import EVENTS, FLAGS, Pipeline
from processing.repetition.table import Frames, phase_rows, repetition_rows
from processing.results import Results, Table
from sim.device import devices
from sim.lifter.lifter import GluteWeakness, QuadsTakeOver, ShareDrift
from sim.lifter.people import Person, someone
from sim.lifter.sets import Set

if TYPE_CHECKING:
    from collections.abc import Iterator

    from acquisition.rig import Rig
    from hardware.arrays import Floats, Samples
    from hardware.source import Source
    from sim.lifter.lifter import Imbalance

REPETITIONS = 8
SOUND = 5
"""So many times as many sound lifters: what is found of one in a hundred takes more than a hundred."""
LOAD_SHIFTS_PCT = (5.0, 7.5, 10.0, 15.0, 20.0)
RATIOS = (1.25, 1.5, 2.0, 3.0)
"""Sizes that are tried; the limits are 5 and 10 % of load shift, 1.5 and 2 times of Q:H, 2 and 3 times of glutes."""
GROWN_S = (30.0, 6.0)
"""A fault is not there at first, so that there is a baseline, and then grows within a few seconds."""


@dataclass(frozen=True, slots=True)
class Told:
    """Of so many lifters, in how many a rule was told as a moment and as a finding; `size` is what was wrong, if anything."""

    rule: str
    size: str
    lifters: int
    moments: int
    found: int


def sensitivities(lifters: int) -> Iterator[Told]:
    """Yield what sound lifters are told, and then what is found of each fault by its size; `lifters` of each."""
    sound = [_told(someone(seed, sets=_sets())) for seed in range(SOUND * lifters)]
    every = sorted({rule for moments, found in sound for rule in moments | found})
    yield Told("any", "", len(sound), sum(bool(moments) for moments, _ in sound), sum(bool(found) for _, found in sound))
    for rule in every:
        flagged, judged = (sum(rule in told[i] for told in sound) for i in (0, 1))
        yield Told(rule, "", len(sound), flagged, judged)
    onset_s, ramp_s = GROWN_S
    for shift in LOAD_SHIFTS_PCT:
        yield _of_size("load_shift", f"{shift:g} %", ShareDrift(onset_s=onset_s, ramp_s=ramp_s, load_shift_pct=shift), lifters)
    for ratio in RATIOS:
        fault = QuadsTakeOver(
            onset_s=onset_s, ramp_s=ramp_s, side="right", quadriceps_factor=ratio**0.5, hamstrings_factor=ratio**-0.5
        )
        yield _of_size("qh_change", f"{ratio:g} times", fault, lifters)
    for ratio in RATIOS:
        weak = GluteWeakness(onset_s=onset_s, ramp_s=ramp_s, side="right", factor=1.0 / ratio)
        yield _of_size("glute_drop", f"{ratio:g} times", weak, lifters)


def _of_size(rule: str, size: str, fault: Imbalance, lifters: int) -> Told:
    told = [_told(someone(seed, sets=_sets(), imbalances=(fault,))) for seed in range(lifters)]
    return Told(rule, size, lifters, sum(rule in moments for moments, _ in told), sum(rule in found for _, found in told))


def _sets() -> tuple[Set, ...]:
    return Set(repetitions=REPETITIONS, bar_mass_kg=20.0), Set(repetitions=REPETITIONS, bar_mass_kg=60.0)


def _told(lifter: Person) -> tuple[set[str], set[str]]:
    """Return the rules of which a moment was flagged in a lifter's session, and those of which there is a finding."""
    rig = load(example("demo"))
    rig = rig.model_copy(update={"foot": [Foot(side=side, toe_out_deg=lifter.toe_out_deg) for side in SIDES]})
    pipeline, results = _analysed(rig, lifter)
    moments = {pipeline.rules[flag.rule].name for flag in flags_of(np.concatenate(results[1]))}
    return moments, {finding.rule for finding in findings(results[0])}


def _analysed(rig: Rig, lifter: Person) -> tuple[Pipeline, tuple[Results, list[Floats]]]:
    """Return the results of a session, with times as its samples have them, and every change of a flag."""
    pipeline = Pipeline(rig)
    end_s = lifter.plan.end_s + 1.0
    given: dict[str, list[Floats]] = {part.name: [] for part in pipeline.parts}
    changes: list[Floats] = [np.empty((0, len(CHANGE)))]
    for device in devices(rig, lifter, speed=None, end_s=end_s):
        for first, samples in _blocks(device):
            for name, rows in pipeline.process(device.stream.name, samples, first):
                _keep(name, rows, given, changes)
    for name, rows in pipeline.finish():
        _keep(name, rows, given, changes)
    tables = {}
    for part in pipeline.parts:
        frames = np.concatenate(given[part.name])
        times_s = frames[:, 0] / rig.stream_named(part.stream).rate_hz
        metrics = part.chain.metrics
        tables[part.name] = Table(
            tuple(metric.name for metric in metrics),
            tuple(metric.unit for metric in metrics),
            tuple(metric.formula_id for metric in metrics),
            times_s,
            frames,
        )
    force = pipeline.force
    if force is None:
        raise RuntimeError("The demonstration's rig has no plates.")
    rate_hz = rig.stream_named(force.stream).rate_hz
    repetitions = repetition_rows(force.repetitions.found, lambda samples: samples / rate_hz)
    lag_s = envelope_delay_s(rig.emg_processing, rig.stream_named(rig.emg[0].stream).rate_hz)
    plates, *emg = (
        Frames(table.columns, table.time_s, table.frames, 0.0 if name.endswith("force") else lag_s)
        for name, table in tables.items()
    )
    phases = phase_rows(repetitions, plates, emg, rig.emg_processing.least_activation_pct, rig.knee.slight_mm)
    base = Results("simulated", "", "", end_s, force.stance.body_weight_N, rig, tables, [], [], [])
    base.repetitions.extend(repetitions)
    base.phases.extend(phases)
    return pipeline, (base, changes)


def _keep(name: str, rows: Floats, given: dict[str, list[Floats]], changes: list[Floats]) -> None:
    if name == FLAGS:
        changes.append(rows.copy())
    elif name not in EVENTS:
        given[name].append(rows.copy())


def _blocks(source: Source) -> Iterator[tuple[int, Samples]]:
    source.open()
    source.start()
    try:
        while True:
            block = source.read(1.0)
            if block is not None:
                yield block.first_index, block.samples
    except StreamEnded:
        source.stop()
        source.close()
