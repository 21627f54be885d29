"""Advice: options to try for each cause, with their caveats, and what to look for next time; a professional chooses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from processing.screening.triage import Cause

if TYPE_CHECKING:
    from processing.screening.triage import FoundCause

ALWAYS = "You decide. These are options, no diagnosis; whoever has pain sees a physician or physiotherapist first."


@dataclass(frozen=True, slots=True)
class Advice:
    """What to try for a cause, in the order given; what bounds it; and what the next session should show."""

    cause: Cause
    side: str
    muscle: str
    to_try: tuple[str, ...]
    caveat: str
    look_for: str


_TO_TRY: dict[Cause, tuple[tuple[str, ...], str, str]] = {
    Cause.TECHNIQUE: (
        (
            "Keep the cue: screw the feet outwards into the floor, on the way down already.",
            "Lower slowly with a light weight, a few sets of 5 to 8, until it stays without being told.",
            "Film it from the front, or use a mirror: it is often not noticed.",
        ),
        "A cue that works while somebody says it has to stay when nobody does.",
        "the same light sets without the cue: it should be gone there, too, before the weight grows",
    ),
    Cause.ANKLE: (
        (
            "Squat with lifted heels (plates of 2 cm, or lifting shoes) while the ankle gains its range.",
            "Stretch and strengthen the calves: knee to the wall, and slow calf raises over a step.",
        ),
        "Lifted heels load the quadriceps more; go on with what weight was clean.",
        "the same light sets with flat heels, beside those with lifted ones",
    ),
    Cause.HIP: (
        (
            "Open the hips before squatting: side lunges, and standing leg swings to the front and to the side.",
            "Try another stance, wider or with the feet turned out further, and keep the one in which the knees stay out.",
            "Squat only as deep as the knees stay out, and gain depth from there.",
        ),
        "That neither the cue nor lifted heels changed it speaks for the hip and proves nothing: film it, and test the hip.",
        "the depth that is reached, and the same light sets, in four to six weeks",
    ),
    Cause.QUADRICEPS: (
        (
            "Single-leg Romanian deadlift, for the hamstrings.",
            "Squats and pulls that load the back of the body: sumo deadlift above all, and box squats.",
            "Meanwhile squat with the heaviest weight that stayed clean, and raise it slowly.",
        ),
        "Evidence that quadriceps cause it is mixed, and Q:H rests on what stood for 100 % of each muscle.",
        "Q:H of the heavy sets beside the light ones: it should grow less at the same weight",
    ),
    Cause.GLUTES: (
        (
            "Squats with a band around the knees, light, for the gluteus medius.",
            "Hip thrusts and sumo deadlift, for the gluteus maximus; side steps with a band.",
            "Meanwhile squat with the heaviest weight that stayed clean, and raise it slowly.",
        ),
        "Watch the knees with the band on: in 5 of 7 studies they came in further with it, though glute activity mostly rose.",
        "activity and onset of the glutes in the heavy sets beside the light ones",
    ),
    Cause.LOAD_ALONE: (
        (
            "Go back to the heaviest weight that stayed clean, and raise it by 2 to 5 kg a week.",
            "Slow lowering and a pause at the bottom with that weight.",
        ),
        "The muscles that were measured don't show why; adductors, calves and trunk were not measured.",
        "at which weight it begins: that weight should rise",
    ),
    Cause.LOAD_UNCLEAR: (
        (
            "Go back to the heaviest weight that stayed clean, and raise it by 2 to 5 kg a week.",
            "Do more repetitions of the heavy and light sets, in turns, with MVCs: then the muscles can be told.",
        ),
        "Which muscles go with it is open, so nothing for a single muscle is advised.",
        "Q:H and glutes of the heavy sets beside the light ones, with more repetitions",
    ),
}


def advice_for(found: FoundCause) -> Advice:
    """Return what to try for a cause."""
    to_try, caveat, look_for = _TO_TRY[found.cause]
    return Advice(found.cause, found.side, found.muscle, to_try, caveat, look_for)
