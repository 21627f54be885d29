"""A recording holds what it was given, opens plainly whatever happened to its writer, and refuses what is damaged."""

from __future__ import annotations

import os
import random
import signal
import time

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acquisition.recording import GAP, Recording, RecordingError, RecordingWriter, gaps_of
from acquisition.recording import recording as recording_module
from acquisition.stretches import TICK, Stretch
from acquisition.timebase.clock import SyncLevel
from acquisition.timebase.stored_clock import CLOCK
from tests.support.damage import survive_damage
from tests.support.fakes import a_stream, check_numbers, numbered
from tests.support.recordings import complete
from tests.support.rigs import a_rig

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="only POSIX systems can fork")
no_fork_warning = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "recording.h5"


def a_stretch(stream, first_row, first_index, blocks=5, size=40, segment=0) -> Stretch:
    block = numbered(stream, first_index, blocks * size)
    ticks = np.zeros(blocks, TICK)
    ticks["row"] = first_row + size * np.arange(1, blocks + 1)
    ticks["index"] = ticks["row"] + first_index - first_row
    ticks["segment"] = segment
    ticks["host_s"] = 50 + (ticks["index"] - 1) / stream.rate_hz
    return Stretch(block.samples, ticks, first_row, first_index)


def write(path, stream, *stretches) -> RecordingWriter:
    writer = RecordingWriter(path, a_rig(stream), [stream])
    for stretch in stretches:
        writer.append(stream.name, stretch)
    writer.flush()
    return writer


def test_what_is_written_is_read_back(path):
    plates, emg = a_stream(), a_stream("emg", 1000.0, 5, "float32")
    rig = a_rig(plates, emg)
    writer = RecordingWriter(path, rig, [plates, emg])
    stretches = [
        a_stretch(plates, 0, 0),
        a_stretch(plates, 200, 200),
        a_stretch(plates, 400, 430),
        a_stretch(plates, 600, 630, segment=1),
    ]
    for stretch in stretches:
        writer.append("plates", stretch)
    complete(writer)
    with Recording(path) as recording:
        assert recording.complete
        assert recording.uuid == writer.uuid
        assert recording.created_utc == writer.created_utc
        assert recording.rig == rig
        assert {name: s.stream for name, s in recording.streams.items()} == {"plates": plates, "emg": emg}
        recorded = recording.streams["plates"]
        assert recorded.rows == 800
        assert recorded.ticks.tolist() == np.concatenate([stretch.ticks for stretch in stretches]).tolist()
        assert recorded.gaps.tolist() == [(400, 430, 30, 0), (600, 630, 0, 1)]
        assert recorded.clock.level is SyncLevel.HOST
        found = list(recording.stretches("plates"))
        assert [(r.first_row, r.first_index, len(r.samples)) for r in found] == [(0, 0, 400), (400, 430, 200), (600, 630, 200)]
        for stretch in found:
            check_numbers(stretch)
        assert recording.samples("plates", 10, 5)[:, 0].tolist() == [10, 11, 12, 13, 14]
        assert recording.samples("plates", 790, 100).shape == (10, 3)
        assert recording.start_s == pytest.approx(50)
        assert recording.seconds == pytest.approx(830 / 2000)
        assert recording.streams["emg"].rows == 0
        assert list(recording.stretches("emg")) == []
        assert recording.samples("emg").shape == (0, 5)
        assert recording.samples("emg").dtype == "float32"


def test_any_program_finds_gaps_clock_and_units(path):
    """Read with h5py alone, as MATLAB or HDFView would."""
    stream = a_stream()
    complete(write(path, stream, a_stretch(stream, 0, 0), a_stretch(stream, 200, 210)))
    with h5py.File(path) as file:
        group = file["streams/plates"]
        assert group["gaps"][:].tolist() == [(200, 210, 10, 0)]
        assert group["clock"]["first_index"].tolist() == [0]
        assert group["clock"]["offset_s"][0] == pytest.approx(50)
        assert group["clock"].attrs["rate_hz"] == 2000.0
        assert group["clock"].attrs["sync_level"] == b"host"
        assert group.attrs["units"].tolist() == [b"V"] * 3
        assert b'"name": "test"' in file["rig"][()]
        assert file.attrs["complete"]


blocks = st.tuples(st.integers(1, 9), st.sampled_from([0, 0, 7]))


@given(st.lists(blocks, min_size=1, max_size=30), st.integers(1, 40))
@settings(max_examples=30)
def test_runs_hold_whole_blocks_and_every_row_once(tmp_path_factory, blocks, most_rows):
    stream = a_stream(channels=1)
    path = tmp_path_factory.mktemp("runs") / "recording.h5"
    writer = RecordingWriter(path, a_rig(stream), [stream])
    row = index = 0
    sizes = [size for size, _ in blocks]
    for size, lost in blocks:
        index += lost
        writer.append("plates", a_stretch(stream, row, index, 1, size))
        row, index = row + size, index + size
    complete(writer)
    with Recording(path) as recording:
        stretches = list(recording.stretches("plates", most_rows))
        assert np.concatenate([stretch.ticks["row"] for stretch in stretches]).tolist() == np.cumsum(sizes).tolist()
        begins = 0
        for stretch in stretches:
            check_numbers(stretch)
            assert stretch.first_row == begins
            assert len(stretch.samples) <= max(most_rows, stretch.ticks["row"][0] - begins)
            begins += len(stretch.samples)
        assert recording.streams["plates"].gaps["missing"].sum() == sum(lost for _, lost in blocks)


def test_gaps_before_the_first_row_count():
    ticks = np.array([(40, 140, 0, 0.0), (80, 180, 0, 0.1)], TICK)
    assert gaps_of(ticks).tolist() == [(0, 100, 100, 0)]
    assert gaps_of(ticks[:0]).dtype == GAP
    assert len(gaps_of(ticks[:0])) == 0


def test_nothing_is_overwritten(path):
    path.write_text("mine")
    with pytest.raises(RecordingError, match="exists already"):
        RecordingWriter(path, a_rig(a_stream()), [a_stream()])
    assert path.read_text() == "mine"


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(RecordingError, match="can't be made: No such file"):
        RecordingWriter(tmp_path / "none" / "r.h5", a_rig(a_stream()), [a_stream()])


def test_plain_readers_do_not_disturb_the_writer(child, path):
    """Another process opens, reads and closes the growing file all the time, with its locks as HDF5 sets them.

    Flushed a hundred times as often as in a session, the file may change while HDF5 opens it, which must then look again.
    """
    stream = a_stream(rate_hz=2000.0, channels=8)
    writer = write(path, stream)
    code = """
import h5py
print("here", flush=True)
looks = rows = wrong = 0
stop, done = path.with_suffix(".stop"), path.with_suffix(".done")
while not stop.exists():
    try:
        with h5py.File(path) as file:
            samples = file["streams/plates/samples"]
            rows = len(samples)
            wrong += bool(rows and not (samples[rows // 2] == rows // 2).all())
        looks += 1
        if looks == 20:
            path.with_suffix(".enough").touch()
    except (OSError, KeyError, RuntimeError):
        pass
with h5py.File(path):
    print(rows, wrong, flush=True)
    while not done.exists():
        time.sleep(0.001)
"""
    process = child(code, path)
    assert process.stdout.readline() == "here\n"
    written, until_s = 0, time.perf_counter() + 240.0
    while written < 30_000 or not path.with_suffix(".enough").exists():
        assert time.perf_counter() < until_s, "the reader could hardly ever look"
        writer.append("plates", a_stretch(stream, written, written))
        writer.flush()
        written += 200
        time.sleep(0.002)
    path.with_suffix(".stop").touch()
    line = process.stdout.readline()
    assert line, process.communicate()
    rows, wrong = map(int, line.split())
    complete(writer)
    path.with_suffix(".done").touch()
    assert process.communicate(timeout=240) == ("", "")
    assert rows > 0
    assert wrong == 0
    with Recording(path) as recording:
        assert recording.complete
        assert recording.streams["plates"].rows == written
        check_numbers(next(recording.stretches("plates")))


@needs_fork
@no_fork_warning
def test_a_killed_writer_leaves_all_that_was_flushed(tmp_path):
    rng = random.Random(3)
    stream = a_stream(rate_hz=2000.0, channels=12)
    for attempt in range(20):
        path = tmp_path / f"recording{attempt}.h5"
        told, tell = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                writer = write(path, stream)
                row = 0
                while True:
                    writer.append("plates", a_stretch(stream, row, row))
                    row += 200
                    if row % 600 == 0:
                        writer.flush()
                        os.write(tell, row.to_bytes(8, "little"))
            finally:
                os._exit(1)
        os.close(tell)
        last = b""
        for _ in range(rng.randint(1, 60)):
            last = os.read(told, 8)
        time.sleep(rng.random() * 0.003)
        os.kill(pid, signal.SIGKILL)
        assert os.WIFSIGNALED(os.waitpid(pid, 0)[1])
        while more := os.read(told, 8):
            last = more
        os.close(told)
        flushed = int.from_bytes(last, "little")

        with h5py.File(path) as file:
            assert (file["streams/plates/samples"][:flushed] == np.arange(flushed)[:, None]).all()
        with Recording(path) as recording:
            samples = recording.samples("plates")
        assert len(samples) >= flushed >= 600
        assert (samples[:flushed] == np.arange(flushed)[:, None]).all()
        beyond = samples[flushed:]
        assert (np.isnan(beyond) | (beyond == np.arange(flushed, len(samples))[:, None])).all()
        with Recording(path) as recording:
            assert not recording.complete
            assert recording.streams["plates"].rows >= flushed
            check_numbers(Stretch(samples[:flushed], recording.streams["plates"].ticks[: flushed // 40], 0, 0))


def test_ticks_that_a_killed_writer_did_not_write_are_left_out(path):
    stream = a_stream()
    write(path, stream, a_stretch(stream, 0, 0)).abandon()
    with h5py.File(path, "r+") as file:
        file["streams/plates/ticks"].resize(9, axis=0)
    with Recording(path) as recording:
        assert recording.streams["plates"].rows == 200
        assert len(recording.streams["plates"].ticks) == 5
    with h5py.File(path, "r+") as file:
        file["streams/plates/samples"].resize(170, axis=0)
    with Recording(path) as recording:
        assert recording.streams["plates"].rows == 160
        (stretch,) = recording.stretches("plates")
        check_numbers(stretch)


def test_samples_that_a_killed_writer_did_not_write_are_not_numbers(path):
    stream = a_stream()
    write(path, stream, a_stretch(stream, 0, 0)).abandon()
    with h5py.File(path, "r+") as file:
        samples = file["streams/plates/samples"]
        samples.resize(5000, axis=0)
        assert not np.isnan(samples[:200]).any()
        assert np.isnan(samples[200:]).all()


def test_contradicting_ticks_in_a_complete_recording_are_damage(path):
    stream = a_stream()
    complete(write(path, stream, a_stretch(stream, 0, 0)))
    with h5py.File(path, "r+") as file:
        file["streams/plates/ticks"][2] = (120, 90, 0, 1.0)
    with pytest.raises(RecordingError, match=r"the stream plates has a tick that can't be, number 2"):
        Recording(path)


def set_attribute(name, value):
    def change(group):
        group["clock"].attrs[name] = value

    return change


def set_clock(rows, dtype=CLOCK):
    def change(group):
        kept = dict(group["clock"].attrs)
        del group["clock"]
        group.create_dataset("clock", data=np.array(rows, dtype)).attrs.update(kept)

    return change


def move_gap(group):
    group["gaps"]["missing"] = 31


@pytest.fixture
def two_segments(path):
    stream = a_stream()
    complete(write(path, stream, a_stretch(stream, 0, 0), a_stretch(stream, 200, 230, segment=1)))
    return path


def test_the_clock_of_a_complete_recording_is_the_stored_one(two_segments):
    with Recording(two_segments) as recording:
        assert recording.clocks_differ_s() == {"plates": 0.0}
    with h5py.File(two_segments, "r+") as file:
        clock = file["streams/plates/clock"]
        clock["offset_s"] = clock["offset_s"] + [0.0, 0.25]
        clock.attrs.update({"rate_hz": 2010.0, "residual_s": 0.5, "sync_level": "edges"})
    with Recording(two_segments) as recording:
        line = recording.streams["plates"].clock
        assert (line.rate_hz, line.residual_s, line.level) == (2010.0, 0.5, SyncLevel.EDGES)
        assert line.host_s(np.array([0, 230])) == pytest.approx([50.0, 50.25 + 230 / 2010])
        assert recording.start_s == pytest.approx(50.0)
        assert recording.seconds == 430 / 2010
        assert recording.clocks_differ_s() == {"plates": pytest.approx(0.25 - 230 / 2000 + 230 / 2010)}


def test_the_clock_of_a_recording_that_was_cut_short_is_fitted(two_segments):
    with h5py.File(two_segments, "r+") as file:
        file.attrs["complete"] = False
        file["streams/plates/clock"]["offset_s"] = 7.0
    with Recording(two_segments) as recording:
        assert recording.start_s == pytest.approx(50.0)
        assert recording.clocks_differ_s() == {"plates": 0.0}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (set_clock([]), "the clock of the stream plates is no table of segments"),
        (set_clock([0.0, 0.1], float), "its dataset clock is of type float64"),
        (set_clock([[(0, 50.0)]]), "the clock of the stream plates is no table of segments"),
        (set_clock([(230, 50.0), (0, 50.0)]), "the segments of the clock of the stream plates are not in order"),
        (set_clock([(0, 50.0), (0, 50.0)]), "the segments of the clock of the stream plates are not in order"),
        (set_clock([(-5, 50.0), (230, 50.0)]), "the segments of the clock of the stream plates are not in order"),
        (set_clock([(0, 50.0), (230, np.nan)]), "the clock of the stream plates has an offset that is no number"),
        (set_attribute("rate_hz", 23e3), "the clock of the stream plates runs at 23000 Hz, and the stream at 2000 Hz"),
        (set_attribute("rate_hz", np.nan), "the clock of the stream plates runs at nan Hz, and the stream at 2000 Hz"),
        (set_attribute("residual_s", -1.0), "the clock of the stream plates has a residual of -1 s"),
        (set_attribute("residual_s", np.nan), "the clock of the stream plates has a residual of nan s"),
        (set_attribute("sync_level", "good"), "the clock of the stream plates is of no known sync level"),
        (move_gap, "the gaps of the stream plates are not those that its ticks show"),
    ],
)
def test_a_clock_or_gap_that_can_not_be_is_damage(two_segments, change, sentence):
    with h5py.File(two_segments, "r+") as file:
        change(file["streams/plates"])
    assert use(two_segments) == f"{two_segments} is damaged or was not written by squatscope: {sentence}."


@pytest.mark.skipif(os.name == "nt", reason="sizes of files can't be limited there")
def test_no_room_for_a_new_recording(child, path):
    code = """
stream = a_stream()
for size in (0, 5000, 1_000_000):
    limit_file_size(size)
    try:
        RecordingWriter(path, a_rig(stream), [stream])
    except RecordingError as error:
        print(error, path.exists())
"""
    out, err = (process := child(code, path)).communicate(timeout=240)
    assert (process.returncode, err) == (0, "")
    assert out == 3 * f"The recording {path} can't be made: File too large. False\n"


@pytest.mark.skipif(os.name == "nt", reason="sizes of files can't be limited there")
@pytest.mark.parametrize("size", [1_100_000, 1_700_001, 2_345_678])
def test_a_disk_that_fills_up_costs_only_what_did_not_fit(child, path, size):
    """HDF5 never meets the full disk: the file closes well, the interpreter ends well, all that was flushed is there."""
    code = f"""
from tests.acquisition.recording.test_recording import a_stretch, write
limit_file_size({size})
stream = a_stream(channels=28)
writer = write(path, stream)
row = flushed = 0
try:
    while True:
        writer.append("plates", a_stretch(stream, row, row))
        row += 200
        if row % 600 == 0:
            writer.flush()
            flushed = row
except RecordingError as error:
    print(error)
writer.abandon()
print(flushed)
"""
    out, err = (process := child(code, path)).communicate(timeout=240)
    assert (process.returncode, err) == (0, "")
    sentence, flushed = out.splitlines()
    assert sentence == (f"The disk of {path.parent} is full, so nothing more goes into {path.name}.")
    with h5py.File(path):
        pass
    with Recording(path) as recording:
        assert not recording.complete
        assert recording.streams["plates"].rows >= int(flushed) - 600
        for stretch in recording.stretches("plates"):
            check_numbers(stretch)


def use(path):
    """Read all of a recording; RecordingError is the only thing that may come of it."""
    try:
        with Recording(path) as recording:
            for name in recording.streams:
                for _ in recording.stretches(name):
                    pass
            _ = recording.start_s, recording.seconds
    except RecordingError as error:
        return str(error)
    return ""


@pytest.fixture(scope="module")
def a_recording_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("recording") / "recording.h5"
    stream = a_stream(rate_hz=300.0, channels=1)
    complete(write(path, stream, a_stretch(stream, 0, 0, 20), a_stretch(stream, 800, 900, 20)))
    return path


def test_files_from_elsewhere_are_refused_in_a_sentence(path):
    assert use(path) == f"There is no file {path}."
    assert use(path.parent) == f"{path.parent} is a folder; name the recording in it."
    for content in (b"", b"hello", os.urandom(10000)):
        path.write_bytes(content)
        assert "is no HDF5 file, or is damaged" in use(path)
    path.unlink()
    with h5py.File(path, "w") as file:
        file["x"] = 1
    assert use(path) == f"{path} is an HDF5 file from elsewhere, not a squatscope recording."
    for kind in ("squatscope ring", b"squatscope ring"):
        with h5py.File(path, "a") as file:
            file.attrs["format"] = kind
        assert use(path) == f"{path} is a squatscope ring, not a squatscope recording."
    with h5py.File(path, "a") as file:
        file.attrs["format"] = recording_module.FORMAT
        file.attrs["format_version"] = 99
    assert use(path).endswith("is of format 99; this program reads up to 1. Install a newer squatscope.")
    with h5py.File(path, "a") as file:
        file.attrs["format_version"] = 1
    assert "is damaged or was not written by squatscope" in use(path)


@given(share=st.floats(0, 1, exclude_max=True))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_truncated_recording_is_refused(a_recording_file, path, share):
    path.write_bytes(a_recording_file.read_bytes()[: int(share * a_recording_file.stat().st_size)])
    assert "damaged" in use(path)


@needs_fork
@no_fork_warning
def test_no_flipped_byte_does_more_than_a_sentence(a_recording_file, tmp_path):
    assert survive_damage(a_recording_file.read_bytes(), tmp_path, use) > 20


def test_a_chunk_beyond_the_end_is_cut_and_all_before_it_is_given(tmp_path):
    """As a kill within a flush leaves it: the index of chunks knows of one that the file does not hold."""
    stream = a_stream(rate_hz=2000.0, channels=12)
    writer = write(tmp_path / "a.h5", stream)
    for row in range(0, 6000, 200):
        writer.append("plates", a_stretch(stream, row, row))
    writer.flush()
    content = (tmp_path / "a.h5").read_bytes()
    writer.abandon()
    with h5py.File(tmp_path / "a.h5") as file:
        dataset = file["streams/plates/samples"]
        chunks = [dataset.id.get_chunk_info(k) for k in range(dataset.id.get_num_chunks())]
        (chunk_rows, _), newest = dataset.chunks, max(chunks, key=lambda chunk: chunk.byte_offset)
    known_end = slice(40, 48)  # of the file, in its superblock
    torn = bytearray(content)
    torn[known_end] = newest.byte_offset.to_bytes(8, "little")
    (tmp_path / "torn.h5").write_bytes(torn)
    with h5py.File(tmp_path / "torn.h5") as file, pytest.raises(OSError, match="addr overflow"):
        file["streams/plates/samples"][:]
    with Recording(tmp_path / "torn.h5") as recording:
        assert not recording.complete
        rows = recording.streams["plates"].rows
        assert rows == newest.chunk_offset[0] // 40 * 40
        assert (recording.samples("plates") == np.arange(rows)[:, None]).all()
    assert chunk_rows < rows
