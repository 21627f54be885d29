"""The unmodified BrainFlow client against a Cyton at wire level: every sample keeps its number, whatever happens."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pty", reason="the stand-in needs pseudo-terminals, which this system lacks")

from hardware import polling as polling
from hardware.brainflow.session import discover, supported_boards
from hardware.brainflow.settings import BrainflowSettings
from hardware.brainflow.source import BrainflowSource
from hardware.source import Block, Channel, SourceError, SourceState, Stream
from sim.wire.cyton import CytonStandIn
from tests.support.threads import native_threads

STEP_UV = 10.0


def stream(channels: int, rate_hz: float = 250.0, unit: str = "uV") -> Stream:
    return Stream("emg", rate_hz, tuple(Channel(f"e{i}", unit) for i in range(channels)), block_samples=5)


BUSY_S = 1.0
"""What a busy machine may take to hand on what came."""


def numbered(channels: int) -> Callable[[int, int], np.ndarray]:
    """Every channel says which sample it is, 10 µV each, and which channel."""
    return lambda first, n: STEP_UV * np.arange(first, first + n)[:, None] + 100.0 * np.arange(channels)


def sample_numbers(samples: np.ndarray) -> np.ndarray:
    return np.rint((samples - 100.0 * np.arange(samples.shape[1])) / STEP_UV).astype(int)


def read_for(source: BrainflowSource, seconds: float, until: Callable[[], bool] = lambda: False) -> list[Block]:
    blocks: list[Block] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end and not until():
        block = source.read(0.05)
        if block is not None:
            blocks.append(block)
    return blocks


def read_rows(source: BrainflowSource, rows: int) -> list[Block]:
    blocks: list[Block] = []
    end = time.perf_counter() + 60.0
    while sum(len(block.samples) for block in blocks) < rows and time.perf_counter() < end:
        blocks += read_for(source, 0.05)
    return blocks


def all_numbered(blocks: list[Block]) -> np.ndarray:
    """Check that every row in every column is the sample that its index says; return the indices."""
    for block in blocks:
        indices = block.first_index + np.arange(len(block.samples))
        np.testing.assert_array_equal(sample_numbers(block.samples), np.repeat(indices[:, None], block.samples.shape[1], 1))
    return np.concatenate([block.first_index + np.arange(len(block.samples)) for block in blocks])


def threads_end(at_most: int) -> bool:
    """Whether the client's native threads and ours are gone, or go soon."""
    until = time.perf_counter() + 30.0
    while native_threads() > at_most and time.perf_counter() < until:
        time.sleep(0.02)
    return native_threads() <= at_most


def test_a_cyton_keeps_its_numbers_through_every_misbehaviour(tmp_path: Path) -> None:
    threads_before = native_threads()
    port = tmp_path / "cyton"
    settings = BrainflowSettings(board="CYTON_BOARD", serial_port=str(port), config="x1030110X")
    with CytonStandIn(numbered(8), port, boot_s=0.3, first_packet_s=0.2) as cyton:
        source = BrainflowSource(stream(8), settings)
        source.open()
        other = BrainflowSource(stream(8), settings)
        with pytest.raises(SourceError, match=r"is in use by .*, since \d\d:\d\d; end that session first"):
            other.open()
        other.close()
        source.start()
        blocks = read_rows(source, 100)
        cyton.drop(7)
        blocks += read_for(source, 60.0, lambda: source.numbering.lost_samples == 7)
        cyton.garble(b"\x00\x17no packet")
        blocks += read_for(source, 0.2)
        elsewhere = (cyton.samples_sent + 100) % 256
        cyton.garble(bytes([0xA0, elsewhere]) + bytes(30) + b"\xc0")
        blocks += read_for(source, 60.0, lambda: source.numbering.rejected_rows == 1)
        cyton.clump(5, 0.018)
        blocks += read_for(source, 0.4)
        cyton.clump(1)
        blocks += read_for(source, 0.2)
        assert (source.numbering.lost_samples, source.numbering.rejected_rows) == (7, 1)
        cyton.drop(256)
        blocks += read_for(source, 60.0, lambda: source.numbering.lost_samples > 7)
        assert source.numbering.lost_samples == 263
        cyton.silence(True)
        blocks += read_for(source, 60.0, lambda: source.state is SourceState.SILENT)
        assert "has sent nothing" in source.note
        blocks += read_for(source, 0.5)
        cyton.silence(False)
        blocks += read_for(source, 60.0, lambda: source.numbering.lost_samples > 263 + 256)
        blocks += read_for(source, 0.3)
        assert source.state is SourceState.RUNNING
        assert source.numbering.lost_samples > 263 + 256
        indices = all_numbered(blocks)
        assert indices[0] == 0
        assert np.all(np.diff(indices) > 0)
        assert len(indices) + source.numbering.lost_samples == indices[-1] + 1
        assert indices[-1] < cyton.samples_sent
        assert {block.segment for block in blocks} == {0}
        exact = np.concatenate([block.samples for block in blocks])
        np.testing.assert_allclose(exact, cyton.microvolts(0, indices[-1] + 1)[indices], atol=1e-9)
        assert all(0 <= time.perf_counter() - block.host_s < 30 for block in blocks)
        source.stop()
        source.stop()
        assert source.read(0.0) is None
        source.start()
        again = read_rows(source, 50)
        assert {block.segment for block in again} == {1}
        gap_s = (again[0].first_index - indices[-1]) / 250.0
        assert gap_s == pytest.approx(again[0].host_s - blocks[-1].host_s, abs=BUSY_S)
        source.close()
        source.close()
        assert cyton.commands[:5] == ["v", "d", "C", "x1030110X", "b"]
        assert cyton.commands.count("x1030110X") == 2
    assert threads_end(threads_before)


def test_a_daisy_with_lost_halves_gives_whole_rows_only(tmp_path: Path) -> None:
    """One packet of a pair at a time is lost, the first ones as well as the second ones."""
    port = tmp_path / "daisy"
    with CytonStandIn(numbered(16), port, daisy=True) as cyton:
        source = BrainflowSource(
            stream(16, 125.0), BrainflowSettings(board="CYTON_DAISY_BOARD", serial_port=str(port), config="")
        )
        source.open()
        source.start()
        blocks = read_rows(source, 25)
        for wait_s in (0.104, 0.108, 0.1, 0.112, 0.106, 0.1):
            sent = cyton.samples_sent
            cyton.drop(1)
            blocks += read_for(source, wait_s)
            blocks += read_for(source, 60.0, lambda sent=sent: cyton.samples_sent > sent + 2)
        all_numbered(blocks)
        cyton.drop(256)
        blocks += read_for(source, 60.0, lambda: source.numbering.lost_samples >= 6 + 128)
        blocks += read_for(source, 0.2)
        source.close()
    # BrainFlow may have joined the halves on both sides of the long loss into one row; the Cyton's half is in its row.
    indices = all_numbered([Block(b.samples[:, :8], b.first_index, b.host_s) for b in blocks])
    second = sample_numbers(np.concatenate([block.samples for block in blocks]))[:, 8:]
    assert np.sum(np.any(second != indices[:, None], axis=1)) <= 1
    assert indices[0] == 0
    assert source.numbering.lost_samples == 6 + 128
    assert len(indices) + source.numbering.lost_samples == indices[-1] + 1


def test_an_unplugged_board_is_released_and_joined_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    port = tmp_path / "cyton"
    threads_before = native_threads()
    with CytonStandIn(numbered(8), port) as cyton:
        source = BrainflowSource(stream(4), BrainflowSettings(board="CYTON_BOARD", serial_port=str(port), inputs=[1, 2, 3, 4]))
        source.open()
        source.start()
        before = read_rows(source, 50)
        cyton.unplug()
        with monkeypatch.context() as impatient:
            impatient.setattr(polling, "SILENT_S", 0.3)
            impatient.setattr(polling, "LOST_S", 0.8)
            before += read_for(source, 60.0, lambda: source.state is SourceState.SILENT)
            before += read_for(source, 60.0, lambda: source.state is SourceState.LOST)
        assert source.state is SourceState.LOST
        assert "check its plug" in source.note
        cyton.plug_in()
        read_for(source, 60.0, lambda: source.state is SourceState.RUNNING)
        after = read_rows(source, 50)
        assert "was away" in source.note
        all_numbered(before)
        assert {block.segment for block in after} == {1}
        gap_s = (after[0].first_index - before[-1].first_index) / 250.0
        assert gap_s == pytest.approx(after[0].host_s - before[-1].host_s, abs=BUSY_S)
        offset = {block.first_index - int(sample_numbers(block.samples[:1])[0, 0]) for block in after}
        assert len(offset) == 1
        cyton.unplug()
        monkeypatch.setattr(polling, "LOST_S", 0.8)
        read_for(source, 60.0, lambda: source.state is SourceState.LOST)
        source.close()
    assert threads_end(threads_before)


def test_a_board_that_stays_away_ends_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    port = tmp_path / "cyton"
    with CytonStandIn(numbered(8), port) as cyton:
        settings = BrainflowSettings(board="CYTON_BOARD", serial_port=str(port), rejoin_s=0.0)
        source = BrainflowSource(stream(8), settings)
        source.open()
        source.start()
        read_for(source, 0.2)
        cyton.unplug()
        monkeypatch.setattr(polling, "LOST_S", 0.3)
        with pytest.raises(SourceError, match=r"code 2\).*It was tried again for 0 s") as caught:
            read_for(source, 60.0)
        assert caught.value.code == 2
        source.stop()
        source.close()


def test_a_board_that_refuses_says_so_while_another_goes_on(tmp_path: Path) -> None:
    """Switched off; a gain that the client knows is wrong; a Daisy that is not there. It takes seconds."""

    def refusal(board: str, rate_hz: float, port: Path, config: str) -> SourceError:
        settings = BrainflowSettings(board=board, serial_port=str(port), config=config)
        with pytest.raises(SourceError) as refused:
            BrainflowSource(stream(8, rate_hz), settings).open()
        return refused.value

    other = BrainflowSource(stream(4), BrainflowSettings(board="SYNTHETIC_BOARD"))
    other.open()
    other.start()
    switched_off, port = tmp_path / "off", tmp_path / "on"
    with CytonStandIn(numbered(8), switched_off) as off, CytonStandIn(numbered(8), port), ThreadPoolExecutor(1) as aside:
        off.answer(False)
        silent = aside.submit(refusal, "CYTON_BOARD", 250.0, switched_off, "")
        no_gain = aside.submit(refusal, "CYTON_BOARD", 250.0, port, "x1070110X")
        no_daisy = aside.submit(refusal, "CYTON_DAISY_BOARD", 125.0, port, "")
        states: set[SourceState] = set()
        blocks: list[Block] = []
        while not no_daisy.done():
            blocks += [block for block in [other.read(0.05)] if block is not None]
            states.add(other.state)
        blocks += read_for(other, 0.2)
    other.close()
    assert silent.result().code == 7
    assert "switch the board on" in str(silent.result())
    assert no_gain.result().code == 13
    assert "config 'x1070110X'" in str(no_gain.result())
    assert no_daisy.result().code is None
    assert "No Daisy is on the Cyton" in str(no_daisy.result())
    # BrainFlow serves one board at a time, and the other's rows waited.
    assert states == {SourceState.RUNNING}
    indices = np.concatenate([block.first_index + np.arange(len(block.samples)) for block in blocks])
    np.testing.assert_array_equal(indices, np.arange(len(indices)))


@pytest.mark.parametrize(
    ("wanted", "settings", "says"),
    [
        (stream(8), {"board": "CYTON_BORD"}, "did you mean CYTON_BOARD"),
        (stream(8), {"board": "zzz"}, "knows no board"),
        (stream(8, 1000.0), {"board": "CYTON_BOARD"}, "rate_hz = 250"),
        (stream(9), {"board": "CYTON_BOARD"}, "has 8"),
        (stream(2), {"board": "CYTON_BOARD", "inputs": [1]}, "1 inputs are listed"),
        (stream(8, unit="V"), {"board": "CYTON_BOARD"}, "gives uV"),
        (stream(8), {"board": "PLAYBACK_FILE_BOARD"}, "no EMG"),
        (stream(8), {"board": "CYTON_BOARD", "serial_port": "/dev/no-such-port"}, "code 2"),
        (stream(8), {"board": "CYTON_BOARD"}, "code 13"),
    ],
)
def test_what_does_not_fit_is_said(wanted: Stream, settings: dict, says: str) -> None:
    source = BrainflowSource(wanted, BrainflowSettings(**settings))
    with pytest.raises(SourceError, match=says):
        source.open()
    with pytest.raises(SourceError, match="open it first"):
        source.start()
    source.stop()
    source.close()
    assert source.state is SourceState.IDLE


def test_an_input_listed_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="listed twice"):
        BrainflowSettings(board="CYTON_BOARD", inputs=[1, 2, 1])


def test_the_synthetic_board_streams_without_a_loss(capfd: pytest.CaptureFixture[str]) -> None:
    wanted = Stream("emg", 250.0, (Channel("a", "uV"), Channel("b", "uV")), "float32", 10)
    source = BrainflowSource(wanted, BrainflowSettings(board="SYNTHETIC_BOARD", inputs=[3, 1]))
    source.open()
    source.start()
    blocks = read_for(source, 1.0)
    source.close()
    indices = np.concatenate([block.first_index + np.arange(len(block.samples)) for block in blocks])
    np.testing.assert_array_equal(indices, np.arange(len(indices)))
    assert len(indices) > 100
    assert blocks[0].samples.dtype == np.float32
    assert source.numbering.lost_samples == source.numbering.rejected_rows == 0
    assert capfd.readouterr().err == ""


def test_the_boards_and_ports_are_listed() -> None:
    boards = {board.name: board for board in supported_boards()}
    assert boards["CYTON_BOARD"].rate_hz == 250
    assert len(boards["CYTON_DAISY_BOARD"].input_rows) == 16
    assert "PLAYBACK_FILE_BOARD" not in boards
    assert all(port.startswith("/dev/") for port in discover())


def test_a_rate_is_refused_unless_the_config_sets_it() -> None:
    with pytest.raises(SourceError, match=r"set rate_hz = 250\.0, or rate_from_config = true"):
        BrainflowSource(stream(4, rate_hz=500.0), BrainflowSettings(board="CYTON_BOARD", config="~5")).check()
    chosen = BrainflowSettings(board="CYTON_BOARD", config="~5", rate_from_config=True)
    BrainflowSource(stream(4, rate_hz=500.0), chosen).check()
    BrainflowSource(stream(4, rate_hz=250.01), BrainflowSettings(board="CYTON_BOARD")).check()


@pytest.mark.parametrize("daisy", [False, True])
def test_a_board_that_is_not_the_one_named_is_refused(tmp_path: Path, daisy: bool) -> None:
    port = tmp_path / "cyton"
    named, rate_hz = ("CYTON_BOARD", 250.0) if daisy else ("CYTON_DAISY_BOARD", 125.0)
    with CytonStandIn(numbered(16 if daisy else 8), port, daisy=daisy):
        source = BrainflowSource(stream(8, rate_hz), BrainflowSettings(board=named, serial_port=str(port)))
        with pytest.raises(SourceError, match="every channel would be two muscles in turn") as refused:
            source.open()
        source.close()
    told = "A Daisy is on the Cyton" if daisy else "No Daisy is on the Cyton"
    right = 'Set board = "CYTON_DAISY_BOARD" and rate_hz = 125.0' if daisy else 'Set board = "CYTON_BOARD" and rate_hz = 250.0'
    assert str(refused.value).startswith(told)
    assert right in str(refused.value)
