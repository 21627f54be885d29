"""Methods in words: what stands in the rig is told, and what does not is to be filled in."""

from __future__ import annotations

from acquisition.rig.judgement import EmgSettings
from tests.support.rigs import example_with
from ui.report.methods import methods


def test_filters_rates_muscles_and_limits_are_those_of_the_rig():
    rig = example_with("demo", emg_processing=EmgSettings(band_low_hz=15.0, band_high_hz=400.0, notch_hz=50.0, envelope_hz=5.0))
    said = " ".join(methods(rig).sentences)
    for part in (
        "15-400 Hz",
        "(order 4)",
        "notch at 50 Hz",
        "low-pass 5 Hz",
        "VL",
        "left and right",
        "Two force plates",
        "20 N",
    ):
        assert part in said
    rate_hz = rig.stream_named(rig.emg[0].stream).rate_hz
    assert f"at {rate_hz:g} Hz" in said
    assert "500 ms in maximal voluntary contractions" in said


def test_a_dynamic_reference_is_named_and_a_rig_without_emg_asks_for_nothing():
    rig = example_with("demo")
    own = [e.model_copy(update={"mvc_from": "set"}) for e in rig.emg]
    said = " ".join(methods(rig.model_copy(update={"emg": own})).sentences)
    assert "first light set, instead of a maximal contraction: VL left" in said
    assert "in maximal voluntary contractions" not in said
    assert "skin preparation" in methods(rig).to_fill_in
    assert methods(rig.model_copy(update={"emg": []})).to_fill_in == ()
