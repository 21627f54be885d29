"""Copies of sessions without names: nothing of the lifter is left in any byte, and what is left can be read."""

from __future__ import annotations

from pathlib import Path
from shutil import copy

import numpy as np
import pytest

from acquisition.lifter_file import LifterFile, load_lifter, with_lifter, write_lifter
from acquisition.recording import Recording, RecordingError
from processing.screening.guided.protocol import Protocol, SetStep
from processing.screening.guided.session_file import Try, new_session, read_session, write_session
from processing.screening.recorded_sets import LIFTER
from tests.support.rigs import a_rig
from tests.support.sessions import recorded
from ui.archive.anonymize import anonymize
from ui.archive.lifters import ArchiveError

NAMES = (b"AnnaM", b"Mueller", b"A1", b"2026-11-27", b"Knee of Anna")
STORED = Path(__file__).parents[2] / "stored"


@pytest.fixture
def session(tmp_path):
    folder = tmp_path / "A1-2026-11-27"
    folder.mkdir()
    channels = ["AnnaM:LKNE x", "AnnaM:LKNE y", "AnnaM:LKNE z"]
    source = {"kind": "file", "path": "/home/x/Mueller_Anna_2026-11-27.c3d"}
    markers = [{"point": "knee_lateral", "side": "left", "stream": "markers", "channels": channels}]
    rig = a_rig({"name": "markers", "channels": channels, "units": "mm", "source": source}, name="Mueller", marker=markers)
    recorded(folder / "01-light.h5", rig, {"markers": np.arange(600.0).reshape(200, 3)})
    protocol = Protocol(name="Anna", step=[SetStep(condition="light", text="Knee of Anna")])
    tries = [
        Try(step=0, number=1, kind="set", condition="light", recording="01-light.h5", why=["lifters/A1/2026-11-27-1: odd."]),
        Try(step=0, number=2, kind="set", condition="light", recording="02-light.h5", accepted=False, notes="Mueller"),
    ]
    write_session(folder, new_session("A1", protocol).model_copy(update={"tries": tries}))
    return folder


def test_no_name_is_left_in_any_byte_and_the_copy_can_be_read(session, tmp_path):
    out = tmp_path / "out"
    anonymize(session, out, "X")
    for path in out.iterdir():
        content = path.read_bytes()
        assert not [name for name in NAMES if name in content], path
    with Recording(out / "01-light.h5") as copy, Recording(session / "01-light.h5") as own:
        assert copy.streams["markers"].stream.channel_names == ("LKNE x", "LKNE y", "LKNE z")
        assert (copy.samples("markers") == own.samples("markers")).all()
        assert own.rig.name == "Mueller"
    assert [one.recording for one in read_session(out).tries] == ["01-light.h5", ""]  # one that does not count was missing


def test_of_a_light_set_that_stands_for_contractions_the_copy_says_so_and_not_which(session, tmp_path):
    entry = {"muscle": "VL", "side": "left", "mvc_uV": 120.0}
    before = LifterFile.model_validate({"lifter": "A1", "mvc": [{**entry, "trial": "dynamic reference: AnnaM"}]})
    write_lifter(session / LIFTER, before)
    streams = [{"name": "emg", "channels": ["VL"], "units": "uV"}]
    electrode = {"muscle": "VL", "side": "left", "stream": "emg", "channel": "VL"}
    (session / "01-light.h5").unlink()
    recorded(session / "01-light.h5", with_lifter(a_rig(*streams, emg=[electrode]), before), {"emg": np.zeros((200, 1))})
    anonymize(session, tmp_path / "out", "X")
    (known,) = load_lifter(tmp_path / "out" / LIFTER).mvc
    assert (known.trial, known.mvc_from) == ("", "set")
    with Recording(tmp_path / "out" / "01-light.h5") as copy:
        assert [(e.mvc_trial, e.mvc_from) for e in copy.rig.emg] == [("", "set")]
    for path in (tmp_path / "out").iterdir():
        assert b"AnnaM" not in path.read_bytes()


def test_a_recording_of_an_earlier_version_whose_rig_says_less_is_copied_whole(session, tmp_path):
    (session / "01-light.h5").unlink()
    copy(STORED / "recording-1.h5", session / "01-light.h5")
    anonymize(session, tmp_path / "out", "X")
    with Recording(tmp_path / "out" / "01-light.h5") as nameless, Recording(session / "01-light.h5") as own:
        assert nameless.rig == own.rig.model_copy(update={"name": ""})


def test_a_recording_that_counts_and_is_missing_or_no_recording_leaves_no_copy_with_names(session, tmp_path):
    (session / "01-light.h5").write_bytes(b"Mueller")
    with pytest.raises(ArchiveError, match="can't be copied without names"):
        anonymize(session, tmp_path / "out", "X")
    assert list((tmp_path / "out").iterdir()) == []
    (session / "01-light.h5").unlink()
    with pytest.raises(RecordingError, match="is missing"):
        anonymize(session, tmp_path / "again", "X")


@pytest.mark.parametrize(
    "times",
    [
        ("2026-11-25T10:00:00+00:00", "2026-11-27T10:00:00+00:00"),  # the first of them before the session's own time
        ("2026-11-27T23:30:00+00:00", "2026-11-28T00:10:00+00:00"),
        ("2025-12-31T23:30:00+00:00", "2026-01-01T00:10:00+00:00"),
        ("2026-11-27T10:00:00", "2026-11-27T20:00:00+02:00"),
        ("", "2026-11-27T10:00:00+00:00"),
    ],
)
def test_the_copy_tells_the_same_placings_of_the_electrodes(session, tmp_path, times):
    known = read_session(session)
    tries = [one.model_copy(update={"created_utc": at}) for one, at in zip(known.tries, times, strict=True)]
    given = known.model_copy(update={"tries": tries, "created_utc": "2026-11-27T09:00:00+00:00"})
    write_session(session, given)
    anonymize(session, tmp_path / "out", "X")
    copy = read_session(tmp_path / "out")
    assert [copy.placement(one.created_utc) for one in copy.tries] == [given.placement(at) for at in times]
    assert all(one.created_utc[5:10] in ("01-01", "01-02", "01-03", "") for one in copy.tries)
