"""Checks of a rig before a session: a probe of a few seconds, judged line by line, with what to do.

Limits named here are this project's choice. A resting lifter is not asked for: plates that are stood on, and muscles that work,
are told apart from faults as far as numbers can.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from acquisition.recording import gaps_of
from acquisition.rig import microvolts_per_unit
from acquisition.rig.plate_map import plate_map
from acquisition.stretches import TICK
from acquisition.timebase import sync
from acquisition.timebase.arrivals import Arrivals
from acquisition.timebase.clock import SyncLevel, fit
from acquisition.timebase.sync_edges import finders
from hardware.nidaq.settings import NidaqSettings
from hardware.severity import Severity
from hardware.source import CRYSTAL_OFF, SourceState
from processing.doctor.check import Check
from processing.doctor.computer import check_disk
from processing.emg.chain import EmgChain
from processing.emg.verdicts import ChannelQuality, Verdict, ended
from processing.formulas import frame_samples

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from acquisition.probe import Probe
    from acquisition.rig import Plate, Rig, StreamSettings
    from acquisition.storage.disk import Disk

LATE_S = 0.1
LEAST_BLOCKS = 3
LOST_RED = 0.01
LOADED_N = 100.0
GATE_SD = 5.0
"""The contact gate must be so many standard deviations of the unloaded plate."""
OFFSET_SHARE = 0.5
RAIL_SHARE = 0.999


def examine(rig: Rig, probes: Sequence[Probe], disk: Disk | None, laden: Collection[str] = ()) -> list[Check]:
    """Return all checks of a rig, in the order in which they are easiest to mend; `disk` None is one that takes no file.

    The plates of the sides which are `laden` on purpose are not asked for their zero.
    """
    by_name = {probe.name: probe for probe in probes}
    checks: list[Check] = []
    for stream in rig.stream:
        checks += check_stream(stream, by_name[stream.name])
        checks += check_channels(rig, stream, by_name[stream.name])
    for plate in rig.plate:
        if plate.side not in laden:
            checks += check_plate(rig, plate, by_name[plate.stream])
    for name in dict.fromkeys(electrode.stream for electrode in rig.emg):
        checks += check_emg(rig, by_name[name])
    return [*checks, *check_sync(rig, probes), check_disk(rig, disk)]


def _ticks(probe: Probe) -> NDArray[np.void]:
    return np.concatenate([np.empty(0, TICK), *(stretch.ticks for stretch in probe.stretches)])


def _samples(probe: Probe, columns: Sequence[int]) -> NDArray[np.float64]:
    return np.concatenate([np.asarray(stretch.samples[:, list(columns)], dtype=np.float64) for stretch in probe.stretches])


def check_stream(settings: StreamSettings, probe: Probe) -> list[Check]:
    """Check that a source opens and that samples come, all of them, evenly and at the rate that the rig says."""
    what = f"stream {settings.name}"
    if probe.fault:
        code = "" if probe.code is None or str(probe.code) in probe.fault else f" (code {probe.code})"
        return [
            Check(Severity.RED, what, f"{probe.fault}{code}", "Mend this first; what is on this stream could not be checked.")
        ]
    ticks = _ticks(probe)
    if len(ticks) < LEAST_BLOCKS or ticks["host_s"][-1] <= ticks["host_s"][0]:
        return [
            Check(
                Severity.RED,
                what,
                f"It opens, but hardly a sample comes. {probe.note}".rstrip(),
                "Check the device's clock and power.",
            )
        ]
    checks = []
    if probe.state not in (SourceState.RUNNING, SourceState.ENDED):
        checks.append(Check(Severity.RED, what, f"It was {probe.state.name.lower()} at the end. {probe.note}", "Try again."))
    elif probe.note:
        checks.append(Check(Severity.AMBER, what, probe.note, "The session can begin; watch this stream."))
    came_s = ticks["host_s"] - ticks["host_s"][0]
    span_s = float(came_s[-1])
    rate_hz = float(np.polyfit(came_s, ticks["index"], 1)[0])
    late_s = fit(Arrivals.of(ticks, rate_hz)).residual_s
    off = abs(rate_hz / settings.rate_hz - 1.0) - 2.0 * late_s / span_s
    severity = Severity.RED if off > CRYSTAL_OFF else Severity.FINE
    checks.append(
        Check(
            severity,
            f"{what}, rate",
            f"{rate_hz:.1f} Hz were measured over {span_s:.1f} s, {settings.rate_hz!r} Hz are nominal.",
            "That is more than a crystal can be off: set the device to the rig's rate, or rate_hz to what the device says that "
            "it runs at, with all its digits."
            if severity
            else "",
        )
    )
    late = late_s > LATE_S
    checks.append(
        Check(
            Severity.AMBER if late else Severity.FINE,
            f"{what}, arrival",
            f"Opened in {probe.open_s:.1f} s; blocks came up to {1e3 * late_s:.0f} ms late.",
            "Close other programs, or use a cable instead of radio." if late else "",
        )
    )
    missing = int(gaps_of(ticks)["missing"].sum())
    if missing:
        share = missing / max(1, int(ticks["index"][-1]))
        checks.append(
            Check(
                Severity.RED if share > LOST_RED else Severity.AMBER,
                f"{what}, losses",
                f"{missing} samples were lost ({100 * share:.2g} %).",
                "Check cable, distance and batteries; nothing is shown where samples are missing.",
            )
        )
    return checks


def check_channels(rig: Rig, settings: StreamSettings, probe: Probe) -> list[Check]:
    """Check that each channel which is no electrode's shows finite numbers that are not all the same, within its range."""
    if not probe.stretches:
        return []
    electrodes = {electrode.channel for electrode in rig.emg if electrode.stream == settings.name}
    names = [name for name in settings.channels if name not in electrodes and name != settings.sync_channel]
    needed = {name for plate in rig.plate if plate.stream == settings.name for name in plate.channels}
    ranges = settings.source.channel_ranges if isinstance(settings.source, NidaqSettings) else [np.inf] * len(settings.channels)
    checks = []
    for name in names:
        column = settings.channels.index(name)
        values = _samples(probe, [column])[:, 0]
        bad = 100.0 * float(np.mean(~np.isfinite(values)))
        severity = Severity.RED if name in needed else Severity.AMBER
        what = f"channel {name} of {settings.name}"
        if bad:
            checks.append(
                Check(severity, what, f"{bad:.0f} % of its samples are no number.", "Check its cable and its settings.")
            )
        elif np.ptp(values) == 0.0:
            checks.append(
                Check(
                    severity, what, f"It shows {values[0]:g} and nothing else.", "Check that it is connected and switched on."
                )
            )
        elif np.max(np.abs(values)) >= RAIL_SHARE * ranges[column]:
            checks.append(
                Check(
                    severity,
                    what,
                    f"It reaches the limit of its input range, {ranges[column]:g} V.",
                    "Lower the amplifier's gain, or set a larger range_V.",
                )
            )
    if names and not checks:
        checks.append(Check(Severity.FINE, f"channels of {settings.name}", f"All {len(names)} show finite numbers that vary."))
    return checks


def check_plate(rig: Rig, plate: Plate, probe: Probe) -> list[Check]:
    """Check that a plate is near zero and quiet, or say that it is loaded; force is the reaction on the foot, + up."""
    what = f"plate {plate.name}"
    if not probe.stretches:
        return []
    raw = _samples(probe, [rig.column(plate.stream, name) for name in plate.channels])
    raw = raw[np.isfinite(raw).all(axis=1)]
    frame = frame_samples(rig.stream_named(plate.stream).rate_hz)
    frames = raw[: len(raw) // frame * frame].reshape(-1, frame, 6).mean(axis=1)
    if len(frames) < 2:
        return [Check(Severity.RED, what, "There are too few samples to tell its load.", "Mend its channels first.")]
    plates = plate_map(plate)
    fz_N = plates.fz_N(frames)
    mean_N, sd_N = float(np.median(fz_N)), float(np.std(fz_N))
    contact_N = rig.plates.contact_N
    if mean_N < -LOADED_N:
        return [
            Check(
                Severity.RED,
                what,
                f"It reads {mean_N:.0f} N, as if it were pulled upwards.",
                "If somebody stands on it, its polarity or its corners are the wrong way round; else tare it.",
            )
        ]
    if mean_N > LOADED_N or float(np.max(fz_N)) > LOADED_N:
        return [
            Check(
                Severity.AMBER,
                what,
                f"It is loaded, with {mean_N:.0f} N; its zero can't be judged.",
                "Have the lifter step off, and run this again.",
            )
        ]
    zero = ", ".join(f"{value:.4g}" for value in np.median(frames, axis=0))
    if abs(mean_N) >= contact_N:
        return [
            Check(
                Severity.AMBER,
                what,
                f"It reads {mean_N:.1f} N, more than the {contact_N:g} N from which a foot counts as standing on it.",
                f"Tare its amplifier; or, if nothing stands on it, set zero = [{zero}] in the rig.",
            )
        ]
    noisy = GATE_SD * sd_N > contact_N
    return [
        Check(
            Severity.AMBER if noisy else Severity.FINE,
            what,
            f"It is unloaded: {mean_N:+.1f} N, with a noise of {sd_N:.2f} N (SD over 10 ms).",
            f"Look for vibration or hum, or raise contact_N to {GATE_SD * sd_N:.0f} N or more." if noisy else "",
        )
    ]


def check_emg(rig: Rig, probe: Probe) -> list[Check]:
    """Check every electrode of a stream: is there a signal, not mains, not at full scale, and fast enough to be EMG."""
    if not probe.stretches:
        return []
    chain = EmgChain(rig, probe.name)
    for stretch in probe.stretches:
        chain.process(stretch.samples, stretch.first_index)
    checks = []
    if chain.undersampled:
        checks.append(
            Check(
                Severity.AMBER,
                f"EMG of {probe.name}",
                f"Undersampled: it runs at {rig.stream_named(probe.name).rate_hz:g} Hz, and surface EMG asks for "
                f"{rig.emg_processing.undersampled_below_hz:g} Hz.",
                "Compare its amplitudes with its own only, never with another system's.",
            )
        )
    electrodes = [electrode for electrode in rig.emg if electrode.stream == probe.name]
    without = [e.name for e in electrodes if e.mvc_uV is None and e.muscle != "other"]
    if without:
        checks.append(
            Check(
                Severity.AMBER,
                f"EMG of {probe.name}",
                f"No maximal voluntary contraction is known for {', '.join(without)}.",
                "Give mvc_uV in the rig; without it there is no %MVC and no quad/hamstring ratio.",
            )
        )
    for electrode, quality in zip(electrodes, chain.quality, strict=True):
        full_scale_uV = np.inf
        if electrode.full_scale is not None:
            unit = next(c.unit for c in rig.stream_named(probe.name).stream().channels if c.name == electrode.channel)
            full_scale_uV = electrode.full_scale * microvolts_per_unit(electrode, unit)
        checks.append(_judged(quality, full_scale_uV))
    return checks


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _judged(quality: ChannelQuality, full_scale_uV: float) -> Check:
    what = f"EMG {quality.name}"
    if quality.verdict is Verdict.NOT_JUDGED:
        return Check(Severity.AMBER, what, "The probe was too short to judge it.", "Run this for longer, with --seconds.")
    if not quality.good:
        return Check(Severity.RED, what, ended(_capital(quality.found)), ended(_capital(quality.advice)))
    offset = f"offset {quality.dc_uV:.0f} µV"
    if abs(quality.dc_uV) > OFFSET_SHARE * full_scale_uV:
        return Check(
            Severity.AMBER,
            what,
            f"Its {offset} takes more than half of the range of {full_scale_uV:.0f} µV.",
            "Clean the skin and renew the electrode.",
        )
    return Check(
        Severity.FINE,
        what,
        f"{quality.noise_uV:.2g} µV RMS at its quietest, mains {quality.mains_pct:.0f} %, {offset}.",
    )


def check_sync(rig: Rig, probes: Sequence[Probe]) -> list[Check]:
    """Check that the clocks of several streams can be tied together by a line that they all sample."""
    if len(rig.stream) < 2:
        return []
    found = finders(rig)
    without = [stream.name for stream in rig.stream if stream.name not in found]
    checks = []
    if without:
        checks.append(
            Check(
                Severity.AMBER,
                "sync",
                f"There is no sync_channel on {', '.join(without)}, so arrival times alone tie it to the others.",
                "Times between devices are then good to some 10 ms only; let all devices sample one line.",
            )
        )
    running = {probe.name: probe for probe in probes if probe.stretches}
    edges = {
        name: np.concatenate([finder.take(stretch) for stretch in running[name].stretches])
        for name, finder in found.items()
        if name in running
    }
    if len(edges) < 2:
        return checks
    arrivals = {name: Arrivals.of(_ticks(probe), rig.stream_named(name).rate_hz) for name, probe in running.items()}
    clocks = sync.clocks(arrivals, edges)
    for name in edges:
        seen = len(edges[name])
        if clocks[name].level is SyncLevel.EDGES:
            off = f", {1e3 * clocks[name].residual_s:.1f} ms from the reference's at most"
            checks.append(Check(Severity.FINE, f"sync of {name}", f"{seen} edges were seen{off}."))
        else:
            checks.append(
                Check(
                    Severity.RED,
                    f"sync of {name}",
                    f"{seen} edges were seen, and none could be matched with another stream's.",
                    "Check that the line pulses and is wired to every device.",
                )
            )
    return checks
