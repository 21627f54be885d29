"""Simulated devices: samples that depend on nothing but the settings, clocks that drift as set, and waiting as devices wait."""

from __future__ import annotations

import tomllib
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acquisition.rig import Rig, StreamSettings
from hardware.source import Block, Source, SourceError, SourceState, StreamEnded
from sim.device import SimulatedDevice, devices, footing
from sim.lifter.lifter import Lifter, demo_lifter
from sim.session_clock import SessionClock, sync_level
from tests.support.rigs import a_rig

RIGS = Path(__file__).parents[2] / "acquisition" / "rig" / "examples"


def load(name: str) -> Rig:
    return Rig.model_validate(tomllib.loads((RIGS / f"{name}.toml").read_text(encoding="utf-8")))


def only_stream(channels: list[str], rate_hz: float = 1000.0, units: str = "V", **source: object) -> Rig:
    source = {"kind": "simulated", **source}
    stream = {"name": "s", "rate_hz": rate_hz, "channels": channels, "units": units, "source": source}
    return a_rig(stream)


def blocks_of(source: Source) -> list[Block]:
    source.open()
    source.start()
    blocks = []
    try:
        while True:
            block = source.read(1.0)
            assert block is not None
            blocks.append(Block(block.samples.copy(), block.first_index, block.host_s, block.segment))
    except StreamEnded:
        source.stop()
        source.close()
    return blocks


def samples_of(source: Source) -> np.ndarray:
    return np.concatenate([block.samples for block in blocks_of(source)])


class HandClock:
    """A clock that moves only when someone sleeps."""

    def __init__(self) -> None:
        self.now_s = 5000.0

    def __call__(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


@settings(max_examples=12)
@given(block_samples=st.integers(1, 2500), name=st.sampled_from(["demo", "one-device", "cyton"]))
def test_samples_do_not_depend_on_the_length_of_blocks(block_samples: int, name: str) -> None:
    rig, lifter = load(name), demo_lifter(6.0, 3)
    for stream in rig.stream:
        other = stream.model_copy(update={"block_samples": block_samples})
        usual = samples_of(SimulatedDevice(stream, rig, lifter, speed=None, end_s=1.3))
        np.testing.assert_array_equal(samples_of(SimulatedDevice(other, rig, lifter, speed=None, end_s=1.3)), usual)


def test_another_seed_gives_other_samples_and_the_same_seed_the_same() -> None:
    rig = load("demo")
    for stream in rig.stream:
        one, again, other = (
            samples_of(SimulatedDevice(stream, rig, Lifter(seed=seed), speed=None, end_s=1.0)) for seed in (1, 1, 2)
        )
        np.testing.assert_array_equal(one, again)
        differs = (one != other).any(axis=0)
        assert differs.tolist() == [name != "sync" for name in stream.channels]


def test_blocks_follow_one_another_and_end_at_the_end() -> None:
    for device in devices(load("demo"), Lifter(), speed=None, end_s=2.0):
        blocks = blocks_of(device)
        index = 0
        for block in blocks:
            assert block.first_index == index
            index += len(block.samples)
        assert {len(block.samples) for block in blocks[:-1]} == {device.stream.block_samples}
        assert index == pytest.approx(2.0 * device.stream.rate_hz, abs=1)
        assert all(late.host_s >= early.host_s for early, late in pairwise(blocks))


@pytest.mark.parametrize("ppm", [-80.0, 0.0, 60.0])
def test_clock_drifts_as_set(ppm: float) -> None:
    rig = only_stream(["count"], rate_hz=500.0, clock_ppm=ppm, jitter_s=0.004)
    blocks = blocks_of(SimulatedDevice(rig.stream[0], rig, Lifter(), speed=None, end_s=400.0))
    last = [block.first_index + len(block.samples) - 1 for block in blocks]
    slope = np.polyfit(last, [block.host_s for block in blocks], 1)[0]
    assert 1e6 * (1.0 / slope / 500.0 - 1.0) == pytest.approx(ppm, abs=2.0)


def test_two_devices_see_the_same_sync_edges_on_their_own_clocks() -> None:
    fast = only_stream(["sync"], rate_hz=2000.0, clock_ppm=400.0)
    slow = only_stream(["Sync in"], rate_hz=1000.0, clock_ppm=-400.0)
    edges_s = []
    for rig, true_hz in ((fast, 2000.8), (slow, 999.6)):
        line = samples_of(SimulatedDevice(rig.stream[0], rig, Lifter(), speed=None, end_s=60.0))[:, 0]
        assert set(np.unique(line)) == {0.0, 5.0}
        edges_s.append(np.flatnonzero(np.diff(line)) / true_hz)
    assert len(edges_s[0]) == len(edges_s[1]) == 120
    np.testing.assert_allclose(edges_s[0], edges_s[1], atol=1.01e-3)
    np.testing.assert_allclose(edges_s[0][::2], 0.5 + np.arange(60.0), atol=1e-3)


def test_sync_pulses_differ_in_length_so_that_no_shift_by_seconds_fits() -> None:
    t_s = np.arange(0.0, 120.0, 0.01)
    level = sync_level(t_s)
    assert not level[t_s < 0.5].any()
    lengths = level.reshape(-1, 100).sum(axis=1)[1:]
    assert set(lengths) <= {10, 20, 30, 40, 9, 11, 19, 21, 29, 31, 39, 41}
    assert min(np.sum(np.abs(lengths[shift:] - lengths[:-shift]) > 5) for shift in range(1, 20)) > 5


def test_sample_numbers_are_exact_and_open_inputs_only_hiss() -> None:
    rig = only_stream(["Counter", "spare"], adc_bits=12)
    samples = samples_of(SimulatedDevice(rig.stream[0], rig, Lifter(), speed=None, end_s=3.0))
    np.testing.assert_array_equal(samples[:, 0], np.arange(3000))
    assert 0.0 < samples[:, 1].std() < 0.02


def test_converter_resolves_and_saturates_as_described() -> None:
    rig = load("demo")
    loud = rig.emg[0].model_copy(update={"full_scale": 0.05})
    rig = rig.model_copy(update={"emg": [loud, *rig.emg[1:]]})
    samples = samples_of(SimulatedDevice(rig.stream_named("emg"), rig, demo_lifter(8.0), speed=None, end_s=4.0))
    assert np.abs(samples[:, 0]).max() == 0.05
    steps = samples[:, 1] / (11.0 / 2**15)
    np.testing.assert_allclose(steps, np.rint(steps), atol=1e-6)
    assert len(np.unique(steps)) > 100


def test_stream_of_float32_is_of_float32() -> None:
    rig = load("demo")
    half = rig.stream_named("emg").model_copy(update={"dtype": "float32", "block_samples": 700})
    for block in blocks_of(SimulatedDevice(half, rig, Lifter(), speed=None, end_s=2.0)):
        assert block.samples.dtype == np.float32


def test_host_time_of_a_hurried_session_is_that_of_a_real_one() -> None:
    clock = HandClock()
    session = SessionClock(None, clock, clock.sleep)
    plates, emg = devices(load("demo"), Lifter(), session=session, end_s=5.0)
    for device in (plates, emg):
        last = blocks_of(device)[-1]
        assert last.host_s == pytest.approx(5005.0, abs=0.03)
    assert clock.now_s == 5000.0


@pytest.mark.parametrize("speed", [1.0, 4.0])
def test_device_waits_until_a_block_is_due(speed: float) -> None:
    clock = HandClock()
    rig = only_stream(["count"], rate_hz=100.0)
    device = SimulatedDevice(rig.stream[0], rig, Lifter(), session=SessionClock(speed, clock, clock.sleep))
    device.start()
    assert device.read(0.05) is None
    assert clock.now_s == pytest.approx(5000.05)
    block = device.read(1.0)
    assert block is not None
    assert clock.now_s == pytest.approx(5000.0 + 0.39 / speed)
    assert block.host_s == pytest.approx(5000.39)
    assert device.backlog_samples == 0


def test_slow_reader_finds_a_backlog_and_late_time_stamps() -> None:
    clock = HandClock()
    rig = only_stream(["count"], rate_hz=100.0)
    device = SimulatedDevice(rig.stream[0], rig, Lifter(), session=SessionClock(1.0, clock, clock.sleep))
    device.start()
    clock.sleep(2.005)
    block = device.read(0.0)
    assert block is not None
    assert device.backlog_samples == 201 - 40
    assert block.host_s == pytest.approx(5002.005)


def test_devices_of_a_session_share_time_zero_however_late_they_start() -> None:
    clock = HandClock()
    first, second = devices(load("demo"), Lifter(), session=SessionClock(1.0, clock, clock.sleep))
    first.start()
    clock.sleep(0.7)
    second.start()
    block = second.read(0.0)
    assert block is not None
    assert block.first_index == 0
    assert second.backlog_samples > 1000


def test_started_anew_it_is_another_segment_and_what_was_missed_is_a_gap() -> None:
    clock = HandClock()
    rig = only_stream(["count"], rate_hz=100.0)
    device = SimulatedDevice(rig.stream[0], rig, Lifter(), session=SessionClock(1.0, clock, clock.sleep))
    device.start()
    assert device.read(1.0) is not None
    device.stop()
    device.stop()
    assert device.state is SourceState.IDLE
    clock.sleep(2.995)
    device.start()
    block = device.read(1.0)
    assert block is not None
    assert block.segment == 1
    assert block.first_index == 339
    assert block.samples[0, 0] == 339


def test_errors_say_what_to_do() -> None:
    rig = only_stream(["count"])
    with pytest.raises(SourceError, match="start it first"):
        SimulatedDevice(rig.stream[0], rig, Lifter()).read(0.0)
    file = StreamSettings.model_validate(
        {"name": "s", "rate_hz": 1.0, "channels": ["a"], "units": "V", "source": {"kind": "file", "path": "x"}}
    )
    with pytest.raises(SourceError, match="'file'; the simulator plays 'simulated' alone"):
        SimulatedDevice(file, rig, Lifter())


def test_lifter_stands_between_the_plates_and_faces_as_they_lie() -> None:
    rig = load("demo")
    axes, middle = footing(rig, 400.0)
    np.testing.assert_allclose(axes, np.eye(3))
    np.testing.assert_allclose(middle, 0.0)
    left, right = rig.plate
    turned = rig.model_copy(
        update={
            "lab": rig.lab.model_copy(update={"right_axis": None}),
            "plate": [left.model_copy(update={"side": "right"}), right.model_copy(update={"side": "left"})],
        }
    )
    np.testing.assert_allclose(footing(turned, 400.0)[0], [[-1, 0, 0], [0, -1, 0], [0, 0, 1]])
    alone = rig.model_copy(update={"plate": [left]})
    np.testing.assert_allclose(footing(alone, 400.0)[1], [-10.0, 0.0, 0.0])
    for axis, forward in (("y", [-1, 0, 0]), ("-x", [0, -1, 0])):
        facing = rig.model_copy(update={"lab": rig.lab.model_copy(update={"right_axis": axis})})
        np.testing.assert_allclose(footing(facing, 400.0)[0][1], forward)


@pytest.mark.parametrize("name", ["demo", "one-device", "cyton"])
def test_plates_of_a_rig_read_the_lifter_back(name: str) -> None:
    rig, lifter = load(name), demo_lifter(6.0)
    stream = rig.stream_named(rig.plate[0].stream)
    samples = samples_of(SimulatedDevice(stream, rig, lifter, speed=None, end_s=6.0))
    t_s = np.arange(len(samples)) / (stream.rate_hz * (1.0 + stream.source.clock_ppm * 1e-6))  # type: ignore[union-attr]
    movement = lifter.motion.at(t_s)
    for plate in rig.plate:
        volts = samples[:, [stream.channels.index(name) for name in plate.channels]] - np.asarray(plate.zero)
        matrix = plate.calibration_matrix if plate.c3d_type == 4 else np.diag(plate.sensitivities or [])
        load_N = volts @ np.asarray(matrix).T
        foot = lifter.foot(plate.side, movement)
        # Both plates' z points down, so the reaction's sign turns; its noise is that of a good plate.
        error_N = -load_N[:, 2] - foot.force_N[:, 2]
        assert error_N.std() < 0.6
        assert abs(error_N.mean()) < 0.05
