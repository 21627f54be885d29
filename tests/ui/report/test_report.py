"""The report: a page that parses, loads nothing, shows every finding, and takes hostile names as text."""

from __future__ import annotations

import re
from base64 import b64decode
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from acquisition.rig.judgement import ReferenceSettings
from acquisition.rig.rig_file import example, load
from hardware.severity import Severity
from processing.findings.caveats import caveats
from processing.findings.findings import findings
from processing.repetition.columns import OF_MUSCLE, OF_PHASE, OF_REPETITION
from processing.results import ChannelResult, FaultResult, FlagResult, Results, StreamResult, Table
from tests.support.html_page import read_page
from tests.support.repetitions import a_phase, squatted
from tests.support.rigs import example_with
from ui.report import report
from ui.report.page import ReportError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.html_page import Page

NAN = float("nan")
HOSTILE = "<script>alert('x')</script> & \"[bold]\" {{ 7 * 7 }} é"
FLAG = FlagResult(
    "load_shift", "load shifts to the right leg", "right", Severity.RED, "load_shift_pct", "load_shift.total_referenced", "%",
    1.0, 1.3, 2.0, 12.5, 5.0, 10.0, "plates", 999,
)  # fmt: skip


def results(**changes) -> Results:
    """Return results of a lifter whose load shifts, in three repetitions out of five."""
    t_s = np.arange(0.0, 10.0, 0.01)
    frames = np.column_stack([t_s * 1000, 12 * np.sin(t_s), 900 + 50 * np.cos(t_s), np.where(t_s < 5, np.nan, 3.0)])
    frames[300:400, 1] = np.nan
    table = Table(
        ("sample", "load_shift_pct", "fz_total_N", "foot_cop_medial_left_mm"),
        ("1", "%", "N", "mm"),
        ("frame.last_sample", "load_shift.total_referenced", "fz_total.sum", "foot_cop_medial.foot_axis"),
        t_s,
        frames,
    )
    made = Results(
        recording="session.h5",
        recording_uuid="0f",
        created_utc="2026-01-02T03:04:05+00:00",
        seconds=10.0,
        body_weight_N=930.0,
        rig=load(example("demo")),
        tables={"plates.force": table},
        flags=[FLAG, replace(FLAG, start_s=8.0, end_s=NAN, severity=Severity.AMBER, peak=-6.0, side="left")],
        channels=[ChannelResult("VL left", "emg", 0.0, NAN, -3.5, 0.1, 0.0, 0.0, False, "mostly mains", "")],
        streams=[StreamResult("plates", 1000.0, 999.99, 4250, 3, 1, NAN, "host", False)],
    )
    squats = squatted([0.0, 0.0, 12.0, 13.0, 7.0])
    made = replace(made, repetitions=squats.repetitions, phases=squats.phases, variability=squats.variability)
    return replace(made, **changes)


def page_of(found: Results, folder: Path) -> Page:
    report.write(found, folder / "r.html")
    return read_page(folder / "r.html")


def squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def test_every_finding_and_caveat_and_flag_is_on_the_page(tmp_path):
    found = results()
    text = squeezed(page_of(found, tmp_path).text)
    for finding in findings(found):
        assert finding.sentence() in text
        assert finding.meaning() in text
    assert len(caveats(found)) >= 2
    for caveat in caveats(found):
        assert squeezed(caveat.sentence) in text
    for formula in ("load_shift.total_referenced", "fz_total.sum"):
        assert formula in text
    assert "8.00 s" in text
    assert "missing: the last 0.5 s that were judged" in text
    assert "the end" in text


def test_what_went_wrong_in_the_session_is_on_the_page(tmp_path):
    told = [
        FaultResult(3.24, Severity.RED, "recorder", "The disk is full."),
        FaultResult(6.0, Severity.FINE, "recorder", "There is room again."),
        FaultResult(7.5, Severity.AMBER, "emg", "<b>The driver warns.</b>"),
    ]
    (tmp_path / "good").mkdir()
    text = squeezed(page_of(replace(results(), faults=told), tmp_path).text)
    assert "What went wrong in the session" in text
    for at, severity, sentence in (
        ("3.2 s", "red", "The disk is full."),
        ("6.0 s", "well again", "There is room again."),
        ("7.5 s", "amber", "<b>The driver warns.</b>"),
    ):
        assert re.search(rf"{re.escape(at)} ?{severity} ?(recorder|emg) ?{re.escape(sentence)}", text)
    assert "What went wrong" not in page_of(results(), tmp_path / "good").text


def test_what_to_try_first_is_said_where_there_is_something_to_mend(tmp_path):
    (tmp_path / "good").mkdir()
    assert "What to try first" in page_of(results(), tmp_path).text
    assert "What to try first" not in page_of(results(phases=[], repetitions=[]), tmp_path / "good").text


def test_the_page_loads_nothing_and_runs_nothing(tmp_path):
    page = page_of(results(), tmp_path)
    assert page.loads == []
    assert not {"script", "iframe", "object", "link", "img"} & set(page.tags)
    content = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert not re.search(r"https?://", re.sub(r"<pre>.*</pre>|doi\.org\S*", "", content, flags=re.DOTALL))


def test_every_number_of_every_picture_is_finite(tmp_path):
    page = page_of(results(), tmp_path)
    assert len(page.paths) == 3
    for path in page.paths:
        assert re.fullmatch(r"([ML]-?\d+\.\d -?\d+\.\d)+", path)
    for number in page.numbers:
        assert np.isfinite(float(number))
    assert page.paths[1].count("M") == 2, "where nothing is known the line is broken"


def test_hostile_names_stay_text(tmp_path):
    rig = example_with(name=HOSTILE)
    found = results(
        recording=HOSTILE,
        rig=rig,
        flags=[replace(FLAG, label=HOSTILE)],
        channels=[ChannelResult(HOSTILE, "emg", 0, 0, 0, 0, 0, 0, False, HOSTILE, "")],
        streams=[StreamResult(HOSTILE, 1.0, 1.0, 1, 1, 1, 0.0, "host", True)],
    )
    page = page_of(found, tmp_path)
    assert "script" not in page.tags
    assert "bold" not in page.tags
    assert page.text.count(HOSTILE) >= 6
    assert "49" not in page.text.split("What was seen")[0]


def test_the_baseline_of_each_leg_is_told(tmp_path):
    names = ("qh_left", "qh_change_left")
    table = Table(names, ("1", "1"), ("qh.mvc_ratio", "qh_change.baseline_ratio"), np.zeros(1), np.array([[6.0, 1.25]]))
    found = results(tables={"emg.emg": table})
    assert "The baseline of Q:H (left 4.8) is the median of the first 3 s" in squeezed(page_of(found, tmp_path).text)
    named = found.rig.model_copy(update={"reference": ReferenceSettings(name="the light set", qh_left=4.8)})
    (tmp_path / "named").mkdir()
    told = squeezed(page_of(replace(found, rig=named), tmp_path / "named").text)
    assert "Ratios are compared with those of the set the light set (Q:H left 4.8)." in told


@pytest.mark.parametrize("missing", ["flags", "tables", "channels", "streams", "phases", "repetitions"])
def test_a_page_without_some_parts_is_still_a_page(tmp_path, missing):
    changes = {missing: {} if missing == "tables" else []}
    page = page_of(results(**(changes | ({"phases": []} if missing == "repetitions" else {}))), tmp_path)
    if missing == "repetitions":
        assert "Nothing is found, as no repetition was." in page.text
        assert "No repetition was found: nobody went down and came up again between two stances." in squeezed(page.text)
    assert page.text.startswith("\n") or "Squat report" in page.text


def test_an_empty_session_has_a_page(tmp_path):
    found = results(flags=[], channels=[], streams=[], tables={}, seconds=0.0, body_weight_N=NAN)
    assert "0.0 s" in page_of(found, tmp_path).text


def test_nothing_is_overwritten_and_no_path_is_told(tmp_path):
    (tmp_path / "r.html").write_text("mine")
    with pytest.raises(ReportError, match=r"r\.html exists already"):
        report.write(results(), tmp_path / "r.html")
    assert (tmp_path / "r.html").read_text() == "mine"
    with pytest.raises(ReportError, match="can't be written: No such file or directory"):
        report.write(results(), tmp_path / "no" / "r.html")


def test_every_formula_on_the_page_is_explained(tmp_path):
    found = results()
    used = {formula_id for table in found.tables.values() for formula_id in table.formula_ids}
    told = {formula.id for formula in (*OF_REPETITION.values(), *OF_PHASE.values(), *OF_MUSCLE.values())}
    assert {row[0] for row in report.used_formulas(found)} == used | told
    assert {row[0] for row in report.used_formulas(replace(found, repetitions=[], phases=[]))} == used


def test_every_plot_of_slow_emg_says_so(tmp_path):
    columns = ("quads_left_pct", "quads_right_pct")
    table = Table(columns, ("%", "%"), ("group.mean_activation",) * 2, np.arange(3.0), np.full((3, 2), 20.0))
    stream = StreamResult("emg", 250.0, 250.0, 10, 0, 0, 0.0, "host", True)
    told = squeezed(page_of(results(tables={"emg.emg": table}, streams=[stream]), tmp_path).text)
    assert "Quadriceps, share of maximal contraction (undersampled)" in told


def test_knees_that_came_in_have_a_section_and_what_to_try(tmp_path):
    found = squatted([0.0] * 5)
    for number in range(1, 6):
        row = a_phase(number, "whole", "right", knee_fall_mm=20.0 if number > 2 else 1.0, knee_margin_min_mm=30.0)
        row.knee = "slight" if number > 2 else "none"
        found.phases.append(row)
    report.write(found, tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "The right knee came in in 3 of 5 repetitions (3, 4, 5)" in page
    assert "What to try first" in page
    report.write(squatted([0.0] * 5), tmp_path / "sound.html")
    sound = (tmp_path / "sound.html").read_text(encoding="utf-8")
    assert "The knees, by markers" not in sound
    assert "What to try first" not in sound


def test_the_answer_comes_first_and_claims_no_cause(tmp_path):
    text = squeezed(page_of(results(), tmp_path).text)
    first = text[: text.index("What was seen")]
    assert "Load shifts to the right leg in 3 of 5 repetitions, first in repetition 3." in first
    assert "whether technique, mobility or muscles go with it is not decidable" in first
    assert "Next: the same weight with the cue" in first
    (tmp_path / "none").mkdir()
    none = squeezed(page_of(results(phases=[], repetitions=[]), tmp_path / "none").text)
    assert "No squat was seen." in none[: none.index("What was seen")]
    (tmp_path / "few").mkdir()
    found = results()
    few = squeezed(page_of(replace(found, repetitions=found.repetitions[:1], phases=[]), tmp_path / "few").text)
    assert "That is too few for any pattern. Next: record a set" in few
    assert "as you train" not in few
    assert "the cue" not in none


def test_a_picture_is_within_the_page_and_one_that_is_missing_is_left_out(tmp_path):
    content = b"\x89PNG\r\n\x1a\n and some bytes"
    (tmp_path / "d.png").write_bytes(content)
    report.write(results(), tmp_path / "r.html", tmp_path / "d.png")
    (told,) = read_page(tmp_path / "r.html").loads
    prefix = "img src=data:image/png;base64,"
    assert told.startswith(prefix)
    assert b64decode(told.removeprefix(prefix)) == content
    report.write(results(), tmp_path / "without.html", tmp_path / "gone.png")
    assert read_page(tmp_path / "without.html").loads == []
