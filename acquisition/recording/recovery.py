"""Recovery: a recording from the ring of a session that was killed, or that could not write its recording to the end.

What the ring no longer holds is taken from the recording that the session left unfinished beside it, where it is there.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pydantic import ValidationError

from acquisition.caveat import Caveat
from acquisition.recording.recording import Recording, RecordingError, RecordingWriter
from acquisition.rig import Rig
from acquisition.ring import PUBLISHED, Ring, SessionPhase
from acquisition.stretches import Stretch
from acquisition.timebase.time_base import TimeBase
from hardware.errors import SquatscopeError

if TYPE_CHECKING:
    from pathlib import Path

ALIVE_S = 2.0
"""A session whose last sign of life is younger than this is taken to be running."""


class RecoveryError(SquatscopeError):
    """Nothing can be recovered; the text is a full sentence."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """What was recovered: rows and seconds by stream, those of them from the unfinished recording, and what is nowhere."""

    rows: dict[str, int]
    seconds: dict[str, float]
    from_recording: dict[str, int]
    caveats: tuple[Caveat, ...]


def recover(ring: Path, out: Path) -> Recovered:
    """Make the recording `out` from all samples that a ring holds, and those before them in `recording.h5` beside it.

    Raises RecoveryError where the session is still running, nothing was acquired or the disk is full, RingError where it is
    no ring, and RecordingError where `out` exists or can't be made. Nothing is left of a recording that can't be completed.
    """
    source = Ring.attach(ring)
    try:
        return _recover(source, ring, out)
    finally:
        source.close()


def _recover(source: Ring, ring: Path, out: Path) -> Recovered:
    if source.phase is not SessionPhase.FINISHED and source.heartbeat_age_s < ALIVE_S:
        raise RecoveryError(
            f"The session of {ring} is running: its last sign of life is {source.heartbeat_age_s:.1f} s old. "
            f"End it, and it completes its recording itself; if it was killed just now, try again in {ALIVE_S:g} s."
        )
    raw = [name for name in source.streams if name not in source.derived]
    rig = _rig_of(source, raw)
    if not any(source.counter(name, PUBLISHED) for name in raw):
        raise RecoveryError(f"The ring {ring} holds no samples: its session ended before the first ones came.")
    with ExitStack() as left:
        earlier = _unfinished(source, rig)
        if earlier is not None:
            left.enter_context(earlier)
        return _join(source, earlier, out, rig, raw)


def _unfinished(source: Ring, rig: Rig) -> Recording | None:
    """Return the recording that a session left unfinished beside its ring, None where there is none of this session."""
    path = source.path.with_name("recording.h5")
    try:
        recording = Recording(path) if path.is_file() else None
    except RecordingError:
        return None  # what can't be read holds nothing that could be recovered
    if recording is not None and (recording.complete or recording.rig != rig or not _is_of(recording, source)):
        recording.close()
        return None
    return recording


def _is_of(recording: Recording, source: Ring) -> bool:
    """Return whether the blocks that both hold came at the same times, or one ends before the other where they share none."""
    for name, recorded in recording.streams.items():
        stretch = source.reader(name).read()
        if stretch is None or not recorded.rows:
            continue
        _, one, other = np.intersect1d(recorded.ticks["index"], stretch.ticks["index"], return_indices=True)
        shared = (recorded.ticks["host_s"][one] == stretch.ticks["host_s"][other]).all()
        if not shared or recorded.ticks["host_s"][0] > stretch.ticks["host_s"][-1]:
            return False
    return True


def _join(source: Ring, earlier: Recording | None, out: Path, rig: Rig, raw: list[str]) -> Recovered:
    time_base = TimeBase(source, rig)
    writer = RecordingWriter(out, rig, [source.streams[name] for name in raw])
    before, lost = dict.fromkeys(raw, 0), dict.fromkeys(raw, 0)
    try:
        for name in raw:
            reader = source.reader(name)
            oldest_row, first = reader.row, reader.read()
            begin = first.first_index if first is not None else sys.maxsize
            for stretch in earlier.stretches(name) if earlier is not None else ():
                if (part := _before(stretch, begin)) is not None:
                    _append(writer, time_base, name, part)
            before[name] = time_base.rows[name]
            lost[name] = max(0, oldest_row - before[name])
            while first is not None:
                _append(writer, time_base, name, first)
                first = reader.read()
        for name, edges in time_base.edges.items():
            writer.append_edges(name, edges)
        marks = [*(earlier.marks if earlier is not None else []), *source.marks.read()]
        writer.append_marks(sorted(set(marks)))
        writer.finish(time_base.fitted())
    except BaseException as error:
        writer.abandon()
        out.unlink()
        if isinstance(error, RecordingError):
            raise RecoveryError(f"{out} could not be written to its end and was removed: {error.__cause__}.") from error
        raise
    rates_hz = {name: source.streams[name].rate_hz for name in raw}
    return Recovered(
        dict(time_base.rows),
        {name: time_base.rows[name] / rates_hz[name] for name in raw},
        before,
        tuple(_overwritten(name, lost[name], rates_hz[name]) for name in raw if lost[name]),
    )


def _append(writer: RecordingWriter, time_base: TimeBase, name: str, stretch: Stretch) -> None:
    writer.append(name, stretch)
    time_base.add(name, stretch)


def _before(stretch: Stretch, index: int) -> Stretch | None:
    """Return what a stretch has before a sample number, which may lie within a block; None where that is nothing."""
    rows = min(index - stretch.first_index, len(stretch.samples))
    if rows <= 0:
        return None
    ticks = stretch.ticks[: int(np.searchsorted(stretch.ticks["index"], index)) + 1].copy()
    ticks[-1]["row"], ticks[-1]["index"] = stretch.first_row + rows, stretch.first_index + rows
    return Stretch(stretch.samples[:rows], ticks, stretch.first_row, stretch.first_index)


def _rig_of(ring: Ring, raw: list[str]) -> Rig:
    try:
        rig = Rig.model_validate(ring.description["rig"])
    except (KeyError, TypeError):
        raise RecoveryError(f"The ring {ring.path} does not say which rig it belongs to.") from None
    except ValidationError as error:
        raise RecoveryError(
            f"In the rig of the ring {ring.path}, {error.error_count()} settings don't fit; was it made by a newer squatscope?"
        ) from error
    described = {settings.name: (settings.rate_hz, tuple(settings.channels)) for settings in rig.stream}
    found = {name: (ring.streams[name].rate_hz, ring.streams[name].channel_names) for name in raw}
    if found != described:
        raise RecoveryError(f"The streams of the ring {ring.path} are not those that its rig describes; it is damaged.")
    return rig


def _overwritten(name: str, samples: int, rate_hz: float) -> Caveat:
    sentence = (
        f"{name}: {samples} samples ({samples / rate_hz:.1f} s) are no longer in the ring and in no unfinished recording "
        "beside it; they are lost."
    )
    return Caveat("overwritten", name, {"samples": float(samples), "seconds": samples / rate_hz}, sentence)
