"""Recovery: a recording from the ring of a session that was killed, or that could not write its recording to the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import ValidationError

from acquisition.caveat import Caveat
from acquisition.recorder import Recorder
from acquisition.recording import RecordingError
from acquisition.rig import Rig
from acquisition.ring import PUBLISHED, Ring, SessionPhase
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
    """What came out of a ring: rows and seconds by stream, and what is no longer there."""

    rows: dict[str, int]
    seconds: dict[str, float]
    caveats: tuple[Caveat, ...]


def recover(ring: Path, out: Path) -> Recovered:
    """Make the recording `out` from all samples that a ring holds.

    Raises RecoveryError where the session is still running, nothing was acquired or the disk is full, RingError where it is
    no ring, and RecordingError where `out` exists or can't be made. Nothing is left of a recording that can't be completed.
    """
    source = Ring.attach(ring)
    if source.phase is not SessionPhase.FINISHED and source.heartbeat_age_s < ALIVE_S:
        raise RecoveryError(
            f"The session of {ring} is running: its last sign of life is {source.heartbeat_age_s:.1f} s old. "
            f"End it, and it completes its recording itself; if it was killed just now, try again in {ALIVE_S:g} s."
        )
    rig = _rig_of(source)
    raw = [name for name in source.streams if name not in source.derived]
    lost = {name: source.reader(name).row for name in raw}
    rows = {name: source.counter(name, PUBLISHED) - lost[name] for name in raw}
    if not any(rows.values()):
        raise RecoveryError(f"The ring {ring} holds no samples: its session ended before the first ones came.")

    recorder = Recorder(source, out, rig, TimeBase(source, rig))
    try:
        recorder.finish()
    except BaseException as error:
        recorder.abandon()
        out.unlink()
        if isinstance(error, RecordingError):
            raise RecoveryError(f"{out} could not be written to its end and was removed: {error.__cause__}.") from error
        raise
    rates_hz = {name: source.streams[name].rate_hz for name in raw}
    return Recovered(
        rows,
        {name: rows[name] / rates_hz[name] for name in raw},
        tuple(_overwritten(name, lost[name], rates_hz[name]) for name in raw if lost[name]),
    )


def _rig_of(ring: Ring) -> Rig:
    try:
        return Rig.model_validate(ring.description["rig"])
    except (KeyError, TypeError):
        raise RecoveryError(f"The ring {ring.path} does not say which rig it belongs to.") from None
    except ValidationError as error:
        raise RecoveryError(
            f"In the rig of the ring {ring.path}, {error.error_count()} settings don't fit; was it made by a newer squatscope?"
        ) from error


def _overwritten(name: str, samples: int, rate_hz: float) -> Caveat:
    sentence = (
        f"{name}: the first {samples} samples ({samples / rate_hz:.1f} s) are no longer in the ring; the recording that the "
        "session left unfinished holds them."
    )
    return Caveat("overwritten", name, {"samples": float(samples), "seconds": samples / rate_hz}, sentence)
