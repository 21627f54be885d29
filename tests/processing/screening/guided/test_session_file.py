"""A session's file: which electrodes' placing a try belongs to, and what is done with it."""

from __future__ import annotations

import pytest

from acquisition.lifter_file import Mvc
from processing.screening.guided.protocol import MvcStep, Protocol, SetStep, WeighStep, ZeroStep
from processing.screening.guided.session_file import Session, Try, new_session, read_session, write_session

STEPS = [ZeroStep(), WeighStep(), MvcStep(group="quadriceps"), SetStep(condition="light", bar_kg=0.0)]


def session_of(*times: str, skipped: int = -1) -> Session:
    tries = [
        Try(step=i, number=i + 1, kind=STEPS[i].kind, created_utc=time, accepted=i != skipped) for i, time in enumerate(times)
    ]
    return new_session("A1", Protocol(name="test", step=STEPS)).model_copy(update={"tries": tries})


DAY = "2026-11-27T09:00:00+00:00", "2026-11-27T09:10:00+00:00", "2026-11-27T14:00:00+00:00", "2026-11-27T19:59:00+00:00"


@pytest.mark.parametrize(
    ("at", "placement"),
    [
        (DAY[0], 1),
        ("2026-11-28T01:58:00+00:00", 1),  # five hours and 59 minutes, and another day in Greenwich
        ("2026-11-28T03:58:00+02:00", 1),
        ("2026-11-28T02:00:00+00:00", 2),
        ("2026-11-28T02:00:00", 2),
        ("", 1),
        ("yesterday", 1),
    ],
)
def test_electrodes_are_placed_anew_after_hours_and_not_at_midnight(at: str, placement: int):
    assert session_of(*DAY).placement(at) == placement


def test_a_day_later_all_but_sets_is_to_be_done_again():
    session = session_of(*DAY)
    assert session.done("2026-11-27T20:10:00+00:00") == {0, 1, 2, 3}
    assert session.done("2026-11-28T09:00:00+00:00") == {3}
    weighed = Try(step=1, number=5, kind="weigh", created_utc="2026-11-28T09:00:00+00:00")
    again = session.model_copy(update={"tries": [*session.tries, weighed]})
    assert again.done("2026-11-28T09:05:00+00:00") == {1, 3}
    assert session_of(*DAY, skipped=2).done("2026-11-27T20:10:00+00:00") == {0, 1, 3}


def test_what_a_try_measured_is_kept_in_the_file(tmp_path):
    one = Try(step=2, number=1, kind="mvc", reference=[Mvc(muscle="VL", side="left", mvc_uV=311.5, trial="03, 2.1 s")])
    write_session(tmp_path, session_of().model_copy(update={"tries": [one]}))
    assert read_session(tmp_path).tries == [one]
