"""A recording or results, opened: what it holds as numpy and pandas, read and computed when it is asked for."""

from __future__ import annotations

from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from acquisition.lifter_file import load_lifter, with_lifter
from acquisition.recording import Recording, is_recording
from acquisition.rig.plate_map import plate_map
from acquisition.rig.rig import microvolts_per_unit
from acquisition.rig.rig_file import load
from hardware.errors import SquatscopeError
from processing.batch import as_recorded, with_settings
from processing.batch import reprocess as compute
from processing.force.wrench import plate_wrench
from processing.repetition.corrections import read_history
from processing.repetition.muscles import MuscleResult
from processing.repetition.table import PhaseResult, RepetitionResult
from processing.results import FlagResult, Results
from processing.results.row_tables import as_table
from processing.screening.recorded_sets import session_measures
from processing.tables import files_in, table_of
from squatscope.events import Event, events_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from pandas import DataFrame

    from acquisition.rig import Rig
    from processing.force.wrench import PlateWrench


class DoorError(SquatscopeError):
    """What was asked for is not there; the text is a full sentence."""


def open(path: str | Path) -> Opened:
    """Open a recording, or a file of results; raises RecordingError or ResultsError where it is neither."""
    return Opened(Path(path))


def reprocess(
    path: str | Path, rig: str | Path | None = None, lifter: str | Path | None = None, *, edits: bool = True
) -> Opened:
    """Open a recording to be judged as another rig's TOML file says, or with a lifter's measures (file of `squatscope mvc`).

    Without `edits` what was corrected by hand is left out.
    """
    settings = load(Path(rig)) if rig is not None else None
    known = load_lifter(Path(lifter)) if lifter is not None else None

    def rig_for(own: Rig) -> Rig:
        own = own if settings is None else with_settings(own, settings)
        return own if known is None else with_lifter(own, known)

    return Opened(Path(path), rig_for, with_edits=edits)


def table(paths: str | Path | Sequence[str | Path]) -> DataFrame:
    """Return a row for each repetition of recordings and results, or of those in folders; raises the first file's error."""
    several = [paths] if isinstance(paths, str | Path) else paths

    def failed(_path: Path, error: SquatscopeError) -> None:
        raise error

    columns, rows = table_of(files_in([Path(path) for path in several]), failed)
    return _pandas().DataFrame(rows, columns=columns)


class Opened:
    """A recording or results; what is raw is there for recordings only. Times are seconds of the session."""

    def __init__(self, path: Path, rig_for: Callable[[Rig], Rig] = as_recorded, *, with_edits: bool = True) -> None:
        """Open it; `rig_for` returns the rig by which it is judged from its own.

        A try of a session is judged with what the session measured of its lifter, as in its triage.
        """
        self.path = path
        self._is_recording = is_recording(path)
        measures = session_measures(path)
        self._with_edits = with_edits
        self._rig_for: Callable[[Rig], Rig] = lambda own: measures(rig_for(own))
        if not self._is_recording:
            self.results  # noqa: B018 - says at once where it is no results either

    @cached_property
    def results(self) -> Results:
        """All that was computed: read, or computed now."""
        return compute(self.path, self._rig_for, with_edits=self._with_edits) if self._is_recording else Results.read(self.path)

    @property
    def rig(self) -> Rig:
        """The rig by which it is judged."""
        if "results" in self.__dict__ or not self._is_recording:
            return self.results.rig
        with Recording(self.path) as recording:
            history = read_history(self.path, recording.uuid) if self._with_edits else None
            return self._rig_for(recording.rig if history is None else history.judged(recording.rig))

    @property
    def streams(self) -> dict[str, tuple[str, ...]]:
        """The raw streams, with their channels."""
        return {stream.name: tuple(stream.channels) for stream in self.rig.stream}

    def raw(self, stream: str) -> NDArray[Any]:
        """Return the samples of a stream, (samples, channels), as the device gave them; raises DoorError."""
        with self._recording(stream) as recording:
            return recording.samples(stream)

    def time_s(self, stream: str) -> NDArray[np.float64]:
        """Return the time of each of its samples in s, by the recording's clock; lost samples leave a step."""
        with self._recording(stream) as recording:
            ticks = recording.streams[stream].ticks
            rows = np.arange(recording.streams[stream].rows)
            at = np.searchsorted(ticks["row"], rows, side="right")
            numbers = rows + (ticks["index"] - ticks["row"])[at]
            return recording.clocks[stream].host_s(numbers) - recording.start_s

    def _recording(self, stream: str) -> Recording:
        if not self._is_recording:
            raise DoorError(f"{self.path} holds results and no samples; open its recording.")
        if stream not in self.streams:
            raise DoorError(f"{self.path} has no stream {stream!r}; its streams are {', '.join(self.streams)}.")
        return Recording(self.path)

    @cached_property
    def forces(self) -> DataFrame:
        """Force (N) and moment (N·mm) of each plate about the origin of the lab, lab axes, + up, at the full rate."""
        return self._of_plates(
            lambda wrench: {
                **{f"f{axis}_{{side}}_N": wrench.force_N[:, i] for i, axis in enumerate("xyz")},
                **{f"m{axis}_{{side}}_Nmm": wrench.moment_Nmm[:, i] for i, axis in enumerate("xyz")},
            }
        )

    @cached_property
    def cop(self) -> DataFrame:
        """Centre of pressure of each plate in the lab axes, in mm, at the full rate; NaN where Fz is not above `cop_N`."""
        return self._of_plates(lambda wrench: {f"cop_{axis}_{{side}}_mm": wrench.cop_mm[:, i] for i, axis in enumerate("xy")})

    def _of_plates(self, of: Callable[[PlateWrench], dict[str, NDArray[np.float64]]]) -> DataFrame:
        rig = self.rig
        if not rig.plate:
            raise DoorError(f"{self.path} has no force plates.")
        stream = rig.plate[0].stream
        raw = self.raw(stream)
        columns: dict[str, NDArray[np.float64]] = {}
        for plate in rig.plate:
            at = [rig.column(stream, channel) for channel in plate.channels]
            found = of(plate_wrench(raw, at, plate_map(plate), rig.plates.cop_N))
            columns |= {name.format(side=plate.side): values for name, values in found.items()}
        return _pandas().DataFrame(columns, index=_pandas().Index(self.time_s(stream), name="time_s"))

    @cached_property
    def emg(self) -> DataFrame:
        """Every electrode's signal in µV at the skin, as it was recorded, of the first stream that has electrodes."""
        if not self.rig.emg:
            raise DoorError(f"{self.path} has no EMG.")
        return self.emg_on(self.rig.emg[0].stream)

    def emg_on(self, stream: str) -> DataFrame:
        """Return the same of another stream, where the electrodes of each leg are on their own; raises DoorError."""
        rig, raw = self.rig, self.raw(stream)
        channels = rig.stream_named(stream).stream().channels
        columns = {}
        for electrode in (one for one in rig.emg if one.stream == stream):
            at = rig.column(stream, electrode.channel)
            name = electrode.channel if electrode.muscle == "other" else electrode.muscle
            columns[f"{name}_{electrode.side}_uV"] = raw[:, at] * microvolts_per_unit(electrode, channels[at].unit)
        if not columns:
            raise DoorError(f"The stream {stream} of {self.path} has no electrodes.")
        return _pandas().DataFrame(columns, index=_pandas().Index(self.time_s(stream), name="time_s"))

    @property
    def envelopes(self) -> DataFrame:
        """The envelope of each electrode in µV, and of each muscle in %MVC, a row for each frame of about 10 ms.

        They are what was shown live: causal, so that they lag behind `emg` by the filter's delay, and NaN while filters settle;
        %MVC also where the channel is bad or no MVC is known. Of the first stream that has electrodes, as `emg`; `frames`
        has those of each.
        """
        found = self.frames("emg")
        return found[[name for name in found.columns if name.startswith(("envelope_", "activation_"))]]

    def frames(self, *columns: str) -> DataFrame:
        """Return columns of a table of metrics, a row for each frame of about 10 ms; raises DoorError where there is none.

        `force`, `emg` or `knee` is all of the first such table, `emg2.emg` that of the stream `emg2`.
        """
        tables = self.results.tables
        kind = next((name for name in tables if columns in ((name,), (name.rpartition(".")[2],))), None)
        found = tables[kind] if kind is not None else self.results.table_with(*columns)
        if found is None:
            there = f"its tables are {', '.join(tables)}" if tables else "nothing could be computed from it"
            raise DoorError(f"{self.path} has no table with {', '.join(columns)}; {there}.")
        index = _pandas().Index(found.time_s, name="time_s")
        frame = _pandas().DataFrame(np.asarray(found.frames), columns=list(found.columns), index=index)
        return frame if kind is not None else frame[list(columns)]

    @property
    def repetitions(self) -> DataFrame:
        """A row for each repetition: times, depth, phases."""
        return _rows(RepetitionResult, self.results.repetitions)

    @property
    def phases(self) -> DataFrame:
        """A row for each repetition, phase and side."""
        return _rows(PhaseResult, self.results.phases)

    @property
    def muscles(self) -> DataFrame:
        """A row for each repetition and muscle."""
        return _rows(MuscleResult, self.results.muscles)

    @property
    def flags(self) -> DataFrame:
        """A row for each flag: rule, side, severity, from when to when, its peak and limits."""
        return _rows(FlagResult, self.results.flags)

    @property
    def events(self) -> DataFrame:
        """A row for each repetition, for its lowering, pause and rising, and for each flag, in the order of their starts.

        `event` says which, `number` counts repetitions and flags from 1; `rule` and `severity` are empty but for flags. `end_s`
        is NaN of a flag that was still up at the end. What is doubtful is told in `repetitions`.
        """
        return _rows(Event, sorted(events_of(self.results), key=lambda event: event.start_s))


def _rows(kind: type[Any], rows: list[Any]) -> DataFrame:
    """Return rows of a kind as a table with a column for each of its fields, text as text; with no rows, too."""
    made = as_table(kind, rows)
    columns = {name: made[name] for name in made.dtype.names or ()}
    texts = {name: np.char.decode(of, "utf-8") for name, of in columns.items() if of.dtype.kind == "S"}
    return _pandas().DataFrame(columns | texts)


def _pandas() -> Any:  # noqa: ANN401
    try:
        return import_module("pandas")
    except ImportError:
        raise DoorError("Tables need the package pandas: install it with 'pip install squatscope[tables]'.") from None
