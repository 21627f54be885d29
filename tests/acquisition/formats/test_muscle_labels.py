"""Labels of EMG channels: what they say clearly is read, and nothing else."""

from __future__ import annotations

import pytest

from acquisition.formats.muscle_labels import like_a_muscle, muscle_and_side


@pytest.mark.parametrize(
    ("label", "muscle", "side"),
    [
        ("RF", "RF", None),
        ("Noraxon_VMO_RT_uV", "VM", "right"),
        ("Noraxon.BICEPS FEM. LT, uV", "BF", "left"),
        ("Bizeps fem. rechts", "BF", "right"),
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
            for label in ("MG", "GM", "lat_dor_l", "Force.Fx4", "Raw.Pin 49", "R", "left", "VI", "SM", "VML", "LHS", "Sync")
        ),
        ("Biceps Femoris Caput Longus", "BF", None),
        ("RBFL", "BF", "right"),
        ("RGLTMED", "GMed", "right"),
        ("L_VLO", "VL", "left"),
        ("Left VL (mV)", "VL", "left"),
        ("VM_R_mV", "VM", "right"),
        ("Droit fémoral droit", "RF", "right"),
        ("Vaste latéral gauche", "VL", "left"),
        ("Moyen fessier D", "GMed", "right"),
        ("demi-tendineux G", "ST", "left"),
        ("M. vastus lateralis links", "VL", "left"),
        ("Großer Gesäßmuskel rechts", "GMax", "right"),
        ("Bizeps femoris re", "BF", "right"),
        ("Retto femorale destro", "RF", "right"),
        ("Vasto laterale sx", "VL", "left"),
        ("Gluteo medio dx", "GMed", "right"),
        ("Recto femoral derecho", "RF", "right"),
        ("Glúteo mayor izq", "GMax", "left"),
        ("Aductor der", "ADD", "right"),
    ],
)
def test_emg_labels(label: str, muscle: str | None, side: str | None) -> None:
    assert muscle_and_side(label) == (muscle, side, False)


@pytest.mark.parametrize(
    ("label", "muscle", "side"),
    [
        ("Hams", "BF", None),
        ("HAM", "BF", None),
        ("RTHA", "BF", "right"),
        ("LHAMS", "BF", "left"),
        ("Lateral Hamstring", "BF", None),
        ("R medial hamstring", "ST", "right"),
        ("Semimembranosus", "ST", None),
        ("VAS", "VL", None),
        ("LVAS", "VL", "left"),
        ("R vastus intermedius", "VM", "right"),
        ("ischio-jambiers D", "BF", "right"),
        ("Quadrizeps links", "VL", "left"),
    ],
)
def test_a_group_stands_for_its_nearest_muscle(label: str, muscle: str | None, side: str | None) -> None:
    assert muscle_and_side(label) == (muscle, side, True)


@pytest.mark.parametrize(
    ("label", "like"),
    [
        ("R_tibialis_anterior", True),
        ("EMG 7", True),
        ("L Gast", True),
        ("MyAmp VMO RT", True),
        ("Box 3 BF port R", True),
        ("Fx1", False),
        ("Sync", False),
        ("Raw.Pin 49", False),
        ("Left Switch", False),
        ("Trigger ST", False),
        ("Torque R", False),
    ],
)
def test_what_looks_like_a_muscle(label: str, like: bool) -> None:
    assert like_a_muscle(label) is like


@pytest.mark.parametrize("label", ["外側広筋 右", "Прямая мышца бедра", "四头肌", "대퇴직근 L", "العضلة"])
def test_a_label_in_a_script_that_is_not_read_is_for_a_person(label: str) -> None:
    assert like_a_muscle(label)
    assert muscle_and_side(label).muscle is None


@pytest.mark.parametrize(
    ("label", "muscle", "side"),
    [
        ("Glutaeus maximus links", "GMax", "left"),
        ("Glutaeus medius rechts", "GMed", "right"),
        ("M. glutaeus max. re", "GMax", "right"),
    ],
)
def test_glutei_by_their_older_spelling(label: str, muscle: str, side: str) -> None:
    assert muscle_and_side(label)[:2] == (muscle, side)


@pytest.mark.parametrize("label", ["α_knee", "µV channel", "Épaule", "Fz1"])
def test_greek_letters_and_accents_are_read(label: str) -> None:
    assert not like_a_muscle(label)
