"""A page as a browser would take it apart, for the tests of reports."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

VOID = {"meta", "br", "img", "link", "line", "rect", "path", "input", "hr"}


class Page(HTMLParser):
    """The text, the paths of pictures and whatever a page loads; raises ValueError where its tags don't match."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.text = ""
        self.paths: list[str] = []
        self.numbers: list[str] = []
        self.tags: list[str] = []
        self.loads: list[str] = []
        self._open: list[str] = []
        self.feed(content)
        self.close()
        if self._open:
            raise ValueError(f"not closed: {self._open}")

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        if tag not in VOID:
            self._open.append(tag)
        for name, value in attributes:
            if tag == "path" and name == "d":
                self.paths.append(value)
            if name in ("x", "y", "x1", "x2", "y1", "y2", "width", "height"):
                self.numbers.append(value)
            if name in ("src", "href", "srcset", "action", "data", "xlink:href") or name.startswith("on"):
                self.loads.append(f"{tag} {name}={value}")
            if name == "style" and "url" in value:
                self.loads.append(value)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        if not self._open or self._open.pop() != tag:
            raise ValueError(f"</{tag}> closes what is not open")

    def handle_data(self, data):
        if self._open and self._open[-1] == "style":
            if "url(" in data or "@import" in data:
                self.loads.append(data)
        else:
            self.text += data


def read_page(path: Path) -> Page:
    return Page(path.read_text(encoding="utf-8"))
