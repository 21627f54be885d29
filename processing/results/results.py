"""Results: the metrics and flags of one recording, with everything that explains them, in a file of their own.

The file is plain HDF5: per derived stream a table `frames` with its columns, units and formula ids as attributes and a
`time_s` beside it; `flags`; `quality` of the EMG channels; the rig with every setting; version and recording. Times are
seconds of the session, 0 = the first sample of any stream.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import MISSING, dataclass, field, fields, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from acquisition.rig import Rig
from acquisition.rig.judgement import Judgement
from acquisition.storage.disk import allocate, claim
from acquisition.storage.hdf5_parts import PartError, dataset_in, groups_in, number_in, text_in, texts_in, words_of
from acquisition.storage.hdf5_text import fixed, text_of
from hardware.errors import SquatscopeError
from hardware.severity import Severity
from processing.emg.verdicts import sentence_of
from processing.repetition.columns import OF_MUSCLE, OF_PHASE, OF_REPETITION
from processing.repetition.corrections import EditResult
from processing.repetition.muscles import MuscleResult
from processing.repetition.table import PhaseResult, RepetitionResult
from processing.repetition.variability import VariabilityResult
from processing.results.frame_file import PIECE_ROWS, pieces
from processing.results.row_tables import as_table, from_table, row_of

FORMAT = "squatscope results"
FORMAT_VERSION = 2
HEAD_BYTES = 1 << 20
"""Room for what is in a results file beside its tables."""
MOST_SAMPLED = 1 << 20


CAUSAL = "causal"
"""How filters ran: as they do live, so what is computed offline is the same; anything else would be named here."""


def settings_sha256(rig: Rig) -> str:
    """Return a fingerprint of how a rig judges: results with the same one were computed with the same settings."""
    judgement = {name: getattr(rig, name).model_dump(mode="json") for name in Judgement.model_fields}
    return hashlib.sha256(json.dumps(judgement, sort_keys=True).encode()).hexdigest()


class ResultsError(SquatscopeError):
    """Results can't be written or read; the text is a full sentence."""


@dataclass(frozen=True, slots=True)
class Table:
    """The frames of one derived stream, (n, columns): a time for each row; a name, a unit and a formula id for each column."""

    columns: tuple[str, ...]
    units: tuple[str, ...]
    formula_ids: tuple[str, ...]
    time_s: NDArray[np.float64]
    frames: NDArray[np.float64]

    def column(self, name: str) -> NDArray[np.float64]:
        """Return one column; raises PartError where there is none of that name."""
        return self.frames[:, self.columns.index(name)]

    @property
    def frame_s(self) -> float:
        """The time from one frame to the next, 0 where there are not two."""
        return float(np.median(np.diff(self.time_s[:PIECE_ROWS]))) if len(self.time_s) > 1 else 0.0

    def sample_of(self, name: str) -> NDArray[np.float64]:
        """Return one column for percentiles: all of it, or of the frames of many hours an even sample."""
        return self.column(name)[:: 1 + len(self.frames) // MOST_SAMPLED]


@dataclass(frozen=True, slots=True)
class FlagResult:
    """A flag in words and session time; `end_s` is NaN where it was still up at the end, `peak` bears the metric's sign.

    `dismissed`: why somebody who looked at it says that it is none, else empty.
    """

    rule: str
    label: str
    side: str
    severity: Severity
    metric: str
    formula_id: str
    unit: str
    start_s: float
    raised_s: float
    end_s: float
    peak: float
    amber: float
    red: float
    stream: str
    start_sample: int
    dismissed: str = ""


@dataclass(frozen=True, slots=True)
class ChannelResult:
    """How good the signal of one electrode was over the recording; `found` and `advice` are empty where nothing is wrong.

    `bad_pct` and `noise_uV`, at its quietest, are of the whole recording; `offset_uV`, `mains_pct`, `saturated_pct`
    and `missing_pct` of the last window that was judged. `only_noise`: nothing ever rose above the noise floor, as with a
    muscle at rest, or with none. `notch_hz`: which mains are taken out of it, 0 for none; of `mains_uV` at last.
    """

    name: str
    stream: str
    bad_pct: float
    noise_uV: float
    offset_uV: float
    mains_pct: float
    saturated_pct: float
    missing_pct: float
    only_noise: bool
    found: str
    advice: str
    notch_hz: float = 0.0
    mains_uV: float = 0.0

    @property
    def sentence(self) -> str:
        """What was found and what to do about it, as a sentence."""
        return sentence_of(self.name, self.found, self.advice)


@dataclass(frozen=True, slots=True)
class StreamResult:
    """What was acquired of one raw stream; `missing` counts lost samples, `undersampled` that its rate is low for EMG.

    `clock_differs_s`: how far the clock that the recording keeps, by which all times are told, is from one fitted anew.
    `designed_hz`: the rate for which filters and times were designed; NaN in files of earlier versions, which used the nominal.
    """

    name: str
    nominal_hz: float
    rate_hz: float
    rows: int
    missing: int
    gaps: int
    residual_s: float
    sync_level: str
    undersampled: bool
    clock_differs_s: float = 0.0
    designed_hz: float = float("nan")


@dataclass(frozen=True, slots=True)
class FaultResult:
    """What went wrong in the session, as it was told then: session time, severity (fine: well again, or noted), about what."""

    at_s: float
    severity: Severity
    about: str
    sentence: str


@dataclass(frozen=True, slots=True)
class MarkResult:
    """What somebody marked as it happened: session time, and what it was called."""

    at_s: float
    label: str


@dataclass(frozen=True, slots=True)
class StanceResult:
    """A quiet stance: session time, why it was taken (a `StanceKind`), weights, places at rest (lab axes), width of the stance.

    `left_moved_mm` and `right_moved_mm`: how far a foot stands from its place in the stance before, NaN where there was none.
    `sd_N`: the total force's standard deviation in the stance's first window; NaN in files of earlier versions.
    """

    at_s: float
    kind: str
    body_weight_N: float
    system_weight_N: float
    width_mm: float
    left_x_mm: float
    left_y_mm: float
    right_x_mm: float
    right_y_mm: float
    left_moved_mm: float
    right_moved_mm: float
    sd_N: float = float("nan")


@dataclass(frozen=True, slots=True)
class ZeroResult:
    """What a plate read with nobody on it: from when, for how long, mean and standard deviation of its vertical force.

    `off_N`: by how much the forces next to it, while the plate was loaded, are off for what was not taken off, never negative.
    """

    at_s: float
    side: str
    seconds: float
    reads_N: float
    sd_N: float
    off_N: float = 0.0


@dataclass(frozen=True, slots=True)
class PlateFaultResult:
    """What was wrong with a plate (a `PlateFault`): session time, its channels if it was those, how long, at which value."""

    at_s: float
    side: str
    kind: str
    channel: str
    seconds: float
    value: float


ROWS: dict[str, type] = {
    "flags": FlagResult,
    "streams": StreamResult,
    "faults": FaultResult,
    "marks": MarkResult,
    "stances": StanceResult,
    "plate_faults": PlateFaultResult,
    "zeros": ZeroResult,
    "repetitions": RepetitionResult,
    "phases": PhaseResult,
    "muscles": MuscleResult,
    "variability": VariabilityResult,
    "edits": EditResult,
    "found_repetitions": RepetitionResult,
}
"""The lists of results that are tables of their file, by the names that they have in both."""


@dataclass(frozen=True, slots=True)
class Results:
    """All that was computed from one recording; `complete` is False for a recording cut short or still being written.

    `broken_off_s`: when squats began within which the force was lost. `weighing_refused`: why nobody could be weighed, else "".
    `stance_proved_low`: the last stance was at the bottom of a squat, and none came after it. `faults` are known to results
    that were made by the session itself; a recording keeps none. `edits`: what became of each that was made by hand;
    `found_repetitions`: those that were computed, where an edit changed them.
    """

    recording: str
    recording_uuid: str
    created_utc: str
    seconds: float
    body_weight_N: float
    rig: Rig
    tables: dict[str, Table]
    flags: list[FlagResult]
    channels: list[ChannelResult]
    streams: list[StreamResult]
    complete: bool = True
    faults: list[FaultResult] = field(default_factory=list)
    marks: list[MarkResult] = field(default_factory=list)
    stances: list[StanceResult] = field(default_factory=list)
    stance_proved_low: bool = False
    plate_faults: list[PlateFaultResult] = field(default_factory=list)
    zeros: list[ZeroResult] = field(default_factory=list)
    weighing_refused: str = ""
    repetitions: list[RepetitionResult] = field(default_factory=list)
    phases: list[PhaseResult] = field(default_factory=list)
    muscles: list[MuscleResult] = field(default_factory=list)
    variability: list[VariabilityResult] = field(default_factory=list)
    broken_off_s: list[float] = field(default_factory=list)
    edits: list[EditResult] = field(default_factory=list)
    found_repetitions: list[RepetitionResult] = field(default_factory=list)

    def table_with(self, *columns: str) -> Table | None:
        """Return the table that has all of these columns, or None."""
        return next((table for table in self.tables.values() if set(columns) <= set(table.columns)), None)

    def write(self, path: Path) -> None:
        """Write the results file; raises ResultsError where it exists or can't be written, and leaves nothing half-written."""
        size = HEAD_BYTES + sum(table.time_s.nbytes + table.frames.nbytes for table in self.tables.values())
        try:
            claim(path, size)
        except FileExistsError:
            raise ResultsError(f"{path} exists already, and nothing is ever overwritten; give another folder.") from None
        except OSError as error:
            raise ResultsError(f"The results {path} can't be written: {error.strerror}.") from error
        try:
            with path.open("r+b", buffering=0) as space:
                with h5py.File(path, "w", libver="earliest") as file:
                    allocate(space, 0, size)  # HDF5 does not survive a write that fails
                    self._write_into(file)
                    end = file.id.get_filesize()
                space.truncate(end)
        except BaseException as error:
            path.unlink()
            if isinstance(error, OSError | RuntimeError):
                raise ResultsError(f"The results {path} can't be written: {error}.") from error
            raise

    def _write_into(self, file: h5py.File) -> None:
        attributes = file.attrs
        attributes["format"] = fixed(FORMAT)
        attributes["format_version"] = FORMAT_VERSION
        attributes["software_version"] = fixed(version("squatscope"))
        attributes["settings_sha256"] = fixed(settings_sha256(self.rig))
        attributes["filtering"] = fixed(CAUSAL)
        attributes["written_utc"] = fixed(datetime.now(UTC).isoformat(timespec="seconds"))
        for name in ("recording", "recording_uuid", "created_utc"):
            attributes[name] = fixed(getattr(self, name))
        for name in ("seconds", "body_weight_N"):
            attributes[name] = getattr(self, name)
        attributes["complete"] = self.complete
        attributes["stance_proved_low"] = self.stance_proved_low
        attributes["weighing_refused"] = fixed(self.weighing_refused)
        file.create_dataset("rig", data=fixed(self.rig.model_dump_json(indent=1)))
        for name, table in self.tables.items():
            group = file.create_group(f"metrics/{name}")
            for key in ("columns", "units", "formula_ids"):
                group.attrs[key] = fixed(getattr(table, key))
            for key, numbers in (("time_s", table.time_s), ("frames", table.frames)):
                dataset = group.create_dataset(key, numbers.shape, np.float64)
                for row, piece in zip(range(0, len(numbers), PIECE_ROWS), pieces(numbers), strict=True):
                    dataset[row : row + len(piece)] = piece
        file.create_dataset("quality", data=as_table(ChannelResult, self.channels))
        for name, kind in ROWS.items():
            file.create_dataset(name, data=as_table(kind, getattr(self, name)))
        file.create_dataset("broken_off_s", data=np.array(self.broken_off_s, dtype=np.float64))
        for name, formulas in (("repetitions", OF_REPETITION), ("phases", OF_PHASE), ("muscles", OF_MUSCLE)):
            file[name].attrs["columns"] = fixed(list(formulas))
            file[name].attrs["units"] = fixed([formula.unit for formula in formulas.values()])
            file[name].attrs["formula_ids"] = fixed([formula.id for formula in formulas.values()])

    @classmethod
    def read(cls, path: Path) -> Results:
        """Read a results file; raises ResultsError where it is none or damaged."""
        try:
            with h5py.File(path, "r") as file:
                if "format" not in file.attrs or text_in(file, "format") != FORMAT:
                    raise ResultsError(f"{path} is an HDF5 file but no squatscope results; is it a recording?")
                if (found := number_in(file, "format_version")) > FORMAT_VERSION:
                    raise ResultsError(f"{path} has results of format {found:g}; this program reads up to {FORMAT_VERSION}.")
                return cls._read_from(file)
        except ResultsError:
            raise
        except FileNotFoundError:
            raise ResultsError(f"There is no file {path}.") from None
        except Exception as error:  # a damaged file can fail in any way
            raise ResultsError(f"{path} is no results file, or is damaged: {words_of(error)}.") from error

    @classmethod
    def _read_from(cls, file: h5py.File) -> Results:
        return cls(
            recording=text_in(file, "recording"),
            recording_uuid=text_in(file, "recording_uuid"),
            created_utc=text_in(file, "created_utc"),
            seconds=number_in(file, "seconds"),
            body_weight_N=number_in(file, "body_weight_N"),
            rig=Rig.model_validate_json(text_of(dataset_in(file, "rig")[()])),
            tables={name: _table(name, group) for name, group in groups_in(file, "metrics").items()},
            channels=_channels(dataset_in(file, "quality")),
            complete=bool(number_in(file, "complete")) if "complete" in file.attrs else True,
            stance_proved_low="stance_proved_low" in file.attrs and bool(number_in(file, "stance_proved_low")),
            weighing_refused=text_in(file, "weighing_refused") if "weighing_refused" in file.attrs else "",
            broken_off_s=dataset_in(file, "broken_off_s", np.float64)[()].tolist() if "broken_off_s" in file else [],
            **{
                name: from_table(kind, dataset_in(file, name))
                for name, kind in ROWS.items()
                if name in file or name in ("flags", "streams")  # which every version has
            },
        )


def _table(name: str, group: h5py.Group) -> Table:
    columns, units, formula_ids = (tuple(texts_in(group, key)) for key in ("columns", "units", "formula_ids"))
    time_s, frames = (dataset_in(group, key, np.float64)[()] for key in ("time_s", "frames"))
    if frames.shape != (*time_s.shape, len(columns)) or not len(columns) == len(units) == len(formula_ids):
        raise PartError(f"its table {name} does not have the shape that its columns say")
    return Table(columns, units, formula_ids, time_s, frames)


def _channels(dataset: h5py.Dataset) -> list[ChannelResult]:
    if "verdict" not in (dataset.dtype.names or ()):
        return from_table(ChannelResult, dataset)
    # Format 1 held both as one sentence that began with the channel's name.
    names = tuple(field.name for field in fields(ChannelResult) if field.default is MISSING)
    if dataset.dtype.names != (*names[:-2], "verdict") or dataset.ndim != 1:
        raise PartError("its table quality does not have the columns that it should have")
    channels: list[ChannelResult] = [row_of(ChannelResult, (*row, b"")) for row in dataset[:].tolist()]
    return [replace(c, found=c.found.removeprefix(f"EMG {c.name}: ").removesuffix(".")) for c in channels]
