"""Limits of a session: those that were changed by hand while it ran, kept as edits, so that one set judges all of it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from acquisition.recording import Recording
from acquisition.rig.changed_limits import changed_on
from acquisition.rig.judgement import Rules, limits
from acquisition.ring import Ring
from hardware.errors import SquatscopeError
from processing.batch import reprocess
from processing.repetition.corrections import read_history, write_history
from processing.results import settings_sha256

if TYPE_CHECKING:
    from pathlib import Path

    from acquisition.rig.changed_limits import Changed
    from processing.results import Results


def keep_limits(path: Path, changed: Changed) -> None:
    """Keep limits as edits beside a recording, but for those by which it is judged already.

    Raises RecordingError, and EditError where edits can't be read or written.
    """
    if not changed:
        return
    with Recording(path) as recording:
        uuid, rig = recording.uuid, recording.rig
    before = history = read_history(path, uuid)
    for name, (amber, red) in changed.items():
        if limits(getattr(history.judged(rig).rules, name)) != (amber, red):
            known = None if math.isinf(red) else red
            history = history.with_edit("limits", settings_sha256(rig), rule=name, amber=amber, red=known)
    if history is not before:
        write_history(path, history)


def keep_limits_of(ring: Path, recording: Path) -> Changed:
    """Keep the limits that were changed in the session of a ring beside the recording made of it, and return them.

    Raises RingError, and as `keep_limits` does.
    """
    source = Ring.attach(ring)
    try:
        changed = changed_on(source.limits)
    finally:
        source.close()
    keep_limits(recording, changed)
    return changed


def limits_kept(path: Path) -> dict[str, tuple[float, float]]:
    """Return the limits by which a recording is judged, where they are not its rig's; raises as `keep_limits` does."""
    with Recording(path) as recording:
        own = recording.rig.rules
        rules = read_history(path, recording.uuid).judged(recording.rig).rules
    both = {name: (limits(getattr(rules, name)), limits(getattr(own, name))) for name in Rules.model_fields}
    return {name: now for name, (now, before) in both.items() if now != before}


def judged_by_last(path: Path, changed: Changed, live: Results) -> tuple[Results, str]:
    """Return the results of a session whose limits were changed, all of it judged by the last ones, which are kept.

    They are what reprocessing its recording gives, with the faults of the session. Where the limits can't be kept, they are
    judged by the rig's own; where the recording can't be computed, they stay as they were `live`. A sentence says so then.
    """
    said = ""
    try:
        keep_limits(path, changed)
    except SquatscopeError as error:
        said = f"The limits that were changed are not kept, and results are judged by those of the rig: {error}"
    try:
        results = reprocess(path, with_edits=not said)
    except SquatscopeError as error:
        return (
            live,
            f"Flags are those of the limits as they were at each moment, since the recording can't be computed: {error}",
        )
    return replace(results, faults=live.faults), said
