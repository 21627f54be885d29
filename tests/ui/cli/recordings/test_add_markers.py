"""Markers of another clock are aligned with a session by the squats that both show."""

from __future__ import annotations

import re

import numpy as np
import pytest

from acquisition.rig import SIDES
from sim.lifter.markers import markers_mm
from sim.lifter.people import someone
from tests.support.rigs import example_with
from tests.support.sessions import lifted, recorded
from tests.support.trc import write_trc, y_up

BEGAN_S, RATE_HZ = 4.37, 60.0


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """The forces of a lifter's session as a recording, and what a camera of its own clock saw of the legs."""
    folder = tmp_path_factory.mktemp("session")
    lifter = someone(8)
    plates = [stream for stream in example_with().model_dump()["stream"] if stream["name"] == "plates"]
    rig = example_with(stream=plates, emg=[], foot=[{"side": side, "toe_out_deg": lifter.toe_out_deg} for side in SIDES])
    seconds = lifter.plan.end_s + 2.0
    recording = recorded(folder / "session.h5", rig, lifted(rig, lifter, seconds))
    seen = markers_mm(lifter, lifter.motion.at(np.arange(BEGAN_S, seconds, 1.0 / RATE_HZ)))
    places = np.stack([np.broadcast_to(at, (len(seen["RKNE"]), 3)) for at in seen.values()], axis=1)
    return recording, write_trc(folder / "pose.trc", list(seen), y_up(places), RATE_HZ)


def test_the_squats_say_when_a_file_of_markers_began(squatscope, session):
    recording, pose = session
    told = squatscope("add-markers", recording, pose, "both.h5")
    assert told.code == 0, told.err
    began = re.search(
        r"The first frame was at ([0-9.]+) s of the session, by the squats, which are alike by (1\.000|0\.99)", told.out
    )
    assert began, told.out
    assert float(began[1]) == pytest.approx(BEGAN_S, abs=0.05)
    told = squatscope("reprocess", "both.h5", "--out", "results")
    assert told.code == 0, told.err
    assert "The left knee did not come in in any of 12 repetitions." in told.out
    assert "told from the squats that they and the forces show" in told.out


def test_a_person_can_say_it_too_and_markers_are_added_once(squatscope, session):
    recording, pose = session
    assert squatscope("add-markers", recording, pose, "both.h5", "--starts-s", "4.37").code == 0
    told = squatscope("add-markers", "both.h5", pose, "again.h5", "--starts-s", "4.37")
    assert (told.code, told.err.strip()) == (1, "both.h5 has markers already.")


def test_a_leg_that_stands_still_is_aligned_with_nothing(squatscope, session, tmp_path):
    recording, _ = session
    still = {
        "RHip": [100.0, 0.0, 900.0],
        "RKnee": [120.0, 50.0, 480.0],
        "RHeel": [150.0, -80.0, 20.0],
        "RToe": [170.0, 120.0, 9.0],
    }
    pose = write_trc(tmp_path / "still.trc", list(still), np.tile(list(still.values()), (600, 1, 1)), RATE_HZ)
    told = squatscope("add-markers", recording, pose, "both.h5")
    assert told.code == 1
    assert "give --starts-s" in told.err
    assert not (tmp_path / "both.h5").exists()
