"""Marker labels of the usual sets: what each clearly says is read, and what none clearly says is left out."""

from __future__ import annotations

import pytest

from acquisition.formats.markers.marker_labels import point_of, points_of

PLUG_IN_GAIT = {"ASI": "asis", "KNE": "knee_lateral", "ANK": "ankle_lateral", "HEE": "heel", "TOE": "toes"}
SETS = {
    "Plug-in Gait": ("{side}{word}", {**PLUG_IN_GAIT, "MKN": "knee_medial", "MED": "ankle_medial", "HJC": "hip"}),
    "CGM": ("{side}{word}", {**PLUG_IN_GAIT, "KNM": "knee_medial", "FMH": "forefoot_inner", "VMH": "forefoot_outer"}),
    "CAST": (
        "{side}{word}",
        {"LE": "knee_lateral", "ME": "knee_medial", "LM": "ankle_lateral", "MM": "ankle_medial", "CA": "heel",
         "FM": "forefoot_inner", "SM": "toes", "VM": "forefoot_outer"},
    ),
    "IOR with underscores": (
        "{side}_{word}",
        {"IAS": "asis", "FLE": "knee_lateral", "FME": "knee_medial", "FAL": "ankle_lateral", "TAM": "ankle_medial",
         "FCC": "heel", "FM1": "forefoot_inner", "FM2": "toes", "FM5": "forefoot_outer"},
    ),
    "OpenSim": (
        "{side}.{word}",
        {"ASIS": "asis", "Knee.Lat": "knee_lateral", "Knee.Med": "knee_medial", "Ankle.Lat": "ankle_lateral",
         "Heel": "heel", "Toe.Tip": "toes", "Toe.Med": "forefoot_inner", "Toe.Lat": "forefoot_outer"},
    ),
    "OpenSim, Rajagopal": (
        "{side}{word}",
        {"LFC": "knee_lateral", "MFC": "knee_medial", "LMAL": "ankle_lateral", "MMAL": "ankle_medial", "CAL": "heel",
         "MT1": "forefoot_inner", "MT2": "toes", "KJC": "knee", "AJC": "ankle", "HJC": "hip"},
    ),
    "OpenCap's augmented markers": (
        "{small}_{word}_study",
        {"knee": "knee_lateral", "mknee": "knee_medial", "ankle": "ankle_lateral", "mankle": "ankle_medial", "calc": "heel",
         "toe": "toes", "5meta": "forefoot_outer"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SETS)
def test_the_labels_of_a_set_of_markers_say_side_and_point(name: str) -> None:
    pattern, words = SETS[name]
    for side in ("left", "right"):
        for word, point in words.items():
            label = pattern.format(side=side[0].upper(), small=side[0], word=word)
            assert point_of(label) == (side, point), label
            assert point_of(f"Subject 1:{label}") == (side, point)


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("toe.L", ("left", "toes")),
        ("ASISr", ("right", "asis")),
        ("Right Heel", ("right", "heel")),
        ("LeftKneeLateral", ("left", "knee_lateral")),
        ("RHJC_study", ("right", "hip")),
        *(
            (label, None)
            for label in ("HEE", "CAL", "KNEEL", "R_FTC", "C7", "", "RTHI", "toe", "r", "LKneeAngles", "LFEL", "STERr")
        ),
    ],
)
def test_a_label_says_what_is_clear_and_nothing_else(label: str, said: tuple[str, str] | None) -> None:
    assert point_of(label) == said


def test_the_key_points_of_a_pose_are_the_middles_of_joints() -> None:
    markers = ["RKnee", "RAnkle", "RHeel", "RBigToe", "RSmallToe", "RHip"]
    assert set(points_of([*markers, "Neck"])) == {
        ("right", point) for point in ("knee", "ankle", "heel", "forefoot_inner", "forefoot_outer", "hip")
    }
    assert ("right", "knee_lateral") in points_of(["RKnee", "RHeel", "RToe"])
    both = points_of(["Neck", "RKnee", "r_knee_study", "r_ankle_study"])
    assert both == {("right", "knee"): [1], ("right", "knee_lateral"): [2], ("right", "ankle_lateral"): [3]}


def test_labels_that_stand_twice_are_told_with_all_their_columns() -> None:
    assert points_of(["RKNE", "LKNE", "RKNE"]) == {("right", "knee_lateral"): [0, 2], ("left", "knee_lateral"): [1]}
