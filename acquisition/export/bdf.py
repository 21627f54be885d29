"""BDF+ files: a stretch of EMG as 24-bit integers with annotations, as edfio writes them.

Each channel is scaled to its own least and greatest value, so a step is 1 / 16,777,215 of its range. BDF knows no lost sample:
the value before is held, and an annotation marks the span.
"""

from __future__ import annotations

import re
import unicodedata
import warnings
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from acquisition.export.about import Event, ExportError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from hardware.arrays import Floats

RECORDS_S = (1.0, 0.5, 0.25, 0.2, 0.1, 0.05, 0.02, 0.01)
"""Lengths of a data record that are tried: the longest of which the signal is a whole number."""
SHORT_S = 0.1
LABEL, UNIT = 16, 8


@dataclass(frozen=True, slots=True)
class BdfChannel:
    """A channel of the file: its label (at most 16 ASCII letters), and its unit."""

    label: str
    unit: str


def load_edfio() -> Any:  # noqa: ANN401
    """Return the package that writes BDF; raises ExportError where it is not installed."""
    try:
        return import_module("edfio")
    except ImportError:
        raise ExportError(
            "BIDS-EMG needs the package edfio, which writes BDF: install it with 'pip install squatscope[bids]'."
        ) from None


def labels_of(names: Sequence[str]) -> list[str]:
    """Return a label for each channel, ASCII and short as the format wants it, none of them twice.

    A name of other letters than these becomes the channel's number.
    """
    labels: list[str] = []
    for number, name in enumerate(names, 1):
        letters = unicodedata.normalize("NFKD", name)
        wanted = re.sub(r"[^A-Za-z0-9_.+-]+", "_", letters.encode("ascii", "ignore").decode()).strip("_")[:LABEL]
        if not wanted or any(letter.isalnum() and not letter.isascii() for letter in letters):
            wanted = f"channel_{number}"
        label, again = wanted, 2
        while label in labels:
            tail = f"_{again}"
            label, again = wanted[: LABEL - len(tail)] + tail, again + 1
        labels.append(label)
    return labels


def record_of(rate_hz: float, samples: int) -> tuple[int, float]:
    """Return how many samples a data record has, and its length in s as its eight digits hold it.

    Where the rate is no whole number of samples in any usual length, the record lasts about a second, and the rate is kept to
    one part in two million.
    """
    fitting = [(round(rate_hz * s), s) for s in RECORDS_S if abs(rate_hz * s - round(rate_hz * s)) < 1e-9 and rate_hz * s >= 1]
    whole = [(count, s) for count, s in fitting if samples % count == 0]
    short = [(count, s) for count, s in fitting if s >= SHORT_S]
    if whole or fitting:
        return whole[0] if whole else short[-1] if short else fitting[0]
    count = max(1, round(rate_hz))
    return count, float(f"{count / rate_hz:.10f}"[:8])


def write_bdf(
    path: Path,
    values: Floats,
    rate_hz: float,
    channels: Sequence[BdfChannel],
    events: Sequence[Event],
    subject: str,
    began: datetime | None,
) -> float:
    """Write values (channels, samples), all of them numbers, and return the rate that the file has.

    What fills up the last data record is to be in the values, with `record_of`. `began`: without it the file has no date.
    Raises ExportError where a channel has values of more digits than the format's head holds.
    """
    edfio = load_edfio()
    count, record_s = record_of(rate_hz, values.shape[1])
    exact_hz = count / record_s
    signals = []
    for channel, row in zip(channels, values, strict=True):
        low, high = float(row.min()), float(row.max())
        if low == high:
            low, high = low - 1.0, high + 1.0
        unit = unicodedata.normalize("NFKC", channel.unit).replace("μ", "u").encode("ascii", "ignore").decode()[:UNIT]
        try:
            signals.append(
                edfio.BdfSignal(row, exact_hz, label=channel.label, physical_dimension=unit, physical_range=(low, high))
            )
        except ValueError as error:
            raise ExportError(
                f"BDF can't hold the channel {channel.label}, whose values go from {low:g} to {high:g} {channel.unit}: {error}."
            ) from error
    seconds = values.shape[1] / exact_hz
    annotations = [
        edfio.EdfAnnotation(max(0.0, event.at_s), event.seconds if event.seconds > 0 else None, event.label)
        for event in events
        if event.at_s < seconds
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on dates before 1985, as those without one are
        edfio.Bdf(
            signals,
            patient=edfio.Patient(code=subject),
            recording=edfio.Recording(startdate=began.date() if began is not None else None, equipment_code="squatscope"),
            starttime=began.time().replace(tzinfo=None) if began is not None else None,
            data_record_duration=record_s,
            annotations=annotations,
        ).write(path)
    return exact_hz
