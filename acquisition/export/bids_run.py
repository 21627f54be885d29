"""One run of a BIDS-EMG dataset: the BDF+ file of an EMG stream, with its sidecar, its channels and its events."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from acquisition.caveat import Caveat
from acquisition.export import bids_texts as texts
from acquisition.export.about import Event
from acquisition.export.bdf import BdfChannel, labels_of, record_of, write_bdf
from acquisition.export.even_stream import Held
from acquisition.export.signals import emg_of, joined, others_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from acquisition.export.about import About
    from acquisition.export.even_stream import EvenStream
    from acquisition.export.signals import Column, Signals
    from acquisition.recording import Recording
    from acquisition.rig import Rig
    from hardware.arrays import Floats

SKIP = "BAD_ACQ_SKIP"
"""What MNE calls a span in which nothing was acquired, and leaves out of what it computes."""
CHANNELS = ("name", "type", "units", "description", "sampling_frequency", "target_muscle", "reference", "side", "lead")
EVENTS = ("onset", "duration", "trial_type", "label", "side", "about")


@dataclass(frozen=True, slots=True)
class Run:
    """A run: its recording, in which folder, what its files begin with, and from when to when in s of the first EMG stream.

    `base` is that stream; `began` is when its first sample of the run was taken, None where that is not to be told.
    """

    recording: Recording
    about: About
    subject: str
    folder: Path
    stem: str
    begin_s: float
    end_s: float
    is_last: bool
    base: EvenStream
    began: datetime | None

    @property
    def rig(self) -> Rig:
        """The rig of its recording."""
        return self.recording.rig

    @property
    def task(self) -> str:
        """What was done, as a label."""
        return word(self.about.task) or "squat"

    def around(self, acquired: str) -> Path:
        """Return what files begin with that hold for all runs of a session."""
        return self.folder / f"{self.stem.split('_task-')[0]}{acquired}"


def word(text: str) -> str:
    """Return a text as a label of BIDS: letters a to z and digits alone."""
    return re.sub(r"[^A-Za-z0-9]", "", text)


def new(stem: Path, ending: str, made: list[Path]) -> Path:
    """Return a file's name, and note it as one that is made."""
    made.append(stem.with_name(f"{stem.name}{ending}"))
    return made[-1]


def slots_in(run: Run, stream: EvenStream) -> tuple[int, int, float, float]:
    """Return of a stream in a run the first slot, the one after the last, its rate, and when it begins, in s of the run."""
    zero_s, end_s = (run.base.seconds_of(float(at)) for at in stream.host_s(np.array([0, stream.length])))
    hz = stream.length / (end_s - zero_s)
    if abs(hz / stream.rate_hz - 1.0) < 1e-9:  # of one clock, but for rounding
        hz = stream.rate_hz
    first = math.ceil((run.begin_s - zero_s) * hz - 1e-6) if run.begin_s else 0
    end = stream.length if run.is_last else math.ceil((run.end_s - zero_s) * hz - 1e-6)
    first, end = (min(max(0, slot), stream.length) for slot in (first, end))
    return first, end, hz, zero_s + first / hz - run.begin_s


def write_emg(
    run: Run, stream: EvenStream, acquired: str, events: Sequence[Event], caveats: list[Caveat], made: list[Path]
) -> tuple[dict[str, Any], list[str]]:
    """Write a stream's BDF file of a run with all that belongs to it.

    Returns its row in the table of runs, with the file's path as it is, and the names of its sensors.
    """
    signals = joined([group for group in (emg_of(run.rig, stream.name), others_of(run.rig, stream.name)) if group.columns])
    first, end, hz, start_s = slots_in(run, stream)
    values, skips = _whole(stream, signals, first, end, hz, caveats)
    told = [replace(event, at_s=event.at_s - start_s) for event in events if event.at_s >= start_s]
    told = sorted([*told, *skips], key=lambda event: event.at_s)

    stem = run.folder / run.stem.replace("_run-", f"{acquired}_run-")
    labels = labels_of([f"{column.signal}_{column.side}" if column.side else column.signal for column in signals.columns])
    began = None if run.began is None else run.began + timedelta(seconds=start_s)
    bdf = new(stem, "_emg.bdf", made)
    channels = [BdfChannel(label, column.unit) for label, column in zip(labels, signals.columns, strict=True)]
    file_hz = write_bdf(bdf, values, hz, channels, told, run.subject, began)

    trigger = run.rig.stream_named(stream.name).sync_channel
    rows = [_channel(label, column, file_hz, trigger) for label, column in zip(labels, signals.columns, strict=True)]
    kinds = [row["type"] for row in rows]
    sidecar = texts.emg_sidecar(run.task, file_hz, (end - first) / file_hz, kinds, run.about.mains_hz)
    texts.write_json(new(stem, "_emg.json", made), sidecar)
    texts.write_tsv(new(stem, "_channels.tsv", made), rows, CHANNELS)
    happened = [dict(zip(EVENTS, (e.at_s, e.seconds, e.kind, e.label, e.side, e.about), strict=True)) for e in told]
    texts.write_tsv(new(stem, "_events.tsv", made), happened, EVENTS)
    scan = {
        "filename": bdf,
        "acq_time": "" if began is None else began.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "condition": run.about.condition,
        "bar_kg": run.about.bar_kg,
        "body_weight": run.about.body_weight_N,
        "recording_uuid": run.recording.uuid,
        "settings_sha256": run.about.settings_sha256,
    }
    return scan, [row["name"] for row in rows if row["type"] == "EMG"]


def _whole(
    stream: EvenStream, signals: Signals, first: int, end: int, hz: float, caveats: list[Caveat]
) -> tuple[Floats, list[Event]]:
    """Return values (channels, samples), all of them numbers, that fill whole data records, and what was not recorded."""
    samples = end - first
    count, _ = record_of(hz, samples)
    values = np.empty((len(signals.columns), -(-samples // count) * count))
    held = Held(hz)
    for at, raw in stream.pieces(first, end):
        values[:, at - first : at - first + len(raw)] = held.take(at - first, signals.of(raw)).T
    values[:, samples:] = values[:, samples - 1 : samples]
    skips = [Event(begin_s, until_s - begin_s, SKIP, SKIP, "", "lost samples") for begin_s, until_s in held.lost_s]
    if skips:
        lost_s = held.samples / hz
        sentence = f"{stream.name} lost samples for {lost_s:.4g} s in all; the value before stands there, marked as {SKIP}."
        caveats.append(Caveat("held", stream.name, {"samples": float(held.samples), "spans": float(len(skips))}, sentence))
    if padded := values.shape[1] - samples:
        skips.append(Event(samples / hz, padded / hz, SKIP, SKIP, "", "fills up the last data record"))
        sentence = f"{stream.name}: its last value fills up the last data record, for {padded / hz:.3f} s, marked as {SKIP}."
        caveats.append(Caveat("frame_filled", stream.name, {"samples": float(padded)}, sentence))
    return values, skips


def _channel(label: str, column: Column, hz: float, trigger: str | None) -> dict[str, Any]:
    """Return a channel's row in the table of channels."""
    is_emg = column.kind == "emg"
    return {
        "name": label,
        "type": "EMG" if is_emg else "TRIG" if column.channel == trigger else "MISC",
        "units": column.unit,
        "description": column.about,
        "sampling_frequency": hz,
        "target_muscle": texts.MUSCLES.get(column.signal, "") if is_emg else "",
        "reference": "bipolar" if is_emg else "",
        "side": column.side,
        "lead": column.channel,
    }
