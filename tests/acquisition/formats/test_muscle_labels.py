"""Labels of EMG channels: what they say clearly is read, and nothing else."""

from __future__ import annotations

import pytest

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
