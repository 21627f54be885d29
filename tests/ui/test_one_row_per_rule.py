"""A rule is one row and its settings: no screen, report or page names a rule by itself."""

from __future__ import annotations

import ast
import io
import runpy
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from acquisition.rig import Rig
from acquisition.rig.judgement import PercentRule, Rules
from acquisition.rig.rig_file import example, load
from acquisition.ring import Ring
from hardware.severity import Severity
from hardware.source import Block, Channel, Stream
from processing.findings import findings as counted
from processing.findings.findings import findings
from processing.flags import kinds, rules
from processing.flags.kinds import KINDS, Kind
from processing.flags.rules import CHANGE
from processing.pipeline import FLAGS, Pipeline
from processing.results import Results
from tests.support.sessions import analysed, simulated
from ui.report import report

ROOT = Path(__file__).parents[2]
MADE_UP = Kind(
    "left_light",
    "load_share_right_pct",
    "hardly a load on the {side}",
    "light leg",
    "The {side} leg idles.",
    "%",
    "fz_mean_N",
    ("lowering",),
)


SCREENS = [path for path in sorted((ROOT / "ui").rglob("*.py")) if "validation" not in path.parts]  # which makes faults


@pytest.mark.parametrize("path", SCREENS, ids=lambda path: path.name)
def test_no_screen_knows_a_rule_by_name(path):
    names = {kind.setting for kind in KINDS}
    texts = {
        node.value
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert not names & texts
    assert not any(f"rules.{name}" in path.read_text(encoding="utf-8") for name in names)


class MadeUpRules(Rules):
    """The rules of a version to come."""

    left_light: PercentRule = PercentRule(amber_pct=55.0, red_pct=57.0, hold_s=0.2)


def rig_of_made_up(monkeypatch) -> Rig:
    """Return the demonstration's rig with a rule that is one row and its settings."""
    for module in (kinds, rules, report, counted):
        monkeypatch.setattr(module, "KINDS", (MADE_UP,))
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
    from PySide6.QtCore import QPointF

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
    monkeypatch.setattr(lettering, "write", lambda _painter, _place, text, *_more, **_kinds: written.append(text))
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
