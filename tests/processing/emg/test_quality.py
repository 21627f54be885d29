"""Verdicts on channels made so that the right answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import signal

from acquisition.rig.judgement import EmgSettings
from processing.emg.chain import EmgChain
from processing.emg.filters import band_pass
from processing.emg.verdicts import Verdict
from tests.support.rigs import a_rig

RATE_HZ = 1000.0
T = np.arange(3000) / RATE_HZ


def judge(*signals_uV, rate_hz=RATE_HZ, full_scale=None, blocks=1, **quality):
    rig = a_rig(
        {
            "name": "emg",
            "rate_hz": rate_hz,
            "channels": [f"c{i}" for i in range(len(signals_uV))],
            "units": "uV",
        },
        emg=[
            {"muscle": "other", "side": "left", "stream": "emg", "channel": f"c{i}", "full_scale": full_scale}
            for i in range(len(signals_uV))
        ],
        quality={"window_s": 1.0} | quality,
    )
    chain = EmgChain(rig, "emg")
    chain.process(np.column_stack(signals_uV), 0)
    return chain.quality


def noise(sd_uV=20.0, seed=0, n=3000):
    return np.random.default_rng(seed).normal(0.0, sd_uV, n)


def test_before_the_first_window_nothing_is_judged():
    (q,) = judge(noise()[:999])
    assert q.verdict is Verdict.NOT_JUDGED
    assert not q.good
    assert np.isnan(q.rms_uV)
    assert np.isnan(q.bad_pct)
    assert "not judged yet" in q.sentence


@pytest.mark.parametrize("mains_hz", [50.0, 60.0])
@pytest.mark.parametrize("harmonic", [1, 2, 3])
def test_mains_share_is_the_power_that_was_put_in(mains_hz, harmonic):
    """Half the band's power as a tone, half as noise: the share is what the mixture says."""
    tone = 30.0 * np.sin(2 * np.pi * mains_hz * harmonic * T + 0.3)
    band = signal.sosfilt(band_pass(EmgSettings(), RATE_HZ), noise())[-1000:]
    expected = 450.0 / (450.0 + np.mean(band**2))
    (q,) = judge(tone + noise())
    assert q.mains_hz == mains_hz
    assert q.mains_pct == pytest.approx(100.0 * expected, abs=4.0)


def test_noise_has_no_mains_and_is_called_noise():
    (q,) = judge(noise())
    band = signal.sosfilt(band_pass(EmgSettings(), RATE_HZ), noise() - noise()[0]).reshape(3, 1000)
    rms = np.sqrt(np.mean(band**2, axis=1))
    fifths = np.sqrt(np.mean(band.reshape(15, 200) ** 2, axis=1))
    assert q.verdict is Verdict.GOOD
    assert q.mains_pct < 3.0
    assert q.rms_uV == pytest.approx(rms[2], rel=1e-12)
    assert q.noise_uV == pytest.approx(fifths.min(), rel=1e-9)
    assert q.loudest_uV == pytest.approx(fifths.max(), rel=1e-9)
    assert q.only_noise
    assert "nothing has risen above its noise floor" in q.sentence


def test_a_contraction_rises_above_the_noise():
    (q,) = judge(noise() * np.where(T >= 2.0, 10.0, 1.0))
    assert not q.only_noise
    assert q.sentence.startswith("EMG other left: good, with ")


def test_bursts_that_come_in_every_window_rise_above_the_noise():
    """A muscle that works once a second, as in walking, is as loud in one window as in the next."""
    (q,) = judge(noise() * np.where(T % 1.0 < 0.4, 10.0, 1.0))
    assert not q.only_noise
    assert q.noise_uV < 20.0


def test_missing_samples_are_no_quiet_ones():
    """A dropout within a window that is still good enough leaves the noise floor as it was."""
    lost = noise()
    lost[1000:1300] = np.nan
    (q,) = judge(lost, missing_pct=50.0)
    assert q.bad_windows == 0
    assert q.only_noise


@pytest.mark.parametrize("rate_hz", [200.0, 1000.0])
def test_ten_minutes_of_noise_stay_noise(rate_hz):
    (q,) = judge(noise(n=round(600 * rate_hz)), rate_hz=rate_hz)
    assert q.only_noise


def test_each_fault_has_its_verdict_and_its_sentence():
    hum = 300.0 * np.sin(2 * np.pi * 50.0 * T) + noise()
    lost = noise()
    lost[2500:2520] = np.nan
    clipped = np.clip(noise(600.0), -1000.0, 1000.0)
    flat = np.full(len(T), -7.3)
    drift = 100.0 * T
    verdicts = judge(hum, lost, clipped, flat, drift, noise(), full_scale=1000.0)
    assert [q.verdict for q in verdicts] == [
        Verdict.MAINS,
        Verdict.MISSING,
        Verdict.SATURATED,
        Verdict.STUCK,
        Verdict.FLAT,
        Verdict.GOOD,
    ]
    sentences = [q.sentence for q in verdicts]
    assert sentences[0] == "EMG other left: 99 % of its power is mains hum (50 Hz); is the electrode attached?"
    assert "2 % of its samples are missing" in sentences[1]
    assert verdicts[2].saturated_pct == pytest.approx(100.0 * np.mean(np.abs(clipped[2000:]) >= 1000.0))
    assert "at full scale" in sentences[2]
    assert "stuck at one value (-7.3 µV)" in sentences[3]
    assert "flat" in sentences[4]
    assert [q.bad_windows for q in verdicts] == [3, 1, 3, 3, 3, 0]
    assert verdicts[1].worst is Verdict.MISSING
    assert verdicts[1].bad_pct == pytest.approx(100.0 / 3.0)


def burst(loud_uV: float = 300.0) -> np.ndarray:
    """A muscle at rest, and at work in each second half of a second."""
    return noise() * np.where(T % 1.0 < 0.5, 1.0, loud_uV / 10.0)


@pytest.mark.parametrize("share", [0.3, 0.95])
def test_a_signal_that_is_cut_off_is_found_without_its_full_scale(share):
    whole = burst()
    (q,) = judge(np.clip(whole, -np.inf, share * whole.max()), flat_uV=0.01)
    assert q.worst is Verdict.SATURATED if share == 0.3 else q.bad_windows == 0
    (fine,) = judge(whole)
    assert fine.bad_windows == 0


@pytest.mark.parametrize("rate_hz", [125.0, 250.0, 2000.0])
def test_the_largest_samples_of_a_short_window_are_no_end_of_a_range(rate_hz):
    t = np.arange(round(20 * rate_hz)) / rate_hz
    growing = noise(n=len(t)) * (1.0 + t)
    (q,) = judge(growing, rate_hz=rate_hz, window_s=0.5)
    assert q.bad_windows == 0


def test_a_converter_of_few_bits_is_good_until_its_steps_are_as_large_as_the_signal():
    """Twelve bits on the range, at rest no more than a code of noise, are enough; five codes are not."""
    fine, coarse = judge(np.rint(burst() / 8.0) * 8.0, np.rint(burst() / 800.0) * 800.0)
    assert fine.bad_windows == 0
    assert coarse.verdict is Verdict.COARSE
    assert "no more than 5 different values, 800 µV apart" in coarse.sentence


def test_a_channel_that_sticks_in_a_session_is_told_and_comes_back():
    stuck = noise(n=9000)
    stuck[2500:6500] = stuck[2499]  # three whole windows, and half of two, of which samples are missing
    (q,) = judge(stuck[:4500])
    assert q.verdict is Verdict.STUCK
    (q,) = judge(stuck)
    assert (q.worst, q.good) == (Verdict.STUCK, True)


def test_more_than_a_muscle_gives_is_told_and_the_limit_is_a_setting():
    wrong, right = judge(noise(8000.0), noise(800.0))
    assert wrong.verdict is Verdict.TOO_LARGE
    assert "is the unit of its channel right, and the gain in the rig?" in wrong.sentence
    assert right.good
    assert judge(noise(8000.0), most_uV=20_000.0)[0].good


def test_dc_offset_is_the_mean():
    (q,) = judge(noise() - 54_000.0)
    assert q.dc_uV == pytest.approx(np.mean(noise()[2000:]) - 54_000.0, rel=1e-9)


def test_harmonics_beyond_the_band_do_not_count():
    """At 200 Hz the second harmonic of 50 Hz lies at Nyquist, and the third folds down onto 50 Hz."""
    t = np.arange(600) / 200.0
    (q,) = judge(50.0 * np.sin(2 * np.pi * 50.0 * t) + noise(50.0, n=600), rate_hz=200.0)
    assert q.mains_hz == 50.0
    assert 30.0 < q.mains_pct < 55.0  # 1250 of 1250 + 0.7 * 2500 µV² is 42 %, counted twice it would be 83 %


def test_lost_windows_count_as_missing():
    (q0,) = judge(noise())
    assert q0.windows == 3
    rig = a_rig(
        {"name": "emg", "rate_hz": 1000.0, "channels": ["c"], "units": "uV"},
        emg=[{"muscle": "VL", "side": "left", "stream": "emg", "channel": "c"}],
        quality={"window_s": 1.0},
    )
    chain = EmgChain(rig, "emg")
    chain.process(noise()[:1500, None], 0)
    chain.process(noise()[:100, None], 5200)
    (q,) = chain.quality
    assert q.windows == 5
    assert q.bad_windows == 4
    assert q.verdict is Verdict.MISSING
    chain.process(noise()[:1800, None], 5300)
    assert chain.quality[0].verdict is Verdict.GOOD
    assert chain.quality[0].windows == 7


def a_leg(processing=None, **quality):
    """Return a rig with VL and BF of a leg."""
    return a_rig(
        {"name": "emg", "rate_hz": 1000.0, "channels": ["a", "b"], "units": "uV"},
        emg=[
            {"muscle": "VL", "side": "left", "stream": "emg", "channel": "a", "mvc_uV": 100.0},
            {"muscle": "BF", "side": "left", "stream": "emg", "channel": "b", "mvc_uV": 100.0},
        ],
        quality=quality,
        emg_processing=processing or {},
    )


def leg(*signals_uV, processing=None, **quality):
    """Return the frames of a leg with VL and BF, and its channels' quality."""
    chain = EmgChain(a_leg(processing, **quality), "emg")
    frames = np.vstack([chain.process(np.column_stack(signals_uV), 0).copy(), chain.finish()])
    return {m.name: frames[:, i] for i, m in enumerate(chain.metrics)}, chain.quality


@pytest.mark.parametrize("from_s", [1.0, 1.3])
def test_a_verdict_applies_to_the_frames_of_its_own_window(from_s):
    """Hum from a second on: there is no Q:H from the beginning of the window in which it comes."""
    hum = np.where(from_s <= T, 500.0 * np.sin(2 * np.pi * 50.0 * T), 0.0)
    column, _ = leg(noise(50.0), noise(50.0, 1) + hum)
    assert np.isnan(column["qh_left"][:49]).all(), "the filters have not settled"
    assert np.isfinite(column["qh_left"][50:100]).all()
    assert np.isnan(column["qh_left"][100:]).all()


def test_a_channel_that_was_bad_is_believed_after_a_second_of_good_ones():
    hum = np.where((T >= 0.6) & (T < 0.9), 500.0 * np.sin(2 * np.pi * 50.0 * T), 0.0)
    column, quality = leg(noise(50.0), noise(50.0, 1) + hum)
    defined = np.isfinite(column["qh_left"])
    assert not defined[50:200].any(), "bad from 0.5 to 1.0 s, and then not believed for a second"
    assert defined[200:].all()
    assert quality[1].good
    assert quality[1].believed
    assert quality[1].bad_windows == 1


def test_an_end_that_is_not_a_window_is_shown_and_not_believed():
    column, _ = leg(noise(50.0)[:2730], noise(50.0, 1)[:2730])
    assert len(column["sample"]) == 273
    assert np.isfinite(column["envelope_left_VL_uV"][250:]).all()
    assert np.isnan(column["activation_left_VL_pct"][250:]).all()
    assert np.isfinite(column["activation_left_VL_pct"][50:250]).all()


@pytest.mark.parametrize("hum_uV", [2.0, 8.0, 14.0])
def test_hum_that_would_spoil_a_ratio_gives_none(hum_uV):
    """A muscle of 10 µV under hum of so much (RMS): within 35 % of the power it is measured, beyond it is not."""
    hum = hum_uV * np.sqrt(2) * np.sin(2 * np.pi * 50.0 * T)
    column, quality = leg(noise(50.0), noise(10.0, 1) + hum, processing={"adaptive_notch": False})
    if hum_uV < 3.0:
        assert quality[1].good
        assert np.isfinite(column["qh_left"][50:]).all()
    else:
        assert quality[1].verdict is Verdict.HUM
        assert np.isnan(column["qh_left"]).all()
        assert "set notch_hz = 50 in [emg_processing]" in quality[1].sentence


def test_an_electrode_that_falls_off_is_noticed_though_its_noise_is_no_hum():
    """A wireless one reads its own noise, 1 µV; a muscle at rest is never that quiet, as it was louder before."""
    t = np.arange(20_000) / 1000.0
    rng = np.random.default_rng(3)
    muscle = rng.normal(0.0, np.where(t % 3.0 < 1.5, 30.0, 4.0))
    fallen = np.where(t < 15.0, muscle, rng.normal(0.0, 1.0, len(t)))
    column, quality = leg(rng.normal(0.0, 50.0, len(t)), fallen)
    assert quality[1].verdict is Verdict.SILENT
    assert "quieter than it ever was" in quality[1].sentence
    assert quality[1].sentence.endswith("is the electrode still on?")
    assert np.isfinite(column["qh_left"][100:1500]).all()
    assert np.isnan(column["qh_left"][1500:]).all()


def test_a_muscle_that_rests_more_deeply_for_a_second_is_not_called_silent_and_not_measured():
    t = np.arange(20_000) / 1000.0
    deeper = (t >= 15.0) & (t < 16.0)
    muscle = np.random.default_rng(3).normal(0.0, np.where(deeper, 1.5, np.where(t % 3.0 < 1.5, 30.0, 4.0)))
    column, quality = leg(np.random.default_rng(5).normal(0.0, 50.0, len(t)), muscle)
    assert quality[1].bad_windows == 0
    assert np.isnan(column["qh_left"][1500:1600]).all()
    assert np.isfinite(column["qh_left"][1650:]).all()


def test_a_muscle_that_rests_is_not_called_silent():
    t = np.arange(60_000) / 1000.0
    resting = np.random.default_rng(4).normal(0.0, np.where(t % 5.0 < 1.5, 30.0, 4.0))
    _, quality = leg(resting, resting)
    assert quality[1].bad_windows == 0


@pytest.mark.parametrize("processing", [{}, {"notch_hz": 50.0}, {"adaptive_notch": False, "notch_hz": 50.0}])
@pytest.mark.parametrize("hum_uV", [8.0, 14.0, 60.0])
def test_hum_is_taken_out_where_it_is_seen_or_a_notch_was_set(hum_uV, processing):
    """The advice works when it is followed, and also by itself: the ratio is that of the muscles without hum."""
    t = np.arange(10_000) / RATE_HZ
    hum = hum_uV * np.sqrt(2) * np.sin(2 * np.pi * 50.03 * t + 1.0)
    muscles = noise(50.0, n=10_000), noise(10.0, 1, n=10_000)
    clean, _ = leg(*muscles)
    column, quality = leg(muscles[0], muscles[1] + hum, processing=processing)
    assert quality[1].good
    assert quality[1].believed
    assert quality[1].notch_hz == 50.0
    assert quality[1].mains_uV == pytest.approx(hum_uV, rel=0.1)
    assert quality[0].notch_hz == processing.get("notch_hz", 0.0)
    later = slice(400, None)
    assert np.isfinite(column["qh_left"][later]).all()
    assert np.median(column["qh_left"][later]) == pytest.approx(np.median(clean["qh_left"][later]), rel=0.05)
    if "notch_hz" not in processing:
        assert np.isnan(column["qh_left"][:200]).all(), "nothing rests on it before, nor while the notch settles"


def test_an_open_electrode_gets_no_notch_and_harmonics_stay_bad():
    t = np.arange(10_000) / RATE_HZ
    open_one = 300.0 * np.sin(2 * np.pi * 50.0 * t) + noise(n=10_000)
    rectified = 60.0 * np.abs(np.sin(2 * np.pi * 50.0 * t)) + noise(5.0, n=10_000)
    _, quality = leg(open_one, rectified)
    assert (quality[0].verdict, quality[0].notch_hz) == (Verdict.MAINS, 0.0)
    assert not quality[1].good
    assert "a notch does not take out its harmonics" in quality[1].sentence or quality[1].verdict is Verdict.MAINS


def test_no_splitting_changes_when_a_notch_comes():
    t = np.arange(6_000) / RATE_HZ
    raw = np.column_stack([noise(50.0, n=6_000), noise(10.0, 1, n=6_000) + 20.0 * np.sin(2 * np.pi * 60.0 * t)])
    rig = a_rig(
        {"name": "emg", "rate_hz": 1000.0, "channels": ["a", "b"], "units": "uV"},
        emg=[
            {"muscle": muscle, "side": "left", "stream": "emg", "channel": channel, "mvc_uV": 100.0}
            for muscle, channel in (("VL", "a"), ("BF", "b"))
        ],
    )

    def frames(size):
        chain = EmgChain(rig, "emg")
        parts = [chain.process(raw[i : i + size], i).copy() for i in range(0, len(raw), size)]
        return np.vstack([*parts, chain.finish()])

    whole = frames(6_000)
    for size in (7, 20, 333, 2500):
        np.testing.assert_array_equal(frames(size), whole)


@pytest.mark.parametrize("rate_hz", [125.0, 200.0, 250.0, 500.0])
@pytest.mark.parametrize("step_uV", [0.0, 0.02, 0.1])
def test_sound_slow_emg_is_not_called_saturated(rate_hz, step_uV):
    """In a window of 62 samples a chance repeat of the largest is more than the 1 % that may be saturated."""
    t = np.arange(round(60 * rate_hz)) / rate_hz
    muscles = [noise(seed=seed, n=len(t)) * np.where(t % 3.0 < 1.5, 1.0, 0.1) for seed in range(16)]
    if step_uV:
        muscles = [np.rint(muscle / step_uV) * step_uV for muscle in muscles]
    assert [q.bad_windows for q in judge(*muscles, rate_hz=rate_hz, window_s=0.5)] == [0] * 16


@pytest.mark.parametrize("rate_hz", [125.0, 1000.0])
def test_slow_emg_that_is_cut_off_is_found(rate_hz):
    t = np.arange(round(20 * rate_hz)) / rate_hz
    whole = noise(n=len(t)) * np.where(t % 2.0 < 1.0, 10.0, 1.0)
    (q,) = judge(np.clip(whole, -np.inf, 0.4 * whole.max()), rate_hz=rate_hz, window_s=0.5)
    assert q.worst is Verdict.SATURATED
    assert q.bad_pct > 30.0


@pytest.mark.parametrize("rate_hz", [1000.0, 2148.15])
@pytest.mark.parametrize("hum_uV", [20.0, 90.0])
@pytest.mark.parametrize("mains_hz", [49.5, 49.8, 49.95, 50.1, 50.5, 59.7, 60.05])
def test_mains_beside_their_nominal_frequency_are_taken_out_as_well(mains_hz, hum_uV, rate_hz):
    """What is left is told by SciPy, of the muscle without hum: the envelope is the same within a few percent."""
    t = np.arange(round(20 * rate_hz)) / rate_hz
    muscle = noise(10.0, 1, n=len(t)) * np.where(t % 4.0 < 2.0, 3.0, 0.3)
    hum = hum_uV * np.sqrt(2) * np.sin(2 * np.pi * mains_hz * t + 1.0)
    (q,), clean, found = _envelopes(muscle, muscle + hum, rate_hz)
    assert q.notch_hz == round(mains_hz / 10.0) * 10.0
    assert q.mains_uV == pytest.approx(hum_uV, rel=0.1)
    later = slice(len(clean) // 2, None)
    assert np.mean(found[later]) == pytest.approx(np.mean(clean[later]), rel=0.05)
    assert np.percentile(found[later], 10) == pytest.approx(np.percentile(clean[later], 10), rel=0.25)


def _envelopes(clean, hummed, rate_hz):
    rig = a_rig(
        {"name": "emg", "rate_hz": rate_hz, "channels": ["a", "b"], "units": "uV"},
        emg=[
            {"muscle": "VL", "side": side, "stream": "emg", "channel": channel, "mvc_uV": 100.0}
            for side, channel in (("left", "a"), ("right", "b"))
        ],
    )
    chain = EmgChain(rig, "emg")
    frames = chain.process(np.column_stack([clean, hummed]), 0)
    return chain.quality[1:], frames[:, 1], frames[:, 2]


@pytest.mark.parametrize("hz", [150.0, 180.0, 250.0, 350.0])
def test_a_harmonic_alone_is_taken_out_where_it_is(hz):
    t = np.arange(10_000) / RATE_HZ
    muscle = noise(4.0, 1, n=len(t))
    (q,), clean, found = _envelopes(muscle, muscle + 8.0 * np.sqrt(2) * np.sin(2 * np.pi * hz * t), RATE_HZ)
    assert q.good
    assert q.notch_hz == hz
    assert np.mean(found[500:]) == pytest.approx(np.mean(clean[500:]), rel=0.05)


def test_what_a_notch_leaves_is_measured_and_told():
    """Two mains of the same strength: a notch takes one out, and the channel stays bad for the other."""
    t = np.arange(10_000) / RATE_HZ
    both = 12.0 * np.sqrt(2) * (np.sin(2 * np.pi * 50.0 * t) + np.sin(2 * np.pi * 250.0 * t))
    column, quality = leg(noise(50.0, n=len(t)), noise(5.0, 1, n=len(t)) + both)
    assert quality[1].verdict is Verdict.HUM
    assert np.isnan(column["qh_left"]).all()
    assert "a notch does not take out its harmonics" in quality[1].sentence


def test_hum_of_other_mains_than_the_notch_says_which_to_set():
    t = np.arange(5_000) / RATE_HZ
    hum = 14.0 * np.sqrt(2) * np.sin(2 * np.pi * 60.0 * t)
    _, quality = leg(noise(50.0, n=len(t)), noise(10.0, 1, n=len(t)) + hum, processing={"notch_hz": 50.0})
    assert quality[1].verdict is Verdict.HUM
    assert "set notch_hz = 60 in [emg_processing] instead of 50" in quality[1].sentence


def test_hum_that_has_ended_is_told_as_large_as_it_was():
    t = np.arange(10_000) / RATE_HZ
    hum = 14.0 * np.sqrt(2) * np.sin(2 * np.pi * 50.0 * t) * (t < 5.0)
    _, quality = leg(noise(50.0, n=len(t)), noise(10.0, 1, n=len(t)) + hum)
    assert quality[1].notch_hz == 50.0
    assert quality[1].mains_uV == pytest.approx(14.0, rel=0.2)


@pytest.mark.parametrize("codes", [12, 16, 60])
def test_a_converter_on_which_a_resting_muscle_is_one_code_is_called_coarse_and_not_stuck(codes):
    muscle = noise(1.5, n=20_000) * np.where(np.arange(20_000) % 3000 < 1500, 1.0, 200.0)
    step_uV = 2.0 * np.abs(muscle).max() / codes
    (q,) = judge(np.rint(muscle / step_uV) * step_uV, window_s=0.5)
    assert q.worst is Verdict.COARSE


@pytest.mark.parametrize("sensor_uV", [1.0, 3.0])
@pytest.mark.parametrize("at_s", np.arange(15.0, 18.0, 0.15).round(2).tolist())
def test_an_electrode_that_falls_off_at_any_moment_is_noticed(at_s, sensor_uV):
    """Its noise may be less or more than the muscle's at rest; it lies flat while the others of its leg work."""
    t = np.arange(24_000) / 1000.0
    work = np.clip(np.sin(2 * np.pi * t / 3.0), 0.0, None)
    rng = np.random.default_rng(round(100 * at_s))
    fallen = np.where(t < at_s, rng.normal(0.0, 1.6 + 30.0 * work), rng.normal(0.0, sensor_uV, len(t)))
    chain = EmgChain(a_leg(), "emg")
    chain.process(np.column_stack([rng.normal(0.0, 2.0 + 100.0 * work), fallen]), 0)
    assert chain.quality[0].good
    assert chain.quality[1].verdict is Verdict.SILENT
    assert chain.quality[1].sentence.endswith("is the electrode still on?")
    ((electrode, first, last),) = chain.withdrawn
    assert electrode == 1
    assert at_s - 2.5 < first / 1000.0 <= at_s + 0.35
    assert last / 1000.0 < at_s + 5.0


@pytest.mark.parametrize("left", [0.45, 0.15])
def test_a_muscle_that_gives_out_is_not_called_an_electrode_that_fell(left):
    """Hamstrings that do a fraction of what they did still rise with their leg: that is a finding, and stays one."""
    t = np.arange(40_000) / 1000.0
    work = np.clip(np.sin(2 * np.pi * t / 3.0), 0.0, None)
    rng = np.random.default_rng(8)
    weak = rng.normal(0.0, 1.2 + 40.0 * work * np.where(t < 15.0, 1.0, left))
    column, quality = leg(rng.normal(0.0, 2.0 + 100.0 * work), weak)
    assert [q.bad_windows for q in quality] == [0, 0]
    assert np.nanmedian(column["qh_left"][2500:]) > 1.5 * np.nanmedian(column["qh_left"][300:1400])


def test_a_pause_at_the_bottom_after_a_muscle_gave_out_is_no_fall_either():
    t = np.arange(40_000) / 1000.0
    work = np.clip(3.0 * np.sin(2 * np.pi * t / 8.0), 0.0, 1.0)
    rng = np.random.default_rng(8)
    weak = rng.normal(0.0, 1.2 + 40.0 * work * np.where(t < 20.0, 1.0, 0.4))
    _, quality = leg(rng.normal(0.0, 2.0 + 100.0 * work), weak)
    assert [q.bad_windows for q in quality] == [0, 0]


@pytest.mark.parametrize("rate_hz", [250.0, 1000.0, 4000.0])
@pytest.mark.parametrize("fill", ["zeros", "the last value"])
@pytest.mark.parametrize("lost_s", [0.024, 0.05, 0.2])
def test_samples_that_are_lost_and_filled_up_are_missing(rate_hz, fill, lost_s):
    """A device that loses packets gives zeros or its last value for them; a third of a muscle at work is lost."""
    n, step_uV = round(6 * rate_hz), 0.3
    muscle = np.round(noise(60.0, n=n) / step_uV) * step_uV
    lost = (np.arange(n) / rate_hz % (3 * lost_s)) < lost_s
    lost[: round(2 * rate_hz)] = False
    last = np.maximum.accumulate(np.where(lost, 0, np.arange(n)))
    sound, filled_up = judge(muscle, np.where(lost, 0.0, muscle) if fill == "zeros" else muscle[last], rate_hz=rate_hz)
    assert sound.bad_windows == 0
    assert (filled_up.bad_windows, filled_up.worst) == (4, Verdict.MISSING)
    assert filled_up.missing_pct == pytest.approx(100.0 * lost[-round(rate_hz) :].mean(), rel=0.25)
    assert "of its samples are missing, or repeat the one before" in filled_up.sentence


@pytest.mark.parametrize("step_uV", [0.02, 1.0, 4.0, 10.0])
@pytest.mark.parametrize("rate_hz", [125.0, 500.0, 2000.0, 4000.0])
def test_a_muscle_that_rests_on_few_codes_is_not_called_lost(rate_hz, step_uV):
    n = round(60 * rate_hz)
    t = np.arange(n) / rate_hz
    muscle = signal.sosfilt(signal.butter(2, [20, min(450, 0.45 * rate_hz)], "bandpass", fs=rate_hz, output="sos"), noise(n=n))
    loud_uV = np.where(t % 3.0 < 1.2, 80.0, 2.0) * muscle / muscle.std()
    (q,) = judge(np.round(loud_uV / step_uV) * step_uV, rate_hz=rate_hz)
    assert q.bad_windows == 0 or q.worst in (Verdict.STUCK, Verdict.COARSE)


def test_gaps_between_which_no_filter_settles_are_told():
    gaps = noise()
    gaps[::100] = np.nan  # 1 % of the samples
    sparse = noise()
    sparse[::150] = np.nan
    for q in judge(gaps, sparse, missing_pct=1.5):
        assert q.verdict is Verdict.MISSING
        assert "are missing" in q.sentence
        assert " 0 %" not in q.sentence
