"""Formulas of force: load, centre of pressure, weight, stance, and the way of the centre of mass."""

from __future__ import annotations

from processing.formulas.formula import DESIGN, Formula

BISHOP = "Bishop et al. 2018, Strength and Conditioning Journal 40(4):1-6"
C3D = "The C3D File Format: A User Guide, FORCE_PLATFORM"
WINTER = "Winter et al. 1996, Journal of Neurophysiology 75(6):2334-2343"
KALMAN = "Kalman 1960, Journal of Basic Engineering 82(1):35-45"

FORCE = (
    Formula(
        "frame.last_sample",
        "sample",
        "1",
        "index of the frame's last raw sample, lost samples counted as well",
        "never negative",
        DESIGN,
    ),
    Formula(
        "fz.frame_mean",
        "fz_{side}_N",
        "N",
        "mean over the frame of the vertical force on the plate of that side",
        "+ = the foot pushes down",
        C3D,
    ),
    Formula(
        "fz_total.sum",
        "fz_total_N",
        "N",
        "Fz_L + Fz_R",
        "+ = the feet push down",
        C3D,
    ),
    Formula(
        "load_share.total_referenced",
        "load_share_right_pct",
        "%",
        "100 Fz_R / (Fz_L + Fz_R), while both feet are in contact",
        "50 = even, more = right",
        BISHOP,
    ),
    Formula(
        "load_shift.total_referenced",
        "load_shift_pct",
        "%",
        "100 (Fz_R - Fz_L) / (Fz_R + Fz_L), while both feet are in contact",
        "+ = right",
        BISHOP,
    ),
    Formula(
        "limb_symmetry.min_over_max",
        "limb_symmetry_pct",
        "%",
        "100 min(Fz_L, Fz_R) / max(Fz_L, Fz_R), while both feet are in contact",
        "100 = even; has no side",
        f"{BISHOP} (limb symmetry index); the smaller over the larger force is {DESIGN}",
    ),
    Formula(
        "cop.lab",
        "cop_{side}_{axis}_mm",
        "mm",
        "COP = (-My / Fz, Mx / Fz) about the centre of the plate's surface in its own axes, turned into the lab axes and "
        "moved to the plate's place, from the frame's mean force and moment, where Fz > cop_N",
        "lab axes",
        C3D,
    ),
    Formula(
        "cop_net_shift.lifter_axis",
        "cop_net_shift_mm",
        "mm",
        "(Fz_L x_L + Fz_R x_R) / (Fz_L + Fz_R) - (x_L0 + x_R0) / 2, x = COP along the lifter's right, index 0 = in quiet "
        "stance, looked for anew after a foot has left its plate",
        "+ = right",
        f"{WINTER} (net COP); the middle of the stance as reference is {DESIGN}",
    ),
    Formula(
        "cop_net_beyond_load.lifter_axis",
        "cop_net_beyond_load_mm",
        "mm",
        "cop_net_shift_mm - load_shift_pct / 200 (x_R0 - x_L0): the net COP shift less what the load shift makes of it at this "
        "width of stance, x and index 0 as there",
        "+ = right",
        DESIGN,
    ),
    Formula(
        "foot_cop_medial.foot_axis",
        "foot_cop_medial_{side}_mm",
        "mm",
        "COP of that foot square to its own axis, heel to toes, against its place in quiet stance (looked for anew after the "
        "foot has left its plate), mirrored between the feet; along the lifter's axis where the foot's is not known",
        "+ = medial, for both feet",
        f"{DESIGN}; no study was found that validates it as a measure of valgus",
    ),
    Formula(
        "foot_cop_medial.foot_width",
        "foot_cop_medial_{side}_pct",
        "%",
        "100 foot_cop_medial / width of the foot, where the rig or the lifter's file says it",
        "+ = towards the inner edge of the foot",
        DESIGN,
    ),
    Formula(
        "foot_cop_medial_unsure.foot_axis",
        "foot_cop_medial_unsure_{side}_mm",
        "mm",
        "+- this much is unknown of foot_cop_medial: |COP against quiet stance, along the lifter's forward| sin 20 deg where "
        "the foot's axis is not known, else 0",
        "never negative",
        DESIGN,
    ),
    Formula(
        "foot_cop_change.own_repetitions",
        "foot_cop_change_{side}_mm",
        "mm",
        "foot_cop_medial less its median over the lifter's own first 3 repetitions, on the same way down or up and at the same "
        "depth of the centre of mass within 40 mm; none before these, while standing, or where they were not so deep",
        "+ = further medial than there, for both feet",
        f"{DESIGN}; of the knee it says nothing for certain",
    ),
    Formula(
        "outward_push.foot_axis",
        "outward_push_{side}_pct",
        "%",
        "100 F / Fz of that foot, F = the force with which it pushes the floor outwards, square to the foot's axis; where Fz > "
        "cop_N",
        "+ = outwards, for both feet",
        f"{DESIGN}; no study was found that validates it",
    ),
    Formula(
        "free_moment.mirrored",
        "free_moment_{side}_Nm",
        "N m",
        "moment of the reaction on that foot about the vertical through its COP, from the frame's mean force and moment, "
        "mirrored between the feet; where Fz > cop_N",
        "+ = the foot screws outwards: right foot anticlockwise seen from above, left foot clockwise",
        f"{C3D} (free moment); mirroring is {DESIGN}",
    ),
    Formula(
        "force_line.ankle_height",
        "force_line_{side}_mm",
        "mm",
        "foot_cop_medial_mm + ankle_height_mm outward_push_pct / 100: where the line of the foot's force passes at the height "
        "of the ankle, against the place at rest of its COP",
        "+ = medial, for both feet; to be compared with the lifter's own repetitions only",
        f"{DESIGN}; no study was found that validates it",
    ),
    Formula(
        "body_weight.least_stance",
        "body_weight_N",
        "N",
        "the least system weight since the lifter stepped on; with a bar on the back from the first, it is in it",
        "+ = the feet push down",
        DESIGN,
    ),
    Formula(
        "system_weight.stance_mean",
        "system_weight_N",
        "N",
        "body and bar: mean of Fz_L + Fz_R over the newest quiet stance, so far as it has lasted",
        "+ = the feet push down",
        DESIGN,
    ),
    Formula(
        "judged.weight_on_both_feet",
        "judged",
        "1",
        "1 where the system weight is known and for 1 s each foot has carried 15 % of the load or more, and both together 40 % "
        "of the system weight or more; else 0, and no rule on force is applied",
        "0 or 1",
        DESIGN,
    ),
    Formula(
        "standing.quiet_stance",
        "standing_s",
        "s",
        "for how long the quiet stance that still lasts has lasted, 0 where none does",
        "never negative",
        DESIGN,
    ),
    Formula(
        "repetition_phase.causal",
        "repetition_phase",
        "1",
        "0 standing, 1 lowering, 2 at the bottom, 3 rising, as the height tells at that moment; what counts is taken anew once "
        "the repetition has ended",
        "0 to 3; none where the lifter's height is not known",
        DESIGN,
    ),
    Formula(
        "com_height.causal",
        "com_height_mm",
        "mm",
        "height of the centre of mass of body and bar over that in quiet stance: Fz_L + Fz_R over the system weight, less 1, "
        "times g, integrated twice, corrected in each stance and at each top by a Kalman filter with a bias that drifts",
        "+ = higher than in quiet stance",
        f"{KALMAN}; {DESIGN}",
    ),
)
