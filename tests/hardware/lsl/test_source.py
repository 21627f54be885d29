"""LSL on loopback: the source against an outlet in another process, the outlets against pylsl's own inlet."""

from __future__ import annotations

import sys
import time
import uuid
from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest

from tests.support.lsl_here import NETWORK

pytest.importorskip("pylsl", reason="pylsl is not installed, or its library does not load", exc_type=ImportError)
import pylsl

from hardware import polling as polling
from hardware.lsl import network as lsl_network
from hardware.lsl.network import configuration, load, lsl_ahead_s
from hardware.lsl.outlet import LslFlags, LslOutlet
from hardware.lsl.settings import LslNetwork, LslSettings
from hardware.lsl.source import LslSource
from hardware.source import Block, Channel, SourceError, SourceState, Stream
from sim.wire.lsl_stand_in import LslStandIn, OutletFacts, numbered

RATE_HZ = 500.0
STAMPED_S = 0.02
"""How far the stamps of an outlet on a busy machine may be from when its samples were due."""
WAIT_S = 60.0
"""How long is waited for what must come."""


def stream(channels: int = 3, rate_hz: float = RATE_HZ, dtype: str = "float64") -> Stream:
    return Stream("emg", rate_hz, tuple(Channel(f"e{i}", "uV") for i in range(channels)), dtype)  # type: ignore[arg-type]


def settings(**more: object) -> LslSettings:
    return LslSettings.model_validate({"stream_name": "stand-in", **NETWORK.model_dump(), **more})


def outlet(**more: object) -> OutletFacts:
    return OutletFacts(**({"name": "stand-in", "content": "EMG", "channels": 3, "rate_hz": RATE_HZ} | more))  # type: ignore[arg-type]


def read_for(source: LslSource, seconds: float, until: Callable[[], bool] = lambda: False) -> list[Block]:
    blocks: list[Block] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end and not until():
        block = source.read(0.02)
        if block is not None:
            blocks.append(block)
    return blocks


def sent_numbers(blocks: list[Block]) -> tuple[np.ndarray, np.ndarray]:
    """Check every value; return which samples of the outlet came, and the indices they were given."""
    for block in blocks:
        np.testing.assert_array_equal(block.samples, numbered(0, 1, 3) + block.samples[:, :1])
    sent = np.concatenate([block.samples[:, 0] for block in blocks]).astype(int)
    given = np.concatenate([block.first_index + np.arange(len(block.samples)) for block in blocks])
    return sent, given


def earliest_s(blocks: list[Block]) -> float:
    """Return the host time of a stream's first sample by the block that came with the least delay: a busy machine only adds."""
    return min(block.host_s - (block.first_index + len(block.samples)) / RATE_HZ for block in blocks)


def test_an_outlet_that_another_session_uses_is_locked() -> None:
    with LslStandIn(outlet(), NETWORK):
        source, other = LslSource(stream(), settings()), LslSource(stream(), settings())
        source.open()
        source.open()
        with pytest.raises(SourceError, match=r"The outlet of 'emg' is in use by .*, since \d\d:\d\d; end that session first"):
            other.open()
        other.close()
        source.close()
        other.open()
        other.close()


def test_an_outlet_that_is_silenced_killed_and_restarted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "SILENT_S", 0.3)
    with LslStandIn(outlet(), NETWORK) as stand_in:
        source = LslSource(stream(), settings())
        source.open()
        source.start()
        steady = read_for(source, WAIT_S, lambda: source.numbering.taken_rows - source.numbering.held_rows > 100)
        sent, given = sent_numbers(steady)
        assert len(sent) > 100
        np.testing.assert_array_equal(given, np.arange(len(given)))
        np.testing.assert_array_equal(np.diff(sent), 1)

        stand_in.silence(True)
        read_for(source, WAIT_S, lambda: source.state is SourceState.SILENT)
        assert "sent nothing" in source.note
        stand_in.silence(False)
        back = read_for(source, WAIT_S, lambda: source.numbering.lost_samples > 0)
        back += read_for(source, 0.3)
        sent, given = sent_numbers(steady + back)
        # The outlet stamps a chunk when it sends it, up to a sample after the newest was due.
        np.testing.assert_allclose(given - sent, given[0] - sent[0], atol=STAMPED_S * RATE_HZ)
        assert {block.segment for block in steady + back} == {0}

        stand_in.kill()
        read_for(source, WAIT_S, lambda: source.state is SourceState.LOST)
        assert source.state is SourceState.LOST
        assert "start it again" in source.note
        stand_in.start()
        anew = read_for(source, WAIT_S, lambda: source.state is SourceState.RUNNING) + read_for(source, 0.3)
        sent_numbers(anew)
        assert {block.segment for block in anew} == {1}
        assert earliest_s(anew) == pytest.approx(earliest_s(steady + back), abs=STAMPED_S)
        source.stop()
        source.close()
        source.close()
        assert source.state is SourceState.IDLE


@pytest.mark.parametrize(
    ("lost", "sent_hz", "ahead_s", "chunk"),
    [
        pytest.param(400, 2000.0, 0.0, 40, id="a loss of 200 ms"),
        pytest.param(25, 2000.0, 0.0, 40, id="a loss of 12.5 ms"),
        pytest.param(0, 2000.0, 0.0, 2000, id="chunks of a second"),
        pytest.param(400, 2000.0, 0.0, 2000, id="a loss between chunks of a second"),
        pytest.param(400, 1600.0, 0.0, 40, id="a device at another rate than it says"),
        pytest.param(0, 2000.0, 1e9, 40, id="stamps of another epoch"),
    ],
)
def test_the_streams_own_stamps_number_its_samples(lost: int, sent_hz: float, ahead_s: float, chunk: int) -> None:
    """Ten seconds come at once, as after a freeze of the network; only their stamps say when they were measured."""
    name = uuid.uuid4().hex
    published = pylsl.StreamOutlet(pylsl_of(outlet(name=name, rate_hz=2000.0)), max_buffered=60)
    source = LslSource(stream(rate_hz=2000.0), settings(stream_name=name))
    source.open()
    source.start()
    numbers = np.concatenate([np.arange(6000), np.arange(6000 + lost, 20_000)])
    newest_s = pylsl.local_clock() + ahead_s
    for begin in range(0, len(numbers), chunk):
        part = numbers[begin : begin + chunk]
        samples = numbered(0, 1, 3) + part[:, None]
        published.push_chunk(np.ascontiguousarray(samples, dtype=np.float64), newest_s - (numbers[-1] - part[-1]) / sent_hz)
    blocks = read_for(source, WAIT_S, lambda: source.numbering.taken_rows == len(numbers))
    blocks += source.drain()
    source.close()
    sent, given = sent_numbers(blocks)
    np.testing.assert_array_equal(sent, numbers)
    np.testing.assert_array_equal(given, numbers)
    assert source.numbering.lost_samples == lost


def test_a_silent_outlet_is_joined_anew_without_a_new_segment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "SILENT_S", 0.2)
    monkeypatch.setattr(polling, "LOST_S", 0.5)
    with LslStandIn(outlet(), NETWORK) as stand_in:
        source = LslSource(stream(), settings())
        source.open()
        source.start()
        before = read_for(source, 0.3)
        stand_in.silence(True)
        read_for(source, WAIT_S, lambda: source.state is SourceState.LOST)
        stand_in.silence(False)
        after = read_for(source, WAIT_S, lambda: source.state is SourceState.RUNNING) + read_for(source, 0.2)
        after += source.drain()
        source.close()
    assert {block.segment for block in before + after} == {0}
    assert after[0].first_index > before[-1].first_index


def test_an_outlet_that_stays_away_ends_in_a_sentence() -> None:
    with LslStandIn(outlet(), NETWORK) as stand_in:
        source = LslSource(stream(), settings(rejoin_s=0.0))
        source.open()
        source.start()
        stand_in.kill()
        with pytest.raises(SourceError, match=r"No stream .*It was tried again for 0 s"):
            read_for(source, WAIT_S)
        source.close()


@pytest.mark.parametrize(
    ("offered", "wanted", "says"),
    [
        ({"channels": 2}, stream(3), "has 2 channels, but the rig names 3"),
        ({"rate_hz": 1000.0}, stream(), "rate_hz = 1000"),
        ({"rate_hz": 0.0}, stream(), "no fixed rate"),
        ({"number": "cf_string"}, stream(), "carries text"),
        ({}, stream(dtype="float32"), "dtype = 'float64'"),
    ],
)
def test_what_does_not_fit_is_said(offered: dict, wanted: Stream, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lsl_network, "LOOK_S", 0.2)
    facts = outlet(name=uuid.uuid4().hex, **offered)
    info = pylsl_of(facts)
    published = pylsl.StreamOutlet(info)
    source = LslSource(wanted, settings(stream_name=facts.name))
    with pytest.raises(SourceError, match=says):
        source.open()
    source.close()
    del published


def pylsl_of(facts: OutletFacts):
    module = load(NETWORK)
    number = getattr(module, facts.number)
    return module.StreamInfo(facts.name, facts.content, facts.channels, facts.rate_hz, number, facts.source_id)


def test_two_streams_that_match_are_not_guessed_between() -> None:
    name = uuid.uuid4().hex
    published = [pylsl.StreamOutlet(pylsl_of(outlet(name=name, source_id=which))) for which in ("one", "two")]
    with pytest.raises(SourceError, match="source_id of the one that is meant"):
        LslSource(stream(), settings(stream_name=name)).open()
    chosen = LslSource(stream(), settings(stream_name=name, source_id="two"))
    chosen.open()
    chosen.close()
    assert len(published) == 2


def test_a_stream_that_is_not_there_is_said() -> None:
    source = LslSource(stream(), settings(stream_name="nowhere", find_s=0.5))
    with pytest.raises(SourceError, match=r"name='nowhere' was found on LSL within 0\.5 s"):
        source.open()
    with pytest.raises(SourceError, match="open it first"):
        source.start()
    source.stop()
    source.close()


def test_one_program_has_one_network() -> None:
    load(NETWORK)
    with pytest.raises(SourceError, match="same address, peers and session_id"):
        load(LslNetwork(session_id="another"))


def test_without_settings_nothing_leaves_this_machine() -> None:
    text = configuration(LslNetwork())
    assert "ResolveScope=machine" in text
    assert "AddressesOverride={127.0.0.1}" in text
    assert "KnownPeers={127.0.0.1}" in text
    outside = configuration(LslNetwork(address="192.168.7.2", peers=["192.168.7.3", "192.168.7.4"]))
    assert "ListenAddress=192.168.7.2" in outside
    assert "KnownPeers={192.168.7.3, 192.168.7.4}" in outside
    assert "AddressesOverride" not in outside


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"stream_name": ""}, "nothing says which stream"),
        ({"address": "localhost"}, "no IPv4 address"),
        ({"stream_name": "a' or name!='"}, "pattern"),
    ],
)
def test_wrong_settings_are_said(wrong: dict, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        settings(**wrong)


def test_what_the_outlet_publishes_is_what_an_inlet_gets() -> None:
    name = uuid.uuid4().hex
    wanted = Stream(name, 200.0, (Channel("left", "N"), Channel("right", "N")))
    source = LslOutlet(wanted, NETWORK, "Force")
    with pytest.raises(SourceError, match="open it before"):
        source.push(np.zeros((1, 2)), 0.0)
    source.open()
    source.open()
    with pytest.raises(SourceError, match="one row for each sample"):
        source.push(np.zeros(2), 0.0)
    (info,) = pylsl.resolve_byprop("name", name, 1, WAIT_S)
    inlet = pylsl.StreamInlet(info)
    described = inlet.info(WAIT_S)
    assert (described.type(), described.nominal_srate()) == ("Force", 200.0)
    assert described.get_channel_labels() == ["left", "right"]
    assert described.get_channel_units() == ["N", "N"]
    inlet.open_stream(WAIT_S)
    samples = np.random.default_rng(1).normal(800.0, 5.0, (7, 2))
    host_s = time.perf_counter()
    source.push(samples, host_s)
    got, times_s = inlet.pull_chunk(WAIT_S, max_samples=7)
    np.testing.assert_array_equal(got, samples)
    np.testing.assert_allclose(np.diff(times_s), 1 / 200.0, atol=1e-9)
    assert times_s[-1] - host_s == pytest.approx(lsl_ahead_s(pylsl), abs=0.01)
    source.close()
    source.close()


def test_lsls_clock_is_compared_between_reads_that_lie_close(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine may stop a program between the reads of two clocks."""
    at_s = iter([100.0, 100.3, 100.3, 101.0, 101.1, 101.1, 102.0, 102.001, 102.002, *[103.0, 103.0, 103.5] * 2])
    monkeypatch.setattr(lsl_network, "host_now_s", lambda: next(at_s))
    lsl = SimpleNamespace(local_clock=lambda: next(at_s) + 40.0)
    assert lsl_ahead_s(lsl) == pytest.approx(40.0, abs=0.001)


def test_flags_are_markers() -> None:
    name = uuid.uuid4().hex
    flags = LslFlags(name, NETWORK)
    with pytest.raises(SourceError, match="open them before"):
        flags.push("shift to the left", 0.0)
    flags.open()
    (info,) = pylsl.resolve_byprop("name", name, 1, WAIT_S)
    assert info.type() == "Markers"
    inlet = pylsl.StreamInlet(info)
    inlet.open_stream(WAIT_S)
    flags.push("shift to the left", time.perf_counter())
    text, _ = inlet.pull_sample(WAIT_S)
    assert text == ["shift to the left"]
    flags.close()


def test_without_pylsl_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pylsl", None)
    with pytest.raises(SourceError, match=r"install squatscope\[lsl\]"):
        LslSource(stream(), settings()).open()
