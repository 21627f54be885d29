"""The index of recordings and sessions: its order, and how severe each row is."""

from __future__ import annotations

import re

from hardware.severity import Severity
from ui.report.index import IndexRow, worst_first, write_index

ROWS = [
    IndexRow("fine", finding="Nothing is found."),
    IndexRow("amber", severity=Severity.AMBER, finding="Leans."),
    IndexRow("failed", failed="It is empty."),
    IndexRow("red", severity=Severity.RED, finding="Leans far."),
    IndexRow("session", answer="Left."),
]


def test_failures_come_first_then_answers_then_what_is_worst():
    assert [row.name for row in worst_first(ROWS)] == ["failed", "session", "red", "amber", "fine"]


def test_a_row_is_coloured_and_sorted_by_its_severity(tmp_path):
    write_index(tmp_path / "index.html", "All", ROWS)
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    shown = re.findall(r'<tr class="(\w+)"><td>(\w+)</td>.*?data-key="(\d)">(?:<b>(\w+)</b>)?', page, re.DOTALL)
    assert shown == [
        ("fine", "fine", "3", ""),
        ("amber", "amber", "2", "AMBER"),
        ("red", "failed", "0", ""),
        ("red", "red", "1", "RED"),
        ("fine", "session", "4", ""),
    ]
