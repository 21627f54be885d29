"""The account of a tortured session: what its ring had published, what can be had of it, and whether each sample is itself."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from acquisition.recording import Recording, RecordingError
from acquisition.recording.recovery import ALIVE_S, recover
from acquisition.ring import PUBLISHED, Ring
from tests.torture.session import RATES_HZ, truth_of

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(slots=True)
class Account:
    """Samples that were published and that can be had, by all streams together, and what is wrong, in sentences."""

    published: int = 0
    had: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def lost(self) -> int:
        """How many were published and can't be had."""
        return max(0, self.published - self.had)


def account_of(folder: Path) -> Account:
    """Count what a session left, from its recording or, where that is not complete, recovered from its ring."""
    account = Account()
    recording, ring = folder / "recording.h5", folder / "ring.h5"
    complete = False
    with suppress(RecordingError), Recording(recording) as left:
        complete = left.complete
    if ring.exists():
        published = Ring.attach(ring)
        account.published = sum(published.counter(name, PUBLISHED) for name in RATES_HZ)
        published.close()
    if not complete and ring.exists():
        if not account.published:
            return account
        recovered = folder / "recovered.h5"
        time.sleep(ALIVE_S)  # one that was killed just now looks as if it ran
        told = recover(ring, recovered)
        account.wrong += [caveat.sentence for caveat in told.caveats]
        recording = recovered
    if not recording.exists():
        return account
    with Recording(recording) as found:
        for name in found.streams:
            account.had += _rows_of(found, name, folder, account.wrong)
    account.published = max(account.published, account.had)
    return account


def _rows_of(recording: Recording, name: str, folder: Path, wrong: list[str]) -> int:
    """Return how many rows there are; each must be its own number, and each gap one that the device had."""
    rows = next_index = 0
    for stretch in recording.stretches(name):
        expected = np.arange(stretch.first_index, stretch.first_index + len(stretch.samples), dtype=np.float64)
        if not (stretch.samples == expected[:, None]).all():
            wrong.append(f"{name}: rows from {stretch.first_row} on are not the samples that they say they are.")
        rows += len(stretch.samples)
        next_index = stretch.first_index + len(stretch.samples)
    gaps = [(int(gap["index"]), int(gap["missing"]), int(gap["segment"])) for gap in recording.streams[name].gaps]
    truth = [json.loads(line) for line in truth_of(folder, name).read_text().splitlines()]
    had = _joined([(line["index"], line["missing"], line["segment"]) for line in truth if line["index"] < next_index])
    if gaps != had:
        wrong.append(f"{name}: the gaps {gaps} are recorded, and the device had {had}.")
    return rows


def _joined(gaps: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """Return gaps with those that follow each other without a sample made one."""
    joined: list[tuple[int, int, int]] = []
    for index, missing, segment in gaps:
        if joined and joined[-1][0] == index - missing:
            joined[-1] = (index, joined[-1][1] + missing, segment)
        else:
            joined.append((index, missing, segment))
    return joined
