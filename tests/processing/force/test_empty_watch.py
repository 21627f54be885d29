"""What plates read with nobody on them: taken off where both are known to be empty, else told and not judged."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acquisition.rig import SIDES
from acquisition.rig.plate_map import calibration
from processing.findings.caveats import caveats
from processing.findings.findings import findings
from processing.force.chain import METRICS, ForceChain
from processing.live.plate_watch import LOOK_EVERY, PlateWatch
from sim.lifter.people import Person
from sim.lifter.sets import Set
from tests.support.rigs import example_with
from tests.support.sessions import analysed, lifted

PLATES = [stream.model_dump() for stream in example_with().stream if stream.name == "plates"]
RIG = example_with(stream=PLATES, emg=[])
SECONDS = 34.0
N_PER_RAW = {plate.side: plate.sensitivities[2] if plate.sensitivities else -500.0 for plate in RIG.plate}
FZ = {plate.side: RIG.column("plates", plate.channels[2]) for plate in RIG.plate}
NAMES = [metric.name for metric in METRICS]


@cache
def session(shift_pct: float = 0.0) -> dict[str, np.ndarray]:
    """Two seconds of empty plates, then a lifter."""
    person = Person(seed=3, load_shift_pct=shift_pct, sets=(Set(repetitions=5, bar_mass_kg=0.0),))
    return lifted(RIG, person, SECONDS)


def with_offset(samples: dict[str, np.ndarray], **offset_N) -> dict[str, np.ndarray]:
    """Return the same with plates that read so much more, constant or (samples,)."""
    changed = {name: values.copy() for name, values in samples.items()}
    for side, reads_N in offset_N.items():
        changed["plates"][:, FZ[side]] -= np.asarray(reads_N) / 500.0
    return changed


def shift(results, first_s=6.0) -> np.ndarray:
    table = results.table_with("load_shift_pct")
    return table.column("load_shift_pct")[table.time_s > first_s]


@pytest.mark.parametrize(
    "offset_N", [{"left": 46.0}, {"left": 120.0}, {"right": 200.0}, {"left": -60.0}, {"left": 90.0, "right": 40.0}]
)
def test_what_both_empty_plates_read_is_taken_off_and_said(offset_N):
    sound, found = analysed(RIG, session()), analysed(RIG, with_offset(session(), **offset_N))
    assert np.nanmax(np.abs(shift(found) - shift(sound))) < 0.3
    assert found.body_weight_N == pytest.approx(sound.body_weight_N, rel=2e-3)
    said = {caveat.about: caveat for caveat in caveats(found) if caveat.id == "plate_not_zeroed"}
    assert set(said) == {f"{side} plate" for side in offset_N}
    for side, reads_N in offset_N.items():
        assert said[f"{side} plate"].values["reads_N"] == pytest.approx(reads_N, abs=2.0)
        assert "that is taken off of its forces from then on" in said[f"{side} plate"].sentence
    assert not {"load_shift"} & {flag.rule for flag in found.flags}
    assert not {"load_habit"} & {caveat.id for caveat in caveats(found)}
    assert findings(found) == []


def test_a_true_shift_is_found_on_plates_that_are_not_zeroed():
    found = findings(analysed(RIG, with_offset(session(14.0), left=120.0)))
    assert [(one.rule, one.side) for one in found] == [("load_shift", "right")]
    assert found[0].median == pytest.approx(14.0, abs=2.5)


def test_it_is_told_once_while_the_session_runs():
    told = []

    class Faults:
        def tell(self, severity, about, sentence):
            told.append((about, sentence))

    chain, samples = ForceChain(RIG), with_offset(session(), left=80.0)["plates"]
    watch = PlateWatch(chain, Faults())
    for at in range(0, 10_000, 500):
        chain.process(samples[at : at + 500], at)
        for _ in range(LOOK_EVERY):
            watch.look()
    ((about, sentence),) = told
    assert about == "left plate"
    assert sentence.startswith("The left plate reads 80 N while neither plate's force varies, so with nobody on it")


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 5999), max_size=5), st.integers(0, 25))
def test_no_splitting_into_blocks_changes_what_is_taken_off(cuts, first):
    samples = with_offset(session(), left=80.0, right=-30.0)["plates"][:6000]
    edges = [0, *sorted(cuts), 6000]
    chains = ForceChain(RIG), ForceChain(RIG)
    whole = chains[0].process(samples, first).copy()
    split = np.concatenate([chains[1].process(samples[a:b], first + a).copy() for a, b in pairwise(edges)])
    np.testing.assert_array_equal(whole, split)
    assert chains[0].taken_off == chains[1].taken_off != []


@pytest.mark.parametrize(("left_N", "right_N"), [(30.0, None), (None, 30.0), (400.0, 380.0)])
def test_a_foot_that_rests_lightly_and_a_model_that_stands_are_no_empty_plates(left_N, right_N):
    """One foot hardly touches and does not vary, the other sways; and a model's feet do not vary at all."""
    t = np.arange(5000) / 1000.0
    samples = np.zeros((5000, len(RIG.stream_named("plates").channels)))
    for plate, constant_N in zip(RIG.plate, (left_N, right_N), strict=True):
        force_N = np.full(5000, constant_N) if constant_N is not None else 700.0 + 5.0 * np.sin(2 * np.pi * t)
        columns = [RIG.column("plates", name) for name in plate.channels]
        samples[:, columns] = np.asarray(plate.zero)
        samples[:, columns[2]] -= force_N / 500.0
    chain = ForceChain(RIG)
    chain.process(samples, 0)
    assert chain.taken_off == []


def test_a_gap_and_samples_without_numbers_are_not_empty():
    samples = with_offset(session(), left=80.0)["plates"][:1800]
    chain = ForceChain(RIG)
    chain.process(samples[:900], 0)
    chain.process(samples[900:], 950)
    assert chain.taken_off == []
    samples[700, FZ["right"]] = np.nan
    chain = ForceChain(RIG)
    chain.process(samples[:1600], 0)
    assert chain.taken_off == []


@pytest.mark.parametrize(("reads_N", "shift_pct", "found"), [(90.0, 0.0, False), (90.0, 24.0, True), (0.0, 8.0, True)])
def test_a_zero_that_is_only_known_afterwards_lets_no_more_be_found_than_is_certain(reads_N, shift_pct, found):
    """The lifter stands on the plates from the first sample on, and leaves at the end."""
    samples = {name: values.copy() for name, values in with_offset(session(shift_pct), right=reads_N).items()}
    rate = {stream.name: stream.rate_hz for stream in RIG.stream}
    empty = {name: values[: int(1.9 * rate[name])] for name, values in samples.items()}
    samples = {name: np.concatenate([values[int(4 * rate[name]) :], empty[name]]) for name, values in samples.items()}
    results = analysed(RIG, samples)
    rules = [(one.rule, one.side) for one in findings(results)]
    assert rules == [("load_shift", "right")] * found
    assert {(flag.rule, flag.side) for flag in results.flags} == {("load_shift", "right")} if found else not results.flags
    if reads_N:
        (said,) = [caveat for caveat in caveats(results) if caveat.id == "plate_not_zeroed"]
        assert "before a reading forces are off by up to 9" in said.sentence


def test_a_drift_is_taken_off_at_each_empty_stretch():
    plain = session()["plates"]
    twice = {"plates": np.concatenate([plain, plain])}
    changed = with_offset(twice, left=np.linspace(0.0, 120.0, 2 * len(plain)))
    results = analysed(RIG, changed)
    assert {caveat.about for caveat in caveats(results) if caveat.id == "plate_drifts"} == {"left plate"}
    chain = ForceChain(RIG)
    chain.process(changed["plates"], 0)
    assert {SIDES[one.plate] for one in chain.taken_off} == {"left"}
    assert "load_shift" not in {one.rule for one in findings(results)}


CHANNELS = ("Fx", "Fy", "Fz", "Mx", "My", "Mz")


@pytest.mark.parametrize(
    ("channel", "offset", "kind"),
    [("Mx", 60e3, "moment"), ("My", -20e3, "moment"), ("Mz", 8e3, "moment"), ("Fx", 60.0, "shear"), ("Fy", -100.0, "shear")],
)
@pytest.mark.parametrize("side", SIDES)
def test_moments_and_shear_that_empty_plates_read_are_taken_off_and_said(side, channel, offset, kind):
    sound, samples = analysed(RIG, session()), {name: values.copy() for name, values in session().items()}
    (plate,) = (plate for plate in RIG.plate if plate.side == side)
    column = RIG.column("plates", plate.channels[CHANNELS.index(channel)])
    per_raw = np.abs(calibration(plate))[CHANNELS.index(channel), CHANNELS.index(channel)]
    samples["plates"][:, column] += offset / per_raw
    found = analysed(RIG, samples)
    names = [
        f"{name}_{side}_{unit}" for name, unit in (("foot_cop_medial", "mm"), ("outward_push", "pct"), ("free_moment", "Nm"))
    ]
    names += [f"cop_{side}_x_mm", f"cop_{side}_y_mm"]
    for name, most in zip(names, (0.5, 0.5, 0.3, 1.5, 1.5), strict=True):
        tables = sound.table_with(name), found.table_with(name)
        apart = [table.column(name)[table.time_s > 5.0] for table in tables]
        assert np.nanmax(np.abs(apart[0] - apart[1])) < most, name
    said = [caveat.sentence for caveat in caveats(found) if caveat.id == "plate_not_zeroed"]
    assert any(f"The {side} plate reads a {kind}" in sentence for sentence in said)
    assert all(f"The {side} plate reads a " in sentence for sentence in said)
    assert findings(found) == []
