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
    NOT_ZEROED = "not zeroed"
    SHEAR_NOT_ZEROED = "shear not zeroed"
    MOMENTS_NOT_ZEROED = "moments not zeroed"
    OFF_PLATE = "pressure off the plate"
    NO_MOMENTS = "moments next to nothing"
    UNLIKE = "moments unlike the other's"
    INWARDS = "feet pull inwards"


def sentence_of(kind: PlateFault, side: str, channel: str, seconds: float, value: float, from_s: str = "") -> str:
    """Return a fault of a plate as a sentence.

    `value`: raw where cut off or stuck, in % of the time where pressure is off the plate or has no moments, how many times as
    far where the plates are unlike, in % of the load where feet pull inwards, in N·mm where moments are not zeroed, else in N;
    `from_s`: when it began.
    """
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
        case PlateFault.NOT_ZEROED:
            return (
                f"The {side} plate reads {value:.0f} N while neither plate's force varies, so with nobody on it{since}; that "
                "is taken off from then on: correct its zero in the rig."
            )
        case PlateFault.SHEAR_NOT_ZEROED | PlateFault.MOMENTS_NOT_ZEROED:
            reads = (
                f"a moment of {value / 1000:.1f} N m" if kind is PlateFault.MOMENTS_NOT_ZEROED else f"a shear of {value:.0f} N"
            )
            return (
                f"The {side} plate reads {reads} while neither plate's force varies, so with nobody on it{since}; that is "
                "taken off from then on: correct its zero in the rig."
            )
        case PlateFault.OFF_PLATE:
            return (
                f"The centre of pressure on the {side} plate lay beyond the plate for {value:.0f} % of the time in which it "
                f"was loaded{since}; its calibration, the unit of its moments, its zero, its origin or its corners can't be "
                "right, so nothing that rests on it is told."
            )
        case PlateFault.NO_MOMENTS:
            return (
                f"The centre of pressure on the {side} plate hardly ever leaves its true origin{since}, as no foot's does: its "
                "moments are next to nothing, in N m where N mm are meant, or not connected; nothing that rests on it is told."
            )
        case PlateFault.UNLIKE:
            other = "left" if side == "right" else "right"
            return (
                f"In the repetitions the pressure under the {side} foot moves {value:.0f} times as far forwards and back as "
                f"under the {other} one, which no two feet do: the moments of one of the plates are in another unit, or have "
                "another gain; nothing that rests on where the pressure is is found."
            )
        case PlateFault.INWARDS:
            return (
                f"In the repetitions both feet seem to pull the floor inwards, by {value:.0f} % of their load, and legs that "
                "stand apart push it outwards: the plates are swapped, their corners begin at the wrong one, or the signs of "
                "their shear are turned. Check which plate is under which foot, as left and right may be swapped in all that "
                "is told; nothing that rests on where the pressure is is found."
            )
