"""Make what the docs show from the program: lists and tables of the pages, commands, decisions, and the rooms.

Run it as `python docs/make.py` after a change; a test says when the tables are no longer those of the program.
"""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent))

from commands import commands
from rooms import picture

from acquisition.rig.judgement import Rules, limits
from processing.flags.amounts import limit
from processing.flags.kinds import KINDS
from processing.formulas import FORMULAS
from processing.repetition.columns import OF_MUSCLE, OF_PHASE, OF_REPETITION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from processing.formulas import Formula

DOCS = Path(__file__).parent
WIDTH = 130
BEGIN, END = "<!-- made by docs/make.py: {} -->\n", "<!-- end -->"


def formula_list() -> str:
    """Return every formula of frames as an item of a list."""
    return _items(FORMULAS)


def repetition_columns() -> str:
    """Return every column of a repetition as an item of a list."""
    return _items(OF_REPETITION)


def phase_columns() -> str:
    """Return every column of a phase of a repetition as an item of a list."""
    return _items(OF_PHASE)


def muscle_columns() -> str:
    """Return every column of a muscle in a repetition as an item of a list."""
    return _items(OF_MUSCLE)


def _items(formulas: Mapping[str, Formula]) -> str:
    items = []
    for f in formulas.values():
        item = f"`{f.column}` [{f.unit}]: {f.text}. *Sign:* {f.sign}. *Id:* `{f.id}`. *Source:* {f.source}."
        items.append(textwrap.fill(item, WIDTH, initial_indent="- ", subsequent_indent="  ", break_on_hyphens=False))
    return "\n".join(items) + "\n"


def rule_table() -> str:
    """Return every rule with its limits as they are by default."""
    rules = Rules()
    rows = ["| rule | flag | column | amber | red | hold |", "|---|---|---|---|---|---|"]
    for kind in KINDS:
        setting = getattr(rules, kind.setting)
        amber, red = (limit(value, kind.unit, "") for value in limits(setting))
        off = "" if setting.on else " (off)"
        rows.append(f"| `{kind.setting}`{off} | {kind.label} | `{kind.metric}` | {amber} | {red} | {setting.hold_s:g} s |")
    return "\n".join(rows) + "\n"


def rule_settings() -> str:
    """Return every rule of a rig file with its limits by default, and the unit at the end of its keys' names."""
    rules = Rules()
    rows = ["<!-- settings: Rules -->", "| key | default | unit of `amber_` and `red_` |", "|---|---|---|"]
    for kind in KINDS:
        setting = getattr(rules, kind.setting)
        amber, red = limits(setting)
        unit = next(name for name in type(setting).model_fields if name.startswith("amber_")).removeprefix("amber_")
        rows.append(f"| `{kind.setting}` | {amber:g} / {limit(red, '', '')}{'' if setting.on else ', off'} | `{unit}` |")
    return "\n".join(rows) + "\n"


def decisions() -> str:
    """Return every decision as an item of a list."""
    pages = sorted((DOCS / "decisions").glob("0*.md"))
    titles = [page.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ") for page in pages]
    return "".join(f"- [{title}]({page.name})\n" for page, title in zip(pages, titles, strict=True))


TABLES = {
    "commands": commands,
    "decisions": decisions,
    "formulas": formula_list,
    "columns of repetitions": repetition_columns,
    "columns of phases": phase_columns,
    "columns of muscles": muscle_columns,
    "rules": rule_table,
    "settings of rules": rule_settings,
}


def with_tables(text: str) -> str:
    """Return the text of a page with each of its marked tables made anew."""
    for name, make in TABLES.items():
        begin = BEGIN.format(name)
        if begin in text:
            head, rest = text.split(begin, 1)
            text = head + begin + make() + END + rest.split(END, 1)[1]
    return text


if __name__ == "__main__":
    (DOCS / "architecture.svg").write_text(picture(), encoding="utf-8")
    for page in DOCS.rglob("*.md"):
        page.write_text(with_tables(page.read_text(encoding="utf-8")), encoding="utf-8")
