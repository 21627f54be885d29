"""Make the pictures of the docs with the program itself, from simulated sessions: `python docs/pictures.py`, some minutes.

Screens need no display. Pages (HTML) need Chromium or Chrome; where neither is installed their pictures stay as they are.
"""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from PIL import Image
from rich.console import Console
from rich.terminal_theme import TerminalTheme

from acquisition.ring import PUBLISHED, Ring
from hardware.errors import SquatscopeError
from ui.dashboard.drawing import colours
from ui.dashboard.views.lifter import LifterView
from ui.dashboard.views.operator import Window
from ui.dashboard.views.picture import draw_into, save
from ui.palette import LIGHT, SCREEN
from ui.session.terminal.terminal_view import TerminalView

DOCS = Path(__file__).parent
GALLERY = DOCS / "gallery"
FROM_S, WORST_S = 17.0, 33.65
"""Of the demonstration: what the terminal says is kept from the first on; at the second a knee comes in."""
COLOURS = 128
GROUND = TerminalTheme((14, 18, 23), (220, 224, 228), [(110, 118, 126)] * 8, [(220, 224, 228)] * 8)
SCREENS = """# Screens

Every state of every view, dark and light, of a made-up session, by `python docs/pictures.py`. A test compares their shapes.
"""
LIFTERS = {"A1": "technique", "A2": "imbalance", "A3": "healthy"}


def squatscope(*words: str | Path) -> list[str]:
    """Return the words of a command."""
    return [sys.executable, "-m", "ui.cli.app", *map(str, words)]


def keep(picture: Path, to: Path, width: int = 1440) -> None:
    """Keep a picture smaller: so wide, with few colours."""
    with Image.open(picture) as whole:
        height = round(whole.height * width / whole.width)
        small = whole.convert("RGB").resize((width, height), Image.Resampling.LANCZOS)
        small.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(to, optimize=True)


def long_session(folder: Path) -> None:
    """Keep the dashboard at its worst moment, and a review of the recording."""
    subprocess.run(squatscope("demo", "--seconds", "30", "--headless", "--out", folder), check=True)
    keep(folder / "dashboard.png", DOCS / "dashboard.png")
    recording = folder / "recording.h5"
    for edit in (
        ("--drop", "3", "--reason", "stumbled"),
        ("--dismiss", "2", "--reason", "looked aside"),
        ("--move", "2", "--start-s", "7.5"),
        ("--picture", folder / "review.png"),
    ):
        subprocess.run(squatscope("review", recording, "--who", "coach", *edit), check=True)
    keep(folder / "review.png", GALLERY / "review.png")


def short_screening(folder: Path) -> None:
    """Keep what every screen shows within the demonstration, and the pages that it leaves."""
    running = subprocess.Popen(squatscope("demo", "--headless", "--out", folder))
    ring = ring_of(folder / "ring.h5")
    console = Console(file=io.StringIO(), record=True, width=96, color_system="truecolor")
    view = TerminalView(ring, console)
    while (at_s := ring.counter("plates", PUBLISHED) / ring.streams["plates"].rate_hz) < WORST_S:
        view.update()
        if at_s < FROM_S:
            console.export_text()  # forgets the lines so far
        time.sleep(0.05)
    console.print(view._picture())
    for name, screen, palette in (("watch", LifterView, SCREEN), ("dashboard", Window, SCREEN), ("light", Window, LIGHT)):
        colours.use(palette)
        save(ring.path, folder / f"{name}-then.png", screen, size=(1200, 675))
        keep(folder / f"{name}-then.png", GALLERY / f"{name}.png", 1200)
    svg = console.export_svg(title="squatscope demo --headless", theme=GROUND)
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL).replace("Fira Code", "DejaVu Sans Mono")
    (GALLERY / "terminal.svg").write_text(svg, encoding="utf-8")
    ring.close()
    if running.wait():
        raise SystemExit("the demonstration failed")
    page(folder / "screening.html", GALLERY / "screening-page.png", 1320)
    page(folder / "report.html", GALLERY / "report-page.png", 1750)


def ring_of(path: Path) -> Ring:
    """Wait until a session has begun, and return its ring."""
    while True:
        try:
            return Ring.attach(path)
        except SquatscopeError:  # not there yet
            time.sleep(0.2)


def page(html: Path, to: Path, height: int) -> None:
    """Keep the top of a page as a picture, if there is a browser."""
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser is None:
        sys.stdout.write(f"{to.name} stays as it is: there is no Chromium here.\n")
        return
    shot = html.with_suffix(".png")
    with tempfile.TemporaryDirectory() as profile:
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={profile}"]
        size = f"--window-size=1100,{height}"
        subprocess.run([browser, *options, size, f"--screenshot={shot}", html.resolve().as_uri()], check=True)
    keep(shot, to, 880)


def first_study(folder: Path) -> None:
    """Do what the tutorial of the first study says, and keep its picture."""
    for lifter, kind in LIFTERS.items():
        command = squatscope("screen", "--sim", kind, "--lifter", lifter, "--protocol", "short", "--speed", "20", "--headless")
        subprocess.run([*command, "--root", str(folder / "lifters")], check=True, stdout=subprocess.DEVNULL)
    text = (DOCS / "tutorials" / "first-study.md").read_text(encoding="utf-8")
    subprocess.run(
        [sys.executable, "-c", "\n".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL))], cwd=folder, check=True
    )
    keep(folder / "study.png", DOCS / "tutorials" / "first-study.png", 990)


def states(folder: Path) -> None:
    """Keep every state of every view, dark and light, and make the page that shows them."""
    sys.path.insert(0, str(DOCS.parent))  # called by its path, Python does not look in the checkout
    from tests.support.screens import STATES

    lines = []
    for name, make in STATES.items():
        title = name.replace("_", " ").capitalize()
        lines += [
            f"## {title}",
            "",
            f"{(make.__doc__ or '').replace('Return it', 'The dashboard').replace('Return t', 'T')}",
            "",
        ]
        for ground, palette in (("dark", SCREEN), ("light", LIGHT)):
            colours.use(palette)
            place = folder / f"{name}-{ground}"
            place.mkdir(parents=True)
            draw_into(place / "whole.png", partial(make, place))
            keep(place / "whole.png", GALLERY / "screens" / f"{name}-{ground}.png", 560)
            lines += [f"![{title}, {ground}](gallery/screens/{name}-{ground}.png)", ""]
    colours.use(SCREEN)
    (DOCS / "screens.md").write_text("\n".join([SCREENS, *lines[:-1]]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        states(Path(place) / "states")
        long_session(Path(place) / "long")
        short_screening(Path(place) / "short")
        first_study(Path(place))
