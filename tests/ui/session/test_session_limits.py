"""A session whose limits were changed while it ran leaves results, report and recordings that are judged by the last ones."""

from __future__ import annotations

import io
import shutil
from typing import TYPE_CHECKING

from rich.console import Console

from acquisition.commands import FOLDER, Command, Commands, Does
from acquisition.rig.changed_limits import put_on, with_limits
from acquisition.ring import Ring, SessionPhase
from hardware.severity import Severity
from hardware.source import Block
from processing.batch import reprocess
from processing.results import Results
from processing.screening.guided.protocol import Protocol
from processing.screening.guided.session_file import Try, new_session
from processing.session_limits import limits_kept
from sim.device import devices
from sim.lifter.lifter import demo_lifter
from tests.support.rigs import example_with
from tests.support.sessions import recorded, simulated
from ui.archive.folder import Folder
from ui.session.parts import Planned
from ui.session.run import dashboard_process, run_session
from ui.session.screening import _keep_for_all, _limits_before

if TYPE_CHECKING:
    from acquisition.rig import Rig

DEMO = example_with()
PLATES = next(stream for stream in DEMO.stream if stream.name == DEMO.plate[0].stream)
RIG = example_with(emg=[], stream=[PLATES.model_copy(update={"sync_channel": None}).model_dump()])
SECONDS = 12.0


def judging(rig: Rig, amber: float, red: float) -> Rig:
    """Return a rig whose load shift has had these limits from the start."""
    return rig.model_copy(update={"rules": with_limits(rig.rules, "load_shift", amber, red)})


def test_limits_of_a_screening_are_kept_for_all_its_sets_and_a_resumed_one_goes_on_with_them(tmp_path):
    recording = recorded(tmp_path / "r.h5", RIG, simulated(RIG, seconds=SECONDS))
    shutil.copy(recording, tmp_path / "04-cue.h5")
    tries = [
        Try(number=1, step=n, kind=kind, recording=name)
        for n, (kind, name) in enumerate(
            (("zero", "01-zero.h5"), ("set", "r.h5"), ("set", "04-cue.h5"), ("set", ""), ("set", "lost.h5"))
        )
    ]
    session = new_session("x", Protocol(name="of a test", step=[{"kind": "zero"}])).model_copy(update={"tries": tries})
    assert _keep_for_all(tmp_path, session, {}) == []
    assert _limits_before(tmp_path, session.model_copy(update={"tries": tries[:-2]})) == {}
    (said,) = _keep_for_all(tmp_path, session, {"load_shift": (8.0, 12.0)})
    assert said.startswith("The limits that were changed are not kept for lost.h5: ")
    assert reprocess(tmp_path / "04-cue.h5").rig.rules == reprocess(recording).rig.rules == judging(RIG, 8.0, 12.0).rules
    assert _limits_before(tmp_path, session.model_copy(update={"tries": tries[:-2]})) == {"load_shift": (8.0, 12.0)}
    assert _limits_before(tmp_path, session) == {}, "of one that is not there"


def test_a_ring_that_a_killed_session_left_gives_a_recording_with_its_limits(squatscope, tmp_path):
    samples = simulated(RIG, seconds=5.0)["plates"]
    streams = [settings.stream() for settings in RIG.stream]
    ring = Ring.create(tmp_path / "ring.h5", streams, 6.0, description={"rig": RIG.model_dump(mode="json")})
    ring.writer("plates").append(Block(samples, 0, 100.0))
    put_on(ring.limits, {"load_shift": (8.0, 12.0)})
    ring.beat(SessionPhase.FINISHED)
    told = squatscope("recover", ring.path, "new.h5")
    assert told.code == 0, told.err
    assert "Limits that were changed in the session are kept beside it, as edits: load shift." in told.out
    assert limits_kept(tmp_path / "new.h5") == {"load_shift": (8.0, 12.0)}


class _Asks:
    """A follower that asks for other limits at once, as a screen does."""

    def __init__(self, ring: Ring) -> None:
        self._commands = Commands(ring.path.parent / FOLDER)
        self._asked = False

    def follow(self) -> bool:
        if not self._asked:
            self._asked = True
            self._commands.give(Command(Does.LIMITS, 0, "load_shift 3 6"))
        return False

    def finish(self) -> None:
        """Nothing is left to ask."""

    def abandon(self) -> None:
        """Nothing is left to ask."""


def test_all_that_a_session_leaves_is_by_its_last_limits(tmp_path, monkeypatch):
    monkeypatch.setattr(dashboard_process, "save_picture", lambda *_: [])
    printed, folder = io.StringIO(), Folder(tmp_path / "out")
    sources = devices(RIG, demo_lifter(SECONDS, 3), speed=None, end_s=SECONDS)
    console = Console(file=printed, width=200)
    outcome = run_session(
        RIG,
        sources,
        folder,
        console,
        Planned(SECONDS),
        headless=True,
        others=lambda ring: {"asks": _Asks(ring)},
    )
    assert outcome.faults == []
    assert "Computing all of the session by the limits that were changed" in printed.getvalue()
    (said,) = [fault for fault in outcome.results.faults if fault.about == "limits"]
    assert said.severity is Severity.FINE
    assert said.sentence.endswith("from 5/10 % to 3/6 %.")
    later, kept = reprocess(folder.recording), Results.read(folder.metrics)
    from_start = reprocess(folder.recording, lambda rig: judging(rig, 3.0, 6.0), with_edits=False)
    for one in (outcome.results, kept, later):
        assert repr(one.flags) == repr(from_start.flags)
        assert [edit.sentence for edit in one.edits] == ["The limits of load shift are 3/6 % instead of 5/10 %."]
        assert one.rig.rules == from_start.rig.rules
    page = folder.report.read_text(encoding="utf-8")
    assert "What went wrong" not in page
    assert said.sentence in page
    assert "Changed by hand: The limits of load shift are 3/6 % instead of 5/10 %." in page
