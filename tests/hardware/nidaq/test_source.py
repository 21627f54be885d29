"""NI's own Python client, unmodified, against the stand-in server on loopback; input ai0 carries the sample number."""

from __future__ import annotations

import gc
import re
import shutil
import subprocess
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import grpc
import numpy as np
import pytest
from nidaqmx.errors import DaqNotFoundError, DaqWarning
from nidaqmx.system import System
from numpy.typing import NDArray
from pydantic import ValidationError

from hardware.nidaq.connection import MEANINGS, Connection, Deadline
from hardware.nidaq.devices import NidaqDevice, discover
from hardware.nidaq.settings import NidaqSettings
from hardware.nidaq.source import NidaqSource
from hardware.source import Block, Channel, SourceError, SourceState, Stream
from sim.wire.nidaq_card import Card, Rack
from sim.wire.nidaq_server import StandInServer

COLUMN = 1e7  # input k reads k * COLUMN + the sample number, so that a value tells where it belongs
# What a busy machine may add between the start of a task and its answer: 0.3 s at 2 kHz.
START_SAMPLES = 600


def numbered(first: int, n: int) -> NDArray[np.float64]:
    return np.arange(first, first + n, dtype=np.float64)[:, None] + COLUMN * np.arange(32)


@pytest.fixture
def rack() -> Rack:
    return Rack(numbered)


@pytest.fixture
def server(rack: Rack) -> Iterator[StandInServer]:
    before = set(threading.enumerate())
    server = StandInServer(rack)
    yield server
    server.kill()
    deadline_s = time.perf_counter() + 30.0
    while not set(threading.enumerate()) <= before and time.perf_counter() < deadline_s:
        time.sleep(0.01)
    assert set(threading.enumerate()) <= before


def make(server: StandInServer, columns: int = 3, rate_hz: float = 2000.0, block: int = 40, **settings: object) -> NidaqSource:
    channels = tuple(Channel(f"c{k}", "V") for k in range(columns))
    chosen = {
        "physical_channels": [f"Dev1/ai{k}" for k in range(columns)],
        "server": server.address,
        "answer_s": 2.0,
        "retry_s": 0.05,
        "rejoin_s": 60.0,  # a busy computer takes its time
        **settings,
    }
    return NidaqSource(Stream("daq", rate_hz, channels, block_samples=block), NidaqSettings.model_validate(chosen))


@contextmanager
def running(source: NidaqSource) -> Iterator[NidaqSource]:
    try:
        source.open()
        source.start()
        yield source
    finally:
        source.stop()
        source.close()


class Gathered:
    """All blocks put together, each judged by what ai0 says."""

    def __init__(self) -> None:
        self.samples: list[NDArray[np.float64]] = []
        self.index: list[int] = []
        self.segments: list[int] = []
        self.lengths: list[int] = []

    def add(self, block: Block | None) -> None:
        if block is not None:
            self.samples.append(np.array(block.samples, dtype=np.float64))
            self.index += range(block.first_index, block.first_index + len(block.samples))
            self.segments += [block.segment] * len(block.samples)
            self.lengths.append(len(block.samples))

    @property
    def numbers(self) -> NDArray[np.float64]:
        return np.concatenate(self.samples)[:, 0]


def gather(source: NidaqSource, samples: int, timeout_s: float = 0.5, limit_s: float = 60.0) -> Gathered:
    gathered = Gathered()
    deadline_s = time.perf_counter() + limit_s
    while len(gathered.index) < samples and time.perf_counter() < deadline_s:
        gathered.add(source.read(timeout_s))
    assert len(gathered.index) >= samples, source.note
    return gathered


def read_until(source: NidaqSource, state: SourceState, limit_s: float = 60.0) -> None:
    deadline_s = time.perf_counter() + limit_s
    while source.state is not state and time.perf_counter() < deadline_s:
        source.read(0.1)
    assert source.state is state, source.note


def test_sixteen_inputs_for_two_seconds_lose_and_double_nothing(server: StandInServer) -> None:
    with running(make(server, columns=16)) as source:
        gathered = gather(source, 4000)
        assert source.state is SourceState.RUNNING
    assert gathered.index == list(range(len(gathered.index)))
    np.testing.assert_array_equal(np.diff(gathered.numbers), 1.0)
    together = np.concatenate(gathered.samples)
    np.testing.assert_array_equal(together - together[:, :1], np.tile(COLUMN * np.arange(16), (len(together), 1)))
    assert set(gathered.lengths) == {40}


def test_columns_follow_the_order_of_the_settings(server: StandInServer) -> None:
    with running(make(server, columns=3, physical_channels=["Dev1/ai7", "Dev1/ai0", "Dev1/ai30"])) as source:
        together = np.concatenate(gather(source, 80).samples)
    np.testing.assert_array_equal(together[:, 0] - together[:, 1], 7 * COLUMN)
    np.testing.assert_array_equal(together[:, 2] - together[:, 1], 30 * COLUMN)


def test_float32_stream_gets_float32_blocks(server: StandInServer) -> None:
    stream = Stream("daq", 2000.0, (Channel("a", "V"),), dtype="float32")
    settings = NidaqSettings(physical_channels=["Dev1/ai0"], server=server.address)
    with running(NidaqSource(stream, settings)) as source:
        block = source.read(1.0)
    assert block is not None
    assert block.samples.dtype == np.float32
    np.testing.assert_array_equal(np.diff(block.samples[:, 0]), 1.0)


def test_reads_that_time_out_hand_out_what_came(server: StandInServer) -> None:
    """A block takes 20 ms and a read waits 7 ms: most reads are partial, and every row still has its own columns."""
    with running(make(server, columns=5)) as source:
        gathered = gather(source, 1000, timeout_s=0.007)
        until_s = time.perf_counter() + 60.0
        while min(gathered.lengths) == 40 and time.perf_counter() < until_s:  # a busy reader finds whole blocks at first
            gathered.add(source.read(0.007))
    assert min(gathered.lengths) < 40
    assert gathered.index == list(range(len(gathered.index)))
    np.testing.assert_array_equal(np.diff(gathered.numbers), 1.0)
    together = np.concatenate(gathered.samples)
    np.testing.assert_array_equal(together - together[:, :1], np.tile(COLUMN * np.arange(5), (len(together), 1)))


@pytest.mark.parametrize("cut", [0, 1, 17, 39])
def test_one_partial_read_of_any_length(server: StandInServer, rack: Rack, cut: int) -> None:
    with running(make(server)) as source:
        before = gather(source, 40)
        rack.cut_next_read(cut)
        block = source.read(1.0)
        cut_samples = 0 if block is None else len(block.samples)
        before.add(block)
        before.add(source.read(1.0))
    assert cut_samples == cut
    np.testing.assert_array_equal(np.diff(before.numbers), 1.0)
    assert before.index == list(range(len(before.index)))


def test_samples_that_an_old_server_keeps_become_a_gap(server: StandInServer, rack: Rack) -> None:
    server.hands_over_partial = False
    with running(make(server)) as source:
        gathered = gather(source, 40)
        rack.cut_next_read(17)
        assert source.read(1.0) is None
        assert "17 samples" in source.note
        gathered.add(source.read(1.0))
    assert gathered.index == [*range(40), *range(57, 97)]
    np.testing.assert_array_equal(gathered.numbers - gathered.numbers[0], gathered.index)


def test_backlog_is_what_waits_in_the_driver(server: StandInServer) -> None:
    with running(make(server, rate_hz=1000.0)) as source:
        time.sleep(0.6)
        source.read(1.0)
        assert source.backlog_samples >= 500
        caught_up = gather(source, 800).index[-1]
        while source.backlog_samples >= 400:
            caught_up = gather(source, 200).index[-1]
            assert caught_up < 60_000, "it never catches up"


def test_no_rpc_but_the_read_for_most_blocks(server: StandInServer, rack: Rack) -> None:
    with running(make(server)) as source:
        rack.calls.clear()
        gather(source, 2000)
    assert rack.calls["GetReadAttributeUInt32"] <= rack.calls["ReadAnalogF64"] / 4


@pytest.mark.parametrize("asked_hz", [2000.0, 1000.0, 1850.0])
def test_a_rate_that_the_clock_can_not_make_is_refused_with_one_that_it_can(asked_hz: float) -> None:
    server = StandInServer(Rack(numbered, (Card(timebase_hz=13107.2),)))
    try:
        with pytest.raises(SourceError, match="set rate_hz = ") as refused:
            make(server, rate_hz=asked_hz).open()
        advised_hz = float(re.findall(r"set rate_hz = (\S+)\.$", str(refused.value))[0])
        assert advised_hz != asked_hz
        with running(make(server, rate_hz=advised_hz)) as source:  # advice must work when it is followed
            assert source.actual_rate_hz == advised_hz
            assert source.note == ""
        with running(make(server, rate_hz=float(f"{advised_hz:.6g}"))) as source:
            assert source.note == "", "six digits will do"
    finally:
        server.kill()


def test_exact_rate_needs_no_note(server: StandInServer) -> None:
    with running(make(server)) as source:
        assert source.actual_rate_hz == 2000.0
        assert source.note == ""


def test_buffer_holds_what_the_settings_say(server: StandInServer, rack: Rack) -> None:
    with running(make(server, buffer_s=12.0)):
        assert [task.buffer_samples for task in rack.tasks.values()] == [24000]


@pytest.mark.parametrize(("code", "part"), [(-200279, "overwritten"), (-200222, "buffer was full"), (-200361, "own memory")])
def test_overflow_starts_a_new_segment_after_a_gap_of_the_right_length(
    server: StandInServer, rack: Rack, code: int, part: str
) -> None:
    with running(make(server)) as source:
        gathered = gather(source, 400)
        rack.fail_next("ReadAnalogF64", code)
        time.sleep(0.5)
        assert source.read(0.5) is None
        assert source.state is SourceState.LOST
        assert str(code) in source.note
        assert part in source.note
        read_until(source, SourceState.RUNNING)
        assert "samples were lost" in source.note
        after = gather(source, 400)
    assert set(gathered.segments) == {0}
    assert set(after.segments) == {1}
    np.testing.assert_array_equal(np.diff(after.numbers), 1.0)
    missed = after.numbers[0] - gathered.numbers[-1] - 1
    said = after.index[0] - gathered.index[-1] - 1
    assert missed >= 1000
    assert said == pytest.approx(missed, abs=START_SAMPLES)


def test_real_overflow_of_a_small_buffer(server: StandInServer, rack: Rack) -> None:
    with running(make(server)) as source:
        gather(source, 40)
        for task in rack.tasks.values():
            task.buffer_samples = 100
        time.sleep(0.15)
        read_until(source, SourceState.LOST)
        assert "-200279" in source.note
        assert set(gather(source, 40).segments) == {1}


def test_overflow_again_and_again_ends_with_an_error(server: StandInServer, rack: Rack) -> None:
    rack.fail_next("ReadAnalogF64", -200279, times=50)
    with running(make(server)) as source:
        with pytest.raises(SourceError, match="can't keep up") as caught:
            gather(source, 40)
        assert caught.value.code == -200279
        assert source.state is SourceState.IDLE


@pytest.mark.parametrize("code", [-201003, -88710, -88709, -200324, -50405])
def test_device_that_went_away_is_joined_again(server: StandInServer, rack: Rack, code: int) -> None:
    with running(make(server)) as source:
        gather(source, 80)
        rack.fail_next("ReadAnalogF64", code)
        assert source.read(0.5) is None
        assert source.state is SourceState.LOST
        assert str(code) in source.note
        assert set(gather(source, 80).segments) == {1}


def test_unplugged_and_plugged_in_again(server: StandInServer, rack: Rack) -> None:
    with running(make(server)) as source:
        before = gather(source, 80)
        rack.unplug("Dev1")
        read_until(source, SourceState.LOST)
        assert "-201003" in source.note
        until_s = time.perf_counter() + 60.0
        while "-200220" not in source.note and time.perf_counter() < until_s:
            assert source.read(0.1) is None
        assert "-200220" in source.note
        rack.plug_in("Dev1")
        after = gather(source, 80)
    missed = after.numbers[0] - before.numbers[-1] - 1
    assert after.index[0] - before.index[-1] - 1 == pytest.approx(missed, abs=START_SAMPLES)


def test_time_to_rejoin_counts_anew_for_every_loss(server: StandInServer, rack: Rack, monkeypatch) -> None:
    moved_s = 0.0
    monkeypatch.setattr("hardware.nidaq.source.host_now_s", lambda: time.perf_counter() + moved_s)
    with running(make(server, rejoin_s=60.0)) as source:
        for _ in range(2):
            rack.fail_next("ReadAnalogF64", -201003, times=2)
            read_until(source, SourceState.LOST)
            gather(source, 800)
            moved_s += 100.0


def test_device_that_stays_away_ends_with_an_error(server: StandInServer, rack: Rack) -> None:
    with running(make(server, rejoin_s=0.2)) as source:
        gather(source, 40)
        rack.unplug("Dev1")
        with pytest.raises(SourceError, match="tried again for 0 s") as caught:
            gather(source, 40)
        assert caught.value.code == -200220


def test_device_that_returns_but_never_reads_ends_with_an_error(server: StandInServer, rack: Rack) -> None:
    rack.fail_next("ReadAnalogF64", -201003, times=500)
    with running(make(server, rejoin_s=0.3)) as source:
        with pytest.raises(SourceError, match=r"broke off.*tried again for \d+ s") as caught:
            gather(source, 40)
        assert caught.value.code == -201003
        assert source.state is SourceState.IDLE
    assert rack.calls["CreateTask"] >= 2


def test_reading_does_not_wait_for_a_server_that_is_looked_for(server: StandInServer, rack: Rack) -> None:
    with running(make(server, answer_s=30.0, retry_s=0.3)) as source:
        gather(source, 40)
        rack.fail_next("ReadAnalogF64", -201003)
        assert source.read(0.5) is None
        server.hold()
        for _ in range(60):
            assert source.read(0.01) is None
        # No attempt has ended meanwhile, or the note would say that the server did not answer.
        assert "-201003" in source.note
        assert "Trying again since" in source.note
        server.release()
        assert set(gather(source, 80).segments) == {1}


def test_other_faults_while_reading_end_at_once(server: StandInServer, rack: Rack) -> None:
    with running(make(server)) as source:
        rack.fail_next("ReadAnalogF64", -200077)
        with pytest.raises(SourceError, match="broke off") as caught:
            source.read(0.5)
        assert caught.value.code == -200077


def test_silent_device_is_called_silent(server: StandInServer, rack: Rack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hardware.nidaq.source.SILENT_AFTER_S", 0.1)
    with running(make(server)) as source:
        gather(source, 40)
        monkeypatch.setattr("sim.wire.nidaq_card.CardTask.available", 0)
        read_until(source, SourceState.SILENT)
        assert "sample clock" in source.note
        monkeypatch.undo()
        gather(source, 40)
        assert source.state is SourceState.RUNNING


def test_a_warning_of_the_driver_is_told_once_and_whole(server: StandInServer) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always", DaqWarning)  # as the client itself sets it
        with running(make(server)) as source:
            gather(source, 200)
            server.warning = 200011, "The rate was\nrounded. Property: SampClk.Rate"
            said = []
            with pytest.warns(UserWarning, match="of somebody else"):
                warnings.warn("of somebody else", stacklevel=1)
            for _ in range(20):
                source.note = ""
                source.read(1.0)
                said.append(source.note)
    told = [note for note in said if note]
    assert len(told) == 1
    assert told[0].endswith("samples go on: Warning 200011 occurred. The rate was rounded. Property: SampClk.Rate.")


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"physical_channels": ["Dev9/ai0"]}, -200220),
        ({"physical_channels": ["Dev1/ai99"]}, -200170),
    ],
)
def test_wrong_names_are_told_at_opening(server: StandInServer, rack: Rack, settings: dict[str, object], code: int) -> None:
    source = make(server, columns=1, **settings)
    with pytest.raises(SourceError, match="physical_channels") as caught:
        source.open()
    assert caught.value.code == code
    source.close()
    assert rack.tasks == {}


def test_a_device_that_another_session_uses_is_locked(server: StandInServer, rack: Rack) -> None:
    other = make(server)
    with running(make(server)), pytest.raises(SourceError, match=r"the device Dev1 is in use by .*, since \d\d:\d\d") as caught:
        other.open()
    assert str(caught.value).endswith("; end that session first.")
    with running(other):  # once the first has ended
        pass
    assert rack.tasks == {}


def test_reserved_by_a_task_of_another_program_is_told_at_start(server: StandInServer, rack: Rack) -> None:
    by_name = SimpleNamespace(address=server.address.replace("127.0.0.1", "localhost"))  # another lock, the same card
    elsewhere = make(by_name)
    with running(elsewhere), pytest.raises(SourceError, match="in use by another task") as caught, running(make(server)):
        pass
    assert caught.value.code == -50103
    assert rack.tasks == {}


@pytest.mark.parametrize("code", sorted(MEANINGS))
def test_every_code_becomes_two_sentences(server: StandInServer, rack: Rack, code: int) -> None:
    rack.fail_next("CfgSampClkTiming", code)
    source = make(server)
    with pytest.raises(SourceError) as caught:
        source.open()
    source.close()
    text = str(caught.value)
    assert caught.value.code == code
    assert text.startswith("The stream 'daq' can't be opened: ")
    assert f"(NI-DAQmx error {code}). " in text
    assert text.endswith(".")
    assert "\n" not in text


def test_unknown_code_keeps_the_drivers_words(server: StandInServer, rack: Rack) -> None:
    rack.fail_next("StartTask", -200077)
    source = make(server)
    source.open()
    with pytest.raises(SourceError, match=r"NI-DAQmx says: Error -200077") as caught:
        source.start()
    source.close()
    assert caught.value.code == -200077


def test_two_sessions_one_after_another(server: StandInServer, rack: Rack) -> None:
    for _ in range(2):
        source = make(server)
        with running(source):
            gathered = gather(source, 120)
        assert gathered.index[0] == 0
        assert rack.tasks == {}
        assert source.state is SourceState.IDLE


def test_stopped_source_starts_again_in_a_new_segment(server: StandInServer) -> None:
    with running(make(server)) as source:
        first = gather(source, 80)
        source.stop()
        source.start()
        second = gather(source, 80)
    assert set(second.segments) == {1}
    assert second.index[0] > first.index[-1]


def test_slow_start_is_waited_for(server: StandInServer) -> None:
    server.start_delay_s = 0.4
    with running(make(server)) as source:
        assert gather(source, 40).index[0] == 0


def test_no_server(server: StandInServer) -> None:
    server.kill()
    source = make(server)
    with pytest.raises(SourceError, match="can't be reached"):
        source.open()
    source.stop()
    source.close()
    source.close()


def test_server_that_dies_and_returns(server: StandInServer) -> None:
    with running(make(server)) as source:
        before = gather(source, 80)
        server.kill()
        read_until(source, SourceState.LOST)
        assert "can't be reached" in source.note
        time.sleep(0.4)
        server.revive()
        after = gather(source, 80)
        missed = after.numbers[0] - before.numbers[-1] - 1
        assert after.index[0] - before.index[-1] - 1 == pytest.approx(missed, abs=START_SAMPLES)
        assert set(after.segments) == {1}


def test_stop_and_close_after_the_servers_death(server: StandInServer) -> None:
    source = make(server)
    source.open()
    source.start()
    gather(source, 40)
    server.kill()
    source.stop()
    source.close()
    source.stop()
    source.close()
    assert source.state is SourceState.IDLE


def test_server_that_falls_silent_is_given_up_and_its_task_cleared_later(server: StandInServer, rack: Rack) -> None:
    with running(make(server, answer_s=0.2)) as source:
        gather(source, 40)
        server.hold()
        read_until(source, SourceState.LOST)
        assert "did not answer in time" in source.note
        left_behind = list(rack.tasks.values())
        server.release()
        gather(source, 40)
        assert len(rack.tasks) == 1
        assert left_behind[0] not in rack.tasks.values()


def test_close_does_not_hang_on_a_silent_server(server: StandInServer) -> None:
    source = make(server, answer_s=0.1)
    source.open()
    source.start()
    server.hold()
    source.stop()
    source.close()
    server.release()


def test_deadline_is_short_while_the_server_is_silent() -> None:
    deadline = Deadline(8.0)
    given: list[float] = []

    class Call:
        def __init__(self, status: grpc.StatusCode) -> None:
            self.code = lambda: status

    def make_call(timeout: float, status: grpc.StatusCode) -> None:
        details = SimpleNamespace(
            method="m", timeout=None, metadata=None, credentials=None, wait_for_ready=None, compression=None
        )
        deadline.intercept_unary_unary(
            lambda d, _: given.append(d.timeout) or Call(status), details, SimpleNamespace(timeout=timeout)
        )

    make_call(0.5, grpc.StatusCode.OK)
    make_call(0.5, grpc.StatusCode.DEADLINE_EXCEEDED)
    make_call(0.0, grpc.StatusCode.DEADLINE_EXCEEDED)
    make_call(0.0, grpc.StatusCode.OK)
    make_call(0.0, grpc.StatusCode.OK)
    assert given == [8.5, 8.5, 1.0, 1.0, 8.0]


def test_reading_before_start_is_an_error(server: StandInServer) -> None:
    source = make(server)
    with pytest.raises(SourceError, match="Call open and start first"):
        source.read(0.1)
    with pytest.raises(SourceError, match="Call open first"):
        source.start()
    source.stop()
    source.close()


def test_large_blocks_pass_the_message_limit(server: StandInServer) -> None:
    """1.6 s x 32 inputs x 12 kHz are 4.9 MB, more than gRPC's own limit of 4 MiB."""
    with running(make(server, columns=32, rate_hz=12000.0, block=19200)) as source:
        block = source.read(5.0)
    assert block is not None
    assert block.samples.nbytes > 4 * 2**20
    np.testing.assert_array_equal(np.diff(block.samples[:, 0]), 1.0)


def test_discover_lists_devices() -> None:
    cards = (
        Card("Dev1", "PCIe-6343", 0x1A2B3C, 4),
        Card("Sim1", "USB-6210", 0, 1, simulated=True),
        Card("cDAQ1", "cDAQ-9178", 7, 0),
    )
    server = StandInServer(Rack(numbered, cards))
    try:
        found = discover(server.address)
    finally:
        server.kill()
    inputs = ("Dev1/ai0", "Dev1/ai1", "Dev1/ai2", "Dev1/ai3")
    assert found == [
        NidaqDevice("Dev1", "PCIe-6343", "001A2B3C", inputs, False, "24.8.0"),
        NidaqDevice("Sim1", "USB-6210", "00000000", ("Sim1/ai0",), True, "24.8.0"),
        NidaqDevice("cDAQ1", "cDAQ-9178", "00000007", (), False, "24.8.0"),
    ]


def test_discover_without_a_server(server: StandInServer) -> None:
    server.kill()
    with pytest.raises(SourceError, match=rf"at {server.address} can't be listed: .* can't be reached"):
        discover(server.address)


def _driver_is_missing() -> bool:
    try:
        discover()
    except SourceError as error:
        return isinstance(error.__cause__, DaqNotFoundError)
    return False


@pytest.mark.skipif(not _driver_is_missing(), reason="NI-DAQmx is installed here")
def test_missing_driver_is_one_sentence_and_an_advice() -> None:
    with pytest.raises(SourceError, match="no NI-DAQmx driver was found on this machine"):
        discover()
    stream = Stream("daq", 1000.0, (Channel("a", "V"),))
    source = NidaqSource(stream, NidaqSettings(physical_channels=["Dev1/ai0"]))
    with pytest.raises(SourceError, match="no NI-DAQmx driver"):
        source.open()
    source.close()


def test_missing_certificate_is_told(server: StandInServer, tmp_path: object) -> None:
    source = make(server, tls_certificate=f"{tmp_path}/none.pem")
    with pytest.raises(SourceError, match="tls_certificate"):
        source.open()
    source.close()


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")
def test_encrypted_connection(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("tls")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=localhost "
        f"-addext subjectAltName=IP:127.0.0.1 -keyout {key} -out {certificate}".split(),
        check=True,
        capture_output=True,
    )
    credentials = grpc.ssl_server_credentials([(key.read_bytes(), certificate.read_bytes())])
    server = StandInServer(Rack(numbered), credentials)
    try:
        with running(make(server, tls_certificate=str(certificate))) as source:
            gather(source, 80)
        plain = make(server)
        with pytest.raises(SourceError, match="TLS"):
            plain.open()
        plain.close()
    finally:
        server.kill()


def test_channels_and_inputs_must_match_in_number_and_unit() -> None:
    settings = NidaqSettings(physical_channels=["Dev1/ai0", "Dev1/ai1"])
    with pytest.raises(SourceError, match="1 channels and its source has 2"):
        NidaqSource(Stream("daq", 1000.0, (Channel("a", "V"),)), settings)
    with pytest.raises(SourceError, match="'b' of the stream 'daq' is said to be in 'N'"):
        NidaqSource(Stream("daq", 1000.0, (Channel("a", "V"), Channel("b", "N"))), settings)


@pytest.mark.parametrize(
    "wrong",
    [
        {"physical_channels": []},
        {"physical_channels": ["Dev1/ai0, Dev1/ai1"]},
        {"physical_channels": ["ai0"]},
        {"physical_channels": ["Dev1/ai0", "Dev1/ai0"]},
        {"range_V": [10.0, 5.0]},
        {"range_V": -1.0},
        {"terminal": ["RSE", "RSE"]},
        {"terminal": "SINGLE"},
        {"buffer_s": 5.0},
        {"server": "localhost"},
        {"tls_certificate": "a.pem"},
    ],
)
def test_wrong_settings_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        NidaqSettings.model_validate({"physical_channels": ["Dev1/ai0"], **wrong})


def test_terminal_and_range_for_all_or_one_each() -> None:
    one = NidaqSettings(physical_channels=["Dev1/ai0", "Dev1/ai1"], terminal="RSE", range_V=5.0)
    assert (one.channel_terminals, one.channel_ranges) == (["RSE", "RSE"], [5.0, 5.0])
    each = NidaqSettings(physical_channels=["Dev1/ai0", "Dev1/ai1"], terminal=["RSE", "DIFFERENTIAL"], range_V=[5.0, 1.0])
    assert (each.channel_terminals, each.channel_ranges) == (["RSE", "DIFFERENTIAL"], [5.0, 1.0])


def test_abandoned_source_warns_of_nothing(server: StandInServer) -> None:
    source = make(server)
    source.open()
    source.close()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        source = make(server)
        source.open()
        del source
        gc.collect()
    assert caught == []


def test_closed_connection_sends_nothing_more(server: StandInServer, rack: Rack) -> None:
    connection = Connection(server.address)
    connection.open()
    options = connection.options()
    connection.close()
    connection.close()
    with pytest.raises(ValueError, match="closed channel"):
        _ = System(options).driver_version
    assert rack.calls.total() == 0


def test_closed_source_can_be_opened_again(server: StandInServer) -> None:
    source = make(server)
    for segment in range(2):
        with running(source):
            assert set(gather(source, 80).segments) == {segment}
