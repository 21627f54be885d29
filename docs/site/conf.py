"""How Sphinx makes the site from the pages of docs/: `sphinx-build -W -c docs/site docs build/site`.

The pages are plain Markdown, read on GitHub as well; the navigation is that of the lists in index.md.
"""

from __future__ import annotations

import re
from importlib.metadata import version as version_of
from typing import TYPE_CHECKING

from ui.palette import LIGHT, SCREEN

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "squatscope"
version = release = version_of(project)
project_copyright = "the authors of squatscope, MIT licence"
extensions = ["myst_parser", "sphinx.ext.autodoc"]

myst_heading_anchors = 4  # as GitHub makes them
suppress_warnings = ["myst.header"]  # decisions are short pages whose parts are bold words
default_role = "literal"  # in docstrings, `this` is code
smartquotes_action = "q"  # and no dash for the -- of an option
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True

html_theme = "furo"
html_title = "squatscope"
html_copy_source = False
html_show_sphinx = False
html_static_path = ["static"]
html_css_files = ["squatscope.css"]
html_theme_options = {
    "light_css_variables": {"color-brand-primary": LIGHT.left, "color-brand-content": LIGHT.left},
    "dark_css_variables": {"color-brand-primary": SCREEN.left, "color-brand-content": SCREEN.left},
}


def navigation(index: str) -> str:
    """Return the hidden tables of contents for the lists of pages in the text of index.md, one for each heading."""
    parts = []
    for section in index.split("\n## ")[1:]:
        pages = re.findall(r"\]\(([\w/-]+)\.md\)", section)
        if pages:
            lines = ["```{toctree}", ":hidden:", f":caption: {section.splitlines()[0]}", "", *pages, "```"]
            parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _with_navigation(_app: Sphinx, page: str, text: list[str]) -> None:
    if page == "index":
        text[0] += "\n" + navigation(text[0])
    elif page == "decisions/README":
        text[0] += "\n```{toctree}\n:hidden:\n:glob:\n\n0*\n```\n"


def setup(app: Sphinx) -> None:
    """Give the front page its navigation when it is read."""
    app.connect("source-read", _with_navigation)
