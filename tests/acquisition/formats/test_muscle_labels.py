"""Labels of EMG channels and of foot markers: what they say clearly is read, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from acquisition.formats.c3d.foot_markers import feet_of, foot_part, right_axis
from acquisition.formats.muscle_labels import muscle_and_side


@pytest.mark.parametrize(
    ("label", "muscle", "side"),
    [
        ("RF", "RF", None),
        ("R_RF", "RF", "right"),
        ("RRF", "RF", "right"),
        ("LRF", "RF", "left"),
        ("RF-L", "RF", "left"),
        ("Voltage.EMG1_vast_lat_l", "VL", "left"),
        ("R_vastus_medialis", "VM", "right"),
        ("Right Rectus femoris", "RF", "right"),
        ("R-BICEPS_FEMORIS:_EMG1", "BF", "right"),
        ("LBIC", "BF", "left"),
        ("L Vaste Ext", "VL", "left"),
        ("GluteusMaximusR", "GMax", "right"),
        ("LGMax", "GMax", "left"),
        ("RGMED", "GMed", "right"),
        ("gluteus medius left", "GMed", "left"),
        ("ST_L", "ST", "left"),
        ("semitend R", "ST", "right"),
        ("add_mag_r", "ADD", "right"),
        ("VASTUS LATERALIS: EMG 1", "VL", None),
        *((label, None, None) for label in ("", "EMG3", "RTIB", "L_gast_med", "R rectus abdominis", "R biceps brachii", "BFL")),
        *(
            (label, None, None)
            for label in ("MG", "GM", "lat_dor_l", "semimembranosus", "Force.Fx4", "Raw.Pin 49", "R", "left")
        ),
    ],
)
def test_emg_labels(label: str, muscle: str | None, side: str | None) -> None:
    assert muscle_and_side(label) == (muscle, side)


@pytest.mark.parametrize(
    ("label", "place"),
    [
        ("LHEE", ("left", "heel")),
        ("Subject:r_calc", ("right", "heel")),
        ("R_FCC", ("right", "heel")),
        ("RCAL", ("right", "heel")),
        ("L_toe", ("left", "forefoot")),
        ("toe.L", ("left", "forefoot")),
        ("RM5", ("right", "forefoot")),
        ("LMT2", ("left", "forefoot")),
        ("Right Heel", ("right", "heel")),
        *((label, None) for label in ("HEE", "LKNE", "R_FTC", "LMFC", "C7", "", "RTHI", "toe", "LASI", "r")),
    ],
)
def test_foot_markers(label: str, place: tuple[str, str] | None) -> None:
    assert foot_part(label) == place


@pytest.mark.parametrize(
    ("degrees", "axis"), [(0, "-y"), (20, "-y"), (90, "x"), (180, "y"), (270, "-x"), (45, None), (250, "-x"), (340, "-y")]
)
def test_the_right_of_whom_faces_somewhere(degrees: float, axis: str | None) -> None:
    """Facing +x, 0 degrees, the right is at -y, seen from above with x to the right and y up."""
    toes = 200 * np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees)), 0.0])
    heels = np.full((10, 1, 3), 7.0)
    assert right_axis(feet_of(["LHEE", "LTOE"], np.concatenate([heels, heels + toes], axis=1), 100.0)) == axis


def test_heels_alone_tell_the_right_by_where_they_stand() -> None:
    markers = np.array([[[0.0, 100.0, 40.0], [10.0, -150.0, 40.0]]] * 5)
    assert right_axis(feet_of(["LHEE", "RHEE"], markers, 100.0)) == "-y"
    markers[:2] = np.nan
    assert right_axis(feet_of(["LHEE", "RHEE"], markers, 100.0)) == "-y"
    assert right_axis(feet_of(["LHEE"], markers[:, :1], 100.0)) is None
