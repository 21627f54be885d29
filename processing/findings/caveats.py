"""Caveats of results: what bounds them, because it is missing, can't be right or doesn't compare."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from acquisition.caveat import Caveat
from acquisition.formats.importing import unique_names
from acquisition.rig import HAMSTRINGS, QUADRICEPS, SIDES
from acquisition.timebase.clock import SyncLevel
from hardware.source import CRYSTAL_OFF, same_rate
from processing.emg.verdicts import LOUDEST_NOISE_UV
from processing.findings.knee_caveats import about_knees
from processing.findings.plate_caveats import about_plates
from processing.findings.repetition_caveats import about_repetitions
from processing.findings.stance_caveats import about_feet, about_lab, about_stance
from processing.repetition.knee_over_foot import BASELINE_REPETITIONS

if TYPE_CHECKING:
    from processing.results import Results, StreamResult

MOST_PCT, LEAST_PCT = 300.0, 1.0
"""A muscle whose activation peaks beyond these has a wrong MVC (*design*). In a hard squat the vastus lateralis peaked at 244 %
on average (Contreras et al. 2015, Journal of Applied Biomechanics 31:452-458); without load hamstrings have 4 to 12 % (Isear et
al. 1997, Medicine and Science in Sports and Exercise 29(4):532-539)."""


def caveats(results: Results) -> list[Caveat]:
    """Return what bounds these results, in the order in which to read it."""
    rig = results.rig
    said = [] if results.complete else [_cut_short()]
    sides = {plate.side for plate in rig.plate}
    if len(sides) < 2:
        which = f"only a {next(iter(sides))} plate" if sides else "no force plate"
        sentence = f"The rig has {which}, so there is no load share and no load shift."
        said.append(Caveat("one_foot_only", "plates", {"plates": float(len(sides))}, sentence))
    else:
        said += about_lab(rig) + about_stance(results) + about_feet(results)
    said += (
        about_repetitions(results)
        + about_knees(results)
        + about_plates(results)
        + _about_streams(results)
        + _about_clock(results)
        + _about_sync(results)
    )
    without = [e.name for e in rig.emg if e.mvc_uV is None and e.muscle != "other"]
    if without:
        sentence = (
            f"No maximal voluntary contraction is known for {', '.join(without)}, so there is no %MVC and no quad/hamstring "
            "ratio that needs them; give mvc_uV in the rig."
        )
        said.append(Caveat("mvc_unknown", ", ".join(without), {"muscles": float(len(without))}, sentence))
    said += _about_mvc(results) + _about_channels(results) + _about_notches(results)
    if not without:
        said += _about_undefined_ratios(results)
    return said + _about_baseline(results) + _about_legs(results)


def _cut_short() -> Caveat:
    sentence = (
        "The recording was cut short, or is still being written. If its session was killed, 'squatscope recover' makes a "
        "complete one from the ring.h5 beside it."
    )
    return Caveat("incomplete", "recording", {}, sentence)


def _about_streams(results: Results) -> list[Caveat]:
    """Tell streams that are too slow for EMG, or that lost samples."""
    said = []
    least_hz = results.rig.emg_processing.undersampled_below_hz
    for stream in results.streams:
        if stream.undersampled:
            sentence = (
                f"Undersampled EMG: {stream.name} runs at {stream.nominal_hz:g} Hz, and surface EMG asks for {least_hz:g} Hz; "
                "amplitudes are too low, and can't be compared with other systems."
            )
            values = {"rate_hz": stream.nominal_hz, "least_hz": least_hz}
            said.append(Caveat("undersampled_emg", stream.name, values, sentence))
        off = stream.rate_hz / stream.nominal_hz - 1.0
        if abs(off) > CRYSTAL_OFF:
            sentence = (
                f"The stream {stream.name} ran at {stream.rate_hz:.5g} Hz, and the rig says {stream.nominal_hz!r} Hz: more "
                f"than a crystal can be off. {_designed_for(stream)}"
            )
            values = {"rate_hz": stream.rate_hz, "nominal_hz": stream.nominal_hz, "off_pct": 100.0 * off}
            said.append(Caveat("rate_off", stream.name, values, sentence))
        if stream.missing:
            sentence = (
                f"The stream {stream.name} lost {stream.missing} samples in {stream.gaps} gaps; no number is shown there."
            )
            values = {"missing_samples": float(stream.missing), "gaps": float(stream.gaps)}
            said.append(Caveat("lost_samples", stream.name, values, sentence))
    return said


def _designed_for(stream: StreamResult) -> str:
    if same_rate(stream.designed_hz, stream.rate_hz):
        return "Filters and hold times were designed for the rate that was measured; set it in the rig."
    return (
        "Filters and hold times rest on the rig's rate: set the right one and record again, or have 'squatscope reprocess' "
        "design them for the rate that was measured."
    )


def _about_channels(results: Results) -> list[Caveat]:
    """Tell EMG channels that were bad, and those on which nothing rose above the noise."""
    said = [
        Caveat("bad_emg", channel.name, {"bad_pct": channel.bad_pct}, channel.sentence)
        for channel in results.channels
        if channel.found
    ]
    quiet = [channel for channel in results.channels if channel.only_noise]
    if quiet:
        names = ", ".join(channel.name for channel in quiet)
        sentence = (
            f"Nothing rose above the noise floor of {names}; a muscle at rest looks like that, and so does an electrode that "
            "is off: contract the muscle to check."
        )
        unused = [channel.name for channel in quiet if channel.noise_uV < LOUDEST_NOISE_UV]
        if unused:
            sentence += f" No ratio rests on {', '.join(unused)}."
        keys = unique_names([f"noise_{channel.name.replace(' ', '_')}" for channel in quiet])
        noise = {f"{key}_uV": channel.noise_uV for key, channel in zip(keys, quiet, strict=True)}
        said.append(Caveat("noise_floor_only", names, noise, sentence))
    return said


def _about_notches(results: Results) -> list[Caveat]:
    """Tell channels that got a notch of their own, as mains were seen on them."""
    fixed_hz = results.rig.emg_processing.notch_hz
    found = [channel for channel in results.channels if channel.notch_hz and channel.notch_hz != fixed_hz]
    if not found:
        return []
    names = ", ".join(channel.name for channel in found)
    said = ", ".join(f"{channel.name} ({channel.notch_hz:.0f} Hz, {channel.mains_uV:.0f} µV RMS)" for channel in found)
    sentence = (
        f"Mains hum was seen on {said} and is taken out by a notch, with the muscle's own power beside it; move cables and "
        "power supplies away from these electrodes."
    )
    keys = unique_names([f"mains_{channel.name.replace(' ', '_')}" for channel in found])
    values = {f"{key}_uV": channel.mains_uV for key, channel in zip(keys, found, strict=True)}
    return [Caveat("mains_taken_out", names, values, sentence)]


def _about_undefined_ratios(results: Results) -> list[Caveat]:
    said = []
    for side in SIDES:
        table = results.table_with(f"qh_{side}")
        muscles = {e.muscle for e in results.rig.emg if e.side == side}
        if table is not None and muscles and not np.isfinite(table.column(f"qh_{side}")).any():
            sentence = (
                f"The {side} quad/hamstring ratio is undefined throughout: a channel is missing or bad, or there is too "
                "little activity."
            )
            said.append(Caveat("ratio_undefined", f"{side} leg", {}, sentence))
    return said


def baselines(results: Results) -> dict[str, float]:
    """Return the Q:H with which `qh_change` compares each leg, by side; legs without one are left out."""
    found: dict[str, float] = {}
    for side in SIDES:
        table = results.table_with(f"qh_change_{side}", f"qh_{side}")
        if table is not None:
            qh, change = table.column(f"qh_{side}"), table.column(f"qh_change_{side}")
            defined = np.flatnonzero(np.isfinite(change) & (change != 0.0))
            if len(defined):
                found[side] = float(qh[defined[0]] / change[defined[0]])
    return found


def _about_baseline(results: Results) -> list[Caveat]:
    """Tell baselines that were learnt in the session which is judged by them."""
    reference = results.rig.reference
    found = {side: ratio for side, ratio in baselines(results).items() if getattr(reference, f"qh_{side}") is None}
    if not found:
        return []
    said = ", ".join(f"{side} {ratio:.1f}" for side, ratio in found.items())
    baseline_s = results.rig.emg_processing.baseline_s
    sentence = (
        f"The baseline of Q:H ({said}) is the median of the first {baseline_s:g} s of this session in which it is defined, and "
        f"for findings that of its first {BASELINE_REPETITIONS} repetitions, so what was out of balance then, in a warm-up for "
        "instance, is taken as this lifter's normal; give a set of its own with 'squatscope reference' and --lifter."
    )
    values = {f"qh_{side}": ratio for side, ratio in found.items()}
    return [Caveat("baseline_of_session", "Q:H", values, sentence)]


def _about_sync(results: Results) -> list[Caveat]:
    """Tell streams that no sync line ties to the others; those of one file were recorded together."""
    of_files = {settings.name for settings in results.rig.stream if settings.source.kind == "file"}
    live = [stream for stream in results.streams if stream.name not in of_files]
    if len(live) < 2:
        return []
    loose = [stream for stream in live if stream.sync_level != SyncLevel.EDGES]
    if not loose:
        return []
    names = ", ".join(stream.name for stream in loose)
    worst_ms = 1e3 * max(stream.residual_s for stream in loose)
    sentence = (
        f"No shared sync line ties {names} to the other streams, so times between streams rest on when blocks arrived "
        f"(99 % within {worst_ms:.1f} ms, and a delay that is always the same can't be seen): run one line to all devices and "
        "name it sync_channel."
    )
    return [Caveat("no_sync_line", names, {"residual_ms": worst_ms}, sentence)]


def _about_clock(results: Results) -> list[Caveat]:
    """Tell streams whose recording keeps a clock that is not the one its own ticks and edges give."""
    said = []
    for stream in results.streams:
        if stream.clock_differs_s > 1.0 / stream.nominal_hz:
            sentence = (
                f"The clock that the recording keeps for {stream.name} is up to {1e3 * stream.clock_differs_s:.1f} ms off the "
                "one that its ticks and sync edges give, more than a sample; all times are told by the one that is kept, so "
                "find out what changed it before times between streams are trusted."
            )
            said.append(Caveat("clock_differs", stream.name, {"clock_differs_s": stream.clock_differs_s}, sentence))
    return said


def _about_mvc(results: Results) -> list[Caveat]:
    """Tell muscles that can't have been so active, or so idle, as their MVC makes them."""
    said = []
    silent = {channel.name for channel in results.channels if channel.only_noise}
    peaks_pct: dict[str, float] = {}
    for e in results.rig.emg:
        column = f"activation_{e.side}_{e.muscle}_pct"
        table = results.table_with(column)
        if table is not None and np.isfinite(table.column(column)).any():
            peaks_pct[e.name] = float(np.nanpercentile(table.sample_of(column), 99))
    beyond = {name: peak for name, peak in peaks_pct.items() if peak > MOST_PCT}
    below = {name: peak for name, peak in peaks_pct.items() if peak < LEAST_PCT and name not in silent}
    for kind, muscles, how in (
        ("mvc_too_small", beyond, "more active than a muscle can be"),
        ("mvc_too_large", below, "active, but hardly measurable in %MVC"),
    ):
        if muscles:
            named = ", ".join(f"{name} ({peak:.{0 if peak >= 10 else 2}f} %MVC)" for name, peak in muscles.items())
            sentence = (
                f"{named} {'was' if len(muscles) == 1 else 'were'} {how}: check mvc_uV in the rig, as %MVC and ratios that "
                "rest on it are wrong with it."
            )
            values = {f"peak_{name.replace(' ', '_')}_pct": peak for name, peak in muscles.items()}
            said.append(Caveat(kind, ", ".join(muscles), values, sentence))
    return said


def _about_legs(results: Results) -> list[Caveat]:
    """Tell what a leg's ratio, or the comparison of both, can't say."""
    said = []
    muscles = {
        side: [m for m in QUADRICEPS + HAMSTRINGS if any((e.muscle, e.side) == (m, side) for e in results.rig.emg)]
        for side in SIDES
    }
    if results.table_with("qh_between_legs_log2") is not None and muscles["left"] != muscles["right"]:
        sentence = (
            f"The quad/hamstring ratio is made of {', '.join(muscles['left'])} on the left and of "
            f"{', '.join(muscles['right'])} on the right, so the comparison between the legs is one of different muscles."
        )
        said.append(Caveat("unlike_muscles", "legs", {}, sentence))
    have = baselines(results)
    for side in SIDES:
        table = results.table_with(f"qh_change_{side}", f"qh_{side}")
        if table is not None and side not in have and np.isfinite(table.column(f"qh_{side}")).any():
            baseline_s = results.rig.emg_processing.baseline_s
            sentence = (
                f"The {side} quad/hamstring ratio was defined for less than {baseline_s:g} s, so there is no baseline to "
                "compare it with."
            )
            said.append(Caveat("no_baseline", f"{side} leg", {"baseline_s": baseline_s}, sentence))
    return said
