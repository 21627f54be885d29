"""Reprocessing: the same numbers as live, with other limits where asked, and one bad recording spoils no other."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from acquisition.recording import RecordingError, RecordingWriter
from acquisition.rig import Rig
from acquisition.rig.judgement import EmgSettings, PercentRule, Rules
from acquisition.rig.rig_file import example, load
from processing.batch import reprocess, reprocess_many, with_settings
from processing.findings.caveats import caveats
from processing.pipeline import PipelineError
from processing.results import Results
from tests.support.recordings import complete
from tests.support.sessions import a_stretch, analysed, recorded, simulated

RIG = load(example("demo"))


@pytest.fixture(scope="module")
def samples():
    return simulated(RIG)


@pytest.fixture
def recording(tmp_path, samples):
    return recorded(tmp_path / "session.h5", RIG, samples)


def test_a_recording_gives_what_its_samples_gave(recording, samples):
    from_file, direct = reprocess(recording), analysed(RIG, samples)
    assert from_file.flags == direct.flags or repr(from_file.flags) == repr(direct.flags)
    assert repr(from_file.channels) == repr(direct.channels)
    assert len(from_file.flags) > 2
    for name, table in direct.tables.items():
        np.testing.assert_array_equal(from_file.tables[name].frames, table.frames)
        np.testing.assert_array_equal(from_file.tables[name].time_s, table.time_s)


def test_a_recording_that_was_cut_short_gives_results_that_say_so(tmp_path, samples, recording):
    writer = RecordingWriter(tmp_path / "cut.h5", RIG, [settings.stream() for settings in RIG.stream])
    for name, rows in samples.items():
        writer.append(name, a_stretch(rows, RIG.stream_named(name).rate_hz))
    writer.abandon()
    assert not reprocess(tmp_path / "cut.h5").complete
    assert reprocess(recording).complete


def test_times_are_told_by_the_clock_that_the_recording_keeps_and_it_is_said(recording, tmp_path):
    before = reprocess(recording)
    assert [stream.clock_differs_s for stream in before.streams] == [0.0, 0.0]
    assert not [said for said in caveats(before) if said.id == "clock_differs"]
    with h5py.File(recording, "r+") as file:
        clock = file["streams/emg/clock"]
        clock["offset_s"] = clock["offset_s"][:] + 0.25
    after = reprocess(recording)
    assert [stream.clock_differs_s for stream in after.streams] == [0.0, pytest.approx(0.25)]
    assert [said.sentence for said in caveats(after) if said.id == "clock_differs"] == [
        "The clock that the recording keeps for emg is up to 250.0 ms off the one that its ticks and sync edges give, more "
        "than a sample; all times are told by the one that is kept, so find out what changed it before times between streams "
        "are trusted."
    ]
    late_s = {name: 0.25 * name.startswith("emg") for name in before.tables}
    for name, table in after.tables.items():
        np.testing.assert_array_equal(table.frames, before.tables[name].frames)
        np.testing.assert_allclose(table.time_s, before.tables[name].time_s + late_s[name], atol=1e-9)
    raised = {(flag.rule, flag.side, flag.start_sample): flag.raised_s for flag in before.flags}
    assert {flag.stream for flag in after.flags} == {"plates", "emg"}
    for flag in after.flags:
        expected_s = raised[flag.rule, flag.side, flag.start_sample] + 0.25 * (flag.stream == "emg")
        assert flag.raised_s == pytest.approx(expected_s)
    assert after.seconds == pytest.approx(before.seconds + 0.25, abs=2e-3)
    after.write(tmp_path / "after.h5")
    assert Results.read(tmp_path / "after.h5").streams == after.streams


def test_filters_are_designed_for_the_rate_that_was_measured(tmp_path, samples):
    """A device that was set to 1500 Hz where the rig says 2000: reprocessed as if the rig had said so."""
    true_hz = {"plates": 1000.0, "emg": 1500.0}
    path = tmp_path / "session.h5"
    writer = RecordingWriter(path, RIG, [settings.stream() for settings in RIG.stream])
    for name, rows in samples.items():
        writer.append(name, a_stretch(rows, true_hz[name]))
    complete(writer)
    found = reprocess(path)
    right = RIG.model_copy(update={"stream": [s.model_copy(update={"rate_hz": true_hz[s.name]}) for s in RIG.stream]})
    expected = analysed(right, samples)
    np.testing.assert_allclose(found.tables["emg.emg"].frames, expected.tables["emg.emg"].frames, rtol=1e-6)
    np.testing.assert_array_equal(found.tables["plates.force"].frames, expected.tables["plates.force"].frames)
    emg = next(stream for stream in found.streams if stream.name == "emg")
    assert (emg.nominal_hz, emg.designed_hz) == (2000.0, pytest.approx(1500.0, rel=1e-6))
    assert found.rig == RIG
    (told,) = [caveat.sentence for caveat in caveats(found) if caveat.id == "rate_off"]
    assert told.endswith("Filters and hold times were designed for the rate that was measured; set it in the rig.")


def test_other_limits_change_the_flags_and_not_the_metrics(recording):
    recorded_ones = reprocess(recording)
    strict = RIG.model_copy(update={"name": "other", "rules": Rules(load_shift=PercentRule(amber_pct=40, red_pct=50))})
    others = reprocess(recording, lambda rig: with_settings(rig, strict))
    assert "load_shift" in {flag.rule for flag in recorded_ones.flags}
    assert "load_shift" not in {flag.rule for flag in others.flags}
    assert others.rig.rules == strict.rules
    assert others.rig.name == "demo"
    for name, table in recorded_ones.tables.items():
        np.testing.assert_array_equal(others.tables[name].frames, table.frames)


def test_settings_bring_every_way_of_judging_and_nothing_of_the_lab():
    other = load(example("cyton")).model_copy(update={"rules": Rules(load_shift=PercentRule(amber_pct=4, red_pct=5))})
    mixed = with_settings(RIG, other)
    lab = {"format_version", "name", "stream", "plate", "emg", "foot", "lab"}
    for name in Rig.model_fields:
        assert getattr(mixed, name) == getattr(RIG if name in lab else other, name), name


def test_progress_rises_to_one(recording):
    told: list[float] = []
    reprocess(recording, progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_many_recordings_come_in_order_and_the_bad_ones_with_what_is_wrong(recording, tmp_path, samples):
    short = recorded(tmp_path / "short.h5", RIG, {name: rows[:3000] for name, rows in samples.items()})
    (tmp_path / "text.h5").write_text("no recording")
    paths = [tmp_path / "absent.h5", recording, tmp_path / "text.h5", short, recording]
    found = list(reprocess_many(paths, workers=3))
    assert [path for path, _ in found] == paths
    assert [type(result) for _, result in found] == [RecordingError, Results, RecordingError, Results, Results]
    assert found[1][1].seconds == pytest.approx(8.0, abs=0.1)
    assert found[3][1].seconds == pytest.approx(3.0, abs=0.1)
    assert repr(found[1][1].flags) == repr(found[4][1].flags)


def test_settings_that_do_not_fit_a_recording_are_told(recording):
    wide = RIG.model_copy(update={"emg_processing": EmgSettings(notch_hz=1500.0)})
    ((_, told),) = reprocess_many([recording], lambda rig: with_settings(rig, wide))
    assert isinstance(told, PipelineError)
    assert "notch_hz (1500) must be below half the rate" in str(told)
