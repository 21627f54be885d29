"""A rule is one row and its settings: no screen, report or page names a rule by itself."""

from __future__ import annotations

import ast
import io
import runpy
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from rich.console import Console

from acquisition.rig import Rig
from acquisition.rig.judgement import PercentRule, Rules
from acquisition.rig.rig_file import example, load
from acquisition.ring import Ring
from hardware.severity import Severity
from hardware.source import Block, Channel, Stream
from processing.analysis import _still_true
from processing.findings import findings as counted
from processing.findings.findings import findings, series_of, unjudged
from processing.flags import kinds, rules
from processing.flags.kinds import KINDS, Kind, RestsOn
from processing.flags.rules import CHANGE
from processing.force.faults.plate_fault import PlateFault
from processing.pipeline import FLAGS, Pipeline
from processing.results import PlateFaultResult, Results, ZeroResult
from tests.support.sessions import analysed, recorded, simulated
from ui.dashboard.feed.under_review import UnderReview
from ui.dashboard.panels.review import traces
from ui.report import report

ROOT = Path(__file__).parents[2]
MADE_UP = Kind(
    "left_light",
    "load_share_right_pct",
    "hardly a load on the {side}",
    "light leg",
    "The {side} leg idles.",
    "%",
    RestsOn.LOAD,
    "fz_mean_N",
    ("lowering",),
    picture="Share of the load",
    lane=True,
)


SCREENS = [path for path in sorted((ROOT / "ui").rglob("*.py")) if "validation" not in path.parts]  # which makes faults
JUDGES = [
    path
    for folder in ("acquisition/rig", "processing")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if path != Path(kinds.__file__)
]


@pytest.mark.parametrize("path", [*SCREENS, *JUDGES], ids=lambda path: path.name)
def test_nothing_knows_a_rule_by_name(path):
    names = {kind.setting for kind in KINDS}
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    assert names.isdisjoint(node.value for node in nodes if isinstance(node, ast.Constant))
    assert names.isdisjoint(node.attr for node in nodes if isinstance(node, ast.Attribute))


class MadeUpRules(Rules):
    """The rules of a version to come."""

    left_light: PercentRule = PercentRule(amber_pct=55.0, red_pct=57.0, hold_s=0.2)


def rig_of_made_up(monkeypatch, row: Kind = MADE_UP) -> Rig:
    """Return the demonstration's rig with a rule that is one row and its settings."""
    for module in (kinds, rules, report, counted, traces):
        monkeypatch.setattr(module, "KINDS", (row,))
    return Rig.model_construct(**(dict(load(example("demo"))) | {"rules": MadeUpRules()}))


@pytest.fixture
def made_up(monkeypatch) -> Results:
    """Results of a lifter whose load shifts, judged by the made-up rule."""
    return analysed(rig_of_made_up(monkeypatch), simulated(load(example("demo")), seconds=16.0))


def test_a_new_row_is_judged_and_told(made_up):
    (found,) = [finding for finding in findings(made_up) if finding.side == "right"]
    assert found.severity is Severity.RED
    assert found.sentence().startswith("Hardly a load on the right while lowering: ")
    assert "beyond 57 % in " in found.sentence()
    assert found.meaning() == "The right leg idles."
    flags = {flag.label for flag in made_up.flags}
    assert "hardly a load on the right" in flags


def test_a_new_row_is_not_judged_where_what_it_rests_on_is_wrong(made_up, monkeypatch):
    off_the_left = PlateFaultResult(0.0, "left", PlateFault.OFF_PLATE, "", 5.0, 100.0)
    for rests_on, left_out in (
        (RestsOn.LOAD, set()),
        (RestsOn.MUSCLES, set()),
        (RestsOn.IN_FOOT, {"left"}),
        (RestsOn.BETWEEN_FEET, {"left", "right"}),
    ):
        rig_of_made_up(monkeypatch, replace(MADE_UP, rests_on=rests_on))
        wrong = replace(made_up, plate_faults=[off_the_left])
        assert {side for _, side in unjudged(wrong)} == left_out
        kept = {flag.side for flag in _still_true(made_up.flags, [off_the_left], 0.0)}
        assert kept == {flag.side for flag in made_up.flags} - left_out


def test_a_new_row_says_what_it_may_be_off_by(made_up, monkeypatch):
    plates_read = [ZeroResult(0.0, "left", 1.0, 0.0, 0.0, off_N=0.1 * made_up.body_weight_N)]
    rig_of_made_up(monkeypatch, replace(MADE_UP, unsure=0.5))
    series = series_of(replace(made_up, zeros=plates_read), kinds.KINDS[0], "right", "lowering")
    assert series.unsure == pytest.approx(5.0)
    sure = _still_true(made_up.flags, [], 0.0)
    assert {flag.severity for flag in sure} == {Severity.RED}
    assert _still_true(made_up.flags, [], 1000.0) == []


def test_a_new_row_on_muscles_is_doubted_where_emg_is_too_slow(made_up, monkeypatch):
    slow = replace(made_up, streams=[replace(stream, undersampled=True) for stream in made_up.streams])
    for rests_on, doubted in ((RestsOn.LOAD, False), (RestsOn.MUSCLES, True)):
        rig_of_made_up(monkeypatch, replace(MADE_UP, rests_on=rests_on))
        assert {finding.label.endswith(" (undersampled)") for finding in findings(slow)} == {doubted}


@pytest.mark.parametrize(("rests_on", "at"), [(RestsOn.LOAD, 1), (RestsOn.MUSCLES, -1)])
def test_a_new_row_has_its_own_picture_in_a_report(made_up, monkeypatch, rests_on, at):
    rig_of_made_up(monkeypatch, replace(MADE_UP, rests_on=rests_on))
    drawn = report.plots(made_up)[at]
    assert drawn.title.startswith("Share of the load")
    assert len(drawn.limits) == 4


def test_todays_rules_have_their_pictures_and_lanes_where_they_were():
    rig = load(example("demo"))
    titles = [plot.title.partition(" (")[0] for plot in report.plots(analysed(rig, simulated(rig, seconds=5.0)))]
    assert titles == [
        "Vertical force",
        "Load shift, + right",
        "Centre of pressure within each foot, + inwards",
        "Knee over foot: margin to the inner edge, below 0 past it",
        "Quadriceps, share of maximal contraction",
        "Hamstrings, share of maximal contraction",
        "Gluteal muscles, share of maximal contraction",
        "Quad/hamstring ratio over its own baseline",
    ]
    assert [kind.short for kind in KINDS if kind.lane] == ["load shift"]


@pytest.mark.parametrize(
    ("metric", "shown"), [("load_share_right_pct", [-57.0, -55.0, 55.0, 57.0]), ("qh_{side}", [55.0, 57.0])]
)
def test_a_new_row_has_its_own_lane_with_limits_in_a_review(made_up, monkeypatch, tmp_path, qtbot, metric, shown):
    rig_of_made_up(monkeypatch, replace(MADE_UP, metric=metric))
    rig = load(example("demo"))
    path = recorded(tmp_path / "made.h5", rig, simulated(rig, seconds=5.0))
    under = UnderReview(SimpleNamespace(path=path, found=made_up, results=made_up))
    panel = traces.ReviewTraces(under)
    qtbot.addWidget(panel)
    panel.resize(1200, 900)
    panel.grab()
    (lane,) = panel._limited_lanes()
    assert (lane.name, lane.unit, lane.rule, lane.limits) == ("light leg", "%", "left_light", (55.0, 57.0))
    assert sorted(value for limit in lane.limits for value in lane.on_sides(limit)) == shown
    held = panel._limit_at(QPointF(panel.line().left() + 5.0, lane.y_of(55.0)))
    assert held is not None
    assert held.limits == (55.0, 57.0)
    under.close()


def test_a_new_row_draws_its_limits_where_its_column_is_drawn(made_up, monkeypatch):
    drawn = report._plot(made_up, "share", [("right", "load_share_right_pct")])
    assert {(limit.severity, limit.value) for limit in drawn.limits} == {
        (Severity.AMBER, 55.0),
        (Severity.AMBER, -55.0),
        (Severity.RED, 57.0),
        (Severity.RED, -57.0),
    }
    assert {span.label for span in drawn.spans} == {flag.label for flag in made_up.flags}


def test_a_rule_that_is_off_draws_no_limits(monkeypatch):
    rig_of_made_up(monkeypatch)
    off = MadeUpRules(left_light=PercentRule(amber_pct=55.0, red_pct=57.0, on=False))
    assert len(report._limits_on({"load_share_right_pct"}, MadeUpRules())) == 4
    assert report._limits_on({"load_share_right_pct"}, off) == []


def test_the_docs_table_of_settings_has_a_new_row(monkeypatch):
    make = runpy.run_path(str(ROOT / "docs" / "make.py"))
    monkeypatch.setitem(make["rule_settings"].__globals__, "KINDS", (MADE_UP,))
    monkeypatch.setitem(make["rule_settings"].__globals__, "Rules", MadeUpRules)
    assert make["rule_settings"]().splitlines()[-1] == "| `left_light` | 55 / 57 | `pct` |"


@pytest.fixture
def ring(tmp_path, monkeypatch) -> Ring:
    """A ring of a version that has the made-up rule, looked at by this one, with a flag that is up and one that has ended."""
    with monkeypatch.context() as patch:
        described = [rule.as_data() for rule in Pipeline(rig_of_made_up(patch)).rules]
    raw = Stream("plates", 1000.0, (Channel("Fz", "V"),))
    flags = Stream(FLAGS, 10.0, tuple(Channel(name, "1") for name in CHANGE))
    ring = Ring.create(tmp_path / "ring.h5", [raw], 10.0, derived=[flags], description={"rules": described})
    ring.writer("plates").append(Block(np.zeros((4000, 1)), 0, 0.0))
    changes = [[0, Severity.AMBER, 500, 700, 900, 55.5], [1, Severity.RED, 1000, 1300, np.nan, 61.4]]
    ring.writer(FLAGS).append(Block(np.array(changes, dtype=float), 0, 0.0))
    return ring


def test_screens_take_a_rules_words_from_the_ring(ring, qapp, monkeypatch):
    from ui.dashboard.drawing import lettering
    from ui.dashboard.feed.feed import Feed
    from ui.dashboard.panels.flag_timeline import FlagTimeline
    from ui.dashboard.panels.flags_list import FlagsList
    from ui.session.terminal.terminal_view import TerminalView

    feed = Feed(ring, frozen=True)
    feed.poll()
    assert [(flag.label, flag.short, flag.unit) for flag in feed.flags] == [
        ("hardly a load on the right", "light leg", "%"),
        ("hardly a load on the left", "light leg", "%"),
    ]
    written: list[str] = []
    monkeypatch.setattr(lettering, "write", lambda _painter, _area, text, *_more, **_kinds: written.append(text))
    panel = FlagsList(feed)
    panel.resize(1200, 200)
    panel.grab()
    assert "Hardly a load on the right" in written
    assert any("peak 61 %" in text for text in written)
    line = FlagTimeline(feed, feed)
    line.resize(1200, 70)
    assert "AMBER: hardly a load on the left" in line.meaning(QPointF(line.x_of(0.7), 20.0))

    console = Console(file=io.StringIO(), width=80)
    TerminalView(ring, console).update()
    assert "RED    hardly a load on the right (61 %)" in console.file.getvalue()
