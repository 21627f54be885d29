"""Columns of repetitions: what is told of each, and of each of its phases and sides, by which formula."""

from __future__ import annotations

from processing.formulas import Formula
from processing.formulas.emg import RUDOLPH, SOLNIK
from processing.formulas.force import BISHOP
from processing.formulas.formula import DESIGN
from processing.formulas.knees import NOYES, WILLSON

_VALD = "names as in VALD's ForceDecks"
_LATERAL = "+ = the knee is lateral of the foot's inner edge"
WORST_S = 0.3
"""A worst value is the mean over so long."""
BOTTOM_S = 0.3
"""Without a pause the phase at the bottom is so long, around the lowest point."""


def _of(column: str, unit: str, text: str, sign: str = "never negative", source: str = DESIGN) -> tuple[str, Formula]:
    return column, Formula(f"repetition.{column}", column, unit, text, sign, source)


OF_REPETITION: dict[str, Formula] = dict(
    (
        _of("start_s", "s", "before the deceleration, the last frame slower than 0.02 m/s, or slower than 0.1 m/s with a force "
            "within the larger of 20 N and 1.5 % of the system weight", source=f"{_VALD}; {DESIGN}"),
        _of("deceleration_s", "s", "the lowest velocity", source=_VALD),
        _of("pause_start_s", "s", "from there on slower than 0.05 m/s, where that lasts for 0.2 s; else the bottom"),
        _of("bottom_s", "s", "velocity zero, upwards; within a pause it is chance where", source=_VALD),
        _of("rise_s", "s", "the last frame slower than 0.05 m/s, where there is a pause; else the bottom", source=_VALD),
        _of("end_s", "s", "velocity zero again, downwards, or the force within 2 % of the weight for 0.2 s", source=_VALD),
        _of("depth_m", "m", "way of the centre of mass of body and bar from the start to the bottom, not of hip or bar: "
            "(Fz_L + Fz_R) / W - 1, times g, integrated twice, with velocity at the start and bias fitted to equal heights at "
            "both ends"),
        _of("depth_sd_m", "m", "standard deviation of that, by what was known of velocity and bias"),
        _of("lowering_s", "s", "eccentric phase: from the start to the bottom, or to its pause", source=_VALD),
        _of("pause_s", "s", "from the start of the pause to the start of rising"),
        _of("rising_s", "s", "concentric phase: from the start of rising to the end", source=_VALD),
        _of("tempo_ratio", "1", "lowering_s / rising_s"),
        _of("lowering_mean_m_s", "m/s", "depth_m / lowering_s"),
        _of("lowering_peak_m_s", "m/s", "the greatest velocity downwards"),
        _of("rising_mean_m_s", "m/s", "depth_m / rising_s"),
        _of("rising_peak_m_s", "m/s", "the greatest velocity upwards"),
        _of("weight_N", "N", "system weight for which the way comes back to its height"),
    )
)  # fmt: skip
OF_PHASE: dict[str, Formula] = dict(
    (
        _of("duration_s", "s", "of the phase"),
        _of("fz_mean_N", "N", "mean of Fz, of that foot or of both", "+ = the feet push down"),
        _of("fz_peak_N", "N", "greatest Fz of a frame", "+ = the feet push down", _VALD),
        _of("fz_min_N", "N", "smallest Fz of a frame", "+ = the feet push down", _VALD),
        _of("fz_mean_bw", "1", "fz_mean_N / body weight", "+ = the feet push down"),
        _of("fz_peak_bw", "1", "fz_peak_N / body weight", "+ = the feet push down"),
        _of("impulse_Ns", "N s", "Fz integrated over the phase", "+ = the feet push down"),
        _of("net_impulse_Ns", "N s", "Fz_L + Fz_R - system weight, integrated over the phase", "+ = upwards"),
        _of("load_shift_mean_pct", "%", "mean of load_shift_pct", "+ = right", BISHOP),
        _of("load_shift_at_peak_pct", "%", "load_shift_pct in the frame of the greatest force", "+ = right", BISHOP),
        _of("load_shift_worst_pct", "%", f"mean of load_shift_pct over the {WORST_S:g} s in which it is farthest out",
            "+ = right", BISHOP),
        _of("cop_beyond_load_mm", "mm", "mean of cop_net_beyond_load_mm", "+ = right"),
        _of("cop_ml_range_mm", "mm", "greatest less smallest foot_cop_medial_mm"),
        _of("cop_ml_sd_mm", "mm", "standard deviation of foot_cop_medial_mm"),
        _of("medial_mean_mm", "mm", "mean of foot_cop_medial_mm", "+ = medial"),
        _of("medial_worst_mm", "mm", f"mean of foot_cop_medial_mm over the {WORST_S:g} s in which it is most medial",
            "+ = medial"),
        _of("outward_push_mean_pct", "%", "mean of outward_push_pct", "+ = outwards"),
        _of("free_moment_mean_Nm", "N m", "mean of free_moment_Nm", "+ = screws outwards"),
        _of("force_line_mean_mm", "mm", "mean of force_line_mm", "+ = medial"),
        _of("quads_mean_pct", "%", "mean of quads_pct, the envelope's delay taken off", "100 = as in the MVC trials"),
        _of("quads_peak_pct", "%", "greatest quads_pct", "100 = as in the MVC trials"),
        _of("hams_mean_pct", "%", "mean of hams_pct, the envelope's delay taken off", "100 = as in the MVC trials"),
        _of("hams_peak_pct", "%", "greatest hams_pct", "100 = as in the MVC trials"),
        _of("glutes_mean_pct", "%", "mean of glutes_pct, the envelope's delay taken off", "100 = as in the MVC trials"),
        _of("glutes_peak_pct", "%", "greatest glutes_pct", "100 = as in the MVC trials"),
        _of("qh_ratio", "1", "mean quads_pct over mean hams_pct of the frames in which both are known, where both reach "
            "least_activation_pct together",
            "above 1 = quadriceps the more active"),
        _of("qg_ratio", "1",
            "mean quads_pct over mean glutes_pct of the frames in which both are known, where both reach "
            "least_activation_pct together",
            "above 1 = quadriceps the more active"),
        _of("co_contraction_pct", "%", "mean of co_contraction_pct", "0 = one group alone", RUDOLPH),
        _of("qh_between_legs_log2", "1", "log2(qh_ratio right / qh_ratio left)", "+ = the right leg is the more quad-dominant"),
        _of("glute_deficit_log2", "1", "log2(mean glutes_pct left / right) of the frames in which both are known",
            "+ = the glutes of the right leg do less"),
        _of("knee_margin_mean_mm", "mm", "mean of knee_margin_mm", _LATERAL),
        _of("knee_margin_min_mm", "mm", "smallest knee_margin_mm of a frame", _LATERAL),
        _of("knee_off_axis_mean_mm", "mm", "mean of knee_off_axis_mm", "+ = medial"),
        _of("knee_fall_mm", "mm", "how much further in the knee comes, in the mean over 0.1 s, than it was earlier in the "
            "repetition; while rising, than it was while lowering at the same height of the centre of mass"),
        _of("knee_come_in_mm", "mm", "knee_off_axis_mean_mm less its median in that phase of the first 3 repetitions",
            "+ = further in than there"),
        _of("knee_ankle_ratio_min", "1", "smallest knee_ankle_ratio of a frame", "below 1 = knees nearer than ankles", NOYES),
        _of("frontal_angle_max_deg", "deg", "greatest frontal_angle_deg of a frame", "+ = the knee is medial", WILLSON),
        _of("medial_change_worst_mm", "mm", f"mean of foot_cop_change_mm over the {WORST_S:g} s in which it is most medial",
            "+ = further medial than in the first 3 repetitions"),
    )
)  # fmt: skip
OF_MUSCLE: dict[str, Formula] = dict(
    (
        *(
            _of(f"{phase}_{what}_pct", "%", f"{words} activation_pct while {during}, the envelope's delay taken off",
                "100 = as in the MVC trial")
            for phase, during in (("lowering", "lowering"), ("bottom", "at the bottom"), ("rising", "rising"))
            for what, words in (("mean", "mean of"), ("peak", "greatest"))
        ),
        _of("onset_s", "s", "the first time, from 0.5 s before the start of the repetition on, at which energy_uV2, smoothed "
            "over 0.03 s, stays above mean + 5 SD of quiet stance for 0.05 s, less the start; none where it was above before",
            "+ = after the start", SOLNIK),
    )
)  # fmt: skip
