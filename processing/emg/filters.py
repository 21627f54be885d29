"""The EMG filters: band-pass, mains notch and envelope low-pass, designed by SciPy and laid out for the kernel.

All three are written as second-order sections. The kernel always runs the same number of them; where a setting asks for fewer,
the rest pass their input on unchanged, bit for bit. The notch is a channel's own, as mains are seen on some and not on others.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from acquisition.rig.judgement import EmgSettings

LANES = 16  # channels that the kernels take side by side; fewer are padded, more are taken in several lane groups
BAND_SECTIONS = 4
NOTCH_SECTIONS = 1
ENVELOPE_SECTIONS = 2
SECTIONS = BAND_SECTIONS + NOTCH_SECTIONS + ENVELOPE_SECTIONS
ENVELOPE_ORDER = 4
NOTCH_WIDTH = 30.0
UPPER_EDGE = 0.45

Sections = NDArray[np.float64]


def cutoffs_hz(settings: EmgSettings, rate_hz: float) -> tuple[float, float]:
    """Return the cutoffs of the band-pass in Hz, the upper one lowered to 0.45 of the rate where it would come near Nyquist.

    At 1 kHz and above the usual 20-450 Hz are kept; 250 Hz gives 20-112.5 Hz, 125 Hz gives 20-56.25 Hz. Raises ValueError
    where no band is left.
    """
    high = min(settings.band_high_hz, UPPER_EDGE * rate_hz)
    if high <= settings.band_low_hz:
        raise ValueError(
            f"at {rate_hz:g} Hz the EMG band would end at {high:g} Hz, below its start at {settings.band_low_hz:g} Hz; "
            "lower band_low_hz or use a faster device"
        )
    return settings.band_low_hz, high


def band_pass(settings: EmgSettings, rate_hz: float) -> Sections:
    """Return the Butterworth band-pass, (band_order, 6); the order counts as in `scipy.signal.butter` with `btype="band"`."""
    from scipy import signal

    cutoffs = cutoffs_hz(settings, rate_hz)
    return np.asarray(signal.butter(settings.band_order, cutoffs, btype="bandpass", fs=rate_hz, output="sos"), dtype=np.float64)


def notch(notch_hz: float, rate_hz: float) -> Sections:
    """Return the mains notch, (1, 6), its width at -3 dB a 30th of its frequency; what passes all where `notch_hz` is 0.

    Raises ValueError where the notch lies at or above the Nyquist frequency.
    """
    from scipy import signal

    if notch_hz == 0.0:
        return np.array([[1.0, 0.0, 0.0, 1.0, 0.0, 0.0]])
    if notch_hz >= rate_hz / 2:
        raise ValueError(f"notch_hz ({notch_hz:g}) must be below half the rate of {rate_hz:g} Hz; 0 switches the notch off")
    b, a = signal.iirnotch(notch_hz, NOTCH_WIDTH, fs=rate_hz)
    return np.concatenate((b, a)).reshape(1, 6).astype(np.float64)


def envelope_low_pass(settings: EmgSettings, rate_hz: float) -> Sections:
    """Return the Butterworth low-pass of the envelope, 4th order, (2, 6); raises ValueError where it reaches Nyquist."""
    from scipy import signal

    if settings.envelope_hz >= rate_hz / 2:
        raise ValueError(f"envelope_hz ({settings.envelope_hz:g}) must be below half the rate of {rate_hz:g} Hz; 6 Hz is usual")
    return np.asarray(signal.butter(ENVELOPE_ORDER, settings.envelope_hz, fs=rate_hz, output="sos"), dtype=np.float64)


def envelope_delay_s(settings: EmgSettings, rate_hz: float) -> float:
    """Return how far an envelope lags behind the muscle, in s: the group delay of its low-pass for what changes slowly.

    A Butterworth low-pass of order n with its cutoff at w rad/s delays what is slow by 1 / (w sin(pi / 2n)), the sum over its
    poles; the bilinear transform leaves that as it is, with w warped as the design warps it.
    """
    warped = 2.0 * rate_hz * math.tan(math.pi * settings.envelope_hz / rate_hz)
    return 1.0 / (warped * math.sin(math.pi / (2 * ENVELOPE_ORDER)))


def emg_sections(settings: EmgSettings, rate_hz: float) -> NDArray[np.float64]:
    """Return band-pass and low-pass as one flat array, b0 b1 b2 a1 a2 for each section; the notch runs between them."""
    flat = np.zeros((BAND_SECTIONS + ENVELOPE_SECTIONS, 5))
    flat[:, 0] = 1.0
    first = 0
    for sos, room in (
        (band_pass(settings, rate_hz), BAND_SECTIONS),
        (envelope_low_pass(settings, rate_hz), ENVELOPE_SECTIONS),
    ):
        flat[first : first + len(sos)] = sos[:, [0, 1, 2, 4, 5]]
        first += room
    return flat.ravel()
