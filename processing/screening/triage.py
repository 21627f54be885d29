"""Triage: from the sets of a screening to causes, in the order in which they are easy to mend; pure functions.

What is asked, of each knee where knees are known and else of the load's side: is it there with a light weight; does a cue, or
slow lowering, change it (technique); do lifted heels (ankle), or neither (hip); does it grow with the load (muscles), and does
the ratio of the muscles grow with it. Each answer may be that it can't be told yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from acquisition.rig import SIDES
from processing.screening.comparison import CHANGED_FROM, Answer, Change
from processing.screening.condition import Condition
from processing.screening.conditions import EITHER, Basis, Comparison, Conditions, Presence
from processing.screening.outcome import Measure, Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acquisition.rig.judgement import TriageSettings
    from processing.screening.outcomes import SetOutcome


PATTERN_FROM = 0.995
"""How probable a change of muscles must be to be told on its own: every muscle of both legs is looked at (*design*)."""


class Cause(StrEnum):
    """What the comparisons go with; the order is that in which causes are easy to mend."""

    TECHNIQUE = "technique"
    ANKLE = "ankle mobility"
    HIP = "hip mobility"
    QUADRICEPS = "quadriceps take over as the load grows"
    GLUTES = "glutes fall behind as the load grows"
    LOAD_ALONE = "grows with the load, with no sign in the muscles"
    LOAD_UNCLEAR = "grows with the load; the muscles are unclear"


class State(StrEnum):
    """What a triage comes to."""

    CAUSES = "causes"
    NOTHING = "nothing to mend"
    UNCLEAR = "unclear"
    NOT_ENOUGH = "not enough data"


@dataclass(frozen=True, slots=True)
class FoundCause:
    """A cause: its side (empty where only ratings are known), its muscle if it has one, what speaks for it and against."""

    cause: Cause
    side: str
    muscle: str
    evidence: tuple[Comparison, ...]
    against: tuple[Comparison, ...] = ()


@dataclass(frozen=True, slots=True)
class Missing:
    """What would tell more: a condition that is missing or unclear, why, and about how many repetitions of it (0: unknown)."""

    condition: Condition
    side: str
    why: str
    repetitions: int = 0


@dataclass(frozen=True, slots=True)
class SideTriage:
    """One knee, or one side of the load: whether it is there with a light weight, by how much, and what changes it.

    `size`: where it is there by numbers; None for ratings.
    """

    side: str
    presence: Presence
    size: Change | None
    comparisons: tuple[Comparison, ...]
    causes: tuple[FoundCause, ...]
    missing: tuple[Missing, ...]

    def of(self, condition: Condition) -> Answer:
        """Return what a condition did; too few where it was not tried."""
        return next((c.change.answer for c in self.comparisons if c.condition is condition), Answer.TOO_FEW)


@dataclass(frozen=True, slots=True)
class Triage:
    """What a screening comes to: what stood for the knee, each side, the muscles, and `cue_done`: what the free moment did.

    `depths_m`: the median depth of light sets and of those as deep as can be, NaN where there are none; they decide nothing.
    """

    basis: Basis
    state: State
    sides: tuple[SideTriage, ...]
    muscles: tuple[Comparison, ...]
    cue_done: Comparison | None
    missing: tuple[Missing, ...]
    depths_m: tuple[float, float]
    settings: TriageSettings

    @property
    def causes(self) -> list[FoundCause]:
        """Return every cause, the easiest to mend first."""
        order = list(Cause)
        return sorted((cause for side in self.sides for cause in side.causes), key=lambda found: order.index(found.cause))


def triage(sets: Sequence[SetOutcome], settings: TriageSettings) -> Triage:
    """Return what the sets of one session tell; sets of a condition whose weight is not that of the light ones are left out."""
    session = Conditions(sets, settings)
    basis = session.basis
    cue_done = session.cue_done()
    muscles = session.muscles()
    sides = tuple(_of_side(session, side, cue_done, muscles) for side in session.sides)
    if basis is Basis.LOAD and not any(side.causes for side in sides):
        sides = tuple(_with_pattern(side, muscles) for side in sides)
    missing = tuple(dict.fromkeys(one for side in sides for one in side.missing))
    return Triage(basis, _state(sides), sides, tuple(muscles), cue_done, missing, session.depths_m(), settings)


def _of_side(session: Conditions, side: str, cue_done: Comparison | None, muscles: Sequence[Comparison]) -> SideTriage:
    presence, size = session.presence(side)
    outcome = session.outcome(side)
    certain = EITHER if session.basis is Basis.LOAD else CHANGED_FROM
    tried = [
        session.compared(condition, outcome, certain if condition is Condition.LOADED else CHANGED_FROM)
        for condition in (Condition.CUE, Condition.SLOW, Condition.HEELS, Condition.LOADED)
    ]
    told = SideTriage(side, presence, size, tuple(one for one in tried if one is not None), (), ())
    causes: list[FoundCause] = []
    missing: list[Missing] = []
    if presence is Presence.PRESENT:
        _when_light(told, session, cue_done, causes, missing)
    elif presence is not Presence.ABSENT:
        needed = size.needed if size is not None else 0
        missing.append(Missing(Condition.LIGHT, side, "it is not clear whether it is there with a light weight", needed))
    if told.of(Condition.LOADED) is Answer.MORE:
        causes += _when_loaded(told, muscles)
        missing += _lacks_placement(told, session)
    elif told.of(Condition.LOADED) in (Answer.UNCLEAR, Answer.TOO_FEW):
        missing.append(_lacks(told, session, Condition.LOADED, "whether it grows with the load"))
    return SideTriage(side, presence, size, told.comparisons, tuple(causes), tuple(missing))


def _when_light(
    told: SideTriage, session: Conditions, cue_done: Comparison | None, causes: list[FoundCause], missing: list[Missing]
) -> None:
    """Tell technique and mobility apart, where it is there with a light weight."""
    by = {one.condition: one for one in told.comparisons}
    cue, heels = told.of(Condition.CUE), told.of(Condition.HEELS)
    done = cue_done.change.answer if cue_done is not None else Answer.TOO_FEW
    not_done = done in (Answer.SAME, Answer.LESS)
    told_by = (Condition.SLOW,) if not_done else (Condition.CUE, Condition.SLOW)
    mended_by = tuple(by[c] for c in told_by if told.of(c) is Answer.LESS)
    lifted = (by[Condition.HEELS],) if heels is Answer.LESS else ()
    if mended_by:
        causes.append(FoundCause(Cause.TECHNIQUE, told.side, "", mended_by))
    if lifted:
        causes.append(FoundCause(Cause.ANKLE, told.side, "", lifted, mended_by))
    if mended_by or lifted:
        return
    if not_done:
        why = "the cue was not done: the feet did not screw outwards more than without it"
        missing.append(Missing(Condition.CUE, told.side, why))
    elif cue_done is not None and done is not Answer.MORE:
        missing.append(Missing(Condition.CUE, told.side, "whether the cue was done is not clear", cue_done.change.needed))
    elif cue in (Answer.SAME, Answer.MORE) and heels in (Answer.SAME, Answer.MORE):
        causes.append(FoundCause(Cause.HIP, told.side, "", (by[Condition.CUE], by[Condition.HEELS])))
        if cue_done is None:
            why = "whether the cue was done can't be known, as these plates give no free moment"
            missing.append(Missing(Condition.CUE, told.side, why))
    elif cue not in (Answer.SAME, Answer.MORE):
        missing.append(_lacks(told, session, Condition.CUE, "whether a cue changes it"))
    if heels not in (Answer.SAME, Answer.MORE):
        missing.append(_lacks(told, session, Condition.HEELS, "whether lifted heels change it"))


def _lacks(told: SideTriage, session: Conditions, condition: Condition, what: str) -> Missing:
    found = next((one for one in told.comparisons if one.condition is condition), None)
    if condition in session.left_out:
        return Missing(
            condition, told.side, f"{what} can't be told, as these sets were done with another weight than the light ones"
        )
    if found is None and session.of(condition):
        return Missing(condition, told.side, f"{what} can't be told, as nothing shows it in these sets")
    if found is None:
        return Missing(condition, told.side, f"{what} was not tried")
    if found.change.answer is Answer.IN_ORDER:
        return Missing(condition, told.side, f"{what} can't be told of sets that all came after the others, or before them")
    return Missing(condition, told.side, f"{what} is not clear", found.change.needed)


def _when_loaded(told: SideTriage, muscles: Sequence[Comparison]) -> list[FoundCause]:
    """Tell which muscles go with what grows with the load: those of its leg, or of either where the leg is not known."""
    grows = tuple(one for one in told.comparisons if one.condition is Condition.LOADED)
    legs = (told.side,) if told.side and grows[0].outcome.measure is not Measure.LOAD else SIDES
    here = [one for one in muscles if one.outcome.side in legs]
    causes = _of_muscles(grows, here)
    if causes:
        return causes
    amounts = [one for one in here if one.outcome.measure is not Measure.LATE]  # of Q:H by either reference
    ratios = [one for one in amounts if one.outcome.measure in (Measure.QH, Measure.QH_DYNAMIC)]
    shown = all(one.change.answer in (Answer.SAME, Answer.LESS) for one in amounts)
    if shown and 0 < len(ratios) < len(amounts):
        return [FoundCause(Cause.LOAD_ALONE, told.side, "", grows, tuple(amounts))]
    return [FoundCause(Cause.LOAD_UNCLEAR, told.side, "", grows)]


def _lacks_placement(told: SideTriage, session: Conditions) -> list[Missing]:
    """Say where the muscles of heavy sets can't be told, as electrodes were placed anew since the light ones."""
    if session.placement is not None or not session.of(Condition.LIGHT) or not session.knows_muscles:
        return []
    why = (
        "what muscles do can't be compared, as more than six hours lie between all light sets and these, and electrodes count "
        "as placed anew"
    )
    return [Missing(Condition.LOADED, told.side, why)]


def _of_muscles(grows: tuple[Comparison, ...], muscles: Sequence[Comparison]) -> list[FoundCause]:
    """Return the causes that muscles name which go with it; Q:H by a dynamic reference names none, and may speak against."""
    causes: dict[tuple[Cause, str, str], list[Comparison]] = {}
    against = [one for pair in disagreeing(muscles) for one in pair]
    for one in muscles:
        measure, muscle, side = one.outcome
        if one.change.answer is Answer.MORE and measure is not Measure.QH_DYNAMIC:
            cause = Cause.QUADRICEPS if measure is Measure.QH else Cause.GLUTES
            causes.setdefault((cause, side, muscle), []).append(one)
    return [
        FoundCause(
            cause,
            side,
            muscle,
            (*grows, *found),
            tuple(
                one for one in against if cause is Cause.QUADRICEPS and one.outcome == Outcome(Measure.QH_DYNAMIC, side=side)
            ),
        )
        for (cause, side, muscle), found in causes.items()
    ]


def disagreeing(muscles: Sequence[Comparison]) -> list[tuple[Comparison, Comparison]]:
    """Return Q:H by maximal contractions and by a dynamic reference of each leg in which the two say different things."""
    by = {one.outcome: one for one in muscles}
    keys = [(Outcome(Measure.QH, side=side), Outcome(Measure.QH_DYNAMIC, side=side)) for side in SIDES]
    pairs = [(by[mvc], by[dynamic]) for mvc, dynamic in keys if mvc in by and dynamic in by]
    told = (Answer.LESS, Answer.SAME, Answer.MORE)
    return [
        pair
        for pair in pairs
        if pair[0].change.answer is not pair[1].change.answer and all(one.change.answer in told for one in pair)
    ]


def _with_pattern(told: SideTriage, muscles: Sequence[Comparison]) -> SideTriage:
    """Return a side of the load with what its leg's muscles alone tell, where no load goes with it and no knee is known."""
    here = [one for one in muscles if one.outcome.side == told.side and one.change.probability >= PATTERN_FROM]
    return SideTriage(
        told.side, told.presence, told.size, told.comparisons, tuple(_of_muscles((), here)), told.missing
    )  # fmt: skip


def _state(sides: Sequence[SideTriage]) -> State:
    if any(side.causes for side in sides):
        return State.CAUSES
    solid = all(side.presence is Presence.ABSENT for side in sides)
    if solid and all(side.of(Condition.LOADED) in (Answer.SAME, Answer.LESS) for side in sides):
        return State.NOTHING
    return State.NOT_ENOUGH if any(_too_few(side) for side in sides) else State.UNCLEAR


def _too_few(told: SideTriage) -> bool:
    """Return whether something that decides was not tried, or too little."""
    cue = told.presence is Presence.PRESENT and told.of(Condition.CUE) is Answer.TOO_FEW
    return cue or told.presence is Presence.TOO_FEW or told.of(Condition.LOADED) is Answer.TOO_FEW
