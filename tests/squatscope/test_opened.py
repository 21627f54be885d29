"""The Python door: what it hands on is what is in the file, and what the pipeline computes."""

from __future__ import annotations

import builtins
import shutil
import subprocess
import sys

import numpy as np
import pytest

import squatscope
from acquisition.recording import Recording, RecordingWriter
from hardware.errors import SquatscopeError
from processing.batch import reprocess
from processing.formulas import frame_samples
from processing.lifter import dynamic_reference
from processing.review import Review
from processing.screening.guided.session_file import read_session, write_session
from processing.tables import rows_of
from tests.support.recordings import complete
from tests.support.rigs import a_rig, example_with
from tests.support.screenings import LIGHT, LOADED, a_screening, samples_between, screened_person
from tests.support.sessions import a_stretch, recorded, simulated

pandas = pytest.importorskip("pandas")


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    person, _ = screened_person("imbalance", (LIGHT,), 5)
    rig = example_with("demo")
    return recorded(tmp_path_factory.mktemp("door") / "r.h5", rig, samples_between(rig, person, 0.0, float(person.plan.end_s)))


@pytest.fixture(scope="module")
def opened(path):
    return squatscope.open(path)


def test_samples_and_times_are_those_of_the_recording(opened, path):
    with Recording(path) as recording:
        for name, stream in recording.streams.items():
            assert (opened.raw(name) == recording.samples(name)).all()
            time_s = opened.time_s(name)
            assert len(time_s) == stream.rows
            np.testing.assert_allclose(np.diff(time_s), 1.0 / stream.clock.rate_hz, rtol=1e-6)
            assert time_s[0] == pytest.approx(0.0, abs=0.01)


def test_forces_in_means_of_a_frame_are_the_pipelines(opened):
    frames = opened.frames("force")
    stream = opened.rig.plate[0].stream
    n = frame_samples(opened.rig.stream_named(stream).rate_hz)
    forces = opened.forces
    last = frames["sample"].to_numpy().astype(int)
    for side in ("left", "right"):
        means = np.array([forces[f"fz_{side}_N"].to_numpy()[end + 1 - n : end + 1].mean() for end in last])
        np.testing.assert_allclose(means, frames[f"fz_{side}_N"], atol=1e-9)


def test_the_centre_of_pressure_bears_the_moments(opened):
    forces, cop, rig = opened.forces, opened.cop, opened.rig
    for plate in rig.plate:
        side, centre = plate.side, np.mean(plate.corners_mm, axis=0)
        fz = forces[f"fz_{side}_N"]
        known = fz >= rig.plates.cop_N
        assert known.any()
        assert cop[f"cop_x_{side}_mm"][~known].isna().all()
        assert centre[2] == 0.0
        about_x, about_y = cop[f"cop_y_{side}_mm"] * fz, -cop[f"cop_x_{side}_mm"] * fz
        np.testing.assert_allclose(about_x[known], forces[f"mx_{side}_Nmm"][known], rtol=1e-9, atol=1e-6)
        np.testing.assert_allclose(about_y[known], forces[f"my_{side}_Nmm"][known], rtol=1e-9, atol=1e-6)


def test_emg_is_in_microvolts_at_the_skin(opened):
    emg = opened.emg
    electrode = opened.rig.emg[0]
    stream = opened.rig.stream_named(electrode.stream)
    assert stream.units == "mV"
    raw = opened.raw(electrode.stream)[:, opened.rig.column(electrode.stream, electrode.channel)]
    np.testing.assert_allclose(emg[f"{electrode.muscle}_{electrode.side}_uV"], 1000.0 * raw / electrode.gain)
    assert len(emg.columns) == len(opened.rig.emg)


def test_tables_hold_what_was_computed(opened, path, tmp_path):
    results = reprocess(path)
    assert opened.repetitions["depth_m"].tolist() == [row.depth_m for row in results.repetitions]
    assert set(opened.phases["side"]) == {"left", "right", "both"}
    assert len(opened.muscles) == len(results.muscles)
    assert len(opened.flags) == len(results.flags)
    shift = opened.frames("load_shift_pct")
    np.testing.assert_array_equal(shift["load_shift_pct"], results.table_with("load_shift_pct").column("load_shift_pct"))
    results.write(tmp_path / "r.metrics.h5")
    read = squatscope.open(tmp_path / "r.metrics.h5")
    pandas.testing.assert_frame_equal(read.repetitions, opened.repetitions)
    with pytest.raises(SquatscopeError, match="holds results and no samples"):
        read.raw("plates")


def test_another_rig_judges_by_its_settings(path, tmp_path):
    from acquisition.rig.rig_file import example

    text = example("demo").read_text(encoding="utf-8")
    (tmp_path / "strict.toml").write_text(text + "\n[plates]\ncop_N = 400.0\n", encoding="utf-8")
    strict, own = squatscope.reprocess(path, rig=tmp_path / "strict.toml"), squatscope.open(path)
    assert strict.rig.plates.cop_N == 400.0
    assert strict.cop["cop_x_left_mm"].isna().sum() > own.cop["cop_x_left_mm"].isna().sum()


def test_what_is_not_there_is_said(opened, tmp_path):
    with pytest.raises(SquatscopeError, match="no stream 'video'; its streams are"):
        opened.raw("video")
    with pytest.raises(SquatscopeError, match="no table with knee_height; its tables are plates"):
        opened.frames("knee_height")
    (tmp_path / "x.h5").write_bytes(b"nothing")
    with pytest.raises(SquatscopeError, match="no results file"):
        squatscope.open(tmp_path / "x.h5")


@pytest.fixture
def lost(tmp_path):
    """Return a function that opens a recording of which 500 samples of one stream were lost."""

    def made(name: str) -> squatscope.Opened:
        rig = example_with("demo")
        writer = RecordingWriter(tmp_path / "l.h5", rig, [settings.stream() for settings in rig.stream])
        for settings in rig.stream:
            rows = np.zeros((3000, len(settings.channels)))
            if settings.name == name:
                writer.append(settings.name, a_stretch(rows[:1000], settings.rate_hz))
                writer.append(settings.name, a_stretch(rows[1500:], settings.rate_hz, first=1500, row=1000))
            else:
                writer.append(settings.name, a_stretch(rows, settings.rate_hz))
        complete(writer)
        return squatscope.open(tmp_path / "l.h5")

    return made


def test_a_lost_stretch_is_a_step_in_time(lost):
    opened = lost("plates")
    rate_hz = opened.rig.stream_named("plates").rate_hz
    steps_s = np.diff(opened.time_s("plates"))
    assert steps_s[999] == pytest.approx(501 / rate_hz, rel=1e-3)
    assert np.delete(steps_s, 999) == pytest.approx(1.0 / rate_hz, rel=1e-3)


def test_without_pandas_samples_are_there_and_tables_say_what_is_missing(path):
    code = (
        "import sys; sys.modules['pandas'] = None\n"
        "import squatscope\n"
        f"opened = squatscope.open({str(path)!r})\n"
        "print(opened.raw('plates').shape[1] > 0)\n"
        "try: opened.repetitions\n"
        "except Exception as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=240, check=True)
    assert done.stdout.splitlines() == [
        "True",
        "Tables need the package pandas: install it with 'pip install squatscope[tables]'.",
    ]


def test_the_names_are_those_it_hands_on():
    assert squatscope.open is not builtins.open
    assert set(squatscope.__all__) == {"Opened", "open", "reprocess", "table", "to_mne"}


def test_a_plate_of_the_other_sign_has_no_centre_of_pressure(tmp_path):
    rig = example_with("demo")
    samples = {name: -rows if name == "plates" else rows for name, rows in simulated(rig).items()}
    turned = squatscope.open(recorded(tmp_path / "t.h5", rig, samples))
    assert turned.forces["fz_left_N"].min() < -200.0
    assert turned.cop["cop_x_left_mm"].isna().all()


def test_a_set_of_a_session_is_judged_as_in_its_triage(tmp_path):
    folder = a_screening(tmp_path / "s", "imbalance", (LIGHT, LOADED), emg=True)
    session = read_session(folder)
    reference = dynamic_reference(folder / "01-light.h5")
    light = session.tries[0].model_copy(update={"reference": reference})
    write_session(folder, session.model_copy(update={"tries": [light, session.tries[1]]}))
    whole = squatscope.open(folder / "02-loaded.h5").phases.query("phase == 'whole' and side == 'left'")["qh_ratio"].tolist()
    assert np.isfinite(whole).all()
    assert whole == [row["whole_left_qh_ratio"] for row in rows_of(folder / "02-loaded.h5")]


def test_a_table_without_rows_has_its_columns(tmp_path):
    rig = example_with("demo")
    still = {settings.name: np.zeros((3000, len(settings.channels))) for settings in rig.stream}
    empty = squatscope.open(recorded(tmp_path / "e.h5", rig, still))
    assert len(empty.flags) == len(empty.repetitions) == 0
    assert {"rule", "severity"} <= set(empty.flags.columns)
    assert {"number", "depth_m"} <= set(empty.repetitions.columns)


def test_what_mne_can_not_hold_is_not_handed_over(lost):
    with pytest.raises(SquatscopeError, match="has 1 gaps, which MNE's arrays can't hold"):
        squatscope.to_mne(lost("emg"))


def test_a_stream_without_samples_is_not_handed_to_mne(tmp_path):
    rig = example_with("demo")
    none = {settings.name: np.zeros((0, len(settings.channels))) for settings in rig.stream}
    none["plates"] = np.zeros((3000, none["plates"].shape[1]))
    with pytest.raises(SquatscopeError, match="has no samples, and MNE takes no empty signal"):
        squatscope.to_mne(squatscope.open(recorded(tmp_path / "n.h5", rig, none)))


def test_envelopes_are_those_of_the_chain(opened, path):
    envelopes, table = opened.envelopes, reprocess(path).tables["emg.emg"]
    muscles = [f"{electrode.side}_{electrode.muscle}" for electrode in opened.rig.emg]
    names = [f"envelope_{muscle}_uV" for muscle in muscles] + [f"activation_{muscle}_pct" for muscle in muscles]
    assert set(envelopes.columns) == set(names)
    np.testing.assert_array_equal(envelopes.index, table.time_s)
    for name in names:
        np.testing.assert_array_equal(envelopes[name], table.column(name))
    assert opened.frames("emg.emg").equals(opened.frames("emg"))
    electrode = opened.rig.emg[0]
    share = envelopes[f"activation_{muscles[0]}_pct"] / (100.0 * envelopes[f"envelope_{muscles[0]}_uV"] / electrode.mvc_uV)
    assert share[envelopes[f"envelope_{muscles[0]}_uV"] > 1.0].dropna().to_numpy() == pytest.approx(1.0)


def test_legs_on_streams_of_their_own_are_both_there(tmp_path):
    rig = example_with("demo")
    left, right = ([one for one in rig.emg if one.side == side] for side in ("left", "right"))
    whole = rig.stream_named("emg")
    parts = [
        whole.model_copy(update={"name": name, "channels": [one.channel for one in leg], "sync_channel": None})
        for name, leg in (("emg", left), ("emg2", right))
    ]
    moved = [one.model_copy(update={"stream": "emg2"}) for one in right]
    rig = rig.model_copy(update={"stream": [rig.stream_named("plates"), *parts], "emg": [*left, *moved]})
    rows = np.random.default_rng(1).normal(size=(4000, 7))
    samples = {"plates": np.zeros((2000, len(rig.stream_named("plates").channels))), "emg": rows, "emg2": 2.0 * rows}
    both = squatscope.open(recorded(tmp_path / "s.h5", rig, samples))
    assert {name.rsplit("_", 2)[1] for name in both.emg.columns} == {"left"}
    np.testing.assert_allclose(both.emg_on("emg2")["VL_right_uV"], 2.0 * both.emg["VL_left_uV"])
    assert "envelope_right_VL_uV" in both.frames("emg2.emg").columns
    assert squatscope.to_mne(both, "emg2").ch_names == [f"{one.muscle}_right" for one in right]
    with pytest.raises(SquatscopeError, match="has no electrodes"):
        both.emg_on("plates")


def test_where_nothing_was_computed_there_are_no_envelopes_and_events_are_empty(tmp_path):
    rig = a_rig({"name": "line", "rate_hz": 100.0, "channels": ["a"], "units": "V"})
    bare = squatscope.open(recorded(tmp_path / "b.h5", rig, {"line": np.zeros((300, 1))}))
    with pytest.raises(SquatscopeError, match="no table with emg; nothing could be computed from it"):
        bare.envelopes  # noqa: B018
    assert list(bare.events.columns) == ["start_s", "end_s", "event", "number", "side", "rule", "severity", "label"]
    assert bare.events.empty


def test_an_envelope_is_as_large_as_what_it_smooths(opened):
    electrode = opened.rig.emg[0]
    whole = np.abs(opened.emg[f"{electrode.muscle}_{electrode.side}_uV"]).loc[2.0:].mean()
    assert opened.envelopes[f"envelope_{electrode.side}_{electrode.muscle}_uV"].loc[2.0:].mean() == pytest.approx(
        whole, rel=0.15
    )


def test_events_are_repetitions_with_their_phases_and_flags(opened):
    events, repetitions, flags = opened.events, opened.repetitions, opened.flags
    assert events["start_s"].is_monotonic_increasing
    whole = events[events["event"] == "repetition"]
    assert whole["start_s"].tolist() == repetitions["start_s"].tolist()
    assert whole["end_s"].tolist() == repetitions["end_s"].tolist()
    phases = events[events["event"].isin(["lowering", "pause", "rising"])]
    lasts_s = (phases["end_s"] - phases["start_s"]).groupby(phases["number"]).sum()
    np.testing.assert_allclose(lasts_s, whole["end_s"] - whole["start_s"])
    raised = events[events["event"] == "flag"].sort_values("number")
    for name in ("start_s", "end_s", "rule", "side", "severity"):
        pandas.testing.assert_series_equal(raised[name], flags[name], check_index=False)


def test_mne_holds_signals_and_events(opened):
    pytest.importorskip("mne")
    raw = squatscope.to_mne(opened)
    np.testing.assert_allclose(raw.get_data(), 1e-6 * opened.emg.to_numpy().T)
    assert raw.info["sfreq"] == opened.rig.stream_named("emg").rate_hz
    begins = opened.repetitions["start_s"].to_numpy() - opened.time_s("emg")[0]
    found = [mark for mark in raw.annotations if mark["description"] == "repetition"]
    assert [mark["onset"] for mark in found] == pytest.approx(begins, abs=0.002)
    assert [mark["duration"] for mark in found] == pytest.approx(opened.repetitions.eval("end_s - start_s"), abs=0.002)
    assert len(raw.annotations) == len(opened.events)


def test_types_are_for_those_who_import_it():
    from importlib.resources import files

    for package in ("acquisition", "hardware", "processing", "squatscope"):  # of all which the door hands on
        assert (files(package) / "py.typed").is_file()


def test_edits_are_applied_and_can_be_left_out(path, tmp_path):
    copy = tmp_path / "r.h5"
    shutil.copy(path, copy)
    review = Review(copy)
    review.drop(1)
    review.split(2, review.repetition(2).bottom_s)
    found = squatscope.reprocess(copy, edits=False)
    corrected = squatscope.open(copy)
    assert len(corrected.repetitions) == len(found.repetitions)
    assert list(corrected.repetitions["edited"][:2]) == ["split", "split"]
    assert 1 not in set(corrected.repetitions["number"])
    events = corrected.events
    halves = events[events["number"].isin(corrected.repetitions["number"][:2]) & (events["event"] != "flag")]
    assert set(halves["event"]) == {"repetition"}
    review.dismiss(1, "none")
    assert (squatscope.open(copy).events["event"] == "flag").sum() == (events["event"] == "flag").sum() - 1
    assert squatscope.open(copy).flags["dismissed"][0] == "none"
    review.limits("load_shift", 8.0, 12.0)
    assert squatscope.open(copy).rig == squatscope.open(copy).results.rig == review.results.rig
    assert squatscope.reprocess(copy, edits=False).rig == review.found.rig != review.results.rig
