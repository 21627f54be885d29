"""The summary: what was flagged, in sentences that hold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from acquisition.rig import SIDES
from acquisition.rig.rig_file import example, load
from hardware.severity import Severity
from processing.findings.findings import findings
from processing.flags.kinds import KINDS
from processing.results import FlagResult, Results, Table

NAN = float("nan")


def flag(rule: str = "load_shift", side: str = "right", severity: Severity = Severity.AMBER, **changes) -> FlagResult:
    base = FlagResult(
        rule, f"{rule} on the {side}", side, severity, "load_shift_pct", "id", "%", 1.0, 1.3, 2.0, 7.0, 5.0, 10.0, "plates", 0
    )
    return replace(base, **changes)


def results(flags=()) -> Results:
    return Results("r.h5", "0f", "2026", 10.0, 930.0, load(example("demo")), {}, list(flags), [], [])


def test_flags_of_one_rule_and_side_are_one_finding():
    time_s = np.arange(100) / 10.0
    shift = np.where(
        time_s < 1.0, -6.0, np.where(time_s < 2.5, 7.0, np.where(time_s < 4.0, 0.0, np.where(time_s < 6.0, 8.0, 12.0)))
    )
    table = Table(("load_shift_pct",), ("%",), ("id",), time_s, shift[:, None])
    found = findings(
        replace(
            results(
                flags=[
                    flag(start_s=4.0, end_s=NAN, peak=12.0, severity=Severity.RED),
                    flag(start_s=1.0, end_s=2.5, peak=7.0),
                    flag(side="left", start_s=0.5, end_s=1.0, peak=-6.0),
                ]
            ),
            tables={"plates.force": table},
        )
    )
    assert [(f.side, f.severity, f.times, f.first_s, f.peak) for f in found] == [
        ("right", Severity.RED, 2, 1.0, 12.0),
        ("left", Severity.AMBER, 1, 0.5, -6.0),
    ]
    assert (found[0].amber_s, found[0].red_s) == pytest.approx((7.5, 4.0))
    assert (found[1].amber_s, found[1].red_s) == pytest.approx((0.5, 0.0))
    assert found[0].sentence() == (
        "Load_shift on the right: 2 times, first at 1.0 s; beyond 5 % for 7.5 s, beyond 10 % for 4.0 s; at most 12 %"
    )
    assert found[1].sentence() == "Load_shift on the left: once, first at 0.5 s; beyond 5 % for 0.5 s; at most 6.0 %"


def test_the_most_severe_comes_first_then_the_earliest():
    flags = [
        flag("a", start_s=3.0, severity=Severity.RED),
        flag("b", start_s=1.0),
        flag("c", start_s=2.0, severity=Severity.RED),
        flag("d", start_s=0.5),
    ]
    assert [finding.label[0] for finding in findings(results(flags=flags))] == ["c", "a", "d", "b"]


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.setting)
def test_every_flag_has_a_meaning_in_plain_words(kind, side):
    (found,) = findings(results(flags=[flag(kind.setting, side)]))
    assert side in found.meaning().replace(",", " ").split()
    assert found.meaning().endswith(".")
    assert not {"{", "_", "%MVC", "COP", "valgus"} & set(found.meaning().replace("{", " { ").split())


def test_a_flag_of_an_unknown_rule_has_no_meaning():
    (found,) = findings(results(flags=[flag("from_a_later_version")]))
    assert found.meaning() == ""


def test_no_flags_are_no_findings():
    assert findings(results()) == []
