"""A rule is one row and its settings: no screen, report or page names a rule by itself."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from acquisition.rig import Rig
from acquisition.rig.judgement import PercentRule, Rules
from acquisition.rig.rig_file import example, load
from hardware.severity import Severity
from processing.findings.findings import findings
from processing.flags import kinds, rules
from processing.flags.kinds import KINDS, Kind
from processing.results import Results
from tests.support.sessions import analysed, simulated
from ui.report import report

ROOT = Path(__file__).parents[2]
MADE_UP = Kind("left_light", "load_share_right_pct", "hardly a load on the {side}", "light leg", "The {side} leg idles.", "%")


@pytest.mark.parametrize("path", sorted((ROOT / "ui").rglob("*.py")), ids=lambda path: path.name)
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


@pytest.fixture
def made_up(monkeypatch) -> Results:
    """Results of a lifter whose load shifts, judged by a rule that is one row and its settings."""
    for module in (kinds, rules, report):
        monkeypatch.setattr(module, "KINDS", (MADE_UP,))
    rig = load(example("demo"))
    samples = simulated(rig, seconds=12.0)
    data = rig.model_dump() | {"rules": MadeUpRules()}
    return analysed(Rig.model_construct(**(dict(rig) | {"rules": data["rules"]})), samples)


def test_a_new_row_is_judged_and_told(made_up):
    (found,) = [finding for finding in findings(made_up) if finding.side == "right"]
    assert found.severity is Severity.RED
    assert found.sentence().startswith("Hardly a load on the right: ")
    assert "beyond 57 % for " in found.sentence()
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
