"""Plate faults: what is wrong with a plate or one of its channels, and what to do about it, as a sentence."""

from __future__ import annotations

from enum import StrEnum


class PlateFault(StrEnum):
    """What is wrong with a plate's channels (cut off, stuck, coarse), or with the plate."""

    CUT = "cut off"
    STUCK = "stuck"
    COARSE = "coarse"
    PULLS = "pulls"
    NO_WEIGHT = "no weight"


def sentence_of(kind: PlateFault, side: str, channel: str, seconds: float, value: float, from_s: str = "") -> str:
    """Return a fault of a plate as a sentence; `value`: raw where cut off or stuck, else in N; `from_s`: when it began."""
    since = f", first at {from_s}" if from_s else ""
    match kind:
        case PlateFault.CUT:
            return (
                f"The channel {channel} of the {side} plate is cut off at {value:.4g} for {seconds:.1f} s{since}: it has come "
                "to the end of its range, so what rests on it is undefined then; lower the gain of its amplifier."
            )
        case PlateFault.STUCK:
            many = "," in channel
            return (
                f"The channel{'s' if many else ''} {channel} of the {side} plate {'give' if many else 'gives'} one value"
                f"{' each' if many else f', {value:.4g},'} for {seconds:.1f} s{since}: stuck, or at the end of its "
                f"range, so what rests on {'them' if many else 'it'} is undefined then; check cable, amplifier and gain."
            )
        case PlateFault.COARSE:
            return (
                f"The channel {channel} of the {side} plate comes in steps of {value:.0f} N, too coarse for a load shift: "
                "raise the gain of its amplifier, or narrow the range of its converter."
            )
        case PlateFault.PULLS:
            return (
                f"The {side} plate reads as if it were pulled upwards, by up to {-value:.0f} N, for {seconds:.1f} s{since}: "
                "either its signs are turned, or it was zeroed with somebody on it; no weight on it can be told."
            )
        case PlateFault.NO_WEIGHT:
            return (
                f"The {side} plate feels shear, up to {value:.0f} N, and no weight, for {seconds:.1f} s{since}: its vertical "
                "channel is dead, or has no gain; no weight on it can be told."
            )
