"""The EMG of a recording for MNE: a raw object with its signals, and events as annotations."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from acquisition.recording import Recording
from squatscope.events import FLAG, MARK
from squatscope.opened import DoorError

if TYPE_CHECKING:
    from squatscope.opened import Opened


def to_mne(opened: Opened, stream: str | None = None) -> Any:  # noqa: ANN401 - mne has no types
    """Return the EMG of a recording, of one stream, as MNE's `RawArray` in V, with its events as annotations.

    An annotation stands at the sample at which the event began, by MNE's time, which counts samples at the nominal rate; a flag
    is named by rule and side, a mark by its label, others by their kind. A flag that was still up lasts to the last sample.
    Raises DoorError where samples were lost, there is none, or MNE is not installed (`pip install squatscope[mne]`).
    """
    emg = opened.emg if stream is None else opened.emg_on(stream)
    stream = stream or opened.rig.emg[0].stream
    with Recording(opened.path) as recording:
        gaps = len(recording.streams[stream].gaps)
    if gaps:
        raise DoorError(
            f"The stream {stream} of {opened.path} has {gaps} gaps, which MNE's arrays can't hold, so that what follows would "
            "be too early. Take emg and time_s, and cut it there."
        )
    if emg.empty:
        raise DoorError(f"The stream {stream} of {opened.path} has no samples, and MNE takes no empty signal.")
    try:
        mne = import_module("mne")
    except ImportError:
        raise DoorError("MNE is not installed: install it with 'pip install squatscope[mne]'.") from None
    rate_hz = opened.rig.stream_named(stream).rate_hz
    raw = mne.io.RawArray(
        1e-6 * emg.to_numpy().T,
        mne.create_info([name.removesuffix("_uV") for name in emg.columns], rate_hz, "emg"),
        verbose="error",
    )
    time_s = emg.index.to_numpy()
    events = opened.events
    events = events[events["start_s"].between(time_s[0], time_s[-1])]
    start, end = (np.interp(events[name].fillna(np.inf), time_s, np.arange(len(time_s))) for name in ("start_s", "end_s"))
    raw.set_annotations(
        mne.Annotations(
            onset=start / rate_hz,
            duration=(end - start) / rate_hz,
            description=np.select(
                [events["event"] == FLAG, events["event"] == MARK],
                [events["rule"] + " " + events["side"], events["label"]],
                events["event"],
            ),
        )
    )
    return raw
