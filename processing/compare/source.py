"""What is compared: a session, a recording or results, with what its sets tell and how that was computed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

import h5py

from acquisition.recording import is_recording
from acquisition.storage.hdf5_parts import text_in, texts_in
from hardware.errors import SquatscopeError
from processing.batch import as_recorded, reprocess
from processing.repetition.columns import OF_MUSCLE, OF_PHASE, OF_REPETITION
from processing.results import Results
from processing.screening.condition import Condition
from processing.screening.guided.session_file import NAME, read_session, try_of
from processing.screening.outcomes import SetOutcome, set_outcome
from processing.screening.recorded_sets import results_of_try, screening_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from acquisition.rig import Rig
    from processing.screening.guided.session_file import Session, Try


class CompareError(SquatscopeError):
    """Two things can't be compared; the text is a full sentence."""


@dataclass(frozen=True, slots=True)
class Source:
    """One of the two: what it is, whose and when, what its sets tell, and how it was computed.

    `placement` says for which placement of the electrodes its muscles stand, empty where that is not known.
    """

    name: str
    session: bool
    lifter: str
    created_utc: str
    software_version: str
    formulas: dict[str, str]
    results: tuple[Results, ...]
    sets: tuple[SetOutcome, ...]
    conditions: tuple[str, ...]
    placement: str = ""

    @property
    def rig(self) -> Rig:
        """The rig by which it was judged."""
        return self.results[0].rig

    @property
    def uuids(self) -> set[str]:
        """Its recordings."""
        return {results.recording_uuid for results in self.results}


def source_of(path: Path, rig_for: Callable[[Rig], Rig] | None = None) -> Source:
    """Return what a recording, a file of results or a session's folder tells, judged by `rig_for`, or as it was recorded.

    Raises CompareError where it is none of these, or results are to be judged anew; else what reading them raises.
    """
    judged = rig_for if rig_for is not None else as_recorded
    if path.is_dir():
        if not (path / NAME).exists():
            raise CompareError(f"{path} is no session's folder; name a session, a recording or a file of results.")
        session = read_session(path)
        if not session.counting():
            raise CompareError(f"No set of {path} counts yet, so there is nothing to compare.")
        told = screening_of(path, session, judged)
        return Source(
            name=str(path),
            session=True,
            lifter=session.lifter,
            created_utc=session.created_utc,
            software_version=version("squatscope"),
            formulas=_formulas(),
            results=told.results,
            sets=told.sets,
            conditions=tuple(dict.fromkeys(one.condition.value for one in told.sets)),
        )
    if is_recording(path):
        found = try_of(path)
        results = reprocess(path, judged) if found is None else results_of_try(path.parent, *found, judged)
        return _single(path, results, version("squatscope"), _formulas(), found)
    results = Results.read(path)
    if rig_for is not None:
        raise CompareError(f"{path} has results, which are computed already; other settings are for recordings and sessions.")
    return _single(path, results, *_computed_by(path), None)


def _single(
    path: Path, results: Results, by_version: str, formulas: dict[str, str], found: tuple[Session, Try] | None
) -> Source:
    session, one = found if found is not None else (None, None)
    condition, number = (one.condition, one.number) if one is not None else ("", 0)
    starts_s: dict[int, float] = {}
    for row in results.repetitions:
        starts_s.setdefault(row.set, row.start_s)
    bounds_s = [*starts_s.values(), math.inf]
    sets = [
        set_outcome(
            results,
            number or of_set,
            Condition(condition or Condition.LIGHT),
            math.nan,
            between_s=(bounds_s[i], bounds_s[i + 1]),
        )
        for i, of_set in enumerate(starts_s)
    ]
    return Source(
        name=str(path),
        session=False,
        lifter="" if session is None else session.lifter,
        created_utc=results.created_utc,
        software_version=by_version,
        formulas=formulas,
        results=(results,),
        sets=tuple(sets),
        conditions=(condition,),
        placement="" if session is None or one is None else f"{path.absolute().parent} {session.placement(one.created_utc)}",
    )


def _formulas() -> dict[str, str]:
    """Return the formula of every column of repetitions, as this version has it."""
    tables = ("repetitions", OF_REPETITION), ("phases", OF_PHASE), ("muscles", OF_MUSCLE)
    return {f"{table}.{column}": formula.id for table, columns in tables for column, formula in columns.items()}


def _computed_by(path: Path) -> tuple[str, dict[str, str]]:
    """Return the version and the formulas by which results were computed, as far as their file has them."""
    found: dict[str, str] = {}
    with h5py.File(path, "r") as file:
        for table in ("repetitions", "phases", "muscles"):
            if table in file and {"columns", "formula_ids"} <= set(file[table].attrs):
                columns, ids = texts_in(file[table], "columns"), texts_in(file[table], "formula_ids")
                found |= {f"{table}.{column}": formula for column, formula in zip(columns, ids, strict=False)}
        return text_in(file, "software_version") if "software_version" in file.attrs else "", found
