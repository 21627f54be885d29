"""Marker labels: which point of which leg a marker or a key point of a pose is on, by the usual names.

Those of Plug-in Gait, CAST, IOR and CGM, of OpenSim's models, and of OpenCap. What a label does not clearly say is left out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acquisition.rig import Point, Side

WORDS: dict[Point, str] = {
    "hip": "hip hjc hipjc hipjoint",
    "asis": "asi asis ias",
    "knee_lateral": "kne knee knel kneel lkne kneelat lknee latknee lateralknee kneelateral fle lfe lfc le lep kneeout",
    "knee_medial": "knem knm kneem mkn mkne mknee kneemed medknee medialknee kneemedial fme mfe mfc me mep kneein",
    "knee": "kjc kneejc kneejoint",
    "ankle_lateral": "ank ankle ankl anklel lank anklelat lankle latankle lateralankle anklelateral lmal mall fal lm",
    "ankle_medial": "ankm anklem med mank mankle anklemed medankle medialankle anklemedial mmal malm tam mm",
    "ankle": "ajc anklejc anklejoint",
    "heel": "heel hee cal calc calcaneus fcc ca hl",
    "toes": "toe toes toetip fm2 mt2 2mt 2meta mth2 met2 smh sm",
    "forefoot_inner": "fm1 mt1 1mt m1 1meta mth1 met1 d1m fmh fm hallux hal bigtoe toemed toemedial",
    "forefoot_outer": "fm5 mt5 5mt m5 5meta mth5 met5 d5m vmh vm smalltoe toelat toelateral",
}
POINTS: dict[str, Point] = {word: point for point, words in WORDS.items() for word in words.split()}
CENTRES: dict[Point, Point] = {"knee_lateral": "knee", "ankle_lateral": "ankle"}
"""A pose's key points lie in the middle of a joint, whatever markers of that name do."""
OF_A_POSE = frozenset({"nose", "neck", "midhip", "lbigtoe", "rbigtoe", "leftbigtoe", "rightbigtoe"})


def point_of(label: str) -> tuple[Side, Point] | None:
    """Return side and point that a label clearly says: LHEE, R_FCC, Subject:r_calc, toe.L, RKneeLat; else None."""
    own = re.sub(r"_study$", "", label.rsplit(":", 1)[-1].strip())
    name = re.sub(r"[^a-z0-9]", "", own.lower())
    for word, side in _SIDES:
        if name.startswith(word) and (point := POINTS.get(name[len(word) :])) is not None:
            return side, point
    for word, side in _SIDES:
        if len(word) == 1 and not _ends_in_side(own):
            continue
        if name.endswith(word) and (point := POINTS.get(name[: -len(word)])) is not None:
            return side, point
    return None


_SIDES: tuple[tuple[str, Side], ...] = (("left", "left"), ("right", "right"), ("l", "left"), ("r", "right"))


def _ends_in_side(label: str) -> bool:
    """Whether a last letter l or r stands apart: after another sign, or small behind capitals."""
    return len(label) > 1 and (not label[-2].isalpha() or (label[-1].islower() and label[-2].isupper()))


def points_of(labels: Sequence[str]) -> dict[tuple[Side, Point], list[int]]:
    """Return where the labels of each point stand.

    `knee` and `ankle` of a pose's key points are those joints' middles; OpenCap's `_study` beside them are markers.
    """
    pose = any(re.sub(r"[^a-z0-9]", "", label.lower()) in OF_A_POSE for label in labels)
    found: dict[tuple[Side, Point], list[int]] = {}
    for column, label in enumerate(labels):
        said = point_of(label)
        if said is not None:
            side, point = said
            key_point = pose and not label.endswith("_study")
            found.setdefault((side, CENTRES.get(point, point) if key_point else point), []).append(column)
    return found
