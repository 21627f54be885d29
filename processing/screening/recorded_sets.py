"""The sets of a session as its recordings tell them: reprocessed, with what stood for 100 % of each muscle at that time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from acquisition.lifter_file import LifterFile, load_lifter, with_lifter
from acquisition.rig.judgement import TriageSettings
from processing.batch import as_recorded, reprocess
from processing.screening.condition import Condition
from processing.screening.guided.session_file import try_of
from processing.screening.outcomes import set_outcome
from processing.screening.triage import triage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from acquisition.lifter_file import Mvc
    from acquisition.rig import Rig
    from processing.results import Results
    from processing.screening.guided.session_file import Session, Try
    from processing.screening.outcomes import SetOutcome
    from processing.screening.triage import Triage

LIFTER = "lifter.toml"
"""What else is known of a session's lifter, beside its recordings: feet, a reference set, MVCs of another session."""


@dataclass(frozen=True, slots=True)
class Screening:
    """What a session's recordings come to: results, sets, the answer, and muscles whose 100 % is that of a set."""

    session: Session
    results: tuple[Results, ...]
    sets: tuple[SetOutcome, ...]
    triage: Triage
    dynamic: tuple[str, ...]

    @property
    def placements(self) -> int:
        """How often the electrodes were placed."""
        return max((one.placement for one in self.sets), default=1)


def measured(folder: Path, session: Session, one: Try, rig: Rig) -> Rig:
    """Return a rig with what is known of the lifter at the time of a try; raises RigError.

    Of a muscle the largest maximal contraction counts, of those made with the electrodes where they were; then what the rig or
    the lifter's file says; and without any the dynamic reference.
    """
    path = folder / LIFTER
    rig = with_contractions(session, one.created_utc, with_lifter(rig, load_lifter(path)) if path.exists() else rig)
    lacking = {(electrode.muscle, electrode.side) for electrode in rig.emg if electrode.mvc_uV is None}
    instead = [entry for entry in dynamic_reference_of(session, one) if (entry.muscle, entry.side) in lacking]
    return with_lifter(rig, LifterFile(lifter=session.lifter, mvc=instead))


def with_contractions(session: Session, at_utc: str, rig: Rig) -> Rig:
    """Return a rig with the session's own maximal contractions, of those made with the electrodes where they are at a time."""
    best: dict[tuple[str, str], Mvc] = {}
    here = session.placement(at_utc)
    for other in session.tries:
        if other.kind == "mvc" and other.accepted and session.placement(other.created_utc) == here:
            for entry in other.reference:
                known = best.get((entry.muscle, entry.side))
                if known is None or entry.mvc_uV > known.mvc_uV:
                    best[entry.muscle, entry.side] = entry
    return with_lifter(rig, LifterFile(lifter=session.lifter, mvc=list(best.values())))


def dynamic_reference_of(session: Session, one: Try) -> list[Mvc]:
    """Return what each muscle does in the first light set that was made with the electrodes where they were for this try."""
    here = session.placement(one.created_utc)
    light = [
        other
        for other in session.counting()
        if other.condition == Condition.LIGHT and other.reference and session.placement(other.created_utc) == here
    ]
    return light[0].reference if light else []


def session_measures(path: Path) -> Callable[[Rig], Rig]:
    """Return what brings a recording's rig to what its session measured of the lifter; of no session, to itself."""
    found = try_of(path)
    return as_recorded if found is None else lambda rig: measured(path.parent, *found, rig)


def results_of_try(folder: Path, session: Session, one: Try, rig_for: Callable[[Rig], Rig]) -> Results:
    """Return the results of a try's recording; raises RecordingError, PipelineError or RigError."""
    return reprocess(folder / one.recording, lambda rig: measured(folder, session, one, rig_for(rig)))


def outcome_of_try(session: Session, one: Try, results: Results) -> SetOutcome:
    """Return what the results of a set tell of it."""
    return set_outcome(
        results,
        one.number,
        Condition(one.condition),
        one.bar_kg or 0.0,
        one.rating,
        one.ratings,
        placement=session.placement(one.created_utc),
        dynamic_uV={(entry.muscle, entry.side): entry.mvc_uV for entry in dynamic_reference_of(session, one)},
    )


def screening_of(folder: Path, session: Session, rig_for: Callable[[Rig], Rig]) -> Screening:
    """Return what the sets that count tell, by the smallest changes that the first one's rig names.

    Raises as `results_of_try` does.
    """
    found: list[Results] = []
    sets: list[SetOutcome] = []
    dynamic: dict[str, None] = {}
    for one in session.counting():
        results = results_of_try(folder, session, one, rig_for)
        found.append(results)
        dynamic |= {f"{e.muscle} {e.side}": None for e in results.rig.emg if e.mvc_uV is not None and e.mvc_from == "set"}
        sets.append(outcome_of_try(session, one, results))
    settings = found[0].rig.triage if found else TriageSettings()
    return Screening(session, tuple(found), tuple(sets), triage(sets, settings), tuple(dynamic))
