"""Every view of the program in every state, filled with the same numbers each time: for shapes of screens, and the gallery."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QColor

from acquisition.rig.rig_file import example, load
from acquisition.ring import Ring
from hardware.severity import Severity
from hardware.source import SourceState
from processing.repetition.corrections import edits_of
from processing.review import Review
from processing.screening.guided.asking import Shown, StepPart
from tests.support.sessions import recorded, simulated
from tests.support.squat_ring import SquatRing, rig_data
from ui.dashboard.drawing.sweep import SWEEP_S
from ui.dashboard.feed.feed import Feed
from ui.dashboard.views.lifter import LifterView
from ui.dashboard.views.operator import Window
from ui.dashboard.views.review import ReviewWindow

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ui.dashboard.views.view import RingView, View


def _ring(folder: Path, *, still: bool = False, **rig: object) -> SquatRing:
    """Return a session that began when sweeps are at their left end, so that each time they end at the same point."""
    squat = SquatRing(folder / "ring.h5", rig_data(**rig), still=still)
    squat.started_s -= squat.started_s % SWEEP_S + 2 * SWEEP_S
    return squat


def _squatted(folder: Path, **rig: object) -> SquatRing:
    """Return a session of three repetitions with flags of both kinds, and a mark."""
    squat = _ring(folder, **rig)
    squat.advance(8.0)
    if squat.force:
        squat.repetition(7.0, 0.41)
        squat.flag(1, Severity.AMBER, 5.0, 6.2)
    squat.shift_pct = 14.0
    squat.advance(5.0)
    if squat.force:
        squat.repetition(12.0, 0.37, doubt=1)
        squat.flag(1, Severity.RED, 10.0)
    if squat.emg:
        squat.flag(7, Severity.AMBER, 10.5)
    squat.ring.marks.put(9000)
    squat.advance(2.6)
    return squat


def _window(squat: SquatRing, view: Callable[[Feed], RingView] = Window) -> View:
    return view(Feed(Ring.attach(squat.ring.path), frozen=True))


def _step(squat: SquatRing, part: StepPart = StepPart.READY, figure: str = "") -> None:
    told = {"title": "Set 2, with a cue", "do": "Squat 6 times, and screw your feet outwards into the floor."}
    keys = ["next", "repeat", "skip", "stop"]
    wanted = {"wanted": "press n", "keys": keys, "figure": figure, "said": ["Set 1 counts: 6 repetitions."]}
    squat.ring.step.write(Shown(turn=3, part=part, step=4, steps=9, **told, **wanted).model_dump_json())


def flags_up(folder: Path) -> View:
    """Return the dashboard of a lifter whose load goes to the right leg."""
    return _window(_squatted(folder))


def beginning(folder: Path) -> View:
    """Return it before quiet stance was found."""
    squat = _ring(folder, still=True)
    squat.advance(1.2)
    return _window(squat)


def guided(folder: Path) -> View:
    """Return it in a guided session."""
    squat = _squatted(folder)
    _step(squat)
    return _window(squat)


def contraction(folder: Path) -> View:
    """Return it while a muscle's maximal contraction is asked for."""
    squat = _squatted(folder)
    _step(squat, StepPart.DOING, "hamstrings")
    return _window(squat)


def plates_alone(folder: Path) -> View:
    """Return it for a lab without EMG."""
    return _window(_squatted(folder, emg=False))


def emg_alone(folder: Path) -> View:
    """Return it for a lab without plates."""
    return _window(_squatted(folder, plates=0))


def nothing_named(folder: Path) -> View:
    """Return it for a rig that names neither."""
    return _window(_squatted(folder, plates=0, emg=False))


def many_channels(folder: Path) -> View:
    """Return it with 64 electrodes, some of them bad, and a stream that was lost."""
    squat = _ring(folder, others=50, name="Sixty-four electrodes " * 9)
    squat.bad = {0: "hum", 1: "flat", 2: "nan"}
    squat.advance(12.6)
    squat.writers["emg"].report(SourceState.LOST, 5, "It does not answer; look at its cable.")
    return _window(squat)


def keys_listed(folder: Path) -> View:
    """Return it with its list of keys."""
    window = Window(Feed(Ring.attach(_squatted(folder).ring.path), frozen=True))
    window.keys.show()
    return window


def earlier_second(folder: Path) -> View:
    """Return it, gone back four seconds."""
    window = Window(Feed(Ring.attach(_squatted(folder).ring.path)))
    window.resize(1920, 1080)
    window.catch_up()
    window.go_to(11.4)
    return window


def ended(folder: Path) -> View:
    """Return it after the session."""
    squat = _squatted(folder)
    squat.finish()
    return _window(squat)


def lifter(folder: Path) -> View:
    """Return the lifter's screen."""
    return _window(_squatted(folder), LifterView)


def lifter_guided(folder: Path) -> View:
    """Return the lifter's screen in a guided session."""
    squat = _squatted(folder)
    _step(squat, StepPart.DOING)
    return _window(squat, LifterView)


def lifter_waiting(folder: Path) -> View:
    """Return the lifter's screen before the first squat."""
    squat = _ring(folder, still=True)
    squat.advance(1.2)
    return _window(squat, LifterView)


def review(folder: Path) -> ReviewWindow:
    """Return the review of a recording, with an edit of each kind."""
    rig = load(example("demo"))
    path = recorded(folder / "set.h5", rig, simulated(rig, seconds=17.0))
    edits_of(path).unlink(missing_ok=True)
    made = Review(path, who="coach")
    first = made.results.repetitions[0]
    made.move(first.number, start_s=first.start_s - 0.3)
    made.drop(made.results.repetitions[-1].number, "stumbled")
    if made.results.flags:
        made.dismiss(1, "looked aside")
    return ReviewWindow(made)


STATES: dict[str, Callable[[Path], View]] = {
    make.__name__: make
    for make in (
        flags_up, beginning, guided, contraction, plates_alone, emg_alone, nothing_named, many_channels,
        keys_listed, earlier_second, ended, lifter, lifter_guided, lifter_waiting, review,
    )
}  # fmt: skip
"""Each state of each view, by its name."""


def grounds(window: View) -> set[str]:
    """Return the colours of a window's ground, in two of its corners."""
    image = window.grab().toImage()
    return {QColor(image.pixel(x, y)).name() for x, y in ((1, 1), (image.width() - 2, image.height() - 2))}
