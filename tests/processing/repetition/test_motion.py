"""The filter of the centre of mass, against the same filter written with matrices, and its fit against least squares."""

from __future__ import annotations

import numpy as np
import pytest

from acquisition.rig.units import GRAVITY_M_S2
from processing.repetition.motion import (
    BIAS,
    BIAS_WANDERS,
    HEIGHT,
    RATE,
    REST_M_S,
    SWAYS,
    TOP_M,
    VELOCITY,
    advance,
    between_tops,
    know,
    stand,
)


def test_it_is_a_kalman_filter():
    rng = np.random.default_rng(2)
    motion = np.zeros((5, 4))
    stand(motion, 0.01, -0.002, 0.03, 0.5)
    x, p = motion[0].copy(), motion[1:].copy()
    dt = 0.01
    f = np.array([[1.0, dt, -dt * dt / 2, 0.0], [0.0, 1.0, -dt, 0.0], [0.0, 0.0, 1.0, dt], [0.0, 0.0, 0.0, 1.0]])
    noise = np.diag([0.0, SWAYS**2, BIAS_WANDERS**2, 0.0]) * dt
    for i in range(300):
        a = float(rng.normal())
        advance(motion, a, dt)
        x = f @ x + a * np.array([dt * dt / 2, dt, 0.0, 0.0])
        p = f @ p @ f.T + noise
        if i % 50 == 20:
            of = (HEIGHT, VELOCITY, BIAS)[i // 50 % 3]
            know(motion, of, 0.1, 0.05)
            h = np.eye(4)[of]
            gain = p @ h / (h @ p @ h + 0.05**2)
            x, p = x + gain * (0.1 - h @ x), p - np.outer(gain, h @ p)
    np.testing.assert_allclose(motion[0], x, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(motion[1:], p, rtol=1e-7, atol=1e-14)


@pytest.mark.parametrize("rests", [False, True])
def test_between_tops_the_fit_is_that_of_least_squares(rests):
    rng = np.random.default_rng(3)
    dt, weight_N = 0.01, 800.0
    force_N = weight_N * (1.0 + 0.2 * rng.standard_normal(400).cumsum() * dt)
    start = np.zeros((5, 4))
    stand(start, 0.004, 0.0, 0.02, 0.5)
    start[0, RATE] = 0.003
    fit = np.zeros(5)
    between_tops(force_N, 50, 350, dt, GRAVITY_M_S2 / weight_N, start, rests, fit)
    t = np.arange(1, 301) * dt
    a = GRAVITY_M_S2 * (force_N[51:351] / weight_N - 1.0) - start[0, RATE] * t
    v = np.cumsum(a) * dt
    h = np.sum(0.5 * (np.r_[0.0, v[:-1]] + v)) * dt
    seconds = t[-1]
    prior = start[2:4, 1:3] + np.diag([0.0, BIAS_WANDERS**2 * seconds / 3 + start[4, 3] * seconds**2 / 9])
    rows = [[1.0, 0.0], [0.0, 1.0], [seconds, -(seconds**2) / 2]]
    values = [start[0, VELOCITY], start[0, BIAS], -h]
    covariance = np.zeros((4, 4))
    covariance[:2, :2] = prior
    covariance[2, 2] = 2 * TOP_M**2 + SWAYS**2 * seconds**3 / 3
    if rests:
        rows.append([1.0, -seconds])
        values.append(-v[-1])
        covariance[3, 3] = REST_M_S**2 + SWAYS**2 * seconds
    n = len(rows)
    a_, y, w = np.array(rows), np.array(values), np.linalg.inv(covariance[:n, :n])
    expected = np.linalg.solve(a_.T @ w @ a_, a_.T @ w @ y)
    np.testing.assert_allclose(fit[:2], expected, rtol=1e-9)
    np.testing.assert_allclose(fit[[2, 3, 4]], np.linalg.inv(a_.T @ w @ a_)[[0, 0, 1], [0, 1, 1]], rtol=1e-8)
