"""%MVC, groups and Q:H against a plain computation, and where there must be no number."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from acquisition.rig import Electrode
from acquisition.rig.judgement import EmgSettings, ReferenceSettings
from processing.emg.activation import Activation
from processing.emg.filters import LANES

MUSCLES = ("VL", "VM", "BF", "ST", "GMax")
ELECTRODES = [
    Electrode(muscle=m, side=s, stream="emg", channel=f"{m}{s}", mvc_uV=50.0 * (i + 1))
    for s in ("left", "right")
    for i, m in enumerate(MUSCLES)
]


def fill(envelopes, good=None, electrodes=ELECTRODES, reference=None):
    """Frames of envelopes (n, electrodes) as a dictionary of columns."""
    activation = Activation(electrodes, EmgSettings(baseline_s=0.05), reference or ReferenceSettings(), 100.0)
    n = len(envelopes)
    lanes = np.zeros((1, n, LANES))
    lanes[0, :, : len(electrodes)] = envelopes
    out = np.zeros((n, len(activation.metrics)))
    good = np.ones(len(electrodes), dtype=bool) if good is None else good
    activation.fill(lanes, lanes**2, 0, n, 9, 10, good, out)
    return {m.name: out[:, i] for i, m in enumerate(activation.metrics)}


envelopes = arrays(np.float64, (12, len(ELECTRODES)), elements=st.floats(-1.0, 400.0))


@given(envelopes)
def test_groups_and_ratios_are_those_of_the_definition(values):
    columns = fill(values)
    pct = 100.0 * np.maximum(values, 0.0) / np.array([e.mvc_uV for e in ELECTRODES])
    qh = {}
    for leg, side in enumerate(("left", "right")):
        vl, vm, bf, st_, gmax = pct[:, 5 * leg : 5 * leg + 5].T
        quads, hams = (vl + vm) / 2, (bf + st_) / 2
        np.testing.assert_allclose(columns[f"quads_{side}_pct"], quads, rtol=1e-12, atol=1e-300)
        np.testing.assert_allclose(columns[f"hams_{side}_pct"], hams, rtol=1e-12, atol=1e-300)
        np.testing.assert_allclose(columns[f"glutes_{side}_pct"], gmax, rtol=1e-12, atol=1e-300)
        enough = quads + hams >= 5.0
        with np.errstate(all="ignore"):
            share = np.where(enough, hams / (quads + hams), np.nan)
            inside = enough & (hams > quads * 1.001e-3) & (quads > hams * 1.001e-3)
            outside = ~enough | (hams < quads * 0.999e-3) | (quads < hams * 0.999e-3)
            ratio = quads / hams
        np.testing.assert_allclose(columns[f"h_share_{side}"], share, rtol=1e-12, atol=1e-300)
        qh[side] = columns[f"qh_{side}"]
        np.testing.assert_allclose(qh[side][inside], ratio[inside], rtol=1e-12)
        assert np.isnan(qh[side][outside]).all()
        defined = qh[side][~np.isnan(qh[side])]
        change = columns[f"qh_change_{side}"]
        if len(defined) < 5:
            assert np.isnan(change).all()
        else:
            begins = np.flatnonzero(~np.isnan(qh[side]))[4]
            assert np.isnan(change[:begins]).all()
            np.testing.assert_array_equal(change[begins:], (qh[side] / np.median(defined[:5]))[begins:])
    np.testing.assert_allclose(columns["qh_between_legs_log2"], np.log2(qh["right"] / qh["left"]), rtol=1e-12, atol=1e-12)


@given(envelopes)
def test_co_contraction_and_glutes_are_those_of_the_definition(values):
    columns = fill(values)
    pct = 100.0 * np.maximum(values, 0.0) / np.array([e.mvc_uV for e in ELECTRODES])
    glutes = pct[:, 4], pct[:, 9]
    with np.errstate(all="ignore"):
        for leg, side in enumerate(("left", "right")):
            vl, vm, bf, st_, _ = pct[:, 5 * leg : 5 * leg + 5].T
            low, high = np.sort([(vl + vm) / 2, (bf + st_) / 2], axis=0)
            expected = np.where(low + high >= 5.0, low / high * (low + high), np.nan)
            np.testing.assert_allclose(columns[f"co_contraction_{side}_pct"], expected, rtol=1e-12, atol=1e-300)
        ratio = glutes[0] / glutes[1]
        clear = (glutes[0] + glutes[1] >= 5.0) & (ratio > 1.001e-3) & (ratio < 0.999e3)
    np.testing.assert_allclose(columns["glute_deficit_log2"][clear], np.log2(ratio[clear]), rtol=1e-12, atol=1e-12)
    assert np.isnan(columns["glute_deficit_log2"][~clear & ~((ratio > 0.999e-3) & (ratio < 1.001e3))]).all()


def test_glutes_that_do_less_are_compared_with_the_baseline_of_their_leg():
    values = np.full((20, len(ELECTRODES)), 60.0)
    values[10:, 9] = 15.0
    columns = fill(values)
    np.testing.assert_allclose(columns["glute_drop_right"][5:10], 1.0)
    np.testing.assert_allclose(columns["glute_drop_right"][10:], 4.0)
    np.testing.assert_allclose(columns["glute_drop_left"][5:], 1.0)
    np.testing.assert_allclose(columns["glute_deficit_log2"][10:], 2.0)


def test_a_reference_set_is_what_ratios_are_compared_with_from_the_first_frame():
    values = np.full((20, len(ELECTRODES)), 60.0)
    free, bound = fill(values), fill(values, reference=ReferenceSettings(name="light", qh_left=2.0, qg_right=5.0))
    assert np.isnan(free["qh_change_left"][:4]).all()
    np.testing.assert_allclose(bound["qh_change_left"], bound["qh_left"] / 2.0)
    np.testing.assert_array_equal(bound["qh_change_right"], free["qh_change_right"])
    quads_to_glutes = bound["quads_right_pct"] / bound["glutes_right_pct"]
    np.testing.assert_allclose(bound["glute_drop_right"], quads_to_glutes / 5.0)


@pytest.mark.parametrize("hams", [0.0, 1e-12, -0.5])
def test_silent_hamstrings_give_no_huge_ratio(hams):
    values = np.full((20, len(ELECTRODES)), 60.0)
    values[:, [2, 3]] = hams
    columns = fill(values)
    assert np.isnan(columns["qh_left"]).all()
    assert np.isnan(columns["qh_change_left"]).all()
    assert np.isnan(columns["qh_between_legs_log2"]).all()
    np.testing.assert_allclose(columns["h_share_left"], 0.0, atol=1e-10)
    assert not np.isnan(columns["qh_right"]).any()


def test_rest_gives_no_ratio():
    columns = fill(np.full((5, len(ELECTRODES)), 2.0))
    assert np.isnan(columns["qh_left"]).all()
    assert np.isnan(columns["h_share_left"]).all()
    assert (columns["quads_left_pct"] > 0.0).all()


def test_a_bad_channel_takes_what_rests_on_it_and_no_more():
    good = np.ones(len(ELECTRODES), dtype=bool)
    good[1] = False
    columns = fill(np.full((5, len(ELECTRODES)), 60.0), good)
    gone = {name for name, values in columns.items() if np.isnan(values).all()}
    assert gone == {
        "activation_left_VM_pct",
        "energy_left_VM_uV2",
        "quads_left_pct",
        "qh_left",
        "h_share_left",
        "qh_change_left",
        "co_contraction_left_pct",
        "glute_drop_left",
        "qh_between_legs_log2",
    }


def test_without_an_mvc_there_is_an_envelope_and_no_percentage():
    electrodes = [ELECTRODES[0], ELECTRODES[2].model_copy(update={"mvc_uV": None})]
    columns = fill(np.full((9, 2), 60.0), electrodes=electrodes)
    np.testing.assert_array_equal(columns["envelope_left_BF_uV"], 60.0)
    for name in ("activation_left_BF_pct", "hams_left_pct", "qh_left", "h_share_left"):
        assert np.isnan(columns[name]).all()
    np.testing.assert_array_equal(columns["quads_left_pct"], 120.0)
