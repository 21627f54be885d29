"""The caveats: everything that bounds a session's numbers is said, once, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from acquisition.caveat import Caveat
from acquisition.rig import Rig
from acquisition.rig.rig_file import example, load
from processing.analysis import zeros_of
from processing.findings.caveats import baselines, caveats
from processing.findings.stance_caveats import about_lab
from processing.results import ChannelResult, Results, StanceResult, StreamResult, Table
from tests.support.repetitions import a_repetition
from tests.support.rigs import example_with

NAN = float("nan")


def results(rig: Rig | None = None, streams=(), channels=(), tables=None, weight: float = 930.0) -> Results:
    rig, force = rig or load(example("demo")), (tables or {}).get("plates.force")
    known = force is not None and {"fz_left_N", "fz_right_N"} <= set(force.columns)
    zeros = zeros_of(force, rig) if known else []
    base = Results("r.h5", "0f", "2026", 10.0, weight, rig, tables or {}, [], list(channels), list(streams), zeros=zeros)
    return replace(base, repetitions=[a_repetition(number) for number in range(1, 6)])


def sentences(found: Results) -> list[str]:
    return [caveat.sentence for caveat in caveats(found)]


def the_one(found: Results, kind: str) -> str:
    """Return the sentence of the only caveat, which is of a kind."""
    (caveat,) = caveats(found)
    assert caveat.id == kind
    return caveat.sentence


def without(**parts) -> Rig:
    return example_with(**parts)


def test_a_good_session_has_no_caveats():
    table = Table(("qh_left", "qh_right"), ("1", "1"), ("a", "b"), np.zeros(1), np.array([[5.0, 5.0]]))
    stream = StreamResult("emg", 2000.0, 2000.0, 10, 0, 0, 0.0, "host", False)
    good = ChannelResult("VL left", "emg", 0, 1, 0, 0, 0, 0, False, "", "")
    assert sentences(results(streams=[stream], channels=[good], tables={"emg.emg": table})) == []


def test_a_recording_that_was_cut_short_is_told():
    whole, cut = sentences(results()), sentences(replace(results(), complete=False))
    assert [sentence for sentence in cut if "cut short" in sentence] == cut[:1]
    assert cut[1:] == whole


def test_everything_that_bounds_the_numbers_is_said():
    demo = load(example("demo"))
    emg = [{**electrode.model_dump(), "mvc_uV": None if electrode.side == "left" else 300.0} for electrode in demo.emg]
    table = Table(("qh_left", "qh_right"), ("1", "1"), ("a", "b"), np.zeros(1), np.array([[NAN, NAN]]))
    stream = StreamResult("emg", 250.0, 250.0, 10, 30, 2, 0.0, "host", True)
    bad = ChannelResult("VL left", "emg", 100, 1, 0, 90, 0, 0, False, "mostly mains hum", "")
    told = caveats(results(without(emg=emg), [stream], [bad], {"emg.emg": table}, weight=NAN))
    assert [caveat.id for caveat in told] == ["no_quiet_stance", "undersampled_emg", "lost_samples", "mvc_unknown", "bad_emg"]
    said = "\n".join(caveat.sentence for caveat in told)
    assert "No quiet stance of 1 s was found" in said
    assert "Undersampled EMG: emg runs at 250 Hz" in said
    assert "lost 30 samples in 2 gaps" in said
    assert "No maximal voluntary contraction is known for VL left, VM left" in said
    assert "EMG VL left: mostly mains hum." in said
    assert "quad/hamstring ratio is undefined throughout" not in said, "it is no news where the MVC is missing"


def test_a_caveat_is_data_first():
    table = table_of(fz_left_N=np.r_[np.full(200, 12.0), np.full(300, 400.0)], fz_right_N=np.full(500, 400.0))
    stream = StreamResult("emg", 250.0, 250.0, 10, 30, 2, 0.0, "host", True)
    bad = ChannelResult("VL left", "emg", 60, 1, 0, 90, 0, 0, False, "mostly mains hum", "is the electrode attached?")
    quiet = [ChannelResult("BF left", "emg", 0, noise_uV, 0, 0, 0, 0, True, "", "") for noise_uV in (1.5, 1.7)]
    found = {c.id: c for c in caveats(results(streams=[stream], channels=[bad, *quiet], tables={"plates.force": table}))}
    assert found["plate_not_zeroed"].about == "left plate"
    assert found["plate_not_zeroed"].values == {"reads_N": 12.0}
    assert found["undersampled_emg"].values == {"rate_hz": 250.0, "least_hz": 1000.0}
    assert found["lost_samples"].values == {"missing_samples": 30.0, "gaps": 2.0}
    assert found["bad_emg"] == Caveat(
        "bad_emg", "VL left", {"bad_pct": 60}, "EMG VL left: mostly mains hum; is the electrode attached?"
    )
    assert list(found["noise_floor_only"].values.values()) == [1.5, 1.7], "channels named alike each keep their number"
    assert caveats(replace(results(), complete=False))[0].id == "incomplete"


def test_a_ratio_that_never_was_is_told_for_its_leg():
    table = Table(("qh_left", "qh_right"), ("1", "1"), ("a", "b"), np.zeros(1), np.array([[5.0, NAN]]))
    sentence = the_one(results(tables={"emg.emg": table}), "ratio_undefined")
    assert sentence.startswith("The right quad/hamstring ratio is undefined throughout")


@pytest.mark.parametrize(
    ("kept", "said"), [((), "no force plate"), (("left",), "only a left plate"), (("right",), "only a right plate")]
)
def test_missing_plates_are_told(kept, said):
    plates = [plate.model_dump() for plate in load(example("demo")).plate if plate.side in kept]
    assert said in the_one(results(without(plate=plates), weight=NAN), "one_foot_only")


def test_every_caveat_is_a_sentence():
    for sentence in sentences(results(without(plate=[], emg=[]), weight=NAN)):
        assert sentence[0].isupper()
        assert sentence.endswith(".")


FORCE = ("body_weight_N", "cop_left_x_mm", "cop_right_x_mm", "foot_cop_medial_left_mm", "foot_cop_medial_right_mm")


def force_table(weight, left, right=None) -> Table:
    """Return ten frames a second with both feet on the plates."""
    weight, left = (np.asarray(values, dtype=float) for values in (weight, left))
    columns = [weight, np.zeros(len(weight)), np.zeros(len(weight)), left, left if right is None else right]
    return Table(FORCE, ("",) * 5, ("",) * 5, np.arange(len(weight)) / 10, np.column_stack(columns))


def table_of(**columns) -> Table:
    n = len(columns)
    return Table(
        tuple(columns), ("1",) * n, ("id",) * n, np.arange(len(next(iter(columns.values())))) / 100, np.c_[*columns.values()]
    )


def test_a_late_stance_is_told():
    table = force_table([NAN] * 60 + [900.0] * 20, [NAN] * 60 + [0.0] * 20)
    assert "only found at 6.0 s" in the_one(results(tables={"plates.force": table}), "late_quiet_stance")
    assert sentences(results(tables={"plates.force": force_table([NAN] * 10 + [900.0] * 20, [NAN] * 10 + [0.0] * 20)})) == []


@pytest.mark.parametrize(
    ("empty_N", "said"),
    [(-14.0, "The left plate read -14 N"), (46.0, "The left plate read 46 N"), (200.0, "read 200 N"), (3.0, ""), (-4.0, "")],
)
def test_a_plate_that_reads_something_when_empty_is_told(empty_N, said):
    sway = 4.0 * np.sin(np.arange(300) / 9.0)
    fz = np.where(np.arange(300) < 150, empty_N, 650.0 + sway)
    told = sentences(results(tables={"plates.force": table_of(fz_left_N=fz, fz_right_N=np.where(fz > 600.0, fz, 0.0))}))
    assert len(told) == (1 if said else 0)
    assert said in "".join(told)


def test_a_plate_that_drifts_is_told():
    sway = 4.0 * np.sin(np.arange(900) / 9.0)
    drift = np.linspace(0.0, 18.0, 900)
    fz = np.where((np.arange(900) > 200) & (np.arange(900) < 700), 650.0 + sway, drift / 100.0) + np.round(drift / 18.0) * 12.0
    (caveat,) = caveats(results(tables={"plates.force": table_of(fz_left_N=fz, fz_right_N=650.0 + sway)}))
    assert (caveat.id, caveat.about) == ("plate_drifts", "left plate")
    assert caveat.values == {"first_N": pytest.approx(0.0, abs=0.2), "last_N": pytest.approx(12.2, abs=0.2)}


def test_a_moment_without_load_tells_nothing_of_a_plates_zero():
    fz = 650.0 + 4.0 * np.sin(np.arange(300) / 9.0)
    fz[:50] = -30.0
    assert sentences(results(tables={"plates.force": table_of(fz_left_N=fz, fz_right_N=fz)})) == []


@pytest.mark.parametrize(("x_mm", "told"), [(0.0, False), (225.0, False), (260.0, True), (33000.0, True)])
def test_a_pressure_off_the_plate_is_told_whatever_caused_it(x_mm, told):
    corners = np.asarray(load(example("demo")).plate[0].corners_mm)
    middle = corners.mean(axis=0)
    table = table_of(cop_left_x_mm=np.full(100, middle[0] + x_mm), cop_left_y_mm=np.full(100, middle[1]))
    found = [caveat for caveat in caveats(results(tables={"plates.force": table})) if caveat.id == "cop_off_plate"]
    assert [caveat.about for caveat in found] == ["left plate"] * told


def test_a_foot_without_a_place_is_told():
    table = force_table([900.0] * 60, [0.0] * 20 + [NAN] * 30 + [0.0] * 10, [0.0] * 60)
    sentence = the_one(results(tables={"plates.force": table}), "foot_unreferenced")
    assert sentence.startswith("The left foot left its plate")
    assert "for 3 s" in sentence


def test_a_plate_whose_corners_go_round_the_wrong_way_is_told():
    plates = [plate.model_dump() for plate in load(example("demo")).plate]
    plates[1]["corners_mm"] = plates[1]["corners_mm"][::-1]
    (caveat,) = about_lab(without(plate=plates))
    assert (caveat.id, caveat.about) == ("plate_upside_down", "right")
    assert caveat.sentence.startswith("Seen from above the corners of the plate right go round anticlockwise")
    assert about_lab(load(example("demo"))) == []


@pytest.mark.parametrize(
    ("axis", "kind", "said"),
    [
        ("-x", "sides_swapped", "lies to the left of the left one"),
        ("y", "plates_in_line", "one behind the other"),
        ("-y", "plates_in_line", "one behind the other"),
    ],
)
def test_plates_must_be_beside_each_other_as_the_lifter_sees_them(axis, kind, said):
    assert said in the_one(results(without(lab={"right_axis": axis})), kind)
    assert caveats(results(without(lab={"right_axis": "x"}))) == []


@pytest.mark.parametrize(("right_deg", "told"), [(8.0, False), (-9.0, False), (12.0, True), (27.0, True), (-40.0, True)])
def test_a_right_that_is_not_the_plates_is_told(right_deg, told):
    found = about_lab(without(lab={"right_deg": right_deg, "right_from": "markers"}))
    assert [caveat.id for caveat in found] == ["directions_differ"] * told
    assert all(caveat.values["apart_deg"] == pytest.approx(abs(right_deg)) for caveat in found)
    assert all(f"{abs(right_deg):.0f} degrees off the way between the middles" in caveat.sentence for caveat in found)


def test_feet_whose_axis_nothing_says_are_told():
    (caveat,) = caveats(results(without(foot=[{"side": "left", "toe_out_deg": 9.0}])))
    assert (caveat.id, caveat.about) == ("foot_axis_unknown", "right")
    assert "how far the right foot is turned out" in caveat.sentence
    (caveat,) = caveats(results(without(foot=[])))
    assert (caveat.id, caveat.about) == ("foot_axis_unknown", "left and right")


def stance(at_s, kind="again", weight_N=900.0, moved_mm=(0.0, 0.0)) -> StanceResult:
    return StanceResult(at_s, kind, weight_N, weight_N, 400.0, -200.0, 0.0, 200.0, 0.0, *moved_mm)


def test_a_foot_that_rests_elsewhere_is_told():
    found = [stance(2.0, "first", moved_mm=(NAN, NAN)), stance(9.0, moved_mm=(7.9, 25.4))]
    (caveat,) = caveats(replace(results(), stances=found))
    assert (caveat.id, caveat.about, caveat.values) == ("foot_moved", "right foot", {"at_s": 9.0, "moved_mm": 25.4})
    assert "From the quiet stance at 9.0 s on" in caveat.sentence
    assert "25 mm" in caveat.sentence


def test_a_stance_at_the_bottom_is_told():
    (caveat,) = caveats(replace(results(), stances=[stance(2.0, "first"), stance(6.0, "was low", moved_mm=(9.0, 9.0))]))
    assert (caveat.id, caveat.values) == ("stance_was_low", {"at_s": 6.0})
    (caveat,) = caveats(replace(results(), stances=[stance(2.0, "first")], stance_proved_low=True))
    assert (caveat.id, caveat.values) == ("stance_was_low", {})


def test_stances_at_the_bottom_are_told_once():
    lows = [stance(2.0, "first"), *(stance(at_s, "was low", moved_mm=(9.0, 9.0)) for at_s in (6.0, 12.0, 18.0))]
    (caveat,) = caveats(replace(results(), stances=lows))
    assert caveat.sentence.startswith("3 still seconds, the first of them before 6.0 s, were at the bottom of a squat")


@pytest.mark.parametrize(("fz_N", "low", "said"), [(0.0, True, "left its plate"), (300.0, True, ""), (300.0, False, "known")])
def test_a_foot_that_never_left_its_plate_is_not_said_to_have(fz_N, low, said):
    plain = force_table([900.0] * 60, [0.0] * 20 + [NAN] * 40, [0.0] * 60)
    force = np.column_stack([np.where(np.arange(60) == 18, fz_N, 300.0), np.full(60, 300.0)])
    force[17:20, 0] = np.where(fz_N, 300.0, 0.0)
    table = Table((*plain.columns, "fz_left_N", "fz_right_N"), ("",) * 7, ("",) * 7, plain.time_s, np.c_[plain.frames, force])
    found = replace(results(tables={"plates.force": table}), stance_proved_low=low, zeros=[])
    told = [caveat.sentence for caveat in caveats(found) if caveat.id == "foot_unreferenced"]
    assert [said in sentence for sentence in told] == [True] * bool(said)


@pytest.mark.parametrize(("weight_N", "told"), [(880.0, False), (700.0, True), (960.0, True)])
def test_another_lifter_is_told(weight_N, told):
    found = caveats(replace(results(), stances=[stance(2.0, "first"), stance(30.0, "stepped on", weight_N)]))
    assert [caveat.id for caveat in found] == ["other_lifter"] * told
    assert all(f"weighs {weight_N:.0f} N, and 900 N stood there before" in caveat.sentence for caveat in found)


@pytest.mark.parametrize(("missing", "said"), [(100, "for 100 % of the time"), (30, "for 30 % of the time"), (0, "")])
def test_a_plate_without_numbers_is_told(missing, said):
    fz_N = np.where(np.arange(100) < missing, NAN, 400.0)
    table = Table(
        ("fz_left_N", "fz_right_N"), ("N", "N"), ("a", "b"), 0.01 * np.arange(100), np.column_stack([fz_N, np.full(100, 400.0)])
    )
    told = [caveat for caveat in caveats(results(tables={"plates.force": table})) if caveat.id == "force_undefined"]
    assert [said in caveat.sentence and caveat.about == "left plate" for caveat in told] == [True] * bool(said)


@pytest.mark.parametrize(
    ("peak_pct", "kind", "said"),
    [
        (290.0, "", ""),
        (310.0, "mvc_too_small", "VL left (310 %MVC)"),
        (0.9, "mvc_too_large", "VL left (0.90 %MVC)"),
        (1.1, "", ""),
    ],
)
def test_an_mvc_that_cannot_be_right_is_told(peak_pct, kind, said):
    table = table_of(activation_left_VL_pct=np.full(100, peak_pct), activation_right_VL_pct=np.full(100, 40.0))
    told = caveats(results(tables={"emg.emg": table}))
    assert [caveat.id for caveat in told] == ([kind] if kind else [])
    assert all(said in caveat.sentence and "check mvc_uV" in caveat.sentence for caveat in told)


def test_a_muscle_at_rest_says_nothing_about_its_mvc():
    quiet = ChannelResult("VL left", "emg", 0, 1, 0, 0, 0, 0, True, "", "")
    table = table_of(activation_left_VL_pct=np.full(100, 0.5))
    (sentence,) = sentences(results(channels=[quiet], tables={"emg.emg": table}))
    assert sentence.startswith("Nothing rose above the noise floor")


def test_legs_with_different_muscles_are_told():
    demo = load(example("demo"))
    kept = [e.model_dump() for e in demo.emg if (e.muscle, e.side) != ("RF", "right")]
    table = table_of(qh_left=np.ones(9), qh_right=np.ones(9), qh_between_legs_log2=np.zeros(9))
    sentence = the_one(results(without(emg=kept), tables={"emg.emg": table}), "unlike_muscles")
    assert "VL, VM, RF, BF, ST on the left and of VL, VM, BF, ST on the right" in sentence


def test_a_baseline_is_what_the_change_is_counted_from():
    qh, change = np.array([NAN, 4.0, 5.0, 6.0]), np.array([NAN, NAN, 1.25, 1.5])
    table = table_of(qh_left=qh, qh_right=qh, qh_change_left=change, qh_change_right=np.full(4, NAN))
    found = results(tables={"emg.emg": table})
    assert baselines(found) == {"left": pytest.approx(4.0)}
    said = {caveat.id: caveat.sentence for caveat in caveats(found)}
    assert set(said) == {"baseline_of_session", "no_baseline"}
    assert said["baseline_of_session"].startswith(
        "The baseline of Q:H (left 4.0) is the median of the first 3 s of this session"
    )
    assert said["no_baseline"].startswith("The right quad/hamstring ratio was defined for less than 3 s")
    named = example_with(reference={"name": "light", "qh_left": 4.0})
    assert {caveat.id for caveat in caveats(replace(found, rig=named))} == {"no_baseline"}


@pytest.mark.parametrize(
    ("levels", "about"), [(("edges", "edges"), ""), (("host", "host"), "plates, emg"), (("edges", "host"), "emg")]
)
def test_streams_without_a_sync_line_are_a_doubt(levels, about):
    streams = [
        StreamResult(name, 1000.0, 1000.0, 10, 0, 0, 0.0039, level, False)
        for name, level in zip(("plates", "emg"), levels, strict=True)
    ]
    found = [caveat for caveat in caveats(results(streams=streams)) if caveat.id == "no_sync_line"]
    assert [caveat.about for caveat in found] == ([about] if about else [])
    assert all(caveat.values == {"residual_ms": pytest.approx(3.9)} for caveat in found)
    assert not [caveat for caveat in caveats(results(streams=streams[1:])) if caveat.id == "no_sync_line"], "one needs no other"


@pytest.mark.parametrize(("rate_hz", "off"), [(1000.0, False), (1000.9, False), (999.1, False), (1041.7, True), (780.0, True)])
def test_a_rate_that_no_crystal_explains_is_told(rate_hz, off):
    stream = StreamResult("emg", 1000.0, rate_hz, 10, 0, 0, 0.0, "edges", False)
    told = [caveat for caveat in caveats(results(streams=[stream])) if caveat.id == "rate_off"]
    assert [caveat.values["rate_hz"] for caveat in told] == [rate_hz] * off
    assert all(f"ran at {rate_hz:.5g} Hz, and the rig says 1000.0 Hz" in caveat.sentence for caveat in told)


def test_a_notch_that_was_put_in_is_told_and_one_that_was_set_is_not():
    hums = ChannelResult("BF left", "emg", 10, 1, 0, 60, 0, 0, False, "", "", 50.0, 13.6)
    (caveat,) = [one for one in caveats(results(channels=[hums])) if one.id == "mains_taken_out"]
    assert caveat.values == {"mains_BF_left_uV": 13.6}
    assert "Mains hum was seen on BF left (50 Hz, 14 µV RMS) and is taken out by a notch" in caveat.sentence
    was_set = example_with(emg_processing={"notch_hz": 50.0})
    assert not [one for one in caveats(results(was_set, channels=[hums])) if one.id == "mains_taken_out"]


def test_why_nobody_could_be_weighed_is_said():
    refused = replace(results(weight=NAN), weighing_refused="both feet were never on their plates for 1 s")
    said = {caveat.id: caveat.sentence for caveat in caveats(refused)}["no_quiet_stance"]
    assert said.startswith("No quiet stance of 1 s was found: both feet were never on their plates for 1 s. So body weight")
