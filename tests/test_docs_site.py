"""The docs as a site: it is built without a warning, its links lead somewhere, and it asks nobody for anything."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

ROOT = Path(__file__).parents[1]
NOWHERE = re.compile(r"http://www\.w3\.org/")
"""Names that look like addresses, and that nobody asks for anything."""


class Page(HTMLParser):
    """What a page links to, what it loads, and the names that it may be entered at."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.names: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.names |= {found[key] for key in ("id", "name") if found.get(key)}
        for key in ("src", "srcset", "data", "poster", "action", "href", "xlink:href"):
            if found.get(key):
                (self.links if tag == "a" else self.loads).append(found[key])


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "-W",
        "--keep-going",
        "-q",
        "-c",
        "docs/site",
        "-d",
        str(folder / "trees"),
        "docs",
    ]
    done = subprocess.run([*command, str(folder / "site")], cwd=ROOT, capture_output=True, text=True, timeout=400)
    assert done.returncode == 0, done.stderr
    return folder / "site"


@pytest.fixture(scope="module")
def pages(site):
    return {path: Page(path) for path in site.rglob("*.html")}


def test_every_link_within_the_site_leads_somewhere(site, pages):
    wrong = []
    for path, page in pages.items():
        for link in [*page.links, *page.loads]:
            parts = urlsplit(link)
            if parts.scheme or link.startswith("#"):
                continue
            to = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not to.exists() or (parts.fragment and to in pages and unquote(parts.fragment) not in pages[to].names):
                wrong.append(f"{path.relative_to(site)}: {link}")
    assert wrong == []


def test_it_loads_nothing_from_elsewhere(site, pages):
    loaded = [link for page in pages.values() for link in page.loads if urlsplit(link).netloc]
    assert loaded == []
    for path in site.rglob("*"):
        if path.suffix in (".css", ".svg", ".html"):
            text = path.read_text(encoding="utf-8")
            assert not re.findall(r"url\(\s*[\"']?(?:https?:)?//|@import\s", text), path.name
        if path.suffix == ".js":
            code = re.sub(r"/\*.*?\*/|(?m:^\s*//.*$)|(?m:\s//\s.*$)", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
            assert not [one for one in re.findall(r"https?://[^\"'`\s]*", code) if not NOWHERE.match(one)], path.name


def test_the_whole_of_the_door_is_in_its_reference(site):
    import squatscope

    names = Page(site / "reference" / "python-api.html").names
    public = {f"squatscope.{name}" for name in squatscope.__all__}
    members = {f"squatscope.Opened.{name}" for name in vars(squatscope.Opened) if not name.startswith("_")}
    assert public | members <= names


def test_every_page_is_in_the_navigation(site, pages):
    front = pages[site / "index.html"]
    made = {path.relative_to(site).as_posix() for path in pages} - {
        "index.html",
        "genindex.html",
        "search.html",
        "py-modindex.html",
    }
    assert {page for page in made if not page.startswith("decisions/0")} <= set(front.links)
    assert {page for page in made if page.startswith("decisions/0")} <= {f"decisions/{link}" for link in decisions(site, pages)}


def decisions(site: Path, pages: dict[Path, Page]) -> list[str]:
    return pages[site / "decisions" / "README.html"].links


def test_the_first_squat_begins_with_the_command_of_the_readme():
    page = (ROOT / "docs" / "tutorials" / "first-squat.md").read_text(encoding="utf-8")
    commands = re.findall(r"```sh\n(.*?)\n```", page, re.DOTALL)[0].splitlines()
    assert len(commands) == 3
    assert " && ".join(commands) in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_pictures_of_the_docs_are_few_and_small():
    pictures = [path for path in (ROOT / "docs").rglob("*") if path.suffix in (".png", ".svg")]
    assert sum(path.stat().st_size for path in pictures) < 1_200_000
