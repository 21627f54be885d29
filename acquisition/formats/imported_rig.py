"""The rig of an imported file: what was found in it, judged as its map says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from acquisition.rig import Rig
from acquisition.rig.judgement import Judgement

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from acquisition.formats.import_map import ImportMap
    from acquisition.formats.markers.leg_markers import LegMarkers
    from acquisition.rig import Electrode, Foot, Lab, Plate, StreamSettings
    from hardware.errors import SquatscopeError


def imported_rig(
    path: Path,
    error: type[SquatscopeError],
    mapping: ImportMap,
    streams: Sequence[StreamSettings],
    plates: list[Plate],
    electrodes: list[Electrode],
    legs: LegMarkers | None,
    feet: list[Foot],
    lab: Lab,
) -> Rig:
    """Return the rig of a file, judged as its map says; raises `error` with what does not fit together."""
    try:
        return Rig(
            name=path.stem or "recording",
            stream=[*streams] if legs is None else [*streams, legs.stream],
            plate=plates,
            emg=electrodes,
            marker=[] if legs is None else legs.markers,
            foot=feet,
            lab=lab,
            **{name: getattr(mapping, name) for name in Judgement.model_fields},
        )
    except ValidationError as wrong:
        text = "; ".join(str(detail["msg"]).removeprefix("Value error, ") for detail in wrong.errors())
        raise error(f"{path} can't be imported: {text}.") from wrong
