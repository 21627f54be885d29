"""What goes along with a recording that is handed on: repetitions and flags, and whose it is."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from hardware.severity import Severity
from processing.batch import reprocess
from processing.results import FlagResult, MarkResult
from processing.screening.guided.session_file import read_session, write_session
from processing.session_events import counts, described, events_of
from tests.support.repetitions import a_repetition, squatted
from tests.support.screenings import LIGHT, LOADED, a_screening
from ui.archive.anonymize import anonymize


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    return a_screening(tmp_path_factory.mktemp("events") / "B2" / "2026-11-27-1", "load", (LIGHT, LOADED), markers=False)


def test_repetitions_flags_and_marks_are_events_in_the_order_of_time():
    repetitions = [
        a_repetition(1, start_s=1.0, bottom_s=2.0, end_s=3.5),
        a_repetition(2, bottom_s=math.nan, start_s=5.0, end_s=7.0),
    ]
    repetitions[1] = replace(repetitions[1], doubt="shallow")
    metric = ("load_shift_pct", "x", "%")
    label = "load shifts to the left leg"
    flag = FlagResult("load_shift", label, "left", Severity.RED, *metric, 1.5, 1.8, math.nan, -12.5, 5.0, 10.0, "plates", 0)
    marks = [MarkResult(6.0, "mark 1")]
    events = events_of(replace(squatted([0.0]), repetitions=repetitions, flags=[flag], marks=marks))
    assert [(e.at_s, e.kind, e.label, e.side) for e in events] == [
        (1.0, "repetition", "repetition 1", ""),
        (1.5, "flag", "load shifts to the left leg", "left"),
        (2.0, "bottom", "repetition 1 bottom", ""),
        (5.0, "repetition", "repetition 2", ""),
        (6.0, "mark", "mark 1", ""),
    ]
    assert events[0].seconds == 2.5
    assert math.isnan(events[1].seconds)
    assert events[1].about == "red, load_shift_pct -12.5 %, limits 5 and 10"
    assert events[3].about.endswith("doubtful: shallow")


def test_a_set_says_whose_it_is_and_how_it_was_judged(session):
    known = described(session / "02-loaded.h5", "x")
    one = read_session(session).tries[1]
    assert (known.about.name, known.about.lifter, known.about.session) == ("x", "A1", "2026-11-27-1")
    assert (known.about.task, known.about.condition, known.about.number) == ("squat", "loaded", 2)
    assert known.about.bar_kg == one.bar_kg
    results = reprocess(session / "02-loaded.h5")
    assert [e.at_s for e in known.events if e.kind == "bottom"] == [row.bottom_s for row in results.repetitions]
    assert known.about.body_weight_N == results.body_weight_N
    assert list(known.frames) == list(results.tables)
    assert not known.about.anonymous


def test_of_an_anonymized_session_the_date_is_known_to_be_none(session, tmp_path):
    anonymize(session, tmp_path / "x", "X1")
    known = described(tmp_path / "x" / "01-light.h5", "x")
    assert known.about.anonymous
    assert known.about.lifter == "X1"


def test_recordings_of_tries_that_count_and_of_no_session_count(session, tmp_path):
    known = read_session(session)
    assert counts(session / "01-light.h5")
    try:
        tries = [known.tries[0].model_copy(update={"accepted": False}), known.tries[1]]
        write_session(session, known.model_copy(update={"tries": tries}))
        assert not counts(session / "01-light.h5")
    finally:
        write_session(session, known)
    assert not counts(session / "99-of-no-try.h5")
    assert counts(tmp_path / "alone.h5")
