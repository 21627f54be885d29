"""Pages: HTML made from a template with one style, a file that holds all it shows, and is written once."""

from __future__ import annotations

import math
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING

import jinja2

from acquisition.storage.disk import write_whole
from hardware.errors import SquatscopeError
from hardware.severity import Severity
from processing.flags.amounts import amount, limit
from ui.palette import AXIS, LIMIT_DASHES, PAPER, RIGHT_DASHES
from ui.report.drawings.plot import HEIGHT, LEFT, WIDTH

if TYPE_CHECKING:
    from pathlib import Path


class ReportError(SquatscopeError):
    """A report can't be written; the text is a full sentence."""


@cache
def _environment() -> jinja2.Environment:
    """Return what compiles templates, each of them once."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("ui.report", "."),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["amount"] = amount
    environment.filters["limit"] = limit
    environment.globals.update(
        is_nan=math.isnan,
        red=Severity.RED,
        palette=PAPER,
        dashes={"right": RIGHT_DASHES},
        limit_dashes=LIMIT_DASHES,
        axis=AXIS,
        plot_size=(WIDTH, HEIGHT, LEFT),
        version=version("squatscope"),
    )
    return environment


def write_page(template: str, path: Path, **given: object) -> None:
    """Write a page; raises ReportError where the file exists or can't be written."""
    page = _environment().get_template(template).render(**given)
    try:
        write_whole(path, page.encode())
    except FileExistsError:
        raise ReportError(f"{path} exists already, and nothing is ever overwritten; give another folder.") from None
    except OSError as error:
        raise ReportError(f"The report {path} can't be written: {error.strerror}.") from error
