"""Every metric by its formula: one registry, from which column names, stored ids and the table of the docs are made.

Asymmetry indices are not interchangeable (the same 55/45 split is 10 %, 18 %, 20 % or 82 % by four formulas in use), so each
number shown or stored carries the id of the one that made it. An id never changes its meaning: another formula, another id.
"""

from __future__ import annotations

from dataclasses import dataclass

_BISHOP = "Bishop et al. 2018, Strength and Conditioning Journal 40(4):1-6"
_C3D = "The C3D File Format: A User Guide, FORCE_PLATFORM"
_WINTER = "Winter et al. 1996, Journal of Neurophysiology 75(6):2334-2343"
_ISEK = "Merletti 1999, Standards for reporting EMG data, Journal of Electromyography and Kinesiology 9(1):III-IV"
_ISEAR = "Isear et al. 1997, Medicine and Science in Sports and Exercise 29(4):532-539 (%MVIC of both groups in the squat)"
_RUDOLPH = "Rudolph et al. 2000, Knee Surgery, Sports Traumatology, Arthroscopy 8(5):262-269"
_KALMAN = "Kalman 1960, Journal of Basic Engineering 82(1):35-45"
NOYES = "Noyes et al. 2005, American Journal of Sports Medicine 33(2):197-207"
WILLSON = "Willson and Davis 2008, Clinical Biomechanics 23(2):203-211"
_DESIGN = "this project's definition"
_KNEES = (("lateral", "the marker on the outside of the knee"), ("centre", "the middle of the knee"))


FRAMES_PER_S = 100.0
GRAVITY_M_S2 = 9.80665


def frame_samples(rate_hz: float) -> int:
    """Return how many raw samples make a frame, about 10 ms of them."""
    return max(1, round(rate_hz / FRAMES_PER_S))


@dataclass(frozen=True, slots=True)
class Formula:
    """How a metric is computed.

    `column` is the name of its columns, with parts that vary in braces, and its unit at the end; `unit` is "1" for a pure
    number; `text` is the formula as one would write it; `sign` says what a positive value means; `source` is where it comes
    from.
    """

    id: str
    column: str
    unit: str
    text: str
    sign: str
    source: str


@dataclass(frozen=True, slots=True)
class Metric:
    """One column of a derived stream: its name, which ends in its unit, and the formula that fills it."""

    name: str
    formula: Formula

    @property
    def formula_id(self) -> str:
        """The id under which the formula is stored with the numbers."""
        return self.formula.id

    @property
    def unit(self) -> str:
        """The unit of the numbers, "1" for a pure number."""
        return self.formula.unit


_ALL = (
    Formula(
        "frame.last_sample",
        "sample",
        "1",
        "index of the frame's last raw sample, lost samples counted as well",
        "never negative",
        _DESIGN,
    ),
    Formula(
        "fz.frame_mean",
        "fz_{side}_N",
        "N",
        "mean over the frame of the vertical force on the plate of that side",
        "+ = the foot pushes down",
        _C3D,
    ),
    Formula(
        "fz_total.sum",
        "fz_total_N",
        "N",
        "Fz_L + Fz_R",
        "+ = the feet push down",
        _C3D,
    ),
    Formula(
        "load_share.total_referenced",
        "load_share_right_pct",
        "%",
        "100 Fz_R / (Fz_L + Fz_R), while both feet are in contact",
        "50 = even, more = right",
        _BISHOP,
    ),
    Formula(
        "load_shift.total_referenced",
        "load_shift_pct",
        "%",
        "100 (Fz_R - Fz_L) / (Fz_R + Fz_L), while both feet are in contact",
        "+ = right",
        _BISHOP,
    ),
    Formula(
        "limb_symmetry.min_over_max",
        "limb_symmetry_pct",
        "%",
        "100 min(Fz_L, Fz_R) / max(Fz_L, Fz_R), while both feet are in contact",
        "100 = even; has no side",
        f"{_BISHOP} (limb symmetry index); the smaller over the larger force is {_DESIGN}",
    ),
    Formula(
        "cop.lab",
        "cop_{side}_{axis}_mm",
        "mm",
        "COP = (-My / Fz, Mx / Fz) about the centre of the plate's surface in its own axes, turned into the lab axes and "
        "moved to the plate's place, from the frame's mean force and moment, where Fz > cop_N",
        "lab axes",
        _C3D,
    ),
    Formula(
        "cop_net_shift.lifter_axis",
        "cop_net_shift_mm",
        "mm",
        "(Fz_L x_L + Fz_R x_R) / (Fz_L + Fz_R) - (x_L0 + x_R0) / 2, x = COP along the lifter's right, index 0 = in quiet "
        "stance, looked for anew after a foot has left its plate",
        "+ = right",
        f"{_WINTER} (net COP); the middle of the stance as reference is {_DESIGN}",
    ),
    Formula(
        "cop_net_beyond_load.lifter_axis",
        "cop_net_beyond_load_mm",
        "mm",
        "cop_net_shift_mm - load_shift_pct / 200 (x_R0 - x_L0): the net COP shift less what the load shift makes of it at this "
        "width of stance, x and index 0 as there",
        "+ = right",
        _DESIGN,
    ),
    Formula(
        "foot_cop_medial.foot_axis",
        "foot_cop_medial_{side}_mm",
        "mm",
        "COP of that foot square to its own axis, heel to toes, against its place in quiet stance (looked for anew after the "
        "foot has left its plate), mirrored between the feet; along the lifter's axis where the foot's is not known",
        "+ = medial, for both feet",
        f"{_DESIGN}; no study was found that validates it as a measure of valgus",
    ),
    Formula(
        "foot_cop_medial.foot_width",
        "foot_cop_medial_{side}_pct",
        "%",
        "100 foot_cop_medial / width of the foot, where the rig or the lifter's file says it",
        "+ = towards the inner edge of the foot",
        _DESIGN,
    ),
    Formula(
        "foot_cop_medial_unsure.foot_axis",
        "foot_cop_medial_unsure_{side}_mm",
        "mm",
        "+- this much is unknown of foot_cop_medial: |COP against quiet stance, along the lifter's forward| sin 20 deg where "
        "the foot's axis is not known, else 0",
        "never negative",
        _DESIGN,
    ),
    Formula(
        "outward_push.foot_axis",
        "outward_push_{side}_pct",
        "%",
        "100 F / Fz of that foot, F = the force with which it pushes the floor outwards, square to the foot's axis; where Fz > "
        "cop_N",
        "+ = outwards, for both feet",
        f"{_DESIGN}; no study was found that validates it",
    ),
    Formula(
        "free_moment.mirrored",
        "free_moment_{side}_Nm",
        "N m",
        "moment of the reaction on that foot about the vertical through its COP, from the frame's mean force and moment, "
        "mirrored between the feet; where Fz > cop_N",
        "+ = the foot screws outwards: right foot anticlockwise seen from above, left foot clockwise",
        f"{_C3D} (free moment); mirroring is {_DESIGN}",
    ),
    Formula(
        "force_line.ankle_height",
        "force_line_{side}_mm",
        "mm",
        "foot_cop_medial_mm + ankle_height_mm outward_push_pct / 100: where the line of the foot's force passes at the height "
        "of the ankle, against the place at rest of its COP",
        "+ = medial, for both feet; to be compared with the lifter's own repetitions only",
        f"{_DESIGN}; no study was found that validates it",
    ),
    Formula(
        "body_weight.least_stance",
        "body_weight_N",
        "N",
        "the least system weight since the lifter stepped on; with a bar on the back from the first, it is in it",
        "+ = the feet push down",
        _DESIGN,
    ),
    Formula(
        "system_weight.stance_mean",
        "system_weight_N",
        "N",
        "body and bar: mean of Fz_L + Fz_R over the newest quiet stance, so far as it has lasted",
        "+ = the feet push down",
        _DESIGN,
    ),
    Formula(
        "judged.weight_on_both_feet",
        "judged",
        "1",
        "1 where the system weight is known and for 1 s each foot has carried 15 % of the load or more, and both together 40 % "
        "of the system weight or more; else 0, and no rule on force is applied",
        "0 or 1",
        _DESIGN,
    ),
    Formula(
        "standing.quiet_stance",
        "standing_s",
        "s",
        "for how long the quiet stance that still lasts has lasted, 0 where none does",
        "never negative",
        _DESIGN,
    ),
    Formula(
        "repetition_phase.causal",
        "repetition_phase",
        "1",
        "0 standing, 1 lowering, 2 at the bottom, 3 rising, as the height tells at that moment; what counts is taken anew once "
        "the repetition has ended",
        "0 to 3; none where the lifter's height is not known",
        _DESIGN,
    ),
    Formula(
        "com_height.causal",
        "com_height_mm",
        "mm",
        "height of the centre of mass of body and bar over that in quiet stance: Fz_L + Fz_R over the system weight, less 1, "
        "times g, integrated twice, corrected in each stance and at each top by a Kalman filter with a bias that drifts",
        "+ = higher than in quiet stance",
        f"{_KALMAN}; {_DESIGN}",
    ),
    Formula(
        "envelope.causal_lowpass",
        "envelope_{side}_{muscle}_uV",
        "uV",
        "low-pass of |band-pass of the EMG|, causal, at the last sample of the frame",
        "never below zero but for the filter's undershoot",
        _ISEK,
    ),
    Formula(
        "activation.mvc_referenced",
        "activation_{side}_{muscle}_pct",
        "%",
        "100 envelope / envelope at maximal voluntary contraction, not below 0",
        "100 = as in the MVC trial",
        _ISEK,
    ),
    Formula(
        "group.mean_activation",
        "{group}_{side}_pct",
        "%",
        "mean of the activation, in %MVC, of a group's muscles on one leg (quads: VL VM RF; hams: BF ST; glutes: GMax GMed)",
        "100 = as in the MVC trials",
        _DESIGN,
    ),
    Formula(
        "qh.mvc_ratio",
        "qh_{side}",
        "1",
        "quads / hams, both in %MVC, where quads + hams >= least_activation_pct and neither is a thousand times the other",
        "above 1 = quadriceps the more active; about 5 by the ranges of healthy people in a squat with body weight",
        f"{_DESIGN}; {_ISEAR}",
    ),
    Formula(
        "h_share.bounded",
        "h_share_{side}",
        "1",
        "hams / (quads + hams), both in %MVC, where quads + hams >= least_activation_pct",
        "from 0 = quadriceps only to 1 = hamstrings only",
        _DESIGN,
    ),
    Formula(
        "qh_change.baseline_ratio",
        "qh_change_{side}",
        "1",
        "Q:H of that leg / the lifter's own baseline of it",
        "above 1 = more quad-dominant than the baseline",
        _DESIGN,
    ),
    Formula(
        "co_contraction.rudolph",
        "co_contraction_{side}_pct",
        "%",
        "(low / high) (low + high) of quads and hams, both in %MVC, where quads + hams >= least_activation_pct; its mean over "
        "a movement is the index, and no other index of co-contraction may be compared with it",
        "0 = one group alone; 200 = both as in their MVC trials",
        _RUDOLPH,
    ),
    Formula(
        "glute_drop.baseline_ratio",
        "glute_drop_{side}",
        "1",
        "glutes / quads of that leg at the lifter's own baseline, over glutes / quads now, both in %MVC, where quads + glutes "
        ">= least_activation_pct and neither is a thousand times the other",
        "above 1 = the glutes do less against the quadriceps than at the baseline",
        _DESIGN,
    ),
    Formula(
        "glute_deficit.log2_ratio",
        "glute_deficit_log2",
        "1",
        "log2(glutes left / glutes right), both in %MVC, where both together >= least_activation_pct and neither is a thousand "
        "times the other",
        "+ = the glutes of the right leg do less; 1 = half",
        _DESIGN,
    ),
    Formula(
        "qh_between_legs.log2_ratio",
        "qh_between_legs_log2",
        "1",
        "log2(Q:H right / Q:H left)",
        "+ = the right leg is the more quad-dominant; 1 = twice",
        _DESIGN,
    ),
    *(
        Formula(
            f"knee_margin.{knee}_to_{edge}",
            "knee_margin_{side}_mm",
            "mm",
            f"way from the foot's inner edge to {of_knee}, square to the foot's axis, heel to toes, in the horizontal plane; "
            f"the inner edge is {of_edge}",
            "+ = the knee is lateral of the foot's inner edge, below 0 = past it, for both legs",
            _DESIGN,
        )
        for knee, of_knee in _KNEES
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
            _DESIGN,
        )
        for knee, of_knee in _KNEES
    ),
    Formula(
        "knee_ankle_ratio.lifter_axis",
        "knee_ankle_ratio",
        "1",
        "distance of the knees over that of the ankles, both along the lifter's right, which is square to the middle between "
        "the feet's axes",
        "below 1 = the knees are nearer to each other than the ankles; has no norm in a squat",
        f"{NOYES} (knee-ankle separation ratio); along the lifter's axis is {_DESIGN}",
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

FORMULAS: dict[str, Formula] = {formula.id: formula for formula in _ALL}


def metric(formula_id: str, **parts: str) -> Metric:
    """Return the column that a formula fills, with the parts of its name that vary: `metric("fz.frame_mean", side="left")`.

    Raises KeyError for an unknown formula or a part that is missing.
    """
    formula = FORMULAS[formula_id]
    return Metric(formula.column.format(**parts), formula)
