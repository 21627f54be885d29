from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acquisition.rig import Rig
from processing.force import chain
from processing.force.chain import METRICS, ForceChain

NAMES = [metric.name for metric in METRICS]
CHANNELS = [f"a{i}" for i in range(14)]
# Columns out of order, plates interleaved, two columns of something else.
COLUMNS = {"left": [9, 0, 4, 13, 2, 6], "right": [3, 11, 1, 8, 12, 5]}
CENTRE = {"left": np.array([200.0, 300.0, 0.0]), "right": np.array([620.0, 310.0, 0.0])}
ORIGIN = np.array([2.0, -3.0, -40.0])
SENSITIVITIES = np.array([2.0, 3.0, 4.0, 500.0, 600.0, 700.0])
ZERO = np.array([0.1, -0.2, 0.3, 0.01, 0.02, -0.03])
HALF = np.array([[200, -300, 0], [-200, -300, 0], [-200, 300, 0], [200, 300, 0]])


def rig(sides=("left", "right"), rate_hz=1000.0, dtype="float64", window_s=0.1, right_axis="x", toe_out_deg=0.0) -> Rig:
    plates = [
        {
            "name": side,
            "side": side,
            "stream": "daq",
            "channels": [CHANNELS[column] for column in COLUMNS[side]],
            "c3d_type": 2,
            "corners_mm": (CENTRE[side] + HALF).tolist(),
            "origin_mm": ORIGIN.tolist(),
            "sensitivities": SENSITIVITIES.tolist(),
            "zero": ZERO.tolist(),
        }
        for side in sides
    ]
    stream = {"name": "daq", "rate_hz": rate_hz, "channels": CHANNELS, "units": "V", "dtype": dtype}
    return Rig(
        name="lab",
        stream=[stream | {"source": {"kind": "simulated"}}],
        plate=plates,
        still={"window_s": window_s},
        lab={"right_axis": right_axis},
        foot=[{"side": side, "toe_out_deg": toe_out_deg} for side in ("left", "right")],
    )


def lifter(n, seed=0, left_N=(350.0,), right_N=(420.0,), noise=1.0):
    """Raw samples (n, 14) of a lifter whose left and right vertical forces run through the values given, with noise."""
    rng = np.random.default_rng(seed)
    samples = rng.normal(0, 1, (n, len(CHANNELS)))
    for side, force in (("left", left_N), ("right", right_N)):
        inside = rng.normal(0, noise, (n, 6)) * [1, 1, 1, 2000, 2000, 500]
        inside[:, 2] -= np.interp(np.arange(n), np.linspace(0, n, len(force)), force)
        samples[:, COLUMNS[side]] = inside / SENSITIVITIES + ZERO
    return samples


def plain_frames(samples, k, body_weight_frames=None):
    """The same by the textbook's formulas, plainly: plates whose axes are x = x, y = -y, z = -z of the lab."""
    out = {"sample": np.arange(k, len(samples) + 1, k) - 1.0}
    n = len(out["sample"])
    a, b, c = ORIGIN
    for side in ("left", "right"):
        raw = samples[: n * k, COLUMNS[side]].reshape(n, k, 6).mean(axis=1)
        Fx, Fy, Fz, Mx, My, Mz = ((raw - ZERO) * SENSITIVITIES).T
        out[f"fz_{side}_N"] = -Fz
        with np.errstate(divide="ignore", invalid="ignore"):
            x, y = -(My + Fz * a - Fx * c) / Fz, (Mx + Fy * c - Fz * b) / Fz
        shown = -Fz > 50.0
        out[f"cop_{side}_x_mm"] = np.where(shown, CENTRE[side][0] + x, np.nan)
        out[f"cop_{side}_y_mm"] = np.where(shown, CENTRE[side][1] - y, np.nan)
        # x of the plate is that of the lab; its z points down, so the moment about it is turned over.
        inwards = 1.0 if side == "left" else -1.0
        out[f"outward_push_{side}_pct"] = np.where(shown, 100 * inwards * Fx / -Fz, np.nan)
        at_centre = Mz - (-b * Fx + a * Fy)
        out[f"free_moment_{side}_Nm"] = np.where(shown, inwards * (at_centre - (x * Fy - y * Fx)) / 1000.0, np.nan)
    left, right = out["fz_left_N"], out["fz_right_N"]
    both = np.where(np.minimum(left, right) > 20.0, 1.0, np.nan)
    total = out["fz_total_N"] = left + right
    out["load_share_right_pct"] = both * 100 * right / total
    out["load_shift_pct"] = both * 100 * (right - left) / total
    out["limb_symmetry_pct"] = both * 100 * np.minimum(left, right) / np.maximum(left, right)
    known = np.full(n, np.nan)
    xl, xr = out["cop_left_x_mm"], out["cop_right_x_mm"]
    xl0, xr0, weight = np.nan, np.nan, np.nan
    if body_weight_frames is not None:
        known[body_weight_frames - 1 :] = 1.0
        xl0, xr0, weight = (v[:body_weight_frames].mean() for v in (xl, xr, total))
    out["cop_net_shift_mm"] = known * both * ((left * xl + right * xr) / total - (xl0 + xr0) / 2)
    out["cop_net_beyond_load_mm"] = out["cop_net_shift_mm"] - out["load_shift_pct"] / 200 * (xr0 - xl0)
    out["foot_cop_medial_left_mm"] = known * (xl - xl0)
    out["foot_cop_medial_right_mm"] = -known * (xr - xr0)
    for side in ("left", "right"):
        out[f"foot_cop_medial_{side}_pct"] = np.full(n, np.nan)
    out["foot_cop_medial_unsure_left_mm"] = 0.0 * out["foot_cop_medial_left_mm"]
    out["foot_cop_medial_unsure_right_mm"] = 0.0 * out["foot_cop_medial_right_mm"]
    for side in ("left", "right"):
        out[f"force_line_{side}_mm"] = out[f"foot_cop_medial_{side}_mm"] + 0.8 * out[f"outward_push_{side}_pct"]
    out["standing_s"] = out["repetition_phase"] = out["com_height_mm"] = np.full(n, np.nan)
    out["foot_cop_change_left_mm"] = out["foot_cop_change_right_mm"] = np.full(n, np.nan)  # nobody has squatted
    out["body_weight_N"] = out["system_weight_N"] = known * weight
    out["judged"] = np.zeros(n)
    return np.column_stack([out[name] for name in NAMES])


UNPLAIN = [
    NAMES.index(name)
    for name in ("body_weight_N", "system_weight_N", "judged", "standing_s", "repetition_phase", "com_height_mm")
]  # held in test_stance and test_detector


def frames(chain, samples, cuts=(), first_index=0):
    edges = [0, *sorted(cuts), len(samples)]
    return np.concatenate([chain.process(samples[a:b], first_index + a).copy() for a, b in pairwise(edges)])


DONE = (("outward_push", "pct"), ("free_moment", "Nm"), ("force_line", "mm"))


def test_names_of_the_columns():
    first = ["sample", "fz_left_N", "fz_right_N", "fz_total_N", "load_share_right_pct", "load_shift_pct", "limb_symmetry_pct"]
    places = ["cop_left_x_mm", "cop_left_y_mm", "cop_right_x_mm", "cop_right_y_mm", "cop_net_shift_mm"]
    feet = ["cop_net_beyond_load_mm", "foot_cop_medial_left_mm", "foot_cop_medial_right_mm"]
    widths = ["foot_cop_medial_left_pct", "foot_cop_medial_right_pct"]
    unsure = ["foot_cop_medial_unsure_left_mm", "foot_cop_medial_unsure_right_mm"]
    done = [f"{what}_{side}_{unit}" for what, unit in DONE for side in ("left", "right")]
    last = ["body_weight_N", "system_weight_N", "judged", "standing_s", "repetition_phase", "com_height_mm"]
    last += ["foot_cop_change_left_mm", "foot_cop_change_right_mm"]
    assert [*first, *places, *feet, *widths, *unsure, *done, *last] == NAMES


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_frames_agree_with_the_plain_formulas(dtype):
    # Ten quiet frames, then the weight goes over to the left until the right foot is in the air.
    samples = lifter(1003, left_N=(350, 350, 350, 770, 770), right_N=(420, 420, 420, 30, -2)).astype(dtype)
    expected = plain_frames(samples.astype(float), 10, body_weight_frames=10)
    assert np.isnan(expected[-1, NAMES.index("load_shift_pct")])
    found = ForceChain(rig(dtype=dtype)).process(samples, 0)
    found, expected = np.delete(found, UNPLAIN, axis=1), np.delete(expected, UNPLAIN, axis=1)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-7)


def test_signs():
    """More on the right is +, and a foot that rolls inwards is + on either side."""
    still, k = np.tile(lifter(1, noise=0.0), (100, 1)), 10
    inwards = still.copy()
    for side, to_right in (("left", 10.0), ("right", -10.0)):
        fz = (still[0, COLUMNS[side][2]] - ZERO[2]) * SENSITIVITIES[2]
        inwards[:, COLUMNS[side][4]] += -fz * to_right / SENSITIVITIES[4]
    heavier = still.copy()
    heavier[:, COLUMNS["right"][2]] -= 100.0 / SENSITIVITIES[2]
    rows = ForceChain(rig()).process(np.concatenate([still, inwards, heavier]), 0)
    at = {name: rows[[0, 10, 20], i] for i, name in enumerate(NAMES)}
    np.testing.assert_allclose(at["load_shift_pct"], [100 * 70 / 770] * 2 + [100 * 170 / 870])
    assert (at["fz_total_N"] > 0).all()
    np.testing.assert_allclose(at["foot_cop_medial_left_mm"][1], 10.0)
    np.testing.assert_allclose(at["foot_cop_medial_right_mm"][1], 10.0)
    assert len(rows) == 30 * 10 // k
    mirrored = ForceChain(rig(right_axis="-x")).process(np.concatenate([still, inwards, heavier]), 0)
    net = NAMES.index("cop_net_shift_mm")
    np.testing.assert_allclose(mirrored[10:, net], -rows[10:, net])
    assert rows[20, net] > rows[10, net]


@settings(max_examples=80)
@given(
    n=st.integers(0, 400),
    cuts=st.lists(st.integers(0, 400), max_size=12),
    first_index=st.integers(0, 60),
    rate_hz=st.sampled_from([80.0, 500.0, 1000.0, 1370.0]),
    dtype=st.sampled_from(["float32", "float64"]),
    bad=st.lists(st.tuples(st.integers(0, 399), st.integers(0, 13), st.sampled_from([np.nan, np.inf])), max_size=2),
)
def test_splitting_into_blocks_changes_no_bit(n, cuts, first_index, rate_hz, dtype, bad):
    samples = lifter(400)[:n].astype(dtype)
    for t, c, value in bad:
        samples[t : t + 1, c] = value
    description = rig(rate_hz=rate_hz, dtype=dtype, window_s=0.05)
    whole = frames(ForceChain(description), samples, (), first_index)
    split = frames(ForceChain(description), samples, [cut for cut in cuts if cut < n], first_index)
    assert whole.tobytes() == split.tobytes()
    k = max(1, round(rate_hz / 100))
    last = [i for i in range(first_index, first_index + n) if (i + 1) % k == 0 and i - k + 1 >= first_index]
    np.testing.assert_array_equal(whole[:, 0], last)


@settings(max_examples=50)
@given(kept=st.integers(1, 120), lost=st.integers(1, 60))
def test_a_gap_costs_the_frames_it_touches_and_no_other(kept, lost):
    samples = lifter(300)
    chain = ForceChain(rig(window_s=10.0))
    before, after = chain.process(samples[:kept], 0).copy(), chain.process(samples[kept + lost :], kept + lost).copy()
    whole = ForceChain(rig(window_s=10.0)).process(samples, 0)
    touched = [f for f in range(30) if f * 10 < kept + lost and (f + 1) * 10 > kept]
    np.testing.assert_array_equal(np.concatenate([before, after]), np.delete(whole, touched, axis=0))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("channel", range(6))
def test_a_bad_sample_spoils_its_plate_in_its_frame_and_nothing_else(value, channel):
    samples = lifter(200)
    clean = ForceChain(rig()).process(samples, 0)
    samples[153, COLUMNS["left"][channel]] = value
    rows = ForceChain(rig()).process(samples, 0)
    others = np.arange(20) != 15
    kept = [i for i in range(len(NAMES)) if i not in UNPLAIN]  # the weight goes on without the frame
    np.testing.assert_array_equal(rows[others][:, kept], clean[others][:, kept])
    right = ("fz_right_N", "cop_right_x_mm", "cop_right_y_mm", "foot_cop_medial_right_mm", "foot_cop_medial_unsure_right_mm")
    right += ("outward_push_right_pct", "free_moment_right_Nm", "force_line_right_mm")
    untouched = [NAMES.index(name) for name in ("sample", *right)]
    np.testing.assert_array_equal(rows[15, untouched], clean[15, untouched])
    assert np.isnan(np.delete(rows[15], untouched + UNPLAIN)).all()


@pytest.mark.parametrize("side", ["left", "right"])
def test_one_plate_gives_its_own_foot_and_no_index_of_two(side):
    samples = lifter(200)
    both = ForceChain(rig()).process(samples, 0).copy()
    rows = ForceChain(rig(sides=(side,))).process(samples, 0)
    done = f"outward_push_{side}_pct", f"free_moment_{side}_Nm"
    own = [NAMES.index(name) for name in ("sample", f"fz_{side}_N", f"cop_{side}_x_mm", f"cop_{side}_y_mm", "judged", *done)]
    np.testing.assert_array_equal(rows[:, own], both[:, own])
    own.append(NAMES.index("standing_s"))
    assert np.isnan(np.delete(rows, own, axis=1)).all()


def test_a_rig_without_plates_is_refused():
    with pytest.raises(ValueError, match="no force plate"):
        ForceChain(rig(sides=()))


def test_a_longer_block_than_ever_and_a_read_only_one_are_taken():
    chain = ForceChain(rig())
    assert len(chain.process(lifter(10), 0)) == 1
    long = lifter(5000)
    long.flags.writeable = False
    assert len(chain.process(long, 10)) == 500


def test_columns_are_found_by_name_and_never_by_number():
    folder = Path(chain.__file__).parent
    literal = re.compile(r"\b(rows|frames|out)\[(n|:|\w+), ?\d")
    assert not [path.name for path in folder.glob("*.py") if literal.search(path.read_text(encoding="utf-8"))]
