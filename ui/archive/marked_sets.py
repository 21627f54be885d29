"""Markers added to a session afterwards: to each set whose squats they show, or to the one that is named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from acquisition.formats.markers.adding_markers import add_markers
from acquisition.recording import Recording
from processing.knee.alignment import CLEARLY, AlignmentError
from processing.screening.guided.session_file import read_session, write_session
from ui.archive.carried_edits import carry_edits
from ui.archive.lifters import ArchiveError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from acquisition.formats.markers.adding_markers import MarkerStart
    from acquisition.formats.markers.leg_markers import LegMarkers
    from processing.screening.guided.session_file import Session, Try

LONGER = 1.5
"""A file that lasts so many times as long as a set can show more than that one."""


@dataclass(frozen=True, slots=True)
class Marked:
    """A set that got markers: its recording before and now, and when they began in it."""

    before: str
    now: str
    start: MarkerStart


def mark_sets(
    folder: Path, legs: LegMarkers, start_of: Callable[[Path, LegMarkers], MarkerStart], number: int | None = None
) -> list[Marked]:
    """Add markers to the sets of a session that they show; each gets a new recording, and the old one stays beside it.

    `start_of` tells when markers began in a recording, or raises AlignmentError; `number`: the set that is meant.
    Raises ArchiveError where no set is shown, or a file no longer than one set fits more than one.
    """
    session = read_session(folder)
    sets = [one for one in session.counting() if number is None or one.number == number]
    if not sets:
        numbers = ", ".join(str(one.number) for one in session.counting())
        raise ArchiveError(f"{folder} has no set {number}; its sets are {numbers or 'none'}.")
    fits: list[tuple[Try, MarkerStart]] = []
    said = ""
    for one in sets:
        try:
            fits.append((one, start_of(folder / one.recording, legs)))
        except AlignmentError as error:
            said = str(error)
    if not fits:
        raise ArchiveError(f"These markers show the squats of none of the {len(sets)} sets. Of the last one: {said}")
    found = [_marked(folder, one, legs, start) for one, start in _meant(folder, fits, legs)]
    write_session(folder, _with(session, found))
    return found


def _meant(folder: Path, fits: list[tuple[Try, MarkerStart]], legs: LegMarkers) -> list[tuple[Try, MarkerStart]]:
    """Return the sets that a file is of: all that fit if it is long enough for more than one, else the one that fits best."""
    if len(fits) == 1:
        return fits
    with Recording(folder / fits[0][0].recording) as recording:
        set_s = recording.seconds
    if len(legs.samples) / legs.stream.rate_hz > LONGER * set_s:
        return fits
    best, second = sorted(fits, key=lambda fit: -(fit[1].alike or 0.0))[:2]
    if (best[1].alike or 0.0) - (second[1].alike or 0.0) < CLEARLY:
        raise ArchiveError(
            f"These markers fit the sets {best[0].number} and {second[0].number} alike; say with --set which one they are of."
        )
    return [best]


def _marked(folder: Path, one: Try, legs: LegMarkers, start: MarkerStart) -> Marked:
    name = f"{one.recording.removesuffix('.h5')}-markers.h5"
    add_markers(folder / one.recording, legs, start, folder / name)
    carry_edits(folder / one.recording, folder / name)
    return Marked(one.recording, name, start)


def _with(session: Session, found: list[Marked]) -> Session:
    now = {marked.before: marked.now for marked in found}
    tries = [one.model_copy(update={"recording": now.get(one.recording, one.recording)}) for one in session.tries]
    return session.model_copy(update={"tries": tries})
