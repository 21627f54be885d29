"""The summary of an import for the screen: plates and feet, where the lifter's right is, electrodes, markers, and the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from acquisition.formats.markers.leg_markers import markers_in_words
from acquisition.rig import SIDES
from acquisition.rig.lifter_axes import axes_in_words, lifter_axes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acquisition.formats.c3d.plates import ChosenPlate
    from acquisition.rig import Rig


def rig_in_words(rig: Rig, chosen: Sequence[ChosenPlate], unmapped: Sequence[str]) -> list[str]:
    """Return what of a file became what, a line each; `unmapped` are the channels that are recorded and not used."""
    lines = [f"  plate {p.of_file.number} is the {p.side} one, {p.how}; {np.nanmean(p.fz_N):.0f} N on average" for p in chosen]
    lines += [f"  {line}" for line in axes_in_words(lifter_axes(rig), rig)] if chosen else ["  no force plate"]
    for side in SIDES:
        own = [f"{e.muscle} ({e.channel})" for e in rig.emg if e.side == side]
        lines.append(f"  EMG {side}: {', '.join(own) or 'none'}")
    lines += [f"  {line}" for line in markers_in_words(rig.marker)]
    if unmapped:
        lines.append(f"  recorded as they are: {', '.join(unmapped)}")
    return lines
