"""What a plate of a file reads unloaded, and whether its force is that on the foot: stated only where the file shows it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from acquisition.caveat import Caveat
from acquisition.rig.empty_plate import READS_N, READS_NMM, empty_stretches, is_unloaded
from acquisition.rig.plate_map import plate_map

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from acquisition.formats.c3d.plate_parameters import FilePlate
    from hardware.arrays import Floats

NOTHING_S = 0.1
"""A plate that reads nothing for so long has nobody on it."""
LOADED_PCT = 20.0
"""A plate is loaded where its force is above this share of the 99th percentile."""
TURN_ABOVE_N = 100.0
"""A plate that carries less than this has no load whose sign could be judged."""


@dataclass(frozen=True, slots=True, eq=False)
class Zero:
    """What the unloaded plate reads in raw units, and whether that is known: from samples in which nobody was on it."""

    raw: Floats
    known: bool


def zero_of(
    plate: FilePlate, raw: Floats, fz_N: Floats, named: tuple[int, int] | None, rate_hz: float, caveats: list[Caveat]
) -> Zero:
    """Return a plate's zero by the samples that the file names as unloaded, where it is, or else by empty stretches.

    `raw` (samples, channels) and `fz_N` (samples,), its vertical force with + up as read; `named`: first and last sample.
    """
    nothing = np.zeros(raw.shape[1])
    if named is not None:
        first, last = named
        there_N = float(np.nanmean(fz_N[first : last + 1])) if np.isfinite(fz_N[first : last + 1]).any() else math.nan
        which = f"samples {first + 1} to {last + 1}, which the file names as unloaded (FORCE_PLATFORM:ZERO)"
        if not math.isnan(there_N) and is_unloaded(there_N, fz_N):
            sentence = f"Plate {plate.number} is unloaded in {which}; what it reads there, {there_N:.1f} N, is taken off."
            caveats.append(Caveat("zero_taken_off", plate.name, {"zero_N": there_N}, sentence))
            return Zero(np.asarray(np.nanmean(raw[first : last + 1], axis=0)), known=True)
        sentence = f"Plate {plate.number} carries {abs(there_N):.0f} N in {which}, so nothing is taken off for that."
        caveats.append(Caveat("zero_while_loaded", plate.name, {"load_N": abs(there_N)}, sentence))
    empty = empty_stretches(fz_N, rate_hz)
    if not empty:
        return Zero(nothing, known=_reads_nothing(fz_N, rate_hz))
    samples = np.concatenate([np.arange(start, end) for start, end in empty])
    reads_N = float(fz_N[samples].mean())
    ends_N = [float(fz_N[start:end].mean()) for start, end in (empty[0], empty[-1])]
    if abs(ends_N[1] - ends_N[0]) > READS_N:
        sentence = (
            f"What plate {plate.number} reads with nobody on it drifts from {ends_N[0]:.0f} N at "
            f"{empty[0][0] / rate_hz:.0f} s to {ends_N[1]:.0f} N at {empty[-1][1] / rate_hz:.0f} s; its mean is taken off."
        )
        values = {"first_N": ends_N[0], "last_N": ends_N[1]}
        caveats.append(Caveat("plate_drifts", plate.name, values, sentence))
    elif abs(reads_N) > READS_N:
        sentence = (
            f"Plate {plate.number} reads {reads_N:.0f} N with nobody on it, for {len(samples) / rate_hz:.1f} s in which it "
            "hardly varies; that is taken off."
        )
        caveats.append(Caveat("zero_found", plate.name, {"zero_N": reads_N}, sentence))
    mean = np.asarray(np.nanmean(raw[samples], axis=0))
    if abs(reads_N) <= READS_N and abs(ends_N[1] - ends_N[0]) <= READS_N:
        shear_N, moment_Nmm = _across(plate, mean)
        if not (shear_N > READS_N or moment_Nmm > READS_NMM):
            return Zero(nothing, known=True)
        sentence = (
            f"Plate {plate.number} reads a moment of {moment_Nmm / 1000:.1f} N m and a shear of {shear_N:.0f} N with nobody on "
            f"it, for {len(samples) / rate_hz:.1f} s in which its force hardly varies; that is taken off."
        )
        values = {"zero_N": reads_N, "shear_N": shear_N, "moment_Nmm": moment_Nmm}
        caveats.append(Caveat("zero_found", plate.name, values, sentence))
    return Zero(mean, known=True)


def _across(plate: FilePlate, raw: Floats) -> tuple[float, float]:
    """Return the largest shear and moment, in N and N·mm, of raw values (channels,); none where places are told."""
    names = [str(column) for column in plate.columns]
    its_map = plate_map(plate.settings("left", "", names, 1.0, np.zeros(len(names)), 0.0))
    if its_map.gives_point:
        return 0.0, 0.0
    wrench = np.abs(its_map.wrench(raw[None])[0])
    return float(wrench[:2].max()), float(wrench[3:].max())


def _reads_nothing(fz_N: Floats, rate_hz: float) -> bool:
    """Return whether a plate reads nothing for a while, too short to be told from its noise, but no load passes so slowly."""
    size = max(1, round(NOTHING_S * rate_hz))
    if len(fz_N) < size:
        return False
    return bool((np.abs(np.lib.stride_tricks.sliding_window_view(fz_N, size)).max(axis=1) < READS_N).any())


def while_loaded(fz_N: Floats) -> NDArray[np.bool_]:
    """Return where a plate is loaded, by its vertical force of either sign."""
    size = np.abs(fz_N)
    return np.asarray(size > max(20.0, LOADED_PCT / 100 * float(np.nanpercentile(size, 99))))


def pull_of(fz_N: Floats) -> float:
    """Return with how much a loaded plate pulls downwards; 0 where it carries, or is hardly loaded."""
    loaded = fz_N[while_loaded(fz_N)]
    median = float(np.median(loaded)) if loaded.size else 0.0
    return -median if median < -TURN_ABOVE_N else 0.0
