"""The header above a table: labels and units of its columns, and a rate, as far as its lines say them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from acquisition.rig.units import seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acquisition.formats.text.layout import Layout

UNIT = re.compile(
    r"^[\[(]?(?:[mkuµμ]?v(?:olts?)?|millivolts?|microvolts?|k?n(?:ewtons?)?|n[ .·*-]?(?:m|mm|cm)|[mkcdµμu]?m|"
    r"(?:milli|centi|deci)?met(?:er|re)s?|k?hz|deg(?:rees)?|°|rad|%|k?g|[kg]?pa|m/s(?:\^?2|²)?|deg/s|°/s|a\.?u\.?|bits?|counts?|lbf?|"
    r"%.{0,6}|[a-zµ°]+/[a-zµ°0-9^²]+|x?bw|-)?[\])]?$",
    re.IGNORECASE,
)
TAIL = re.compile(r"^(.*?)[\s_,;]*[\[(]\s*([^\])]*)\s*[\])]\s*$")
RATE = re.compile(
    r"(?:sampl\w*[ _-]*(?:rate|freq\w*)|abtast(?:rate|frequenz)|fr[ée]quence|frecuencia\w*|frequenza|\brate\b|"
    r"\bfrequency\b|\bfs\b)"
    r"[^\d\n]{0,24}?(\d+(?:[.,]\d+)?)\s*(k?hz)?",
    re.IGNORECASE,
)
PER_SECOND = re.compile(r"(\d+(?:[.,]\d+)?) samples (?:per|/) ?s(?:ec|econd)?\b(?!.*\d samples per)", re.IGNORECASE)
LISTED = re.compile(r"channel\s*\d+\s*:\s*'([^']*)'.*?units?:\s*([^,]*)", re.IGNORECASE)
MARKS = "#%/!;* \t\ufeff"


@dataclass(frozen=True, slots=True)
class Header:
    """Labels and units of a table's columns of numbers, "" where nothing says them, and the rate in Hz, None likewise."""

    labels: list[str]
    units: list[str]
    rate_hz: float | None


def header_of(lines: Sequence[str], layout: Layout) -> Header:
    """Return what the lines above a table say."""
    above = [line for line in lines[: layout.first] if line.strip(MARKS + ",")]
    rate_hz = _rate_hz(above)
    listed = [match.groups() for line in above if (match := LISTED.search(line))]
    if len(listed) == len(layout.numeric):
        return Header([label for label, _ in listed], [unit.strip() for _, unit in listed], rate_hz)
    units = [""] * layout.columns
    rows = [_cells(line, layout) for line in above[-3:]]
    while rows and rows[-1] is None:
        rows.pop()
    if len(rows) > 1 and rows[-1] is not None and rows[-2] is not None and _are_units(rows[-1]):
        units = [cell.strip("[]()") for cell in rows.pop() or []]
    labels = (rows[-1] if rows else None) or [""] * layout.columns
    own_labels, own_units = [], []
    for column in layout.numeric:
        label, unit = labels[column] if column < len(labels) else "", units[column] if column < len(units) else ""
        match = TAIL.match(label)
        if match and not unit and _is_unit(match[2]):
            label, unit = match[1], match[2]
        own_labels.append(label.strip().strip('"'))
        own_units.append(unit.strip())
    return Header(own_labels, own_units, rate_hz)


def _cells(line: str, layout: Layout) -> list[str] | None:
    """Return the cells of a line of labels or units, one for each column; None where it is none."""
    bare = line.lstrip(MARKS) if layout.delimiter == "space" or line[:1] in MARKS.strip() else line
    widest = max(layout.numeric) + 1
    choices = [layout.cells(bare)]
    if layout.delimiter == "space":
        choices += [[cell.strip() for cell in re.split(r"\t|\s{2,}|,|;", bare.strip())]]
    for cells in choices:
        while len(cells) > widest and not cells[-1]:
            cells = cells[:-1]
        named = sum(bool(cell) for cell in cells) * 2 >= len(layout.numeric)
        if named and widest <= len(cells) <= max(widest, layout.columns + 1):
            return cells
    return None


def _are_units(cells: Sequence[str]) -> bool:
    there = [cell for cell in cells if cell]
    return bool(there) and all(_is_unit(cell) for cell in cells) and any(cell not in ("-",) for cell in there)


def _is_unit(cell: str) -> bool:
    return UNIT.match(cell) is not None or seconds(cell) is not None


def _rate_hz(lines: Sequence[str]) -> float | None:
    """Return the one rate that the lines say, None where there is none or several."""
    found = set()
    for line in lines:
        for pattern in (RATE, PER_SECOND):
            for match in pattern.finditer(line.strip(MARKS)):
                kilo = 1000.0 if pattern is RATE and (match[2] or "").lower() == "khz" else 1.0
                found.add(float(match[1].replace(",", ".")) * kilo)
    return found.pop() if len(found) == 1 else None
