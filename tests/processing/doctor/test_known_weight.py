"""A weight that the simulator puts on a plate comes back, and each usual mistake in a rig is named."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquisition.probe import Probe
from acquisition.rig.rig_file import example, load
from acquisition.rig.units import GRAVITY_M_S2
from acquisition.stretches import TICK, Stretch
from hardware.severity import Severity
from processing.doctor.known_weight import KnownWeight, check_known_weight
from sim.lifter.plates import SimulatedPlate

RIG = load(example("demo"))
PLATES = {plate.side: plate for plate in RIG.plate}


def probe_of(weight: KnownWeight, rows: int = 50) -> Probe:
    """What the true plate gives while the weight lies on it."""
    plate = PLATES[weight.side]
    simulated = SimulatedPlate(plate)
    force = np.tile([0.0, 0.0, weight.mass_kg * GRAVITY_M_S2], (rows, 1))
    place = np.tile([weight.x_mm, weight.y_mm], (rows, 1))
    raw = np.zeros((rows, len(RIG.stream_named(plate.stream).channels)))
    raw[:, [RIG.column(plate.stream, name) for name in plate.channels]] = simulated.raw(
        simulated.load(force, place, np.zeros(rows))
    )
    return Probe(plate.stream, stretches=[Stretch(raw, np.zeros(1, TICK), 0, 0)])


@given(
    side=st.sampled_from(["left", "right"]),
    mass_kg=st.floats(5, 60),
    across=st.floats(-180, 180),
    along=st.floats(-280, 280),
)
def test_a_weight_comes_back_from_anywhere_on_a_plate(side, mass_kg, across, along):
    x_mm = across + (210 if side == "right" else -210)
    weight = KnownWeight(side, mass_kg, x_mm, along)
    checks = check_known_weight(RIG, PLATES[side], weight, probe_of(weight))
    assert [check.severity for check in checks] == [Severity.FINE, Severity.FINE]


def mistaken(**changes):
    return PLATES["left"].model_copy(update=changes)


C1, C2, C3, C4 = PLATES["left"].corners_mm
FX, FY, FZ, MX, MY, MZ = PLATES["left"].sensitivities
MISTAKES = [
    (mistaken(sensitivities=[FX, FY, -FZ, MX, MY, MZ]), "turn that of the row Fz"),
    (mistaken(sensitivities=[-FX, -FY, -FZ, -MX, -MY, -MZ]), "turn that of all six rows"),
    (mistaken(sensitivities=[FX, FY, 1.1 * FZ, MX, MY, MZ]), "Check sensitivity"),
    (mistaken(sensitivities=[FX, FY, FZ, MX, -MY, MZ]), "mirrored along the plate's x"),
    (mistaken(sensitivities=[FX, FY, FZ, -MX, MY, MZ]), "mirrored along the plate's y"),
    (mistaken(corners_mm=[C3, C4, C1, C2]), "turned by half a turn"),
    (mistaken(corners_mm=[C2, C3, C4, C1]), "turned by a quarter"),
    (mistaken(sensitivities=[FX, FY, FZ, 2 * MX, 2 * MY, MZ]), "the moments' scale"),
]


@pytest.mark.parametrize(("plate", "advice"), MISTAKES, ids=[advice for _, advice in MISTAKES])
def test_each_usual_mistake_is_named(plate, advice):
    weight = KnownWeight("left", 20.0, -330.0, 170.0)
    worst = check_known_weight(RIG, plate, weight, probe_of(weight))[-1]
    assert worst.severity is Severity.RED
    assert advice in worst.advice


def test_samples_that_are_no_number_do_not_count():
    weight = KnownWeight("left", 20.0, -330.0, 170.0)
    probe = probe_of(weight)
    probe.stretches[0].samples[3:9] = np.nan
    assert all(check.severity is Severity.FINE for check in check_known_weight(RIG, PLATES["left"], weight, probe))


def test_nothing_is_said_of_a_plate_that_gave_nothing():
    assert check_known_weight(RIG, PLATES["left"], KnownWeight("left", 20.0, 0.0, 0.0), Probe("plates", fault="Gone.")) == []


def test_a_weight_is_read_from_text():
    assert KnownWeight.parse("left: 20.5 : 150,-400") == KnownWeight("left", 20.5, 150.0, -400.0)


@pytest.mark.parametrize("text", ["", "left:20", "up:20:1,2", "left:0:1,2", "left:1.2.3:1,2", "left:-3:1,2", "left:20:1"])
def test_what_is_no_weight_is_refused_with_what_one_looks_like(text):
    with pytest.raises(ValueError, match=r"left:20\.0:150,400"):
        KnownWeight.parse(text)
