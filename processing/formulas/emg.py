"""Formulas of EMG: envelopes, activations, energy, and ratios of muscle groups."""

from __future__ import annotations

from processing.formulas.formula import DESIGN, Formula

ISEK = "Merletti 1999, Standards for reporting EMG data, Journal of Electromyography and Kinesiology 9(1):III-IV"
ISEAR = "Isear et al. 1997, Medicine and Science in Sports and Exercise 29(4):532-539 (%MVIC of both groups in the squat)"
RUDOLPH = "Rudolph et al. 2000, Knee Surgery, Sports Traumatology, Arthroscopy 8(5):262-269"
SOLNIK = "Solnik et al. 2008, Acta of Bioengineering and Biomechanics 10(2):65-68"

EMG = (
    Formula(
        "envelope.causal_lowpass",
        "envelope_{side}_{muscle}_uV",
        "uV",
        "low-pass of |band-pass of the EMG|, causal, at the last sample of the frame",
        "never below zero but for the filter's undershoot",
        ISEK,
    ),
    Formula(
        "activation.mvc_referenced",
        "activation_{side}_{muscle}_pct",
        "%",
        "100 envelope / envelope at maximal voluntary contraction, not below 0",
        "100 = as in the MVC trial",
        ISEK,
    ),
    Formula(
        "energy.teager_kaiser",
        "energy_{side}_{muscle}_uV2",
        "uV2",
        "mean over the frame of x(n)^2 - x(n + 1) x(n - 1), x = the band-passed EMG in µV",
        "larger = more active, and by higher frequencies",
        f"{SOLNIK} (Teager-Kaiser energy operator)",
    ),
    Formula(
        "group.mean_activation",
        "{group}_{side}_pct",
        "%",
        "mean of the activation, in %MVC, of a group's muscles on one leg (quads: VL VM RF; hams: BF ST; glutes: GMax GMed)",
        "100 = as in the MVC trials",
        DESIGN,
    ),
    Formula(
        "qh.mvc_ratio",
        "qh_{side}",
        "1",
        "quads / hams, both in %MVC, where quads + hams >= least_activation_pct and neither is a thousand times the other",
        "above 1 = quadriceps the more active; about 5 by the ranges of healthy people in a squat with body weight",
        f"{DESIGN}; {ISEAR}",
    ),
    Formula(
        "h_share.bounded",
        "h_share_{side}",
        "1",
        "hams / (quads + hams), both in %MVC, where quads + hams >= least_activation_pct",
        "from 0 = quadriceps only to 1 = hamstrings only",
        DESIGN,
    ),
    Formula(
        "qh_change.baseline_ratio",
        "qh_change_{side}",
        "1",
        "Q:H of that leg / the lifter's own baseline of it",
        "above 1 = more quad-dominant than the baseline",
        DESIGN,
    ),
    Formula(
        "co_contraction.rudolph",
        "co_contraction_{side}_pct",
        "%",
        "(low / high) (low + high) of quads and hams, both in %MVC, where quads + hams >= least_activation_pct; its mean over "
        "a movement is the index, and no other index of co-contraction may be compared with it",
        "0 = one group alone; 200 = both as in their MVC trials",
        RUDOLPH,
    ),
    Formula(
        "glute_drop.baseline_ratio",
        "glute_drop_{side}",
        "1",
        "glutes / quads of that leg at the lifter's own baseline, over glutes / quads now, both in %MVC, where quads + glutes "
        ">= least_activation_pct and neither is a thousand times the other",
        "above 1 = the glutes do less against the quadriceps than at the baseline",
        DESIGN,
    ),
    Formula(
        "glute_deficit.log2_ratio",
        "glute_deficit_log2",
        "1",
        "log2(glutes left / glutes right), both in %MVC, where both together >= least_activation_pct and neither is a thousand "
        "times the other",
        "+ = the glutes of the right leg do less; 1 = half",
        DESIGN,
    ),
    Formula(
        "qh_between_legs.log2_ratio",
        "qh_between_legs_log2",
        "1",
        "log2(Q:H right / Q:H left)",
        "+ = the right leg is the more quad-dominant; 1 = twice",
        DESIGN,
    ),
)
