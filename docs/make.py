"""Make what the docs show from the running program: the tables of `metrics.md`, and the picture of the dashboard.

Run it as `python docs/make.py` after a change; a test says when the tables are no longer those of the program.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from itertools import product
from pathlib import Path

from acquisition.rig import SIDES
from acquisition.rig.judgement import Rules, limits
from processing.flags.kinds import KINDS
from processing.formulas import FORMULAS

DOCS = Path(__file__).parent
BEGIN, END = "<!-- made by docs/make.py: {} -->\n", "<!-- end -->"


def formula_table() -> str:
    """Return every formula as a row of a table."""
    rows = ["| column | unit | formula | sign | id | source |", "|---|---|---|---|---|---|"]
    for f in FORMULAS.values():
        text = f.text.replace("|", "\\|")
        rows.append(f"| `{f.column}` | {f.unit} | {text} | {f.sign} | `{f.id}` | {f.source} |")
    return "\n".join(rows) + "\n"


def rule_table() -> str:
    """Return every rule with its limits as they are by default."""
    rules = Rules()
    rows = ["| rule | flag | column | side | amber | red | hold | on |", "|---|---|---|---|---|---|---|---|"]
    for kind, side in product(KINDS, SIDES):
        setting = getattr(rules, kind.setting)
        amber, red = limits(setting)
        rows.append(
            f"| `{kind.setting}` | {kind.label.format(side=side)} | `{kind.column(side)}` | {side} "
            f"| {amber:g} {kind.unit} | {red:g} {kind.unit} "
            f"| {setting.hold_s:g} s | {'yes' if setting.on else 'no'} |"
        )
    return "\n".join(rows) + "\n"


TABLES = {"formulas": formula_table, "rules": rule_table}


def with_tables(text: str) -> str:
    """Return the text of a page with each of its marked tables made anew."""
    for name, make in TABLES.items():
        begin = BEGIN.format(name)
        if begin in text:
            head, rest = text.split(begin, 1)
            text = head + begin + make() + END + rest.split(END, 1)[1]
    return text


def make_picture(path: Path) -> None:
    """Run a demonstration and keep the picture of its dashboard."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "demo"
        command = [sys.executable, "-m", "ui.cli.app", "demo", "--headless", "--out", str(out)]
        subprocess.run(command, check=True)
        path.write_bytes((out / "dashboard.png").read_bytes())


if __name__ == "__main__":
    for page in DOCS.glob("*.md"):
        page.write_text(with_tables(page.read_text(encoding="utf-8")), encoding="utf-8")
    make_picture(DOCS / "dashboard.png")
