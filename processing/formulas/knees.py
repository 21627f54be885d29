"""Formulas of knees over feet, by markers."""

from __future__ import annotations

from processing.formulas.formula import DESIGN, Formula

NOYES = "Noyes et al. 2005, American Journal of Sports Medicine 33(2):197-207"
WILLSON = "Willson and Davis 2008, Clinical Biomechanics 23(2):203-211"
_OF_KNEES = (("lateral", "the marker on the outside of the knee"), ("centre", "the middle of the knee"))

KNEES = (
    *(
        Formula(
            f"knee_margin.{knee}_to_{edge}",
            "knee_margin_{side}_mm",
            "mm",
            f"way from the foot's inner edge to {of_knee}, square to the foot's axis, heel to toes, in the horizontal plane; "
            f"the inner edge is {of_edge}",
            "+ = the knee is lateral of the foot's inner edge, below 0 = past it, for both legs",
            DESIGN,
        )
        for knee, of_knee in _OF_KNEES
        for edge, of_edge in (
            ("marker", "the marker on its forefoot"),
            ("width", "half the foot's width beside its axis"),
        )
    ),
    *(
        Formula(
            f"knee_off_axis.{knee}",
            "knee_off_axis_{side}_mm",
            "mm",
            f"way from the foot's axis, heel to toes, to {of_knee}, square to it in the horizontal plane",
            "+ = the knee is medial of the foot's axis, for both legs",
            DESIGN,
        )
        for knee, of_knee in _OF_KNEES
    ),
    Formula(
        "knee_ankle_ratio.lifter_axis",
        "knee_ankle_ratio",
        "1",
        "distance of the knees over that of the ankles, both along the lifter's right, which is square to the middle between "
        "the feet's axes",
        "below 1 = the knees are nearer to each other than the ankles; has no norm in a squat",
        f"{NOYES} (knee-ankle separation ratio); along the lifter's axis is {DESIGN}",
    ),
    *(
        Formula(
            f"frontal_angle.{hip}",
            "frontal_angle_{side}_deg",
            "deg",
            f"180 deg - angle of {of_hip}, knee and ankle in the plane of the lifter's right and the vertical, where that "
            "plane shows a quarter of thigh and shank or more",
            "+ = the knee is medial of the line from hip to ankle; cut-offs of other tasks don't hold in a squat",
            f"{WILLSON} (frontal plane projection angle)",
        )
        for hip, of_hip in (("hip", "hip"), ("asis", "anterior superior iliac spine"))
    ),
)
