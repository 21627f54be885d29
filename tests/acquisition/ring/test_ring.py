"""The ring loses nothing that was published, says exactly what a lapped reader missed, and outlives a killed writer."""

from __future__ import annotations

import os
import random
import signal
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acquisition.ring import BACKLOG, PUBLISHED, RESERVED, TICKS, Ring, RingError, SessionPhase, ring_file
from acquisition.ring import ring as ring_module
from hardware.source import Block, SourceState
from tests.support.damage import survive_damage
from tests.support.fakes import a_stream, check_numbers, numbered

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="only POSIX systems can fork")
no_fork_warning = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ring.h5"


def read_all(reader):
    stretches = []
    while (stretch := reader.read()) is not None:
        check_numbers(stretch)
        stretches.append(stretch)
    return stretches


steps = st.one_of(
    st.tuples(st.just("write"), st.integers(1, 90)),
    st.tuples(st.just("gap"), st.integers(1, 1000)),
    st.tuples(st.just("segment"), st.integers(0, 50)),
    st.tuples(st.just("read"), st.integers(1, 200)),
    st.tuples(st.just("slow read"), st.integers(1, 40)),
)


@given(
    steps=st.lists(steps, max_size=60),
    block_samples=st.integers(1, 16),
    seconds=st.floats(0.01, 0.3),
    dtype=st.sampled_from(["float32", "float64"]),
)
@settings(max_examples=100)
def test_every_sample_is_read_once_or_counted_as_missed(steps, block_samples, seconds, dtype):
    """Samples carry their numbers: two readers at different paces account for every row, gap and segment written."""
    stream = a_stream(rate_hz=1000.0, dtype=dtype, block_samples=block_samples)
    with tempfile.TemporaryDirectory() as folder, closing(Ring.create(Path(folder) / "ring.h5", [stream], seconds)) as ring:
        capacity = len(ring._arrays["streams/plates/samples"])
        assert capacity == max(np.ceil(seconds * 1000), 8 * block_samples)
        writer = ring.writer("plates")
        readers = {"read": ring.reader("plates"), "slow read": ring.reader("plates")}
        got = {"read": [], "slow read": []}
        index = segment = 0
        written = []  # (index, segment) of every row
        for what, size in [*steps, ("read", 1 << 20), ("slow read", 1 << 20)]:
            if what == "write":
                size = min(size, capacity)
                writer.append(numbered(stream, index, size, segment=segment))
                written += [(i, segment) for i in range(index, index + size)]
                index += size
            elif what == "gap":
                index += size
            elif what == "segment":
                index, segment = index + size, segment + 1
            else:
                reader = readers[what]
                while (stretch := reader.read(size)) is not None:
                    check_numbers(stretch)
                    assert stretch.samples.dtype == dtype
                    got[what].append(stretch)
                    if what == "slow read":
                        break
                    assert len(stretch.samples) <= max(size, 90)
        while (stretch := readers["slow read"].read()) is not None:
            got["slow read"].append(stretch)
        for what, reader in readers.items():
            row = 0
            for stretch in got[what]:
                assert stretch.first_row == row + stretch.missed
                row = stretch.first_row
                for tick in stretch.ticks:
                    newest = int(tick["index"]) - 1
                    assert written[row + newest - stretch.first_index] == (newest, tick["segment"])
                assert [w[0] for w in written[row : row + len(stretch.samples)]] == list(
                    range(stretch.first_index, stretch.first_index + len(stretch.samples))
                )
                row += len(stretch.samples)
            assert row == len(written) == reader.row
            assert reader.missed == sum(stretch.missed for stretch in got[what])
            assert reader.waiting == 0
        assert ring.counter("plates", PUBLISHED) == ring.counter("plates", RESERVED) == len(written)


def test_a_lapped_reader_says_exactly_what_it_missed(path):
    stream = a_stream(rate_hz=1000.0, block_samples=10)
    ring = Ring.create(path, [stream], 0.1)
    writer, reader = ring.writer("plates"), ring.reader("plates")
    for i in range(25):
        writer.append(numbered(stream, 10 * i, 10))
    stretches = read_all(reader)
    assert stretches[0].missed == reader.missed == 250 - 100 + 100 // 8
    assert stretches[0].first_index == stretches[0].missed
    assert sum(len(stretch.samples) for stretch in stretches) == 250 - stretches[0].missed
    writer.append(numbered(stream, 250, 10))
    assert read_all(reader)[0].missed == 0


def test_a_reader_lapped_within_its_copy_notices(path, monkeypatch):
    """While samples are copied the writer goes once around: what was copied must not be handed out."""
    stream = a_stream(rate_hz=1000.0, block_samples=10)
    ring = Ring.create(path, [stream], 0.1)
    writer, reader = ring.writer("plates"), ring.reader("plates")
    for i in range(5):
        writer.append(numbered(stream, 10 * i, 10))
    split = ring_module.split_at_gaps
    late = iter([range(5, 17)])

    def split_while_written(ticks):
        for i in next(late, ()):
            writer.append(numbered(stream, 10 * i, 10))
        return split(ticks)

    monkeypatch.setattr(ring_module, "split_at_gaps", split_while_written)
    stretches = read_all(reader)
    assert stretches[0].first_row == reader.missed == 170 - 100 + 100 // 8
    assert reader.row == 170


def test_ticks_overwritten_while_they_are_searched_are_not_believed(path, monkeypatch):
    """With blocks of one sample, half a ring is written during the search; the reader's own row is still there."""
    stream = a_stream(rate_hz=1000.0, block_samples=1)
    ring = Ring.create(path, [stream], 0.1)
    writer = ring.writer("plates")
    for i in range(150):
        writer.append(numbered(stream, i, 1))
    reader = ring.reader("plates", rows_back=10)
    search, late = reader._tick_of, iter([range(150, 210)])

    def search_while_written(row, low, high):
        for i in next(late, ()):
            writer.append(numbered(stream, 1000 + i, 1))
        return search(row, low, high)

    monkeypatch.setattr(reader, "_tick_of", search_while_written)
    stretches = read_all(reader)
    assert stretches[0].first_row - stretches[0].missed == 140
    assert reader.missed == stretches[0].missed
    assert reader.row == 210


def test_a_reader_may_begin_near_the_newest_row(path):
    stream = a_stream(rate_hz=1000.0, block_samples=10)
    ring = Ring.create(path, [stream], 1)
    writer = ring.writer("plates")
    for i in range(10):
        writer.append(numbered(stream, 10 * i, 10))
    reader = ring.reader("plates", rows_back=25)
    assert reader.waiting == 25
    (stretch,) = read_all(reader)
    assert (stretch.first_row, len(stretch.samples), len(stretch.ticks)) == (75, 25, 3)
    assert len(read_all(ring.reader("plates", rows_back=1000))[0].samples) == 100


def test_gaps_and_segments_split_runs(path):
    stream = a_stream(block_samples=10)
    ring = Ring.create(path, [stream], 1)
    writer, reader = ring.writer("plates"), ring.reader("plates")
    for index, segment in [(0, 0), (10, 0), (25, 0), (35, 0), (45, 1), (55, 1)]:
        writer.append(numbered(stream, index, 10, segment=segment))
    stretches = read_all(reader)
    assert [(r.first_row, r.first_index, len(r.samples)) for r in stretches] == [(0, 0, 20), (20, 25, 20), (40, 45, 20)]
    assert [set(r.ticks["segment"]) for r in stretches] == [{0}, {0}, {1}]


def test_samples_are_kept_bit_for_bit(path):
    streams = [a_stream("a", dtype="float32"), a_stream("b", channels=1)]
    ring = Ring.create(path, streams, 1)
    random_bits = np.random.default_rng(1)
    for stream in streams:
        samples = random_bits.normal(size=(40, len(stream.channels))).astype(stream.dtype)
        samples[3] = np.nan
        ring.writer(stream.name).append(Block(samples, 0, 1.25))
        stretch = ring.reader(stream.name).read()
        assert stretch.samples.tobytes() == samples.tobytes()
        assert stretch.ticks.tolist() == [(40, 40, 0, 1.25)]


def test_a_run_is_a_copy(path):
    stream = a_stream(rate_hz=100.0, block_samples=2)
    ring = Ring.create(path, [stream], 0.1)
    writer, reader = ring.writer("plates"), ring.reader("plates")
    writer.append(numbered(stream, 0, 10))
    stretch = reader.read()
    writer.append(numbered(stream, 10, 16))
    check_numbers(stretch)


def test_wrong_blocks_are_refused_and_nothing_changes(path):
    stream = a_stream(block_samples=10)
    ring = Ring.create(path, [stream], 0.04)
    writer = ring.writer("plates")
    with pytest.raises(ValueError, match=r"\(81, 3\) does not fit the stream 'plates'"):
        writer.append(numbered(stream, 0, 81))
    with pytest.raises(ValueError, match=r"\(10, 2\)"):
        writer.append(Block(np.zeros((10, 2)), 0, 0.0))
    with pytest.raises(ValueError, match=r"\(10,\)"):
        writer.append(Block(np.zeros(10), 0, 0.0))
    writer.append(numbered(stream, 0, 0))
    assert ring.counter("plates", RESERVED) == ring.counter("plates", TICKS) == 0
    writer.append(numbered(stream, 0, 80))
    assert len(ring.reader("plates").read().samples) == 80


def test_what_a_ring_says_about_itself(path):
    plates, emg, frames = a_stream(), a_stream("emg", 1000.0, 4, "float32"), a_stream("load", 100.0)
    made = Ring.create(path, [plates, emg], 2, derived=[frames], description={"rig": {"name": "x"}})
    made.beat(SessionPhase.RUNNING)
    note = "Der Empfänger schweigt. " * 12
    made.writer("emg").report(SourceState.LOST, backlog=7, note=note)
    ring = Ring.attach(path)
    assert ring.streams == {"plates": plates, "emg": emg, "load": frames}
    assert ring.derived == {"load"}
    assert ring.description == {"rig": {"name": "x"}}
    assert ring.phase is SessionPhase.RUNNING
    assert 0 <= ring.heartbeat_age_s < 60
    assert ring.state("emg") is SourceState.LOST
    assert ring.counter("emg", BACKLOG) == 7
    assert note.startswith(ring.note("emg"))
    assert len(ring.note("emg")) > 200
    assert ring.note("plates") == ""
    ring.sync()
    with pytest.raises(ValueError, match="read-only"):
        ring.writer("emg").append(numbered(emg, 0, 1))


def test_a_heartbeat_from_before_the_machine_was_started_is_infinitely_old(path):
    ring = Ring.create(path, [a_stream()], 1)
    ring._session[1] = time.perf_counter_ns() + 10**12
    assert ring.heartbeat_age_s == np.inf


def test_a_block_whose_writer_was_killed_before_it_was_published_never_was(path):
    stream = a_stream(block_samples=10)
    ring = Ring.create(path, [stream], 1)
    for i in range(3):
        ring.writer("plates").append(numbered(stream, 10 * i, 10))
    ring._counters[0, PUBLISHED] = 20
    reader = ring.reader("plates")
    assert len(read_all(reader)[0].samples) == 20
    ring.writer("plates").append(numbered(stream, 500, 7))
    (stretch,) = read_all(reader)
    assert (stretch.first_row, stretch.first_index, len(stretch.samples)) == (20, 500, 7)


def test_a_closed_ring_is_let_go_of_by_all_its_readers_and_writers(path):
    """So that its file can be deleted everywhere; nothing is read or written through them after that, and nothing crashes."""
    stream = a_stream()
    ring = Ring.create(path, [stream], 1)
    writer, reader = ring.writer("plates"), ring.reader("plates")
    writer.append(numbered(stream, 0, 40))
    ring.close()
    if Path("/proc/self/maps").exists():
        assert str(path) not in Path("/proc/self/maps").read_text()
    assert reader.read() is None
    assert reader.waiting == 0
    with pytest.raises(ValueError, match="does not fit"):
        writer.append(numbered(stream, 40, 40))
    writer.report(SourceState.LOST, 3, "nobody hears it")
    path.unlink()


def test_nothing_is_overwritten(path):
    path.write_text("mine")
    with pytest.raises(RingError, match="exists already"):
        Ring.create(path, [a_stream()], 1)
    assert path.read_text() == "mine"


def test_a_missing_folder_is_said(tmp_path):
    with pytest.raises(RingError, match="can't be made: No such file"):
        Ring.create(tmp_path / "none" / "ring.h5", [a_stream()], 1)


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="the room is checked by its blocks")
def test_the_whole_ring_has_its_room_on_the_disk(path):
    Ring.create(path, [a_stream(channels=28)], 10)
    assert path.stat().st_blocks * 512 >= path.stat().st_size >= 10 * 2000 * 28 * 8


@pytest.mark.skipif(os.name == "nt", reason="sizes of files can't be limited there")
def test_a_full_disk_is_met_before_the_session_and_nothing_is_left(child, path):
    code = """
for size in (0, 3000, 60_000, 2_000_000):
    limit_file_size(size)
    try:
        Ring.create(path, [a_stream(channels=28)], 10)
    except RingError as error:
        print(size, list(path.parent.iterdir()), error)
"""
    process = child(code, path)
    out, err = process.communicate(timeout=240)
    assert (process.returncode, err) == (0, "")
    for size, line in zip((0, 3000, 60_000, 2_000_000), out.splitlines(), strict=True):
        assert line.startswith(f"{size} [] There is no room for a ring of 6 MB in")
        assert "ask for fewer seconds" in line


def test_another_process_follows_while_blocks_are_written(child, path):
    stream = a_stream(rate_hz=2000.0)
    ring = Ring.create(path, [stream], 30)
    code = """
ring = Ring.attach(path)
reader = ring.reader("plates")
print("here", flush=True)
rows = 0
while ring.phase != SessionPhase.FINISHED or reader.waiting:
    stretch = reader.read()
    if stretch is not None:
        check_numbers(stretch)
        rows += len(stretch.samples)
print(rows, reader.missed)
"""
    process = child(code, path)
    assert process.stdout.readline() == "here\n"
    writer = ring.writer("plates")
    rng, index = random.Random(3), 0
    for _ in range(1000):
        count = rng.randint(1, 60)
        writer.append(numbered(stream, index, count))
        index += count
    ring.beat(SessionPhase.FINISHED)
    out, err = process.communicate(timeout=240)
    assert err == ""
    assert out.split() == [str(index), "0"]


def test_readers_in_threads_account_for_every_row_of_a_hasty_writer(path):
    """The ring is far too small on purpose: rows are either right or counted as missed."""
    stream = a_stream(rate_hz=1000.0, channels=8, block_samples=25)
    ring = Ring.create(path, [stream], 0.5)
    writer, done = ring.writer("plates"), threading.Event()
    results = []

    def follow(most):
        reader = Ring.attach(path).reader("plates")
        rows, wrong = reader.row, 0
        while not done.is_set() or reader.waiting:
            stretch = reader.read(most)
            if stretch is not None:
                wrong += int(
                    (
                        stretch.samples != np.arange(stretch.first_index, stretch.first_index + len(stretch.samples))[:, None]
                    ).any()
                )
                wrong += stretch.first_row != rows + stretch.missed
                rows = stretch.first_row + len(stretch.samples)
        results.append((wrong, rows))

    threads = [threading.Thread(target=follow, args=(most,)) for most in (10, 300)]
    for thread in threads:
        thread.start()
    blocks = [numbered(stream, 0, count) for count in range(1, 60)]
    rng, index = random.Random(5), 0
    for _ in range(15000):
        block = rng.choice(blocks)
        count = len(block.samples)
        writer.append(Block(block.samples + index, index, 0.0))
        index += count
    done.set()
    for thread in threads:
        thread.join()
    assert results == [(0, index)] * 2


@needs_fork
@no_fork_warning
def test_nothing_published_is_lost_when_the_writer_is_killed(tmp_path):
    rng = random.Random(7)
    stream = a_stream(rate_hz=2000.0, channels=6)
    for attempt in range(20):
        path = tmp_path / f"ring{attempt}.h5"
        Ring.create(path, [stream], 1.5).close()
        until = rng.randint(1, 12_000)
        pid = os.fork()
        if pid == 0:
            try:
                writer = Ring(path, writable=True).writer("plates")
                index = 0
                while True:
                    count = 1 + index % 57
                    writer.append(numbered(stream, index, count))
                    index += count
            finally:
                os._exit(1)
        watched = Ring.attach(path)
        limit = time.perf_counter() + 240
        while (seen := watched.counter("plates", PUBLISHED)) < until and time.perf_counter() < limit:
            pass
        os.kill(pid, signal.SIGKILL)
        assert os.WIFSIGNALED(os.waitpid(pid, 0)[1])

        with h5py.File(path) as file:
            published = int(file["counters"][0, PUBLISHED])
            samples = file["streams/plates/samples"][:]
            assert file["streams/plates"].attrs["channels"].tolist() == [b"c0", b"c1", b"c2", b"c3", b"c4", b"c5"]
        assert published >= seen >= until
        ring = Ring.attach(path)
        reader = ring.reader("plates")
        first = reader.row
        assert published - first >= min(published, len(samples) - 57)
        stretches = read_all(reader)
        assert sum(len(stretch.samples) for stretch in stretches) == published - first
        assert reader.missed == 0
        assert (samples[(published - 1) % len(samples)] == published - 1).all()

        writer = Ring(path, writable=True).writer("plates")
        writer.append(numbered(stream, published, 40))
        read_all(reader)
        assert reader.row == published + 40


@pytest.fixture(scope="module")
def a_ring_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("ring") / "ring.h5"
    stream = a_stream(rate_hz=100.0, block_samples=5)
    ring = Ring.create(path, [stream], 1, description={"rig": {}})
    for i in range(30):
        ring.writer("plates").append(numbered(stream, 5 * i, 5))
    return path


def attach_and_read(path):
    """Use a ring in every way; RingError is the only thing that may come of it."""
    try:
        ring = Ring.attach(path)
        for name in ring.streams:
            reader = ring.reader(name)
            for _ in range(300):
                if reader.read() is None:
                    break
            ring.note(name)
    except RingError as error:
        return str(error)
    return ""


def test_files_from_elsewhere_are_refused_in_a_sentence(path):
    assert attach_and_read(path) == f"There is no file {path}."
    assert attach_and_read(path.parent) == f"{path.parent} is a folder; name the ring in it."
    for content in (b"", b"hello", os.urandom(10000)):
        path.write_bytes(content)
        assert "can't be read as a ring" in attach_and_read(path)
    path.unlink()
    with h5py.File(path, "w") as file:
        file["x"] = 1
    assert "not a squatscope ring" in attach_and_read(path)
    with h5py.File(path, "a") as file:
        file.attrs["format"] = ring_file.FORMAT
        file.attrs["format_version"] = 99
    assert "is a ring of format 99; this program reads formats 1 and 2" in attach_and_read(path)
    with h5py.File(path, "a") as file:
        file.attrs["format_version"] = 1
    assert "can't be read as a ring" in attach_and_read(path)


@given(share=st.floats(0, 1, exclude_max=True))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_truncated_ring_is_refused(a_ring_file, path, share):
    path.write_bytes(a_ring_file.read_bytes()[: int(share * a_ring_file.stat().st_size)])
    assert "can't be read as a ring" in attach_and_read(path)


@pytest.mark.parametrize("which", [RESERVED, PUBLISHED, TICKS])
@pytest.mark.parametrize("value", [-(2**63), -5, 0, 3, 1000, 2**62, 2**63 - 1])
def test_wrong_counters_end_in_a_sentence(a_ring_file, path, which, value):
    path.write_bytes(a_ring_file.read_bytes())
    with h5py.File(path, "r+") as file:
        file["counters"][0, which] = value
    attach_and_read(path)


@needs_fork
@no_fork_warning
def test_no_flipped_byte_does_more_than_a_sentence(a_ring_file, tmp_path):
    assert survive_damage(a_ring_file.read_bytes(), tmp_path, attach_and_read) > 20


def test_a_rewound_ring_ends_with_the_last_block_before_a_sample_number(path):
    with_gap = [0, 40, 80, 200, 240]  # the samples from 120 to 200 were lost
    ring = Ring.create(path, [a_stream(rate_hz=1000.0)], 1.0)
    writer = ring.writer(next(iter(ring.streams)))
    for first in with_gap:
        writer.append(numbered(ring.streams[writer.stream.name], first, 40))
    for end, rows in ((0, 0), (39, 0), (40, 40), (199, 120), (239, 120), (240, 160), (9999, 200)):
        attached = Ring.attach(path)
        attached.rewind({writer.stream.name: end})
        assert sum(len(stretch.samples) for stretch in read_all(attached.reader(writer.stream.name))) == rows
    assert ring.counter(writer.stream.name, PUBLISHED) == 200


def test_what_is_overwritten_behind_a_rewound_reader_is_gone_and_not_wrong(path):
    ring = Ring.create(path, [a_stream(rate_hz=1000.0)], 1.0)
    name = next(iter(ring.streams))
    writer = ring.writer(name)
    for first in range(0, 400, 40):
        writer.append(numbered(ring.streams[name], first, 40))
    attached = Ring.attach(path)
    attached.rewind({name: 200})
    early, late = attached.reader(name), attached.reader(name)
    assert sum(len(stretch.samples) for stretch in read_all(early)) == 200
    capacity = early.capacity
    for first in range(400, 400 + 2 * capacity, 40):
        writer.append(numbered(ring.streams[name], first, 40))
    assert read_all(late) == []
    assert read_all(attached.reader(name)) == []
    assert sum(len(stretch.samples) for stretch in read_all(Ring.attach(path).reader(name))) > 0.9 * capacity
