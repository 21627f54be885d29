"""The docs say what the program does: tables are those of the program, commands and files that pages name exist."""

from __future__ import annotations

import ast
import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest

from acquisition.rig.rig_file import example, examples, load

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])


@pytest.fixture(scope="module")
def make():
    spec = importlib.util.spec_from_file_location("docs_make", ROOT / "docs" / "make.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_tables_are_those_of_the_program(page, make):
    text = page.read_text(encoding="utf-8")
    assert make.with_tables(text) == text, "run python docs/make.py"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_readme_names_every_command_and_no_other():
    from typer.main import get_command

    from ui.cli.app import app

    named = set(re.findall(r"^\| `squatscope ([a-z-]+)", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE))
    assert named == set(get_command(app).commands)


def test_the_page_lists_every_caveat_and_a_test_sees_each():
    page = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    table = page.split("## Caveats")[1].split("##")[0]
    listed = {word for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for word in re.findall(r"`(\w+)`", row)}
    calls, words = set(), set()
    for path in [*(ROOT / "acquisition").rglob("*.py"), *(ROOT / "processing").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant):
                words.add(node.value)
            elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Caveat":
                calls |= {node.args[0].value} if isinstance(node.args[0], ast.Constant) else set()
    assert calls <= listed <= words
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    assert [word for word in sorted(listed) if f'"{word}"' not in tests] == []


def test_every_formula_is_in_the_page_of_metrics():
    from processing.formulas import FORMULAS

    text = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    assert all(f"`{formula_id}`" in text for formula_id in FORMULAS)


def test_the_picture_of_the_rooms_is_that_of_the_code(make):
    assert make.picture() == (ROOT / "docs" / "architecture.svg").read_text(encoding="utf-8"), "run python docs/make.py"


@pytest.mark.parametrize("page", sorted(ROOT.glob("*.md")) + sorted((ROOT / "docs").rglob("*.md")), ids=lambda page: page.name)
def test_lines_of_docs_are_short(page):
    lines = page.read_text(encoding="utf-8").splitlines()
    assert not [number for number, line in enumerate(lines, 1) if len(line) > 130]


def test_paths_that_the_architecture_names_are_there():
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:hardware|acquisition|processing|ui|sim|docs)/[\w./-]*)`", text)
    assert len(named) > 25
    assert not [path for path in named if not (ROOT / path).exists()]


def test_every_word_of_the_glossary_is_used():
    words = re.findall(r"\*\*([^*]+)\*\*", (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8"))
    assert len(words) == len(set(words)), "each word once"
    pages = [*(ROOT / "docs").rglob("*.md"), ROOT / "README.md"]
    code = [path for folder in ("hardware", "acquisition", "processing", "ui") for path in (ROOT / folder).rglob("*.py")]
    text = "\n".join(path.read_text(encoding="utf-8").lower() for path in [*pages, *code] if path.name != "glossary.md")
    text = re.sub(r"[\s_]+", " ", text)
    assert not [word for word in words if not re.search(rf"\b{re.escape(word.lower())}(s|es)?\b", text)]


@pytest.mark.parametrize("page", ["README.md", ".github/workflows/ci.yml"])
def test_pages_name_the_packages_that_a_window_needs(page):
    from ui.dashboard import DEBIAN_PACKAGES

    words = (ROOT / page).read_text(encoding="utf-8").split()
    assert [package for package in DEBIAN_PACKAGES if package not in words] == []


def test_the_known_weight_of_the_first_hour_lies_on_the_left_plate_of_every_rig_that_is_shipped():
    page = (ROOT / "docs" / "first-hour.md").read_text(encoding="utf-8")
    (x_mm, y_mm) = map(float, re.search(r"--weight left:[\d.]+:(-?[\d.]+),(-?[\d.]+)", page).groups())
    for name in examples():
        for plate in load(example(name)).plate:
            if plate.side == "left":
                corners = np.array(plate.corners_mm)
                assert (corners[:, :2].min(axis=0) < (x_mm, y_mm)).all()
                assert (corners[:, :2].max(axis=0) > (x_mm, y_mm)).all()
