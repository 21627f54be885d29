"""Methods in words, from a rig's settings: what a paper says of forces and EMG, and what the rig can't know of it.

The items are those of Merletti 1999 (Standards for reporting EMG data, Journal of Electromyography and Kinesiology) and of
Besomi et al. 2019 and 2020 (CEDE project: electrode selection; amplitude normalization, same journal).
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

from acquisition.rig import SIDES
from processing.emg.filters import ENVELOPE_ORDER, cutoffs_hz, envelope_delay_s
from processing.emg.mvc import AGREE, WINDOW_S
from processing.formulas import frame_samples

if TYPE_CHECKING:
    from acquisition.rig import Rig

TO_FILL_IN = (
    "electrode type, material, shape and size",
    "distance between the electrodes of a pair",
    "skin preparation",
    "placement beside the muscle (SENIAM), and who placed it",
    "site of the reference electrode",
    "amplifier's input impedance, common mode rejection and own filters",
)


@dataclass(frozen=True, slots=True)
class Methods:
    """What was done, as sentences, and what is to be filled in, as the settings don't hold it."""

    sentences: tuple[str, ...]
    to_fill_in: tuple[str, ...]


def methods(rig: Rig) -> Methods:
    """Return the methods that a rig's settings tell."""
    found = [*_forces(rig), *_emg(rig), *_knees(rig)]
    found.append(
        f"All of it was computed by squatscope {version('squatscope')}, whose filters are causal, as in the live view."
    )
    return Methods(tuple(found), TO_FILL_IN if rig.emg else ())


def _forces(rig: Rig) -> list[str]:
    if not rig.plate:
        return []
    stream = rig.stream_named(rig.plate[0].stream)
    frame_ms = 1000.0 * frame_samples(stream.rate_hz) / stream.rate_hz
    models = ", ".join(dict.fromkeys(plate.model for plate in rig.plate if plate.model))
    count = "One force plate" if len(rig.plate) == 1 else "Two force plates"
    return [
        f"{count}{f' ({models})' if models else ''} at {stream.rate_hz:g} Hz, unfiltered, in means of {frame_ms:.0f} ms.",
        f"A foot is on its plate from {rig.plates.contact_N:g} N, and has a centre of pressure from {rig.plates.cop_N:g} N on.",
        "Squats and their phases come from the force alone (velocity and depth of the centre of mass of body and bar).",
    ]


def _emg(rig: Rig) -> list[str]:
    if not rig.emg:
        return []
    found = []
    settings = rig.emg_processing
    for name in dict.fromkeys(electrode.stream for electrode in rig.emg):
        rate_hz = rig.stream_named(name).rate_hz
        here = [electrode for electrode in rig.emg if electrode.stream == name]
        muscles = ", ".join(dict.fromkeys(electrode.muscle for electrode in here))
        legs = " and ".join(side for side in SIDES if any(electrode.side == side for electrode in here))
        low_hz, high_hz = cutoffs_hz(settings, rate_hz)
        notch = f"mains notch at {settings.notch_hz:g} Hz, " if settings.notch_hz else ""
        adaptive = "a notch on channels on which mains were seen, " if settings.adaptive_notch else ""
        delay_ms = 1000.0 * envelope_delay_s(settings, rate_hz)
        found.append(
            f"Surface EMG of {muscles} ({legs}) at {rate_hz:g} Hz: Butterworth band-pass {low_hz:g}-{high_hz:g} Hz "
            f"(order {settings.band_order}), {notch}{adaptive}rectified, Butterworth low-pass {settings.envelope_hz:g} Hz "
            f"(order {ENVELOPE_ORDER}); its delay of {delay_ms:.0f} ms is taken off in phases."
        )
    known = [electrode for electrode in rig.emg if electrode.mvc_uV is not None]
    dynamic = [electrode.name for electrode in known if electrode.mvc_from == "set"]
    if len(known) > len(dynamic):
        found.append(
            f"100 % of a muscle is the largest mean of its envelope over {1000.0 * WINDOW_S:.0f} ms in maximal voluntary "
            f"contractions, the best two of which lie within {100.0 * AGREE:.0f} %, or as the rig says."
        )
    if dynamic:
        found.append(f"100 % is that of the lifter's first light set, instead of a maximal contraction: {', '.join(dynamic)}.")
    return found


def _knees(rig: Rig) -> list[str]:
    if not rig.marker:
        return []
    stream = rig.stream_named(rig.marker[0].stream)
    points = ", ".join(dict.fromkeys(marker.point.replace("_", " ") for marker in rig.marker))
    return [f"Markers or key points at {stream.rate_hz:g} Hz: {points}; the knee's margin is told along the foot's own axis."]
