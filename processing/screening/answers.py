"""Answers in words: what a triage found, on what it rests, what is missing, and what to try first; the last step of it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from acquisition.rig import SIDES
from processing.screening.advice import ALWAYS, advice_for
from processing.screening.comparison import Answer
from processing.screening.condition import Condition
from processing.screening.conditions import Basis, Presence
from processing.screening.outcome import RATING
from processing.screening.triage import State, disagreeing

if TYPE_CHECKING:
    from processing.screening.conditions import Comparison
    from processing.screening.outcome import Outcome
    from processing.screening.recorded_sets import Screening
    from processing.screening.triage import FoundCause, Missing, SideTriage, Triage

WITH = {
    Condition.CUE: "with the cue",
    Condition.SLOW: "lowering slowly",
    Condition.HEELS: "with lifted heels",
    Condition.LOADED: "with the heaviest bar",
    Condition.LIGHT: "with the light weight",
    Condition.DEPTH: "as deep as can be",
}
_STATES = {
    State.NOTHING: "Nothing to mend was seen: it is not there with a light weight, and does not grow with the load.",
    State.UNCLEAR: "It can't be told yet.",
    State.NOT_ENOUGH: "There is not enough data for an answer.",
}


def headline(told: Triage) -> str:
    """Return the answer in one sentence."""
    if told.state is not State.CAUSES:
        return _STATES[told.state]
    first, *others = told.causes
    said = f"What to try first: {_cause(first)}."
    return said + (f" Then: {'; '.join(_cause(one) for one in others)}." if others else "")


def basis_sentence(told: Triage) -> str:
    """Say what stands for the knee."""
    if told.basis is Basis.LOAD:
        return (
            "Nothing showed the knee: no markers, and no rating of a coach. So this is about the pattern of the load alone; "
            "rate the sets, or film them, to know what the knees did."
        )
    if told.basis is Basis.MARKERS:
        return "What the knees did comes from markers."
    return f"What the knee did comes from {told.basis}; plates and electrodes don't see it."


def in_three_lines(told: Triage) -> tuple[str, str, str]:
    """Return the answer as a coach reads it first: what it is, what speaks for it most, and what comes next."""
    if told.state is State.CAUSES:
        first = told.causes[0]
        why = " ".join(comparison_sentence(one) for one in first.evidence[:2]) or basis_sentence(told)
        return headline(told), why, f"Next: {advice_for(first).to_try[0]}"
    if told.state is State.NOTHING:
        why = " ".join(_presence(told, side) for side in told.sides)
        return headline(told), why, "Next: go on as you train; look again when the weights have grown."
    lacking = missing_sentences(told)
    return (
        headline(told),
        basis_sentence(told),
        f"Next: {lacking[0]}" if lacking else "Next: more repetitions of each condition.",
    )


def summary(told: Triage) -> list[str]:
    """Return the answer, a line each: what to try first, what stood for the knee, what is missing, and advice."""
    found = [headline(told), basis_sentence(told), *missing_sentences(told), *disagreement_sentences(told)]
    for cause in told.causes:
        found += advice_lines(cause)
    return [*found, ALWAYS]


def evidence(told: Triage) -> list[str]:
    """Return what it rests on, a line each: what is there with a light weight, and what each condition changed."""
    found = [_presence(told, side) for side in told.sides]
    found += [comparison_sentence(one) for side in told.sides for one in side.comparisons]
    found += [comparison_sentence(one) for one in told.muscles]
    light_m, deep_m = told.depths_m
    if math.isfinite(deep_m):
        found.append(
            f"As deep as can be with the light weight: {deep_m:.2f} m of the centre of mass, beside {light_m:.2f} m in the "
            "light sets; whether that is deep enough is for a coach to say."
        )
    return found if told.cue_done is None else [*found, _cue(told.cue_done)]


def disagreement_sentences(told: Triage) -> list[str]:
    """Mark where Q:H by maximal contractions says another thing than Q:H by the lifter's own light set."""
    return [
        f"Q:H of the {mvc.outcome.side} leg {WITH[mvc.condition]}: {mvc.change.answer} by the maximal "
        f"contractions, {dynamic.change.answer} by the first light set as the reference. What it tells hangs on the reference: "
        "do the maximal contractions again before acting on it."
        for mvc, dynamic in disagreeing(told.muscles)
    ]


def remarks(screening: Screening) -> list[str]:
    """Return what bounds an answer: muscles without maximal contractions, electrodes placed anew, sets corrected by hand."""
    said = []
    if screening.dynamic:
        said.append(
            f"Without a maximal contraction: {', '.join(screening.dynamic)}. They are in % of the lifter's own first light "
            "set: that tells how they change, and nothing of how strong one is beside another."
        )
    if screening.placements > 1 and any(results.rig.emg for results in screening.results):
        said.append(
            "Between some of the sets lie more than six hours, by the times of their recordings: electrodes count as placed "
            "anew, and what muscles do is compared within one placing only."
        )
    for applied, words in ((True, "Corrected by hand"), (False, "With edits that can't be applied")):
        edited = {one.recording: sum(edit.applied is applied for edit in one.edits) for one in screening.results}
        if named := ", ".join(f"{name} ({count})" for name, count in edited.items() if count):
            said.append(f"{words}: {named}; 'squatscope review' lists the edits of each.")
    return said


def advice_lines(found: FoundCause) -> list[str]:
    """Return what to try for a cause."""
    advice = advice_for(found)
    return [
        f"To try, {_cause(found)}:",
        *(f"  {number}. {one}" for number, one in enumerate(advice.to_try, 1)),
        f"  But: {advice.caveat}",
        f"  Next time look for {advice.look_for}.",
    ]


def _cause(found: FoundCause) -> str:
    muscle = f" ({found.muscle})" if found.muscle else ""
    return f"{found.cause}{muscle}{f', {found.side}' if found.side else ''}"


def _presence(told: Triage, side: SideTriage) -> str:
    """Say whether it is there with a light weight."""
    came, not_come = "came in", "did not come in"
    who = f"the {side.side} knee" if side.side else "the knees"
    if told.basis is Basis.LOAD:
        came, not_come = (f"{did} to the {side.side} beyond quiet stance" for did in ("went", "did not go"))
        who = "the load"
    words = {
        Presence.PRESENT: f"{who} {came}",
        Presence.ABSENT: f"{who} {not_come}",
        Presence.UNCLEAR: f"unclear whether {who} {came}",
        Presence.TOO_FEW: f"too few repetitions to say whether {who} {came}",
    }
    by = ""
    if side.size is not None and math.isfinite(side.size.difference):
        unit = "%" if told.basis is Basis.LOAD else "mm"
        by = f" ({side.size.difference:+.1f} {unit} in the median of {side.size.repetitions[0]} repetitions)"
    return f"With the light weight: {words[side.presence]}{by}."


def comparison_sentence(one: Comparison) -> str:
    """Say what a condition did to an outcome, with its interval and pairs."""
    change = one.change
    where = f"{one.outcome.side} " if one.outcome.side in SIDES else ""
    start = WITH[one.condition][0].upper() + WITH[one.condition][1:]
    if change.answer is Answer.TOO_FEW:
        return f"{start}: {where}{named(one.outcome)}: too few repetitions or sets to compare."
    did = {
        Answer.LESS: "less",
        Answer.MORE: "more",
        Answer.SAME: "not changed",
        Answer.UNCLEAR: "unclear",
        Answer.IN_ORDER: "not comparable, as all of these sets came after the others, or before them",
    }[change.answer]
    told = amount_in_words(one)
    pairs = f"larger in {change.larger:g} of {change.pairs} pairs"
    numbers = f"{told}; {pairs}" if told else pairs
    return f"{start}: {where}{named(one.outcome)}: {did} ({numbers})."


def named(outcome: Outcome) -> str:
    """Return an outcome in words, without its side."""
    return "rating" if outcome == RATING else outcome.meaning.short


def amount_in_words(one: Comparison) -> str:
    """Return by how much an outcome changed, with its interval; empty for ratings, and where too little is known for one."""
    change = one.change
    if one.outcome == RATING or change.answer is Answer.TOO_FEW:
        return ""
    low, middle, high = change.low, change.difference, change.high
    meaning = one.outcome.meaning
    if meaning.is_log:
        low, middle, high = (math.exp(value) for value in (low, middle, high))
        return f"{middle:.2f} times, 90 % between {low:.2f} and {high:.2f}"
    unit, digits = meaning.unit, meaning.digits
    low, middle, high = (round(value, digits) + 0.0 for value in (low, middle, high))  # no "-0.0"
    return f"{middle:+.{digits}f} {unit}, 90 % between {low:+.{digits}f} and {high:+.{digits}f}"


def _cue(done: Comparison) -> str:
    words = {
        Answer.MORE: "The cue was done",
        Answer.UNCLEAR: "Whether the cue was done is unclear",
        Answer.TOO_FEW: "Too few repetitions or sets to say whether the cue was done",
    }
    return (
        f"{words.get(done.change.answer, 'The cue was not done')}: the feet screwed outwards by "
        f"{done.change.difference:+.1f} N m more than without it."
    )


def missing_sentences(told: Triage) -> list[str]:
    """Say what would tell more, what is missing on both sides once."""
    sides: dict[tuple[Condition, str], list[Missing]] = {}
    for one in told.missing:
        sides.setdefault((one.condition, one.why), []).append(one)
    what = "rated sets" if told.basis is Basis.RATED_SETS else "repetitions"
    found = []
    for (condition, why), alike in sides.items():
        where = " and ".join(one.side for one in alike if one.side)
        needed = max(one.repetitions for one in alike)
        more = f"; about {needed} {what} of each condition would tell" if needed else ""
        found.append(f"Missing, {WITH[condition]}{f' ({where})' if where else ''}: {why}{more}.")
    return found
