"""Motion of the centre of mass by integrating force: height, velocity, and a bias of the acceleration that drifts slowly.

Acceleration is g (F / W - 1), and an error of W or of the force, of 1 N on 80 kg, makes 0.6 m of it in 10 s. So the integral is
corrected wherever something is known: at rest the velocity is zero, and standing the height is that of the stance. A Kalman
filter (Kalman 1960, Journal of Basic Engineering 82(1):35-45) weighs each by what it is worth, and says how sure it is. Between
two tops the same is done backwards as well (`between_tops`), by least squares.

The state is [height in m, velocity in m/s, bias in m/s², its rate in m/s³], an array of four; its covariance is one of four by
four; both stand in one array of five rows, the state first.
"""

from __future__ import annotations

from numba import njit

from acquisition.rig.units import GRAVITY_M_S2
from hardware.arrays import Floats

HEIGHT, VELOCITY, BIAS, RATE = range(4)
BIAS_WANDERS = 0.001
"""Random walk of the bias, in m/s² per root second."""
BIAS_DRIFTS = 0.004
"""Standard deviation of the rate of the bias, in m/s³: a plate that drifts by 15 N a minute under 60 kg."""
SWAYS = 0.003
"""Random walk of the velocity, in m/s per root second: what sway leaves of it."""
STANDS_M, STANDS_M_S, STANDS_M_S2 = 0.005, 0.005, 0.01
"""How well height, velocity and bias are known in a quiet stance."""
TOP_M = 0.015
"""Standing between two repetitions people are as tall as in the stance, but for so much."""
REST_M_S = 0.02
"""Standard deviation of the velocity of who is at rest for a moment."""


@njit(nogil=True, cache=True, error_model="numpy")
def advance(motion: Floats, acceleration_m_s2: float, seconds: float) -> None:
    """Integrate an acceleration, bias included, that is the same for so long."""
    half = 0.5 * seconds * seconds
    off = acceleration_m_s2 - motion[0, BIAS]
    motion[0, HEIGHT] += motion[0, VELOCITY] * seconds + off * half
    motion[0, VELOCITY] += off * seconds
    motion[0, BIAS] += motion[0, RATE] * seconds
    p = motion[1:]
    for i in range(4):  # F P, with F = [[1, t, -t²/2, 0], [0, 1, -t, 0], [0, 0, 1, t], [0, 0, 0, 1]]
        p[0, i] += seconds * p[1, i] - half * p[2, i]
        p[1, i] -= seconds * p[2, i]
        p[2, i] += seconds * p[3, i]
    for i in range(4):  # times F^T
        p[i, 0] += seconds * p[i, 1] - half * p[i, 2]
        p[i, 1] -= seconds * p[i, 2]
        p[i, 2] += seconds * p[i, 3]
    p[1, 1] += SWAYS * SWAYS * seconds
    p[2, 2] += BIAS_WANDERS * BIAS_WANDERS * seconds


@njit(nogil=True, cache=True, error_model="numpy")
def know(motion: Floats, of: int, value: float, sd: float) -> None:
    """Take a part of the state that is known, with its standard deviation, into account."""
    p = motion[1:]
    per = 1.0 / (p[of, of] + sd * sd)
    off = value - motion[0, of]
    p0, p1, p2, p3 = p[0, of], p[1, of], p[2, of], p[3, of]
    for i in range(4):
        gain = p[i, of] * per
        motion[0, i] += gain * off
        p[i, 0] -= gain * p0
        p[i, 1] -= gain * p1
        p[i, 2] -= gain * p2
        p[i, 3] -= gain * p3


@njit(nogil=True, cache=True, error_model="numpy")
def stand(motion: Floats, velocity_m_s: float, height_m: float, bias_m_s2: float, since_s: float) -> None:
    """Begin anew from a quiet stance, whose middle was `since_s` ago; velocity and height are what has come since."""
    motion[:] = 0.0
    motion[0, BIAS] = bias_m_s2
    motion[1, 0], motion[2, 1], motion[3, 2], motion[4, 3] = STANDS_M**2, STANDS_M_S**2, STANDS_M_S2**2, BIAS_DRIFTS**2
    advance(motion, bias_m_s2, since_s)
    motion[0, HEIGHT], motion[0, VELOCITY] = height_m, velocity_m_s


@njit(nogil=True, cache=True, error_model="numpy")
def between_tops(
    force_N: Floats, first: int, last: int, frame_s: float, per_N: float, start: Floats, rests: bool, fit: Floats
) -> None:
    """Fill `fit` with velocity at the start and bias, their variances and covariance, as both tops have it.

    `force_N` is a ring, and `per_N` of it is acceleration and gravity; the movement goes from the end of frame `first` to that
    of frame `last`. `start` is what was known at the start, from which the rate of the bias is taken. Heights at both ends are
    the same within two times TOP_M squared; with `rests`, there is no velocity at the end.
    """
    n = len(force_N)
    v = h = 0.0
    rate = start[0, RATE]
    for i in range(first + 1, last + 1):
        before = v
        v += (per_N * force_N[i % n] - GRAVITY_M_S2 - rate * (i - first) * frame_s) * frame_s
        h += 0.5 * (before + v) * frame_s
    seconds = (last - first) * frame_s
    # Of (v0, bias): what was known as inverse covariance, then each measurement y = c0 v0 + c1 bias by its variance.
    wanders = BIAS_WANDERS**2 * seconds / 3.0 + start[4, 3] * seconds**2 / 9.0
    vv, vb, bb = start[2, 1], start[2, 2], start[3, 2] + wanders
    det = vv * bb - vb * vb
    i00, i01, i11 = bb / det, -vb / det, vv / det
    r0 = i00 * start[0, VELOCITY] + i01 * start[0, BIAS]
    r1 = i01 * start[0, VELOCITY] + i11 * start[0, BIAS]
    c0, c1 = seconds, -0.5 * seconds * seconds
    w = 1.0 / (2.0 * TOP_M**2 + SWAYS**2 * seconds**3 / 3.0)
    i00 += w * c0 * c0
    i01 += w * c0 * c1
    i11 += w * c1 * c1
    r0 += w * c0 * -h
    r1 += w * c1 * -h
    if rests:
        w = 1.0 / (REST_M_S**2 + SWAYS**2 * seconds)
        i00 += w
        i01 += w * -seconds
        i11 += w * seconds * seconds
        r0 += w * -v
        r1 += w * -seconds * -v
    det = i00 * i11 - i01 * i01
    fit[0] = (i11 * r0 - i01 * r1) / det
    fit[1] = (i00 * r1 - i01 * r0) / det
    fit[2], fit[3], fit[4] = i11 / det, -i01 / det, i00 / det
