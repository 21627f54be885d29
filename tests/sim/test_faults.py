"""Faults: each does what it says, at its time, and to nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from hardware.source import Block, SourceError, SourceState, StreamEnded
from sim.device import SimulatedDevice
from sim.faults import Clumps, Death, Fault, Faulty, LostBlocks, NotANumber, Silence, SlowStart
from sim.lifter.lifter import Lifter
from tests.support.rigs import a_rig

RIG = a_rig(
    {
        "name": "board",
        "rate_hz": 100.0,
        "channels": ["count", "spare"],
        "block_samples": 10,
    }
)


def faulty(*faults: Fault, end_s: float = 5.0) -> Faulty:
    source = Faulty(SimulatedDevice(RIG.stream[0], RIG, Lifter(), speed=None, end_s=end_s), faults)
    source.open()
    source.start()
    return source


def read_all(source: Faulty) -> tuple[list[Block], int]:
    """Return all blocks, and how often nothing came."""
    blocks: list[Block] = []
    nothing = 0
    try:
        while True:
            block = source.read(0.1)
            if block is None:
                nothing += 1
            else:
                blocks.append(Block(block.samples.copy(), block.first_index, block.host_s, block.segment))
    except StreamEnded:
        return blocks, nothing


def counts(blocks: list[Block]) -> np.ndarray:
    return np.concatenate([block.samples[:, 0] for block in blocks])


def test_without_faults_nothing_changes() -> None:
    blocks, nothing = read_all(faulty())
    np.testing.assert_array_equal(counts(blocks), np.arange(500))
    assert nothing == 0


def test_lost_blocks_leave_a_jump_of_their_length() -> None:
    blocks, _ = read_all(faulty(LostBlocks(at_s=1.0, blocks=3)))
    np.testing.assert_array_equal(counts(blocks), np.r_[0:100, 130:500])
    for block in blocks:
        assert block.first_index == block.samples[0, 0]


def test_silence_gives_nothing_and_then_goes_on_behind_a_gap() -> None:
    source = faulty(Silence(at_s=2.0, for_s=1.0))
    states = []
    for _ in range(35):
        source.read(0.1)
        states.append(source.state)
    assert states == [SourceState.RUNNING] * 20 + [SourceState.SILENT] * 10 + [SourceState.RUNNING] * 5
    blocks, nothing = read_all(faulty(Silence(at_s=2.0, for_s=1.0)))
    assert nothing == 10
    np.testing.assert_array_equal(counts(blocks), np.r_[0:200, 300:500])


def test_clumps_come_together_late_and_complete() -> None:
    blocks, _ = read_all(faulty(Clumps(at_s=1.0, for_s=10.0, blocks=4)))
    np.testing.assert_array_equal(counts(blocks), np.arange(500))
    stamps = [block.host_s for block in blocks]
    assert len(set(stamps[:10])) == 10
    for first in range(10, 50, 4):
        assert set(stamps[first : first + 4]) == {stamps[min(first + 3, 49)]}


def test_death_is_an_error_with_a_sentence_and_a_code() -> None:
    source = faulty(Death(at_s=1.0, code=-200284))
    for _ in range(10):
        assert source.read(0.1) is not None
    with pytest.raises(SourceError, match=r"'board' stopped answering 1 s after its start; check its cable") as caught:
        source.read(0.1)
    assert caught.value.code == -200284
    assert source.state is SourceState.LOST
    assert "stopped answering" in source.note
    source.stop()
    source.close()


def test_not_a_number_befalls_its_channel_and_time_alone() -> None:
    blocks, _ = read_all(faulty(NotANumber(at_s=1.05, for_s=0.5, channels=("spare",))))
    samples = np.concatenate([block.samples for block in blocks])
    np.testing.assert_array_equal(np.flatnonzero(np.isnan(samples[:, 1])), np.arange(105, 155))
    np.testing.assert_array_equal(samples[:, 0], np.arange(500))
    blocks, _ = read_all(faulty(NotANumber(at_s=1.05, for_s=0.5)))
    assert np.isnan(counts(blocks)).sum() == 50


def test_slow_start_counts_from_its_own_first_sample() -> None:
    source = faulty(SlowStart(delay_s=1.5))
    assert source.read(0.1) is None
    assert source.state is SourceState.SILENT
    blocks, nothing = read_all(source)
    assert nothing == 14
    assert blocks[0].first_index == 0
    assert blocks[0].samples[0, 0] == 150
    assert blocks[-1].first_index == 340


def test_faults_compose_in_their_order() -> None:
    blocks, _ = read_all(faulty(Clumps(at_s=0.0, for_s=9.0, blocks=3), LostBlocks(at_s=2.0), NotANumber(at_s=4.9, for_s=1.0)))
    seen = counts(blocks)
    assert len(seen) == 490
    np.testing.assert_array_equal(seen[:480], np.r_[0:200, 210:490])
    assert np.isnan(seen[480:]).all()
