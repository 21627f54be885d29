"""Surface EMG of muscles whose activation is known: shaped noise, and all that spoils it on the skin and in the amplifier.

The noise has the power spectrum of Shwedyk et al. 1977 (IEEE Transactions on Biomedical Engineering 24(5):417-424), cut to the
band of 20 to 450 Hz or to what the sampling rate leaves of it. Its mean rectified value is activation x `mvc_uV`.
"""

from __future__ import annotations

import math
import zlib

import numpy as np

from acquisition.rig import UNITS_TO_UV, Electrode, Muscle
from hardware.arrays import Floats
from hardware.settings import NotNegative, Positive, Settings
from sim.lifter.lifter import Lifter

USUAL_MVC_UV = 300.0
NEIGHBOURS: frozenset[frozenset[Muscle]] = frozenset(
    frozenset(pair) for pair in (("VL", "RF"), ("VM", "RF"), ("BF", "ST"), ("GMax", "GMed"), ("VL", "BF"), ("VM", "ADD"))
)


class EmgNoise(Settings):
    """What spoils an EMG signal: `crosstalk` is the share of a neighbour's amplitude, voltages are at the skin.

    `lead_s` is the electromechanical delay, by which the EMG comes before the force.
    """

    lead_s: NotNegative = 0.05
    crosstalk: NotNegative = 0.03
    mains_hz: Positive = 50.0
    mains_uV: NotNegative = 1.0
    artefact_uV: NotNegative = 80.0
    sensor_uV: NotNegative = 0.8
    offset_uV: NotNegative = 20.0


def shaping_kernel(rate_hz: float) -> Floats:
    """Return the FIR kernel that gives white noise the spectrum of EMG and keeps its variance; about 0.15 s long.

    Below 100 Hz hardly anything of that spectrum is left, and the noise stays white.
    """
    if rate_hz < 100.0:
        return np.ones(1)
    size = 2 * round(0.075 * rate_hz) + 1
    hz = np.fft.rfftfreq(8 * size, 1.0 / rate_hz)
    power = 120.0**4 * hz**2 / ((hz**2 + 60.0**2) * (hz**2 + 120.0**2) ** 2)
    power[(hz < 22.0) | (hz > min(445.0, 0.47 * rate_hz))] = 0.0
    kernel = np.roll(np.fft.irfft(np.sqrt(power)), size // 2)[:size] * np.hanning(size + 2)[1:-1]
    kernel -= kernel.mean()
    return np.asarray(kernel / np.linalg.norm(kernel), dtype=np.float64)


class SimulatedEmg:
    """The EMG channels of one device, made in chunks that depend on nothing but their number."""

    def __init__(self, electrodes: list[Electrode], units: list[str], rate_hz: float, lifter: Lifter, noise: EmgNoise) -> None:
        self._electrodes = electrodes
        self._lifter = lifter
        self._noise = noise
        self._kernel = shaping_kernel(rate_hz)
        self._seed = (lifter.seed, zlib.crc32("".join(e.stream + e.channel for e in electrodes).encode()))
        self._last: tuple[int, Floats] | None = None
        # The mean of |x| of normal noise is sqrt(2/pi) of its standard deviation.
        self._full_uV = np.array([e.mvc_uV or USUAL_MVC_UV for e in electrodes]) * math.sqrt(math.pi / 2.0)
        self._raw_per_uV = np.array([e.gain / UNITS_TO_UV[unit] for e, unit in zip(electrodes, units, strict=True)])
        self._mix = np.array([[self._share(one, other) for other in electrodes] for one in electrodes])
        rng = np.random.default_rng([*self._seed, 0])
        count = len(electrodes)
        self._hum_uV = noise.mains_uV * rng.uniform(0.3, 1.0, count)
        self._hum_phase = rng.uniform(0.0, 2.0 * np.pi, count)
        self._offset_uV = noise.offset_uV * rng.uniform(-1.0, 1.0, count)
        self._jolt_uV = noise.artefact_uV * rng.uniform(-1.0, 1.0, (64, count)) ** 3

    def _share(self, one: Electrode, other: Electrode) -> float:
        if one is other:
            return 1.0
        near = one.side == other.side and frozenset((one.muscle, other.muscle)) in NEIGHBOURS
        return self._noise.crosstalk if near else 0.0

    def _white(self, number: int, samples: int) -> Floats:
        rng = np.random.default_rng([*self._seed, 1, number + 1])
        return rng.standard_normal((len(self._electrodes), samples))

    def _shaped(self, number: int, samples: int) -> Floats:
        """Return shaped noise of unit variance, (samples, electrodes), that goes on smoothly from the chunk before."""
        before = self._last[1] if self._last is not None and self._last[0] == number - 1 else self._white(number - 1, samples)
        white = self._white(number, samples)
        self._last = (number, white)
        overlap = len(self._kernel) - 1
        joined = np.concatenate([before[:, samples - overlap :], white], axis=1)
        size = joined.shape[1]
        spectrum = np.fft.rfft(joined, axis=1) * np.fft.rfft(self._kernel, size)
        return np.fft.irfft(spectrum, size, axis=1)[:, overlap:].T

    def activation(self, t_s: Floats) -> Floats:
        """Return what the electrodes' muscles are told to do at these times, (n, electrodes), ahead of the force."""
        movement = self._lifter.motion.at(t_s + self._noise.lead_s)
        return np.stack([self._lifter.activation(e.muscle, e.side, movement) for e in self._electrodes], axis=1)

    def chunk(self, number: int, t_s: Floats) -> Floats:
        """Return the raw channels, (n, electrodes) in each one's unit; chunks are counted from 0 and equally long.

        `t_s` are the session times of the samples.
        """
        muscles_uV: Floats = self._shaped(number, len(t_s)) * self.activation(t_s) * self._full_uV
        skin_uV: Floats = muscles_uV @ self._mix.T + self._offset_uV
        skin_uV += self._hum_uV * np.sin(2.0 * np.pi * self._noise.mains_hz * t_s[:, None] + self._hum_phase)
        skin_uV += self._artefact(t_s)
        rng = np.random.default_rng([*self._seed, 2, number])
        skin_uV += self._noise.sensor_uV * rng.standard_normal(skin_uV.shape)
        skin_uV *= self._raw_per_uV
        return skin_uV

    def _artefact(self, t_s: Floats) -> Floats:
        """Return the slow jolt of cables and skin at the turn of each repetition, around 4 Hz, in µV."""
        motion = self._lifter.motion
        number, at, local = motion.repetition_at(t_s)
        if not (number >= 0).any():
            return np.zeros((len(t_s), len(self._electrodes)))
        since = local - motion.course.lowering_s[at]
        burst = np.where(number >= 0, np.exp(-((since / 0.12) ** 2)) * np.sin(2.0 * np.pi * 4.0 * since), 0.0)
        return burst[:, None] * self._jolt_uV[number % 64]
