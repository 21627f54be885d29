"""The palette: read on its grounds, and told apart with every kind of colour vision."""

from __future__ import annotations

import re
from itertools import combinations, product
from pathlib import Path

import numpy as np
import pytest

from ui import palette
from ui.palette import LIGHT, PAPER, SCREEN, Palette

UI = Path(palette.__file__).parent
# Machado, Oliveira and Fernandes 2009, IEEE Transactions on Visualization and Computer Graphics 15(6):1291-1298, severity 1.
VISIONS = {
    "common": np.eye(3),
    "protanopia": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
}
TO_XYZ = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]])
APART = 20.0
"""CIE76 distance in L*a*b*; about 2.3 is a difference that is just seen."""
GROUNDS = {"screen": SCREEN, "light": LIGHT, "paper": PAPER}


def linear(colour: str) -> np.ndarray:
    value = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of WCAG 2."""
    low, high = sorted(float(linear(colour) @ [0.2126, 0.7152, 0.0722]) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


def lab(colour: str, vision: str) -> np.ndarray:
    xyz = TO_XYZ @ np.clip(VISIONS[vision] @ linear(colour), 0, 1) / [0.95047, 1.0, 1.08883]
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def apart(one: str, other: str, vision: str) -> float:
    return float(np.linalg.norm(lab(one, vision) - lab(other, vision)))


def test_contrast_is_that_of_wcag():
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("colours", GROUNDS.values(), ids=GROUNDS)
def test_text_is_read_on_every_ground(colours: Palette):
    for name, ground in product(("text", "quiet", "faint", "left", "right", "both", "amber", "red"), colours.grounds):
        assert contrast(getattr(colours, name), ground) >= 4.5, (name, ground)


def test_words_in_boxes_are_read():
    assert contrast(palette.ON_AMBER, palette.AMBER_GROUND) >= 4.5
    assert contrast(palette.ON_RED, palette.RED_GROUND) >= 4.5


@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize("colours", GROUNDS.values(), ids=GROUNDS)
def test_sides_and_severities_stay_apart(colours: Palette, vision):
    for pair in (("left", "right"), ("amber", "red"), ("left", "both"), ("right", "both"), ("text", "amber"), ("text", "red")):
        assert apart(*(getattr(colours, name) for name in pair), vision) >= APART, pair


@pytest.mark.parametrize("colours", GROUNDS.values(), ids=GROUNDS)
def test_no_side_passes_for_a_severity(colours: Palette):
    """Side by side for common vision; for others a side has its letter or dash, and a severity its sign and word."""
    for side, severity in product(("left", "right"), ("amber", "red")):
        assert apart(getattr(colours, side), getattr(colours, severity), "common") >= APART


def test_the_colours_before_would_not_pass():
    assert apart("#e69f00", "#f0b000", "deuteranopia") < APART, "the right leg and amber, on the terminal"


def test_one_palette_for_everything():
    styled = r'"(?:bold )?(?:red|yellow|green|blue|magenta|cyan)"(?! *:)'  # as rich names the colours of a terminal
    literal = re.compile(rf"#[0-9a-fA-F]{{6}}\b|#[0-9a-fA-F]{{3}}\b|style[^\n]*{styled}")
    files = [path for path in UI.rglob("*") if path.suffix in (".py", ".j2") and path.name != "palette.py"]
    assert not [path.name for path in files if literal.search(path.read_text(encoding="utf-8"))]


def test_the_legs_differ_without_colour():
    page = (UI / "report" / "figure.html.j2").read_text(encoding="utf-8")
    assert "stroke-dasharray" in page
    assert len({palette.RIGHT_DASHES, palette.LIMIT_DASHES, ""}) == 3


def test_sides_keep_their_hue_on_every_ground():
    for side in ("left", "right"):
        hues = [np.arctan2(*lab(getattr(colours, side), "common")[:0:-1]) for colours in (SCREEN, LIGHT, PAPER)]
        for one, other in combinations(hues, 2):
            assert abs(np.angle(np.exp(1j * (one - other)))) < 0.35
