"""What is fuzzed: a good file of each format, and what the program does with one, to the end of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from acquisition.formats.c3d.importer import import_c3d
from acquisition.formats.loggers.openbci import read_openbci
from acquisition.formats.loggers.opensignals import read_opensignals
from acquisition.formats.loggers.tdms import read_tdms
from acquisition.formats.loggers.xdf import read_xdf
from acquisition.recording import RecordingWriter
from acquisition.recording.recovery import recover
from acquisition.rig.rig_file import example, load
from acquisition.ring import Ring, SessionPhase
from hardware.source import Block
from processing.batch import reprocess
from processing.pipeline import Pipeline
from processing.repetition.corrections import SUFFIX, History, read_history, write_history
from processing.results import Results
from tests.fuzz import mutations
from tests.support.made_c3d import make as make_c3d_file
from tests.support.openbci import write_openbci
from tests.support.opensignals import MAC, device, write_h5
from tests.support.sessions import a_stretch, recorded, simulated
from tests.support.xdf import XdfStream, write_xdf
from ui.dashboard.feed.feed import Feed
from ui.report import report

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from random import Random

SECONDS = 6.0


@dataclass(frozen=True, slots=True)
class Target:
    """A format: `make` writes a good file, `mutate` spoils one, `use` does with it what the program does."""

    name: str
    make: Callable[[Path], None]
    mutate: Callable[[Random, Path], str]
    use: Callable[[Path], object]
    ending: str = ".h5"


def make_recording(path: Path) -> None:
    """Write a complete recording of the demo's rig, with a sync line."""
    rig = load(example("demo"))
    recorded(path, rig, simulated(rig, seconds=SECONDS))


def make_cut_recording(path: Path) -> None:
    """Write a recording that was never completed."""
    rig = load(example("demo"))
    writer = RecordingWriter(path, rig, [settings.stream() for settings in rig.stream])
    for name, rows in simulated(rig, seconds=SECONDS).items():
        writer.append(name, a_stretch(rows, rig.stream_named(name).rate_hz))
    writer.abandon()


def make_ring(path: Path) -> None:
    """Write the ring of a session that was killed, with the frames that its samples gave."""
    rig = load(example("demo"))
    pipeline = Pipeline(rig)
    ring = Ring.create(
        path,
        [settings.stream() for settings in rig.stream],
        SECONDS,
        derived=pipeline.derived_streams(),
        description={"rig": rig.model_dump(mode="json"), "rules": [rule.as_data() for rule in pipeline.rules]},
    )
    writers = {name: ring.writer(name) for name in ring.streams}
    rows = dict.fromkeys(ring.streams, 0)
    ring.beat(SessionPhase.RUNNING)
    for name, samples in simulated(rig, seconds=SECONDS).items():
        for piece in np.array_split(samples, 50):
            writers[name].append(Block(piece, rows[name], 100.0 + (rows[name] + len(piece)) / rig.stream_named(name).rate_hz))
            for derived, frames in pipeline.process(name, piece, rows[name]):
                writers[derived].append(Block(frames.copy(), rows[derived], 100.0))
                rows[derived] += len(frames)
            rows[name] += len(piece)
    ring._session[1] = 0
    ring.close()


def make_results(path: Path) -> None:
    """Write the results of a recording."""
    recording = path.with_name("of-results.h5")
    make_recording(recording)
    reprocess(recording).write(path)


def use_recording(path: Path) -> None:
    """Reprocess it, with results and report."""
    found = reprocess(path)
    found.write(path.with_name("new-metrics.h5"))
    report.write(found, path.with_name("new-report.html"))


def use_ring(path: Path) -> None:
    """Show it once, then recover its recording."""
    ring = Ring.attach(path)
    try:
        feed = Feed(ring)
        feed.poll()
    finally:
        ring.close()
    recover(path, path.with_name("new-recovered.h5"))


def use_results(path: Path) -> None:
    """Read them and write a report."""
    report.write(Results.read(path), path.with_name("new-report.html"))


def make_c3d(path: Path) -> None:
    """Write a C3D file of two plates."""
    make_c3d_file(path)


def use_c3d(path: Path) -> None:
    """Import it."""
    import_c3d(path, path.with_name("new-imported.h5"))


def make_rig(path: Path) -> None:
    """Write a rig with every kind of setting."""
    path.write_text(example("demo").read_text(encoding="utf-8"), encoding="utf-8")


def use_rig(path: Path) -> None:
    """Check it, as `squatscope check` does."""
    Pipeline(load(path))


def make_map(path: Path) -> None:
    """Write an import map, and the C3D file beside it that it maps."""
    make_c3d_file(path.with_name("mapped.c3d"))
    lines = [
        "[lab]",
        'right_axis = "x"',
        "[[plate]]",
        "number = 1",
        'side = "left"',
        "[[plate]]",
        "number = 2",
        'side = "right"',
    ]
    path.write_text(
        "\n".join([*lines, "[rules.load_shift]", "amber_pct = 4", "red_pct = 9", "hold_s = 0.3", "[plates]", "contact_N = 20"]),
        encoding="utf-8",
    )


def use_map(path: Path) -> None:
    """Import the C3D file with it."""
    import_c3d(path.with_name("mapped.c3d"), path.with_name("new-imported.h5"), path)


def make_xdf(path: Path) -> None:
    """Write an XDF file of two streams with clock offsets and a loss."""
    stamps_s = np.arange(300) / 100.0
    stamps_s[200:] += 0.5
    offsets = [(float(at), 7.0) for at in range(4)]
    streams = [XdfStream(name, stamps_s, np.ones((300, 2)), labels=["a", "b"], offsets=offsets) for name in ("force", "emg")]
    write_xdf(path, streams)


def make_tdms(path: Path) -> None:
    """Write a TDMS file of two channels, in two parts."""
    from nptdms import ChannelObject, TdmsWriter

    said = {"wf_increment": 0.001, "wf_start_time": np.datetime64("2024-05-06T10:28:51"), "unit_string": "V"}
    with TdmsWriter(path) as writer:
        for _ in range(2):
            writer.write_segment([ChannelObject("lab", name, np.arange(50.0), said) for name in ("Fz", "EMG")])


def make_openbci(path: Path) -> None:
    """Write a raw text file of the OpenBCI GUI with a loss."""
    write_openbci(path, "ganglion", 3.0, {200: 7})


def make_opensignals(path: Path) -> None:
    """Write an OpenSignals HDF5 file."""
    write_h5(path, {MAC: device()})


def make_edits(path: Path) -> None:
    """Write edits of every kind, of a recording that nobody needs to read them."""
    span = {"start_s": 4.0, "end_s": 6.5}
    history = History(recording="r.h5", recording_uuid="0f").with_edit("drop", "", repetition=span)
    history = history.with_edit("split", "", repetition=span, at_s=5.0).with_edit("move", "", repetition=span, end_s=6.0)
    history = history.with_edit("dismiss", "", reason="none", flag={"rule": "r", "side": "left", "start_s": 4.0})
    write_history(path.with_name(path.name.removesuffix(SUFFIX) + ".h5"), history.with_edit("undo", "", undone=2))


def use_edits(path: Path) -> None:
    """Read them."""
    read_history(path.with_name(path.name.removesuffix(SUFFIX) + ".h5"), "0f")


TARGETS = (
    Target("recording, bytes", make_recording, mutations.of_bytes, use_recording),
    Target("recording, parts", make_recording, mutations.of_parts, use_recording),
    Target("cut recording, bytes", make_cut_recording, mutations.of_bytes, use_recording),
    Target("cut recording, parts", make_cut_recording, mutations.of_parts, use_recording),
    Target("ring, bytes", make_ring, mutations.of_bytes, use_ring),
    Target("ring, parts", make_ring, mutations.of_parts, use_ring),
    Target("results, bytes", make_results, mutations.of_bytes, use_results),
    Target("results, parts", make_results, mutations.of_parts, use_results),
    Target("C3D, bytes", make_c3d, mutations.of_bytes, use_c3d, ".c3d"),
    Target("XDF, bytes", make_xdf, mutations.of_bytes, read_xdf, ".xdf"),
    Target("TDMS, bytes", make_tdms, mutations.of_bytes, read_tdms, ".tdms"),
    Target("OpenBCI, bytes", make_openbci, mutations.of_bytes, read_openbci, ".txt"),
    Target("OpenSignals, bytes", make_opensignals, mutations.of_bytes, read_opensignals),
    Target("OpenSignals, parts", make_opensignals, mutations.of_parts, read_opensignals),
    Target("rig, lines", make_rig, mutations.of_lines, use_rig, ".toml"),
    Target("rig, bytes", make_rig, mutations.of_bytes, use_rig, ".toml"),
    Target("import map, lines", make_map, mutations.of_lines, use_map, ".toml"),
    Target("edits, lines", make_edits, mutations.of_lines, use_edits, SUFFIX),
    Target("edits, bytes", make_edits, mutations.of_bytes, use_edits, SUFFIX),
)
