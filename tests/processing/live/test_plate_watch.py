"""The plate watch: each fault of a plate is told once, and a lifter who can't be weighed is asked to stand still."""

from __future__ import annotations

import numpy as np
import pytest

from hardware.severity import Severity
from processing.force.chain import ForceChain
from processing.live.plate_watch import LOOK_EVERY, PlateWatch
from tests.support.rigs import example_with
from tests.support.sessions import simulated

RIG = example_with()
FZ_R = RIG.column("plates", next(plate for plate in RIG.plate if plate.side == "right").channels[2])


class Faults:
    def __init__(self) -> None:
        self.told: list[tuple[Severity, str, str]] = []

    def tell(self, severity: Severity, about: str, sentence: str) -> None:
        self.told.append((severity, about, sentence))


def follow(samples: np.ndarray, chain: ForceChain | None = None) -> list[tuple[Severity, str, str]]:
    faults = Faults()
    chain = chain or ForceChain(RIG)
    watch = PlateWatch(chain, faults)  # type: ignore[arg-type]
    for at in range(0, len(samples), 500):
        chain.process(samples[at : at + 500], at)
        for _ in range(LOOK_EVERY):
            watch.look()
    return faults.told


@pytest.fixture(scope="module")
def session() -> np.ndarray:
    return simulated(RIG, seconds=8.0)["plates"]


def test_a_sound_session_has_nothing_to_tell(session: np.ndarray) -> None:
    assert follow(session) == []


def test_a_channel_that_sticks_is_told_once(session: np.ndarray) -> None:
    stuck = session.copy()
    stuck[4000:, FZ_R] = stuck[4000, FZ_R]
    (told,) = follow(stuck)
    assert told[:2] == (Severity.AMBER, "right plate")
    assert "The channel Fz_R of the right plate gives one value" in told[2]


def test_who_never_stands_still_is_asked_to_and_the_weight_is_told_when_it_is_known(session: np.ndarray) -> None:
    moving = np.concatenate([session[4000:]] * 6)
    still = np.concatenate([moving, session[:3000]])
    asked, weighed = follow(still)
    assert asked[:2] == (Severity.AMBER, "weight")
    assert asked[2].startswith(
        "The lifter could not be weighed yet: in the quietest 1 s on both plates the total force varied by"
    )
    assert weighed[:2] == (Severity.FINE, "weight")
    assert weighed[2].startswith("The lifter is weighed: 93")


def test_a_session_without_plates_has_none_to_watch() -> None:
    watch = PlateWatch(None, Faults())  # type: ignore[arg-type]
    for _ in range(2 * LOOK_EVERY):
        watch.look()
