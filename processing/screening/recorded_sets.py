"""The sets of a session as its recordings tell them: reprocessed, with the lifter's measures of that session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acquisition.lifter_file import LifterFile, load_lifter, with_lifter, write_lifter
from acquisition.recording import Recording
from acquisition.rig.judgement import TriageSettings
from processing.batch import reprocess
from processing.lifter import DYNAMIC, dynamic_reference
from processing.screening.guided.session_file import SessionFileError, replace
from processing.screening.outcomes import Condition, set_outcome
from processing.screening.triage import triage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from acquisition.lifter_file import Mvc
    from acquisition.rig import Rig
    from processing.results import Results
    from processing.screening.guided.session_file import Session, Try
    from processing.screening.outcomes import SetOutcome
    from processing.screening.triage import Triage

LIFTER = "lifter.toml"
"""What belongs to the lifter in a session, beside its recordings: MVCs, reference set and feet."""


def measured(folder: Path, rig: Rig) -> Rig:
    """Return a rig with what the session knows of its lifter; raises RigError."""
    path = folder / LIFTER
    return with_lifter(rig, load_lifter(path)) if path.exists() else rig


def add_mvcs(folder: Path, mvcs: Sequence[Mvc]) -> None:
    """Add maximal contractions to what the session knows of its lifter; of a muscle the largest counts."""
    if not mvcs:
        return
    path = folder / LIFTER
    known = load_lifter(path) if path.exists() else LifterFile(lifter=folder.parent.name)
    best = {(entry.muscle, entry.side): entry for entry in known.mvc}
    for entry in mvcs:
        before = best.get((entry.muscle, entry.side))
        if before is None or entry.mvc_uV > before.mvc_uV or before.trial.startswith(DYNAMIC):
            best[entry.muscle, entry.side] = entry
    new = path.with_name(f"{LIFTER}.new")
    try:
        new.unlink(missing_ok=True)
        write_lifter(new, known.model_copy(update={"mvc": list(best.values())}))
        replace(new, path)
    except OSError as error:
        raise SessionFileError(f"{path} can't be written: {error.strerror}.") from error


def refer_to(folder: Path, one: Try) -> None:
    """Take a set as the dynamic reference of each muscle that has no maximal contraction in the rig or in the session."""
    path = folder / one.recording
    with Recording(path) as recording:
        lacking = {(e.muscle, e.side) for e in measured(folder, recording.rig).emg if e.mvc_uV is None}
    if lacking:
        add_mvcs(folder, [mvc for mvc in dynamic_reference(path) if (mvc.muscle, mvc.side) in lacking])


def refers_to_a_set(folder: Path) -> bool:
    """Return whether some muscle's 100 % is that of a set and no maximal contraction."""
    path = folder / LIFTER
    return path.exists() and any(entry.trial.startswith(DYNAMIC) for entry in load_lifter(path).mvc)


def results_of_try(folder: Path, one: Try, rig_for: Callable[[Rig], Rig]) -> Results:
    """Return the results of a try's recording; raises RecordingError, PipelineError or RigError."""
    return reprocess(folder / one.recording, lambda rig: measured(folder, rig_for(rig)))


def session_triage(folder: Path, session: Session, rig_for: Callable[[Rig], Rig]) -> Triage:
    """Return what the sets that count tell, by the smallest changes that the first one's rig names.

    Raises as `results_of_try` does.
    """
    sets: list[SetOutcome] = []
    settings = TriageSettings()
    for one in session.counting():
        results = results_of_try(folder, one, rig_for)
        settings = settings if sets else results.rig.triage
        sets.append(
            set_outcome(results, one.number, Condition(one.condition), one.bar_kg or 0.0, one.rating, one.ratings)
        )  # fmt: skip
    return triage(sets, settings)
