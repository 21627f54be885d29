"""The import map: what a person knows about a file and the file does not say, as a TOML file."""

from __future__ import annotations

from collections import Counter
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, model_validator

from acquisition.rig import Foot, Lab, Lead, Point, Side
from acquisition.rig.judgement import Judgement
from acquisition.rig.rig_file import RigError, read_toml
from acquisition.rig.toml_lines import lines_of
from hardware.settings import NotNegative, Settings
from hardware.source import MOST_HZ

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

Length = Literal["mm", "cm", "m"]
Corner = Annotated[list[float], Field(min_length=3, max_length=3)]


class MapPlate(Settings):
    """A plate of the file and the foot that stands on it: by its number, from 1, or by the labels of its channels.

    `corners_mm` and what follows are as in a rig's plate; a plate by its number takes them where the file does not say them.
    """

    number: Annotated[int, Field(ge=1)] | None = None
    side: Side
    pad_mm: NotNegative = 0.0
    stream: str = ""
    channels: list[str] = []
    c3d_type: Literal[1, 2, 3, 4, 5] | None = None
    corners_mm: Annotated[list[Corner], Field(min_length=4, max_length=4)] | None = None
    origin_mm: Annotated[list[float], Field(min_length=3, max_length=3)] | None = None
    sensitivities: list[float] | None = None
    calibration_matrix: list[list[float]] | None = None

    @model_validator(mode="after")
    def _one_way(self) -> MapPlate:
        if (self.number is None) == (not self.channels):
            raise ValueError("a plate is named by its number or by its channels; give one of them")
        if self.channels and (self.c3d_type is None or self.corners_mm is None):
            raise ValueError("a plate by its channels needs c3d_type and corners_mm")
        return self

    @property
    def described(self) -> bool:
        """Whether the map says where the plate lies, or how its channels are read."""
        return any(
            value is not None for value in (self.corners_mm, self.origin_mm, self.sensitivities, self.calibration_matrix)
        )


class MapElectrode(Lead):
    """An EMG channel of the file by its label, and the muscle that it was on.

    `stream` is needed where several have a channel of that label, `unit` where the file says none.
    """

    label: str
    stream: str = ""
    unit: Literal["V", "mV", "uV"] | None = None


class MapMarker(Settings):
    """A marker of the file by its label, and the point of a leg that it was on."""

    label: str
    point: Point
    side: Side


class MapTable(Settings):
    """How a file of lines of numbers is read, where that can't be told from it.

    `time` is the label of the time column, "" where there is none: then `rate_hz` says the rate. `labels`: names of the
    columns instead of the file's own. `lengths`: the unit of places that name none known.
    """

    delimiter: Literal["tab", "comma", "semicolon", "space"] | None = None
    decimal: Literal["point", "comma"] | None = None
    rate_hz: Annotated[float, Field(gt=0, le=MOST_HZ)] | None = None
    time: str | None = None
    time_unit: Literal["s", "ms", "us"] | None = None
    labels: list[str] = []
    lengths: Length | None = None


class ImportMap(Judgement):
    """What a person knows about a file and the file does not say, with a rig's own settings where they differ."""

    table: MapTable = MapTable()
    plate: Annotated[list[MapPlate], Field(max_length=2)] = []
    emg: list[MapElectrode] = []
    marker: list[MapMarker] = []
    foot: Annotated[list[Foot], Field(max_length=2)] = []
    lab: Lab = Lab()

    @model_validator(mode="after")
    def _each_once(self) -> ImportMap:
        if len(self.plate) == 2:
            one, other = self.plate
            if one.number is not None and one.number == other.number:
                raise ValueError(f"plate {one.number} is named twice; name each once")
            if set(one.channels) & set(other.channels) and one.stream == other.stream:
                raise ValueError(
                    f"the channel {min(set(one.channels) & set(other.channels))!r} is of both plates; name it once"
                )
            if (one.number is None) != (other.number is None):
                raise ValueError("one plate is named by its number and one by its channels; name both alike")
            if one.side == other.side:
                raise ValueError(f"both plates stand on the {one.side}; give one the other side")
        labels = [label for (label, _), count in Counter((e.label, e.stream) for e in self.emg).items() if count > 1]
        if labels:
            raise ValueError(f"the channel {labels[0]!r} is named twice; name each once")
        doubled = [muscle for muscle, count in Counter((e.muscle, e.side) for e in self.emg).items() if count > 1]
        if doubled and doubled[0][0] != "other":
            raise ValueError(f"there are two electrodes for {doubled[0][0]} {doubled[0][1]}; name each muscle once per leg")
        twice = [point for point, count in Counter((m.point, m.side) for m in self.marker).items() if count > 1]
        if twice:
            raise ValueError(f"there are two markers for {twice[0][0]} {twice[0][1]}; name each once")
        return self


def read_map(map_file: Path | None) -> ImportMap:
    """Return the map of a file, or an empty one without; raises RigError, which lists every mistake."""
    return read_toml(map_file, ImportMap) if map_file else ImportMap()


class MapCheck:
    """Gathers where a map names what its file does not have, each with its line."""

    def __init__(self, map_file: Path, file: Path) -> None:
        self._map_file, self._file = map_file, file
        self._lines = lines_of(map_file.read_text(encoding="utf-8-sig"))
        self._mistakes: list[tuple[int, str]] = []

    def has(self, at: tuple[str | int, ...], what: str, name: str | int, known: Sequence[str | int]) -> None:
        """Check that what stands at a key path in the map is one of those that the file has."""
        if name in known:
            return
        said = repr(name) if isinstance(name, str) else str(name)
        close = get_close_matches(name, [str(k) for k in known], 1, 0.3) if isinstance(name, str) else []
        meant = f"did you mean {close[0]!r}?" if close else f"it has {', '.join(map(str, known)) or 'none'}."
        self.wrong(at, f"there is no {what} {said} in {self._file}; {meant}")

    def wrong(self, at: tuple[str | int, ...], sentence: str) -> None:
        """Note a mistake at a key path in the map, or at the nearest table around it."""
        while at and at not in self._lines:
            at = at[:-1]
        self._mistakes.append((self._lines.get(at, 1), sentence))

    def done(self) -> None:
        """Raise RigError with every mistake."""
        if self._mistakes:
            raise RigError("\n".join(f"{self._map_file}, line {line}: {text}" for line, text in sorted(set(self._mistakes))))
