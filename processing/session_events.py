"""What is handed on with a recording's samples: its repetitions, marks and flags as events, and whose it is."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import TYPE_CHECKING

from acquisition.export.about import About, Event, Frames
from processing.batch import reprocess
from processing.results import settings_sha256
from processing.screening.guided.session_file import NAME, try_of
from processing.screening.recorded_sets import session_measures

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Literal

    from acquisition.rig import Side
    from processing.results import Results

ANONYMOUS = re.compile(r"\d{4}-01-01T00:00:00\+00:00")
"""What an anonymized recording has as its date: the year alone."""
SIDES: dict[str, Side | Literal[""]] = {"left": "left", "right": "right"}


@dataclass(frozen=True, slots=True)
class Described:
    """What is known of a recording beside its samples."""

    about: About
    events: list[Event]
    results: Results

    @property
    def frames(self) -> dict[str, Frames]:
        """The tables of metrics."""
        return {
            name: Frames(table.columns, table.units, table.formula_ids, table.time_s, table.frames)
            for name, table in self.results.tables.items()
        }


def described(path: Path, name: str) -> Described:
    """Return what a recording's session and its reprocessing tell; `name` is what it is called.

    Raises RecordingError, PipelineError, or SessionFileError where the session in whose folder it lies can't be read.
    """
    results = reprocess(path, session_measures(path))
    notches_hz = [channel.notch_hz for channel in results.channels if channel.notch_hz > 0]
    about = About(
        name,
        body_weight_N=results.body_weight_N,
        settings_sha256=settings_sha256(results.rig),
        software_version=version("squatscope"),
        mains_hz=max(set(notches_hz), key=notches_hz.count) if notches_hz else math.nan,
        anonymous=ANONYMOUS.fullmatch(results.created_utc) is not None,
    )
    found = try_of(path)
    if found is not None:
        session, one = found
        about = replace(
            about,
            lifter=session.lifter,
            session=path.resolve().parent.name,
            task="squat" if one.kind == "set" else one.kind,
            condition=one.condition,
            number=one.number,
            bar_kg=math.nan if one.bar_kg is None else one.bar_kg,
        )
    return Described(about, events_of(results), results)


def counts(path: Path) -> bool:
    """Return whether a recording is of a try that counts in its session, or of no session; raises SessionFileError."""
    if not (path.parent / NAME).exists():
        return True
    found = try_of(path)
    return found is not None and found[1].accepted


def events_of(results: Results) -> list[Event]:
    """Return repetitions, the bottom of each, marks and flags, in the order of their times."""
    events = []
    for one in results.repetitions:
        name, seconds = f"repetition {one.number}", one.end_s - one.start_s
        doubt = f"; doubtful: {one.doubt}" if one.doubt else ""
        events.append(Event(one.start_s, seconds, "repetition", name, "", f"set {one.set}, depth {one.depth_m:.3f} m{doubt}"))
        if one.bottom_s == one.bottom_s:
            events.append(Event(one.bottom_s, 0.0, "bottom", f"{name} bottom"))
    events += [Event(mark.at_s, 0.0, "mark", mark.label) for mark in results.marks]
    for flag in results.flags:
        about = f"{flag.severity.word}, {flag.metric} {flag.peak:.4g} {flag.unit}, limits {flag.amber:g} and {flag.red:g}"
        seconds = flag.end_s - flag.start_s
        events.append(Event(flag.start_s, seconds, "flag", flag.label, SIDES.get(flag.side, ""), about))
    return sorted(events, key=lambda event: event.at_s)
