"""Clocks tied by edges agree about when things happened, as the simulator knows it, however the host's clock was misled."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acquisition.stretches import TICK
from acquisition.timebase import clock
from acquisition.timebase.arrivals import Arrivals
from acquisition.timebase.clock import SyncLevel
from acquisition.timebase.sync import clocks
from acquisition.timebase.sync_edges import EDGE
from tests.support.sync_lines import edges_at
from tests.support.two_clocks import acquire, fitted, misalignment_s, rig

NOMINAL_HZ = {"plates": 1000.0, "emg": 2000.0, "hips": 250.0}


@dataclass
class Device:
    """A device whose segments begin at known times, with arrivals that are `host_off_s` late."""

    nominal_hz: float
    ppm: float
    ends_s: tuple[float, ...]
    host_off_s: tuple[float, ...]

    @property
    def true_hz(self):
        return self.nominal_hz * (1 + 1e-6 * self.ppm)

    def ticks(self, rng, block_s=0.05):
        parts, row = [], 0
        for segment, (begin_s, end_s) in enumerate(zip((0.0, *self.ends_s), self.ends_s, strict=False)):
            first = math.ceil((begin_s + (0.4 if segment else 0.0)) * self.true_hz)
            size = round(block_s * self.nominal_hz)
            ends = np.arange(first + size, end_s * self.true_hz, size).astype(int)
            part = np.zeros(len(ends), TICK)
            part["row"], part["index"], part["segment"] = row + ends - first, ends, segment
            part["host_s"] = 100 + (ends - 1) / self.true_hz + self.host_off_s[segment] + rng.exponential(0.003, len(ends))
            row = int(part["row"][-1])
            parts.append(part)
        return np.concatenate(parts)

    def edges(self, edges_s, rising, rng):
        """As sampled: halfway between two samples; none while the device was away."""
        edges = edges_at(edges_s, rising, self.true_hz)
        edges["index"] = np.floor(edges["index"]) + 0.5
        away = np.zeros(len(edges), bool)
        for end_s in self.ends_s[:-1]:
            away |= (edges_s > end_s - 0.1) & (edges_s < end_s + 0.5)
        return edges[~away & (edges_s < self.ends_s[-1])]


def fitted_to(ticks, edges):
    """Fit the clocks of streams to all of their ticks."""
    return clocks({name: Arrivals.of(ticks[name], NOMINAL_HZ[name]) for name in ticks}, edges)


def a_line(rng, seconds):
    """Pulses of 0.1 to 0.4 s, a second apart and a little more."""
    rises = 0.5 + np.cumsum(1.0 + 0.2 * rng.random(int(seconds)))
    edges_s = np.stack([rises, rises + rng.choice([0.1, 0.2, 0.3, 0.4], len(rises))], axis=1).ravel()
    keep = edges_s < seconds - 0.1
    return edges_s[keep], (np.arange(len(edges_s)) % 2 == 0)[keep]


def off_s(lines, devices, seconds):
    """Return how far apart the streams put the same moments, at most."""
    t_s = np.linspace(1.0, seconds - 1.0, 997)
    for device in devices.values():
        for end_s in device.ends_s[:-1]:
            t_s = t_s[(t_s < end_s - 0.1) | (t_s > end_s + 0.5)]
    told = [lines[name].host_s(t_s * device.true_hz) for name, device in devices.items()]
    return max(float(np.abs(other - told[0]).max()) for other in told[1:])


def tied(devices, seconds, seed=0, spoil=lambda _name, edges, _rng: edges):
    rng = np.random.default_rng(seed)
    edges_s, rising = a_line(rng, seconds)
    ticks = {name: device.ticks(rng) for name, device in devices.items()}
    edges = {name: spoil(name, device.edges(edges_s, rising, rng), rng) for name, device in devices.items()}
    return fitted_to(ticks, edges), ticks, edges


def two(seconds, ppm=50.0, late_s=0.03, plates_end_s=(), emg_end_s=(), rng=None):
    """Return two devices; `rng` draws how late the blocks of each of their segments are."""
    devices = {
        "plates": Device(1000.0, ppm, (*plates_end_s, seconds), ()),
        "emg": Device(2000.0, -ppm, (*emg_end_s, seconds), ()),
    }
    for device, usual_s in zip(devices.values(), (0.001, late_s), strict=True):
        count = len(device.ends_s)
        device.host_off_s = (usual_s,) * count if rng is None else tuple(rng.uniform(0, 0.1, count))
    return devices


@given(
    ppm=st.floats(-50, 50),
    late_s=st.floats(-0.08, 0.08),
    missing=st.floats(0, 0.2),
    spurious=st.integers(0, 8),
    upside_down=st.booleans(),
    seconds=st.sampled_from([20.0, 90.0]),
    seed=st.integers(0, 999),
)
@settings(max_examples=60)
def test_edges_that_are_missing_or_false_or_upside_down_do_no_harm(ppm, late_s, missing, spurious, upside_down, seconds, seed):
    devices = two(seconds, ppm, late_s)

    def spoil(name, edges, rng):
        edges = edges[rng.random(len(edges)) >= missing]
        false = np.zeros(spurious, EDGE)
        false["index"], false["rising"] = rng.uniform(0, edges["index"][-1], spurious), rng.random(spurious) < 0.5
        if name == "emg" and upside_down:
            edges["rising"] = ~edges["rising"]
        return np.sort(np.concatenate([edges, false]), order="index")

    lines, _, _ = tied(devices, seconds, seed, spoil)
    assert {line.level for line in lines.values()} == {SyncLevel.EDGES}
    assert off_s(lines, devices, seconds) < 1e-3
    assert lines["plates"].residual_s == 0
    assert lines["emg"].residual_s < 2e-3


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    ("plates_end_s", "emg_end_s"), [((), (40.0,)), ((40.0,), ()), ((30.0,), (61.0,)), ((40.0,), (40.0,)), ((20, 50), (35, 80))]
)
def test_devices_that_were_started_anew_are_aligned_again(plates_end_s, emg_end_s, seed):
    """Each start with another delay of its blocks, which the host's clock can't know."""
    devices = two(100.0, plates_end_s=plates_end_s, emg_end_s=emg_end_s, rng=np.random.default_rng(seed))
    lines, _, _ = tied(devices, 100.0, seed)
    assert off_s(lines, devices, 100.0) < 1e-3


def test_three_streams_and_one_without_edges():
    devices = {**two(60.0), "hips": Device(250.0, 20.0, (60.0,), (0.05,))}
    lines, ticks, _ = tied(devices, 60.0)
    assert off_s(lines, devices, 60.0) < 2e-3
    lines, ticks, _ = tied(devices, 60.0, spoil=lambda name, edges, _: edges[: 0 if name == "hips" else None])
    assert [lines[name].level for name in devices] == [SyncLevel.EDGES, SyncLevel.EDGES, SyncLevel.HOST]
    alone = clock.fit(Arrivals.of(ticks["hips"], 250.0))
    assert (lines["hips"].offset_s, lines["hips"].rate_hz) == (alone.offset_s, alone.rate_hz)


@pytest.mark.parametrize("count", [1, 2])
def test_one_edge_or_two_move_the_offset_and_hardly_the_rate(count):
    devices = two(200.0, late_s=0.05)
    lines, ticks, _ = tied(devices, 200.0, spoil=lambda name, edges, _: edges[50 : 50 + count] if name == "emg" else edges)
    assert lines["emg"].level is SyncLevel.EDGES
    assert lines["emg"].rate_hz == pytest.approx(clock.fit(Arrivals.of(ticks["emg"], 2000.0)).rate_hz, rel=2e-6)
    assert off_s(lines, devices, 200.0) < 2e-3


def test_behind_the_last_edge_the_rate_of_the_host_clock_goes_on():
    """The cable came off after 10 s of 10 minutes."""
    devices = two(600.0)
    lines, _, _ = tied(devices, 600.0, spoil=lambda _, edges, __: edges[:20])
    assert off_s(lines, devices, 600.0) < 3e-3


def test_lines_that_are_not_the_same_tie_nothing():
    devices = two(60.0)

    def spoil(name, edges, _rng):
        if name == "plates":
            return edges
        edges_s, rising = a_line(np.random.default_rng(77), 60.0)
        return devices["emg"].edges(edges_s, rising, None)

    lines, _, _ = tied(devices, 60.0, spoil=spoil)
    assert {line.level for line in lines.values()} == {SyncLevel.HOST}


@pytest.mark.parametrize("seed", range(4))
def test_lines_that_rise_together_and_fall_apart_tie_nothing(seed):
    """Two generators of pulses once a second; only the lengths of the pulses tell that they are two."""
    devices = two(60.0)

    def spoil(_name, edges, rng):
        edges["index"][~edges["rising"]] += rng.choice([0, 100, 200, 300], np.count_nonzero(~edges["rising"]))
        return np.sort(edges, order="index")

    lines, _, _ = tied(devices, 60.0, seed, spoil)
    assert {line.level for line in lines.values()} == {SyncLevel.HOST}


def test_streams_without_ticks_or_edges():
    nothing, none = np.zeros(0, TICK), np.zeros(0, EDGE)
    _, ticks, edges = tied(two(20.0), 20.0)
    assert fitted_to(ticks, {})["emg"].level is SyncLevel.HOST
    assert fitted_to(ticks, {"emg": edges["emg"]})["emg"].level is SyncLevel.HOST
    for empty in ({"plates": none, "emg": edges["emg"]}, {"plates": edges["plates"], "emg": none}):
        assert {line.level for line in fitted_to(ticks, empty).values()} == {SyncLevel.HOST}
    lines = fitted_to({**ticks, "plates": nothing}, {"plates": none, "emg": edges["emg"]})
    assert [lines[name].level for name in ("plates", "emg")] == [SyncLevel.NONE, SyncLevel.HOST]


@pytest.fixture(scope="module")
def acquired():
    """Two minutes of two simulated devices; each is gone for 2 s at another time."""
    return acquire(rig(), 120.0, away_s=(75.0, 40.0))


def test_simulated_devices_are_aligned_within_a_millisecond(acquired):
    """The benchmark bench_alignment.py does this for half an hour."""
    lines = fitted(rig(), acquired)
    assert {line.level for line in lines.values()} == {SyncLevel.EDGES}
    assert np.percentile(misalignment_s(lines, acquired), 99) < 1e-3
    assert 1e-4 < lines["emg"].residual_s < 1e-3


def test_the_hosts_clock_alone_aligns_them_within_five_milliseconds(acquired):
    lines = fitted(rig(sync=False), acquired)
    assert {line.level for line in lines.values()} == {SyncLevel.HOST}
    assert 2e-3 < np.percentile(misalignment_s(lines, acquired), 99) < 5e-3
