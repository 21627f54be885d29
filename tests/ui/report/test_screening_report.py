"""The page of a screening: the answer first, everything in one file, and nothing that a name or a note could break."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import pytest

from acquisition.rig.judgement import TriageSettings
from processing.batch import as_recorded
from processing.screening.answers import headline
from processing.screening.guided.session_file import read_session
from processing.screening.outcome import Measure, Outcome
from processing.screening.recorded_sets import screening_of
from processing.screening.triage import triage
from tests.support.screenings import CUE, LIGHT, LOADED, a_screening, screened, with_dynamic
from ui.report.history import earlier
from ui.report.page import ReportError
from ui.report.screening_report import page_of, write

RIGHT_KNEE = Outcome(Measure.KNEE, side="right")


@pytest.fixture(scope="module")
def screening(tmp_path_factory):
    folder = a_screening(tmp_path_factory.mktemp("archive") / "s", "technique", (LIGHT, CUE, LIGHT, CUE, LOADED))
    return screening_of(folder, read_session(folder), as_recorded)


def written(page, tmp_path) -> str:
    write(page, tmp_path / "page.html")
    return (tmp_path / "page.html").read_text(encoding="utf-8")


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)))


def test_the_answer_comes_first_and_advice_before_numbers(screening, tmp_path):
    text = text_of(written(page_of(screening), tmp_path))
    told = headline(screening.triage)
    assert told.startswith("What to try first: technique, right")
    order = [
        text.index(part)
        for part in (
            "Squat screening",
            told,
            "Next: Keep the cue",
            "To try: technique, right",
            "Every repetition",
            "What it rests on",
        )
    ]
    assert order == sorted(order)
    assert "Not a medical device" in text


def test_it_is_one_file_that_asks_for_nothing(screening, tmp_path):
    html = written(page_of(screening), tmp_path)
    assert not re.findall(r"(?:src|href)=|https?://|@import|url\(|<script", html)


def test_every_repetition_that_counts_is_a_dot_and_every_set_a_line(screening, tmp_path):
    html = written(page_of(screening), tmp_path)
    counted = sum(len(one.repetitions) - 1 for one in screening.sets)
    assert html.count("<circle") == counted * html.count('<figure class="strip">')
    assert html.count("<summary>Force and EMG over time") == len(screening.sets)
    (table,) = re.findall(r"<summary>The sets.*?</table>", html, flags=re.DOTALL)
    assert table.count("<tr>") == 1 + len(screening.sets)


@pytest.mark.parametrize("odd", ["<script>alert(1)</script>", "א" * 200, "🏋️ & \"co\" 'x'", "a" * 5000])
def test_odd_names_and_notes_break_nothing(screening, tmp_path, odd):
    page = replace(page_of(screening), lifter=odd, known={1: odd})
    html = written(page, tmp_path)
    assert "<script" not in html
    if "<" not in odd and "&" not in odd:
        assert html.count(odd) == 3


def test_nothing_is_overwritten_and_no_set_makes_no_page(screening, tmp_path):
    page = page_of(screening)
    written(page, tmp_path)
    with pytest.raises(ReportError, match="exists already"):
        write(page, tmp_path / "page.html")
    with pytest.raises(ReportError, match="No set of this session counts"):
        page_of(replace(screening, results=(), sets=()))


def test_an_earlier_session_is_told_with_what_could_be_seen(screening, tmp_path):
    shifted = replace(
        screening,
        session=screening.session.model_copy(update={"created_utc": "2020-02-03T10:00:00+00:00"}),
        sets=tuple(
            replace(
                one,
                repetitions=tuple(
                    replace(r, numbers={**r.numbers, RIGHT_KNEE: r.numbers[RIGHT_KNEE] + 30.0}) for r in one.repetitions
                ),
            )
            for one in screening.sets
        ),
    )
    before = earlier(shifted, screening)
    assert (before.day, before.answer) == ("2020-02-03", headline(screening.triage))
    by = {one.outcome: one for one in before.then}
    assert by["knee inwards, right"].told.startswith("less: -30.0 mm")
    assert by["knee inwards, left"].told.startswith("not changed: +0.0 mm")
    low, high = map(float, re.findall(r"[-+]\d+\.\d", by["knee inwards, left"].told)[1:])
    assert float(by["knee inwards, left"].seen_from.split()[0]) == pytest.approx((high - low) / 2.0, abs=0.1)
    text = text_of(written(page_of(screening, [before]), tmp_path))
    assert "2020-02-03" in text
    assert "less: -30.0 mm" in text


def test_a_disagreement_of_references_and_what_is_too_few_are_on_the_page(screening, tmp_path):
    sets = with_dynamic(screened("imbalance", 3, each=10, size=3.0), 3.0 * math.log(1.25))
    told = triage(sets, TriageSettings())
    text = text_of(written(replace(page_of(screening), sets=sets, triage=told), tmp_path))
    assert "do the maximal contractions again before acting on it" in text
    (tmp_path / "few").mkdir()
    few = text_of(written(page_of(screening), tmp_path / "few"))  # one set with the heaviest bar
    assert "with the heaviest bar: too few" in few
    assert not re.search(r"[+-]inf|nan", few)
