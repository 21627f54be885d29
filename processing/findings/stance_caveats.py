"""Caveats on what the lifter stood on and how: plates and directions, quiet stance, each foot's axis and place, weights."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from acquisition.caveat import Caveat
from acquisition.rig import SIDES
from acquisition.rig.lifter_axes import APART_DEG, MARKERS, PLATES, UNKNOWN_TOE_OUT_DEG, degrees_apart, lifter_axes
from acquisition.rig.plate_map import plate_map
from processing.force.stance import OFF_S
from processing.force.still import MOVED_MM, StanceKind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from acquisition.rig import Rig, Side
    from processing.results import Results, StanceResult

LATE_S = 5.0
FOOT_COLUMNS = {side: (f"cop_{side}_x_mm", f"foot_cop_medial_{side}_mm") for side in SIDES}
"""A quiet stance that is found later is told, as squats may have come before it."""
STILL_AGAIN = 3.0
"""Who has just stepped on stands still within so many windows of a stance."""
OTHER_LIFTER = 0.03
"""Who differs by more of the weight, with and without a bar, is another lifter, or carries another load (*design*)."""
STEPPED_ON, WAS_LOW = StanceKind.STEPPED_ON.word, StanceKind.WAS_LOW.word


def about_lab(rig: Rig) -> list[Caveat]:
    """Tell plates that lie upside down, or not beside each other as seen by the lifter."""
    upside_down = [plate.name for plate in rig.plate if plate_map(plate).rotation[2, 2] > 0]
    if upside_down:
        return [Caveat("plate_upside_down", name, {}, _UPSIDE_DOWN.format(name=name)) for name in upside_down]
    centre = {plate.side: plate_map(plate).centre_mm for plate in rig.plate if plate.corners_mm is not None}
    if len(centre) < 2:
        return []
    way = (centre["right"] - centre["left"])[:2]
    axes = lifter_axes(rig)
    along = float(way @ axes.right)
    across = math.sqrt(max(0.0, float(way @ way) - along**2))
    values = {"along_mm": along, "across_mm": across}
    if across > abs(along):
        sentence = (
            f"The plates lie one behind the other for a lifter whose right is as {axes.right_from} has it, so a foot may stand "
            "on both, and load share and load shift may not be those of two legs; check where the feet were, and right_axis or "
            "right_deg."
        )
        return [Caveat("plates_in_line", "plates", values, sentence)]
    if along < 0:
        sentence = (
            f"The right plate lies to the left of the left one for a lifter whose right is as {axes.right_from} has it, so the "
            "sides of the plates or right_axis must be wrong, and with them the side of what is shown."
        )
        return [Caveat("sides_swapped", "plates", values, sentence)]
    apart_deg = degrees_apart(axes.right, way)
    if apart_deg <= APART_DEG or axes.right_from == PLATES:
        return []
    sentence = (
        f"The lifter's right, as {axes.right_from} has it, lies {apart_deg:.0f} degrees off the way between the middles of the "
        "plates. "
        + (
            "The lifter stood turned, or the plates do not lie side by side."
            if axes.right_from == MARKERS
            else "Check which of them is right."
        )
    )
    return [Caveat("directions_differ", "lifter", {"apart_deg": apart_deg}, sentence)]


_UPSIDE_DOWN = (
    "Seen from above the corners of the plate {name} go round anticlockwise, so that its own z axis points up, and by the C3D "
    "standard it points into the floor: put its corners in the order of the quadrants, or its centre of pressure may be "
    "mirrored."
)


def about_stance(results: Results) -> list[Caveat]:
    """Tell where quiet stance is missing, late, or missing after a foot has left its plate."""
    window_s = results.rig.still.window_s
    if math.isnan(results.body_weight_N):
        why = f": {results.weighing_refused}" if results.weighing_refused else ""
        sentence = (
            f"No quiet stance of {window_s:g} s was found{why}. So body weight and the shift of each foot's centre of pressure "
            "are undefined; have the lifter stand still on both plates at the start."
        )
        return [Caveat("no_quiet_stance", "lifter", {"window_s": window_s}, sentence)]
    table = results.table_with("body_weight_N", *(column for pair in FOOT_COLUMNS.values() for column in pair))
    if table is None:
        return []
    said = []
    known = np.isfinite(table.column("body_weight_N"))
    found_s = float(table.time_s[known.argmax()])
    if found_s > LATE_S:
        sentence = (
            f"The first quiet stance of {window_s:g} s was only found at {found_s:.1f} s, so body weight and the shift of each "
            "foot's centre of pressure are undefined before it."
        )
        said.append(Caveat("late_quiet_stance", "lifter", {"found_s": found_s}, sentence))
    for side in SIDES:
        cop, medial = map(table.column, FOOT_COLUMNS[side])
        missing_s = _in_long_runs(known & np.isfinite(cop) & np.isnan(medial), table.frame_s, STILL_AGAIN * window_s)
        left = _left_its_plate(results, side)
        if missing_s and not left and _lows(results):
            continue  # told as the stance that was low
        if missing_s:
            why = (
                f"The {side} foot left its plate, and the lifter did not stand still for {window_s:g} s when it was back"
                if left
                else f"The lifter did not stand still for {window_s:g} s with the pressure under the {side} foot known"
            )
            sentence = f"{why}, so the shift of its centre of pressure is undefined for {missing_s:.0f} s."
            said.append(Caveat("foot_unreferenced", f"{side} foot", {"undefined_s": missing_s}, sentence))
    return said


def _left_its_plate(results: Results, side: Side) -> bool:
    """Return whether a foot was off its plate after the first stance; so it may have been where no force is kept."""
    table = results.table_with("body_weight_N", f"fz_{side}_N")
    if table is None:
        return True
    off = np.isfinite(table.column("body_weight_N")) & (table.column(f"fz_{side}_N") <= results.rig.plates.contact_N)
    return _in_long_runs(off, table.frame_s, 0.9 * OFF_S) > 0.0


def _lows(results: Results) -> list[StanceResult | None]:
    """Return the stances before which a still second was at the bottom, and None where it was the last."""
    found: list[StanceResult | None] = [stance for stance in results.stances if stance.kind == WAS_LOW]
    return [*found, None] if results.stance_proved_low else found


def _in_long_runs(mask: NDArray[np.bool_], frame_s: float, least_s: float) -> float:
    """Return how many seconds of a mask lie in runs that are longer than `least_s`."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    runs_s = frame_s * (edges[1::2] - edges[::2])
    return float(runs_s[runs_s > least_s].sum())


def about_feet(results: Results) -> list[Caveat]:
    """Tell feet whose own axis nothing says, and what later stances changed."""
    axes = lifter_axes(results.rig)
    unknown = [side for side in SIDES if not axes.known(side)]
    said = []
    if unknown:
        sentence = (
            f"Nothing says how far the {' and the '.join(unknown)} {'feet are' if len(unknown) > 1 else 'foot is'} turned out, "
            "so how far pressure moves inwards there is shown along the lifter's axis, with what is unsure of it, and raises "
            "no flag: give toe_out_deg of each [[foot]] in the rig."
        )
        said.append(Caveat("foot_axis_unknown", " and ".join(unknown), {"unsure_deg": UNKNOWN_TOE_OUT_DEG}, sentence))
    for stance in results.stances:
        for side, moved_mm in (("left", stance.left_moved_mm), ("right", stance.right_moved_mm)):
            if moved_mm > MOVED_MM and stance.kind != WAS_LOW:
                sentence = (
                    f"From the quiet stance at {stance.at_s:.1f} s on the pressure under the {side} foot rests {moved_mm:.0f} "
                    "mm from where it did before: the foot was moved, or the lifter stands otherwise; what refers to its place "
                    "starts anew there."
                )
                said.append(Caveat("foot_moved", f"{side} foot", {"at_s": stance.at_s, "moved_mm": moved_mm}, sentence))
    lows = _lows(results)
    times_s = [stance.at_s for stance in lows if stance is not None]
    if times_s:
        which = (
            f"The still second before {times_s[0]:.1f} s was"
            if len(lows) == 1
            else f"{len(lows)} still seconds, the first of them before {times_s[0]:.1f} s, were"
        )
        sentence = (
            f"{which} at the bottom of a squat, as the lifter rose from it; what refers to quiet stance was told against the "
            "bottom until then: have the lifter stand still first."
        )
        said.append(Caveat("stance_was_low", "lifter", {"at_s": times_s[0]}, sentence))
    elif lows:
        sentence = (
            "The last still second was at the bottom of a squat, as the lifter rose from it, and none in standing came after; "
            "what refers to quiet stance was told against the bottom: have the lifter stand still first."
        )
        said.append(Caveat("stance_was_low", "lifter", {}, sentence))
    return said + _about_weights(results)


def _about_weights(results: Results) -> list[Caveat]:
    """Tell other lifters, or other loads, than the first."""
    said = []
    for before, stance in pairwise(results.stances):
        known_N = (before.system_weight_N, before.body_weight_N)
        alike = min(abs(stance.system_weight_N / weight_N - 1.0) for weight_N in known_N)
        if stance.kind == STEPPED_ON and alike > OTHER_LIFTER:
            sentence = (
                f"Who stepped on before {stance.at_s:.1f} s weighs {stance.system_weight_N:.0f} N, and "
                f"{before.system_weight_N:.0f} N stood there before: another lifter, or another load; compare nothing across "
                "it."
            )
            values = {"at_s": stance.at_s, "weight_N": stance.system_weight_N, "before_N": before.system_weight_N}
            said.append(Caveat("other_lifter", "lifter", values, sentence))
    return said
