"""Screens keep their shape: every state of every view beside the picture that is kept of it, coarse and in grey.

Where a screen is meant to look otherwise, they are kept anew with SQUATSCOPE_KEEP_SHAPES=1 in the environment of this test;
look at the gallery then.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage

from tests.support.screens import STATES
from ui.dashboard.drawing import colours, lettering
from ui.palette import LIGHT, SCREEN

SHAPES = Path(__file__).parent / "shapes"
SIZE = (1920, 1080)
CELLS = (96, 54)
APART, SHARE, WITH_ANOTHER_FONT = 24.0, 0.01, 0.2
"""So many grey levels of 255 lie between cells that differ, and such a share of cells may; other fonts have other letters."""
WORDS_ALONE = ("ended",)
"""States that differ from another one by a word."""
PALETTES = {"dark": SCREEN, "light": LIGHT}


@pytest.fixture(scope="module")
def shapes(tmp_path_factory, qapp):
    """Draw all states, and return the shape of each by its name."""
    found = {}
    for ground, palette in PALETTES.items():
        colours.use(palette)
        for name, make in STATES.items():
            window = make(tmp_path_factory.mktemp(name))
            window.resize(*SIZE)
            window.ensurePolished()
            window.grab()
            window.catch_up()
            image = window.grab().toImage()
            window.close()
            found[f"{name}-{ground}"] = image.scaled(
                *CELLS, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
            ).convertToFormat(QImage.Format.Format_Grayscale8)
    colours.use(SCREEN)
    if os.environ.get("SQUATSCOPE_KEEP_SHAPES"):
        SHAPES.mkdir(exist_ok=True)
        for name, shape in found.items():
            shape.setText("font", font())
            assert shape.save(str(SHAPES / f"{name}.png"))
    return {name: grey(shape) for name, shape in found.items()}


def font() -> str:
    return lettering.typeface(20, False)[0].family()


def grey(image: QImage) -> np.ndarray:
    image = image.convertToFormat(QImage.Format.Format_Grayscale8)
    rows = np.frombuffer(image.constBits(), dtype=np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : image.width()].astype(float)


def unlike(one: np.ndarray, other: np.ndarray) -> float:
    """Return the share of cells that differ."""
    return float((np.abs(one - other) > APART).mean())


@pytest.fixture(scope="module")
def kept(shapes):
    return {path.stem: QImage(str(path)) for path in sorted(SHAPES.glob("*.png"))}


def test_every_state_has_the_shape_that_is_kept_of_it(shapes, kept):
    assert sorted(kept) == sorted(shapes)
    for name, image in kept.items():
        share = SHARE if image.text("font") == font() else WITH_ANOTHER_FONT
        assert unlike(shapes[name], grey(image)) <= share, name


def test_no_state_would_pass_for_another(kept):
    """What is kept tells a change of what is on the screen: each picture is unlike every other of the same ground."""
    coarse = {name: grey(image) for name, image in kept.items() if not name.startswith(WORDS_ALONE)}
    for ground in PALETTES:
        names = [name for name in coarse if name.endswith(ground)]
        near = [
            (one, other) for k, one in enumerate(names) for other in names[:k] if unlike(coarse[one], coarse[other]) <= SHARE
        ]
        assert near == []
