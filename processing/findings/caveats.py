"""What must be known before a recording is believed: what is missing, can't be right or doesn't compare, in sentences."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from acquisition.rig import HAMSTRINGS, QUADRICEPS
from acquisition.rig.plate_map import plate_map, right_direction
from processing.force.chain import SIDES

if TYPE_CHECKING:
    from acquisition.rig import Rig
    from processing.results import Results

LATE_S = 5.0
"""A quiet stance that is found later is told, as squats may have come before it."""
EMPTY_S, EMPTY_N = 1.0, 5.0
"""What an empty plate may read, and for how long it must have been empty (*design*)."""
MOST_PCT, LEAST_PCT = 300.0, 1.0
"""A muscle whose activation peaks beyond these has a wrong MVC (*design*). In a hard squat the vastus lateralis peaked at 244 %
on average (Contreras et al. 2015, Journal of Applied Biomechanics 31:452-458); without load hamstrings have 4 to 12 % (Isear et
al. 1997, Medicine and Science in Sports and Exercise 29(4):532-539)."""


def caveats(results: Results) -> list[str]:
    """Return what bounds these results, one full sentence each."""
    said = []
    rig = results.rig
    if not results.complete:
        said.append(
            "The recording was cut short, or is still being written. If its session was killed, 'squatscope recover' makes a "
            "complete one from the ring.h5 beside it."
        )
    sides = {plate.side for plate in rig.plate}
    if len(sides) < 2:
        which = f"only a {next(iter(sides))} plate" if sides else "no force plate"
        said.append(f"The rig has {which}, so there is no load share and no load shift.")
    else:
        said += about_places(rig) + _about_stance(results)
    said += _about_force(results) + _about_zero(results)
    for stream in results.streams:
        if stream.undersampled:
            said.append(
                f"Undersampled EMG: {stream.name} runs at {stream.nominal_hz:g} Hz, and surface EMG asks for "
                f"{rig.emg_processing.undersampled_below_hz:g} Hz; amplitudes are too low, and can't be compared with other "
                "systems."
            )
        if stream.missing:
            said.append(
                f"The stream {stream.name} lost {stream.missing} samples in {stream.gaps} gaps; no number is shown there."
            )
    said += _about_clock(results)
    without = [f"{e.muscle} {e.side}" for e in rig.emg if e.mvc_uV is None and e.muscle != "other"]
    if without:
        said.append(
            f"No maximal voluntary contraction is known for {', '.join(without)}, so there is no %MVC and no quad/hamstring "
            "ratio that needs them; give mvc_uV in the rig."
        )
    said += _about_mvc(results)
    said += [channel.verdict for channel in results.channels if channel.verdict]
    quiet = [channel.name for channel in results.channels if channel.only_noise]
    if quiet:
        said.append(
            f"Nothing rose above the noise floor of {', '.join(quiet)}; a muscle at rest looks like that, and so does an "
            "electrode that is off: contract the muscle to check."
        )
    for side in ("left", "right"):
        table = results.table_with(f"qh_{side}")
        muscles = {e.muscle for e in rig.emg if e.side == side}
        if table is not None and not without and muscles and not np.isfinite(table.column(f"qh_{side}")).any():
            said.append(
                f"The {side} quad/hamstring ratio is undefined throughout: a channel is missing or bad, or there is too "
                "little activity."
            )
    return said + _about_legs(results)


def baselines(results: Results) -> dict[str, float]:
    """Return the Q:H with which `qh_change` compares each leg, by side; legs without one are left out."""
    found = {}
    for side in SIDES:
        table = results.table_with(f"qh_change_{side}")
        if table is not None:
            qh, change = table.column(f"qh_{side}"), table.column(f"qh_change_{side}")
            defined = np.flatnonzero(np.isfinite(change))
            if len(defined):
                found[side] = float(qh[defined[0]] / change[defined[0]])
    return found


def about_places(rig: Rig) -> list[str]:
    """Tell plates that lie upside down, or not beside each other as seen by the lifter, a full sentence each."""
    upside_down = [plate.name for plate in rig.plate if plate_map(plate).rotation[2, 2] > 0]
    if upside_down:
        return [
            f"Seen from above the corners of the plate {name} go round anticlockwise, so that its own z axis points up, and by "
            "the C3D standard it points into the floor: put its corners in the order of the quadrants, or its centre of "
            "pressure may be mirrored."
            for name in upside_down
        ]
    centre = {plate.side: plate_map(plate).centre_mm for plate in rig.plate}
    if len(centre) < 2:
        return []
    way = (centre["right"] - centre["left"])[:2]
    along = float(way @ right_direction(rig.lab.right_axis, centre["left"], centre["right"])[:2])
    across = math.sqrt(max(0.0, float(way @ way) - along**2))
    if across > abs(along):
        return [
            f"The plates lie one behind the other for a lifter whose right is {rig.lab.right_axis}, so a foot may stand on "
            "both, and load share and load shift may not be those of two legs; check right_axis and where the feet were."
        ]
    if along < 0:
        return [
            f"The right plate lies to the left of the left one for a lifter whose right is {rig.lab.right_axis}, so the sides "
            "of the plates or right_axis must be wrong, and with them the side of what is shown."
        ]
    return []


def _about_stance(results: Results) -> list[str]:
    """Tell where quiet stance is missing, late, or missing after a foot has left its plate."""
    window_s = results.rig.still.window_s
    if math.isnan(results.body_weight_N):
        return [
            f"No quiet stance of {window_s:g} s was found, so body weight and the shift of each foot's centre of "
            "pressure are undefined; have the lifter stand still on both plates at the start."
        ]
    table = results.table_with("body_weight_N")
    if table is None:
        return []
    said = []
    known = np.isfinite(table.column("body_weight_N"))
    found_s = float(table.time_s[known.argmax()])
    if found_s > LATE_S:
        said.append(
            f"The first quiet stance of {window_s:g} s was only found at {found_s:.1f} s, so body weight and the shift of each "
            "foot's centre of pressure are undefined before it."
        )
    frame_s = float(np.median(np.diff(table.time_s))) if len(table.time_s) > 1 else 0.0
    for side in SIDES:
        stands = known & np.isfinite(table.column(f"cop_{side}_x_mm"))
        missing_s = frame_s * np.count_nonzero(stands & np.isnan(table.column(f"foot_cop_medial_{side}_mm")))
        if missing_s > 2 * window_s:
            said.append(
                f"The {side} foot left its plate, and the lifter did not stand still for {window_s:g} s when it was back, so "
                f"the shift of its centre of pressure is undefined for {missing_s:.0f} s."
            )
    return said


def _about_clock(results: Results) -> list[str]:
    """Tell streams whose recording keeps a clock that is not the one its own ticks and edges give."""
    return [
        f"The clock that the recording keeps for {stream.name} is up to {1e3 * stream.clock_differs_s:.1f} ms off the one that "
        "its ticks and sync edges give, more than a sample; all times are told by the one that is kept, so find out what "
        "changed it before times between streams are trusted."
        for stream in results.streams
        if stream.clock_differs_s > 1.0 / stream.nominal_hz
    ]


def _about_force(results: Results) -> list[str]:
    """Tell plates whose channels held no numbers for a part of the time."""
    said = []
    for side in SIDES:
        table = results.table_with(f"fz_{side}_N")
        if table is None or not len(table.time_s):
            continue
        share_pct = 100.0 * float(np.mean(np.isnan(table.column(f"fz_{side}_N"))))
        if share_pct >= results.rig.quality.missing_pct:
            said.append(
                f"The force on the {side} plate is undefined for {share_pct:.0f} % of the time, as one of its channels held no "
                "number then; check its cable and its amplifier."
            )
    return said


def _about_zero(results: Results) -> list[str]:
    """Tell plates that read something with nobody on them."""
    said = []
    for side in SIDES:
        table = results.table_with(f"fz_{side}_N")
        if table is None or len(table.time_s) < 2:
            continue
        fz = table.column(f"fz_{side}_N")
        empty = fz[fz < results.rig.plates.contact_N]
        if len(empty) * float(np.median(np.diff(table.time_s))) < EMPTY_S:
            continue
        reads_N = float(np.median(empty))
        if abs(reads_N) > EMPTY_N:
            said.append(
                f"The {side} plate read {reads_N:.0f} N while next to nothing stood on it; if nobody touched it, all its "
                "forces are off by about as much: correct its zero in the rig."
            )
    return said


def _about_mvc(results: Results) -> list[str]:
    """Tell muscles that can't have been so active, or so idle, as their MVC makes them."""
    too_small, too_large = [], []
    silent = {channel.name for channel in results.channels if channel.only_noise}
    for e in results.rig.emg:
        column = f"activation_{e.side}_{e.muscle}_pct"
        table = results.table_with(column)
        if table is None or not np.isfinite(table.column(column)).any():
            continue
        highest = float(np.nanpercentile(table.column(column), 99))
        named = f"{e.muscle} {e.side} ({highest:.{0 if highest >= 10 else 2}f} %MVC)"
        if highest > MOST_PCT:
            too_small.append(named)
        elif highest < LEAST_PCT and f"{e.muscle} {e.side}" not in silent:
            too_large.append(named)
    return [
        f"{', '.join(names)} {'was' if len(names) == 1 else 'were'} {how}: check mvc_uV in the rig, as %MVC and ratios that "
        "rest on it are wrong with it."
        for names, how in (
            (too_small, "more active than a muscle can be"),
            (too_large, "active, but hardly measurable in %MVC"),
        )
        if names
    ]


def _about_legs(results: Results) -> list[str]:
    """Tell what a leg's ratio, or the comparison of both, can't say."""
    said = []
    muscles = {
        side: [m for m in QUADRICEPS + HAMSTRINGS if any((e.muscle, e.side) == (m, side) for e in results.rig.emg)]
        for side in SIDES
    }
    if results.table_with("qh_between_legs_log2") is not None and muscles["left"] != muscles["right"]:
        said.append(
            f"The quad/hamstring ratio is made of {', '.join(muscles['left'])} on the left and of "
            f"{', '.join(muscles['right'])} on the right, so the comparison between the legs is one of different muscles."
        )
    have = baselines(results)
    for side in SIDES:
        table = results.table_with(f"qh_change_{side}")
        if table is not None and side not in have and np.isfinite(table.column(f"qh_{side}")).any():
            said.append(
                f"The {side} quad/hamstring ratio was defined for less than {results.rig.emg_processing.baseline_s:g} s, so "
                "there is no baseline to compare it with."
            )
    return said
