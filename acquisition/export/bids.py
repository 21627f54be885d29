"""BIDS-EMG export: a dataset of BDF+ files with their sidecars, and what else was recorded in physio files beside them.

EMG goes into a BDF+ file of its own stream, with the other channels of that stream; forces, markers and other streams go into
`physio.tsv.gz`, which has a rate and a beginning of its own, keeps every digit, and has n/a where a sample was lost. All times
are those of the samples of the first EMG stream, at its nominal rate.
"""

from __future__ import annotations

import csv
import gzip
import io
import math
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from acquisition.export import bids_texts as texts
from acquisition.export.about import About, Event, ExportError
from acquisition.export.bdf import load_edfio
from acquisition.export.bids_run import Run, new, slots_in, word, write_emg
from acquisition.export.even_stream import EvenStream
from acquisition.export.signals import Signals, beside_emg, signals_of
from acquisition.export.table_files import cells

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from acquisition.caveat import Caveat
    from acquisition.recording import Recording

MOST_VALUES = 1 << 26
"""Of one BDF file: edfio holds all of them, at about 15 bytes each; a longer recording becomes several runs."""
SCAN_COLUMNS = ("filename", "acq_time", *texts.SCANS)


class BidsDataset:
    """A dataset in a folder, filled recording by recording; `finish` writes what concerns all of them."""

    def __init__(self, folder: Path) -> None:
        load_edfio()
        self._folder = folder
        self._lifters: dict[str, str] = {}
        self._runs: dict[str, int] = {}
        self._scans: dict[Path, list[dict[str, Any]]] = {}
        self._sensors: dict[Path, dict[str, None]] = {}
        self._tasks: set[str] = set()

    def add(self, recording: Recording, about: About, events: Sequence[Event], caveats: list[Caveat]) -> list[Path]:
        """Write a recording's files, and return those with EMG; appends what was altered to `caveats`.

        Raises ExportError where it has no EMG, its lifter's id can't be told from another's, or a file can't be written; then
        nothing of it is left.
        """
        emg = [name for name in dict.fromkeys(e.stream for e in recording.rig.emg) if recording.streams[name].rows]
        if not emg:
            raise ExportError(f"{recording.path} holds no samples of EMG, which BIDS-EMG is for; export it in another format.")
        streams = {name: EvenStream(recording, name) for name, of in recording.streams.items() if of.rows}
        subject = self._subject(about)
        before = self._runs.copy()
        made: list[Path] = []
        scans: list[dict[str, Any]] = []
        sensors: dict[Path, list[str]] = {}
        try:
            for run in self._runs_of(recording, about, subject, emg, streams):
                run.folder.mkdir(parents=True, exist_ok=True)
                told = _events_of(run, events)
                for name in emg:
                    acquired = f"_acq-{word(name)}" if len(emg) > 1 else ""
                    scan, electrodes = write_emg(run, streams[name], acquired, told, caveats, made)
                    scans.append(scan)
                    sensors.setdefault(run.around(acquired), []).extend(electrodes)
                for name, stream in streams.items():
                    signals = beside_emg(run.rig, name) if name in emg else signals_of(run.rig, name)
                    if signals.columns:
                        _write_physio(run, signals, stream, made)
        except BaseException as error:
            self._runs = before
            for path in made:
                path.unlink(missing_ok=True)
            for folder in {path.parent for path in made}:
                for empty in (folder, *folder.parents):
                    if empty == self._folder:
                        break
                    with suppress(OSError):
                        empty.rmdir()
            if isinstance(error, OSError):
                raise ExportError(f"{recording.path} can't be written as BIDS: {error.strerror or error}.") from error
            raise
        self._lifters[subject] = about.lifter or about.name
        for around, electrodes in sensors.items():
            self._sensors.setdefault(around, {}).update(dict.fromkeys(electrodes))
        self._tasks.add(word(about.task) or "squat")
        folder = made[0].parent.parent
        self._scans.setdefault(folder, []).extend(
            scan | {"filename": scan["filename"].relative_to(folder).as_posix()} for scan in scans
        )
        return [scan["filename"] for scan in scans]

    def finish(self) -> None:
        """Write the description of the dataset, its participants, and the table of runs of each session."""
        texts.write_json(self._folder / "dataset_description.json", texts.dataset_description())
        (self._folder / "README.md").write_text(texts.README, encoding="utf-8")
        rows = [{"participant_id": f"sub-{subject}"} for subject in sorted(self._lifters)]
        texts.write_tsv(self._folder / "participants.tsv", rows, ["participant_id"])
        for folder, scans in self._scans.items():
            stem = "_".join(folder.relative_to(self._folder).parts)
            texts.write_tsv(folder / f"{stem}_scans.tsv", scans, SCAN_COLUMNS)
            texts.write_json(folder / f"{stem}_scans.json", texts.SCANS)
        for around, electrodes in self._sensors.items():
            rows = [{"name": electrode} for electrode in electrodes]
            texts.write_tsv(around.with_name(f"{around.name}_electrodes.tsv"), rows, ("name", "x", "y"))
            texts.write_json(around.with_name(f"{around.name}_coordsystem.json"), texts.coordinates_sidecar())
        for task in sorted(self._tasks):
            texts.write_json(self._folder / f"task-{task}_events.json", texts.EVENTS)
            texts.write_json(self._folder / f"task-{task}_channels.json", texts.CHANNELS)

    def _subject(self, about: About) -> str:
        """Return the label of a lifter, or of a recording of which nobody knows whose it is."""
        known = about.lifter or about.name
        subject = word(known)
        if not subject:
            raise ExportError(f"BIDS names people by letters a to z and digits, and {known!r} has none; rename it.")
        if self._lifters.get(subject, known) != known:
            raise ExportError(
                f"BIDS names people by letters and digits alone, so that {known!r} and {self._lifters[subject]!r} would both "
                f"be sub-{subject}; export them apart, or rename one."
            )
        return subject

    def _runs_of(
        self, recording: Recording, about: About, subject: str, emg: Sequence[str], streams: dict[str, EvenStream]
    ) -> list[Run]:
        """Return the runs that a recording is cut into, so that none is larger than a file may be."""
        base = streams[emg[0]]
        folder = self._folder / f"sub-{subject}"
        stem = f"sub-{subject}"
        if session := word(about.session):
            folder, stem = folder / f"ses-{session}", f"{stem}_ses-{session}"
        stem = f"{stem}_task-{word(about.task) or 'squat'}"
        values_hz = max(streams[name].rate_hz * len(recording.rig.stream_named(name).channels) for name in emg)
        most_s = max(1, math.floor(MOST_VALUES / values_hz))
        seconds = base.length / base.rate_hz
        first_s = base.first_s - recording.start_s
        began = None if about.anonymous else datetime.fromisoformat(recording.created_utc)
        runs = []
        for begin_s in range(0, math.ceil(seconds), most_s):
            number = self._runs[stem] = self._runs.get(stem, 0) + 1
            at = began + timedelta(seconds=first_s + begin_s) if began is not None else None
            end_s = min(float(begin_s + most_s), seconds)
            named = f"{stem}_run-{number:02d}"
            is_last = begin_s + most_s >= seconds
            runs.append(Run(recording, about, subject, folder / "emg", named, float(begin_s), end_s, is_last, base, at))
        return runs


def _write_physio(run: Run, signals: Signals, stream: EvenStream, made: list[Path]) -> None:
    """Write what a stream holds beside EMG, every digit of it."""
    first, end, hz, start_s = slots_in(run, stream)
    if end <= first:
        return
    stem = run.folder / f"{run.stem}_recording-{word(stream.name) or 'other'}"
    texts.write_json(new(stem, "_physio.json", made), texts.physio_sidecar(run.task, hz, start_s, signals.columns))
    with (
        new(stem, "_physio.tsv.gz", made).open("xb") as file,
        gzip.GzipFile("", "wb", compresslevel=1, fileobj=file, mtime=0) as packed,  # without a name, and a date
        io.TextIOWrapper(packed, encoding="utf-8", newline="") as text,
    ):
        lines = csv.writer(text, delimiter="\t", lineterminator="\n")
        for _, raw in stream.pieces(first, end):
            lines.writerows(zip(*(cells(column, texts.NOT_KNOWN) for column in signals.of(raw).T), strict=True))


def _events_of(run: Run, events: Sequence[Event]) -> list[Event]:
    """Return the events that begin in a run, in its own time."""
    found = []
    for event in events:
        at_s = run.base.seconds_of(event.at_s + run.recording.start_s) - run.begin_s
        if 0 <= at_s < run.end_s - run.begin_s:
            found.append(replace(event, at_s=at_s))
    return found
