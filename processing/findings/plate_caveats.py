"""Caveats of the plates: what of their forces and centres of pressure can't be, and what their channels did."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from acquisition.caveat import Caveat
from acquisition.rig.empty_plate import READS_N
from acquisition.rig.plate_map import axes_of_corners, lies_on
from processing.force.faults.plate_fault import PlateFault, sentence_of

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from processing.results import Results, ZeroResult

OFF_PLATE_PCT = 1.0
"""For how much of the time a centre of pressure may lie off its plate (*design*)."""
ALIKE_N = 20.0
"""A plate that pulls by no more than this beyond what it reads empty is not zeroed, and no more is known."""
IDS = {
    PlateFault.CUT: "plate_cut_off",
    PlateFault.STUCK: "plate_stuck",
    PlateFault.COARSE: "plate_coarse",
    PlateFault.PULLS: "plate_pulls",
    PlateFault.NO_WEIGHT: "plate_without_weight",
    PlateFault.NOT_ZEROED: "plate_not_zeroed",
    PlateFault.SHEAR_NOT_ZEROED: "plate_not_zeroed",
    PlateFault.MOMENTS_NOT_ZEROED: "plate_not_zeroed",
    PlateFault.OFF_PLATE: "cop_off_plate",
    PlateFault.NO_MOMENTS: "moments_unit_wrong",
    PlateFault.UNLIKE: "plates_unlike",
    PlateFault.INWARDS: "feet_pull_inwards",
}


def about_plates(results: Results) -> list[Caveat]:
    """Return what bounds the forces of these results."""
    zeros = _zeros(results)
    alone = [
        Caveat(
            "vertical_force_alone",
            f"{plate.side} plate",
            {},
            f"Of the {plate.side} plate only the vertical force is known, so there is no centre of pressure on it.",
        )
        for plate in results.rig.plate
        if plate.corners_mm is None
    ]
    return alone + _faults(results, zeros) + _undefined_forces(results) + zeros + _centres_of_pressure(results)


def _faults(results: Results, zeros: list[Caveat]) -> list[Caveat]:
    """Tell plates and channels that can't have measured what they read, unless it is the zero that is told anyway."""
    said = []
    empty_N = {caveat.about: min(caveat.values.values()) for caveat in zeros}
    dead = {fault.side for fault in results.plate_faults if fault.kind in (PlateFault.STUCK, PlateFault.NO_WEIGHT)}
    for fault in results.plate_faults:
        kind = PlateFault(fault.kind)
        if kind is PlateFault.NOT_ZEROED and f"{fault.side} plate" in empty_N:
            continue
        if kind in (PlateFault.SHEAR_NOT_ZEROED, PlateFault.MOMENTS_NOT_ZEROED) and fault.side in dead:
            continue
        if kind is PlateFault.PULLS and fault.value > empty_N.get(f"{fault.side} plate", 0.0) - ALIKE_N:
            continue
        sentence = sentence_of(kind, fault.side, fault.channel, fault.seconds, fault.value, f"{fault.at_s:.1f} s")
        about = (
            "plates" if kind is PlateFault.INWARDS else f"{fault.side} plate" + (f", {fault.channel}" if fault.channel else "")
        )
        said.append(Caveat(IDS[kind], about, {"seconds": fault.seconds, "value": fault.value}, sentence))
    return said


def _undefined_forces(results: Results) -> list[Caveat]:
    """Tell plates whose channels held no numbers for a part of the time."""
    said = []
    for side in (plate.side for plate in results.rig.plate):
        table = results.table_with(f"fz_{side}_N")
        if table is None or not len(table.time_s):
            continue
        told_s = sum(fault.seconds for fault in results.plate_faults if fault.side == side and fault.channel)
        undefined_s = max(0.0, table.frame_s * float(np.isnan(table.column(f"fz_{side}_N")).sum()) - told_s)
        share_pct = 100.0 * undefined_s / (table.frame_s * len(table.time_s)) if table.frame_s > 0.0 else 0.0
        if share_pct >= results.rig.quality.missing_pct:
            sentence = (
                f"The force on the {side} plate is undefined for {share_pct:.0f} % of the time, as one of its channels held no "
                "number then; check its cable and its amplifier."
            )
            said.append(Caveat("force_undefined", f"{side} plate", {"undefined_pct": share_pct}, sentence))
    return said


def _zeros(results: Results) -> list[Caveat]:
    """Tell plates that read something with nobody on them, and those whose reading drifts."""
    said = []
    taken_off = {fault.side for fault in results.plate_faults if fault.kind == PlateFault.NOT_ZEROED}
    without_weight = {fault.side for fault in results.plate_faults if fault.kind == PlateFault.NO_WEIGHT}
    for side in (plate.side for plate in results.rig.plate if plate.side not in without_weight):
        empty = [zero for zero in results.zeros if zero.side == side]
        if not empty:
            continue
        reads_N = [zero.reads_N for zero in empty]
        worst_N = max(reads_N, key=abs)
        if abs(reads_N[-1] - reads_N[0]) > READS_N:
            sentence = (
                f"With nobody on it the {side} plate read {reads_N[0]:.0f} N at {empty[0].at_s:.0f} s and "
                f"{reads_N[-1]:.0f} N at {empty[-1].at_s:.0f} s; it drifts, and {_then(side, empty, taken_off)}: let it warm "
                "up, and zero it before each set."
            )
            values = {"first_N": reads_N[0], "last_N": reads_N[-1]}
            said.append(Caveat("plate_drifts", f"{side} plate", values, sentence))
        elif abs(worst_N) > READS_N:
            sentence = (
                f"The {side} plate read {worst_N:.0f} N while it hardly varied, so with nobody on it; "
                f"{_then(side, empty, taken_off)}: correct its zero in the rig."
            )
            said.append(Caveat("plate_not_zeroed", f"{side} plate", {"reads_N": worst_N}, sentence))
    return said


def _then(side: str, empty: Sequence[ZeroResult], taken_off: Collection[str]) -> str:
    """Say what that makes of the plate's forces."""
    off_N = max(zero.off_N for zero in empty)
    if side not in taken_off:
        return "all its forces are off by about as much, and a shift of load counts only beyond that"
    if off_N > READS_N:
        return f"it is taken off from then on, and before a reading forces are off by up to {off_N:.0f} N"
    return "that is taken off of its forces from then on"


def _centres_of_pressure(results: Results) -> list[Caveat]:
    """Tell plates whose centre of pressure lay beyond them in results that hold it, as those of an earlier version do."""
    said = []
    for plate in results.rig.plate:
        columns = [f"cop_{plate.side}_{axis}_mm" for axis in "xy"]
        table = results.table_with(*columns)
        if table is None or plate.corners_mm is None:
            continue
        cop = np.column_stack([table.sample_of(column) for column in columns])
        cop = cop[np.isfinite(cop).all(axis=1)]
        corners = np.asarray(plate.corners_mm)
        axes = axes_of_corners(corners)[:2, :2]
        off = ~lies_on((cop - corners[:, :2].mean(axis=0)) @ axes, corners)
        off_pct = 100.0 * float(off.mean()) if len(off) else 0.0
        if off_pct > OFF_PLATE_PCT:
            sentence = (
                f"The centre of pressure on the {plate.side} plate lay beyond the plate for {off_pct:.0f} % of the time in "
                "which it was loaded; its calibration, its zero, its origin or its corners can't be right."
            )
            said.append(Caveat("cop_off_plate", f"{plate.side} plate", {"off_pct": off_pct}, sentence))
    return said
