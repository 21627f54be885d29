"""Muscle labels: muscle and side from the label of an EMG channel, where it says them clearly."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from acquisition.rig import Muscle, Side

SIDE_LABELS: dict[str, Side] = {"l": "left", "left": "left", "lt": "left", "r": "right", "right": "right", "rt": "right"}
SYNONYMS: dict[Muscle, str] = {
    "VL": "vl vlat vastlat vastuslat vastuslateral vastuslateralis vasext vasteext vastusexternus",
    "VM": "vm vmo vmed vastmed vastusmed vastusmedial vastusmedialis vastusmedialisobliquus vasteint vastusinternus",
    "RF": "rf rec rect recfem rectfem rectusfem rectusfemoris rectus rfem",
    "BF": "bf bic bicfem bicepsfem bicepsfemoris biceps bfem bflh bicepsfemorislonghead bfsh",
    "ST": "st semit semitend semiten semitendinosus semitendinous",
    "GMax": "gmax glmax glutmax glutemax gluteusmax gluteusmaximus glmx gmx",
    "GMed": "gmed glmed glutmed glutemed gluteusmed gluteusmedius gluteusmedious",
    "ADD": "add addu adductor adductors addmag adductormag adductormagnus addmagnus addlong adductorlongus",
}
MUSCLES: dict[str, Muscle] = {word: muscle for muscle, words in SYNONYMS.items() for word in words.split()}
TWO_MEANINGS = {"bfl", "addl", "vml"}
"""Left, or the long head: nobody can tell."""
NOT_SAID = re.compile(
    r"(emg|voltage|volt|raw|sensor|analog|analogue|ch|channel|muscle|trigno|delsys|im|signal|sig|uv|mv|v)?\d*$"
)


def muscle_and_side(label: str) -> tuple[Muscle | None, Side | None]:
    """Return the muscle and side that a label says; None for what it leaves open.

    `RF` is rectus femoris without a side; `R_RF`, `RRF`, `RF-R` and `Right Rectus femoris` are the right one.
    """
    parts = re.findall(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+", label)
    words = [part.lower() for part in parts if not NOT_SAID.match(part.lower())]
    whole = "".join(words)
    if whole in MUSCLES:
        return MUSCLES[whole], None
    readings: set[tuple[Muscle, Side]] = set()
    for at in (0, len(words) - 1):
        rest = "".join(words[:at] + words[at + 1 :])
        if len(words) > 1 and words[at] in SIDE_LABELS and rest in MUSCLES:
            readings.add((MUSCLES[rest], SIDE_LABELS[words[at]]))
    if not readings and whole not in TWO_MEANINGS:
        for rest, letter in ((whole[1:], whole[:1]), (whole[:-1], whole[-1:])):
            if rest in MUSCLES and letter in SIDE_LABELS:
                readings.add((MUSCLES[rest], SIDE_LABELS[letter]))
    return readings.pop() if len(readings) == 1 else (None, None)
