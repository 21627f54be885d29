"""Kinds of flag: one row holds all that people are told of a rule, so that a new rule is a row here and its settings."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Any

from acquisition.rig import SIDES
from processing.repetition.table import BOTTOM, LOWERING, RISING


class RestsOn(Enum):
    """What a rule rests on, by which is known where it can't be judged."""

    LOAD = auto()
    """The vertical force on both plates."""
    BETWEEN_FEET = auto()
    """The centre of pressure under both feet."""
    IN_FOOT = auto()
    """The centre of pressure under the foot, along its own axis."""
    MUSCLES = auto()
    """The EMG of groups of muscles."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What one rule judges, and how its flags read; `{side}` stands for left or right.

    `setting` is the rule's name in the rig's `rules`. A `metric` without a side leans both ways, + = right, and is judged
    towards each side; one with a side is judged upwards on each. `counted` is what is judged of a phase of a repetition, in
    each of `phases`; with `compared` it is judged over the lifter's own baseline of that phase, or over what the rig's
    `reference` has by the name `reference`. `unit` is what people read: `%`, `mm`, `times`, or nothing. `rests_on` is None of a
    rule that this version does not know.

    `habit`: what is there of it in quiet stance already is a habit, and only what comes on top is found. `unsure`: by how much
    it may be off, in its unit, for each percent of the body weight that plates read with nobody on them and that was not taken
    off.

    `picture` is the title of its own picture in a report, and `lane` whether a review has a lane for it; what has neither is
    seen by what it rests on.
    """

    setting: str
    metric: str
    label: str
    short: str
    meaning: str
    unit: str
    rests_on: RestsOn | None
    counted: str = ""
    phases: tuple[str, ...] = ()
    compared: bool = False
    reference: str = ""
    habit: bool = False
    unsure: float = 0.0
    picture: str = ""
    lane: bool = False

    @property
    def leans(self) -> bool:
        """Whether the metric has a sign for the side."""
        return "{side}" not in self.metric

    def column(self, side: str) -> str:
        """Return the column that is judged for a side."""
        return self.metric.format(side=side)

    def sign(self, side: str) -> float:
        """Return which way the column must go for a flag on a side: +1 up, -1 down."""
        return -1.0 if self.leans and side == "left" else 1.0

    def without_axis(self, side: str, unknown: Collection[str]) -> bool:
        """Return whether it rests on a foot's axis that is not known; `unknown` are the sides of those."""
        return self.rests_on is RestsOn.IN_FOOT and side in unknown

    def without_cop(self, side: str, wrong: Collection[str]) -> bool:
        """Return whether it rests on a centre of pressure that is known to be wrong; `wrong` are the sides of those plates."""
        return (self.rests_on is RestsOn.IN_FOOT and side in wrong) or (self.rests_on is RestsOn.BETWEEN_FEET and bool(wrong))

    @property
    def of_both_plates(self) -> bool:
        """Whether it needs both plates."""
        return self.rests_on in (RestsOn.LOAD, RestsOn.BETWEEN_FEET)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it judges."""
        return tuple(dict.fromkeys(self.column(side) for side in SIDES))


MOVING = (LOWERING, RISING)
ALL = (LOWERING, BOTTOM, RISING)

KINDS = (
    Kind(
        setting="load_shift",
        metric="load_shift_pct",
        label="load shifts to the {side} leg",
        short="load shift",
        meaning="The {side} leg carries more of the weight than the other; a shift of 10 % is 55 % on one leg and 45 % on the "
        "other.",
        unit="%",
        rests_on=RestsOn.LOAD,
        counted="load_shift_mean_pct",
        phases=ALL,
        habit=True,
        unsure=1.0,
        picture="Load shift, + right",
        lane=True,
    ),
    Kind(
        setting="cop_shift",
        metric="cop_net_beyond_load_mm",
        label="weight moves to the {side} under the feet",
        short="COP beyond load",
        meaning="The pressure under both feet moves to the {side}, by more than a shift of load between the legs explains.",
        unit="mm",
        rests_on=RestsOn.BETWEEN_FEET,
        counted="cop_beyond_load_mm",
        phases=ALL,
    ),
    Kind(
        setting="foot_cop_medial",
        metric="foot_cop_change_{side}_mm",
        label="pressure under the {side} foot moves inwards",
        short="foot COP inwards",
        meaning="The pressure under the {side} foot lies nearer to its inner edge than it did at the same depth in the first "
        "repetitions of the session. Of the knee it says nothing for certain: when a knee caves in, this pressure may move "
        "inwards, outwards or not at all.",
        unit="mm",
        rests_on=RestsOn.IN_FOOT,
        counted="medial_change_worst_mm",
        phases=ALL,
    ),
    Kind(
        setting="qh_change",
        metric="qh_change_{side}",
        label="{side} quadriceps take over, against own baseline",
        short="Q:H change",
        meaning="The quadriceps of the {side} leg (front of the thigh) work more, against its hamstrings (back of the thigh), "
        "than in the lifter's own baseline.",
        unit="times",
        rests_on=RestsOn.MUSCLES,
        counted="qh_ratio",
        phases=MOVING,
        compared=True,
        reference="qh",
        picture="Quad/hamstring ratio over its own baseline",
    ),
    Kind(
        setting="qh_between_legs",
        metric="qh_between_legs_log2",
        label="{side} leg more quad-dominant than the other",
        short="Q:H between legs",
        meaning="In the {side} leg the quadriceps (front of the thigh) outweigh the hamstrings (back of the thigh) more than "
        "in the other leg.",
        unit="times",
        rests_on=RestsOn.MUSCLES,
        counted="qh_between_legs_log2",
        phases=MOVING,
    ),
    Kind(
        setting="glute_drop",
        metric="glute_drop_{side}",
        label="{side} glutes do less, against own baseline",
        short="glute drop",
        meaning="The glutes of the {side} leg (buttock) work less, against its quadriceps (front of the thigh), than in the "
        "lifter's own baseline.",
        unit="times",
        rests_on=RestsOn.MUSCLES,
        counted="qg_ratio",
        phases=MOVING,
        compared=True,
        reference="qg",
    ),
    Kind(
        setting="glutes_between_legs",
        metric="glute_deficit_log2",
        label="{side} glutes do less than the other leg's",
        short="glutes between legs",
        meaning="The glutes of the {side} leg (buttock) work less than those of the other leg.",
        unit="times",
        rests_on=RestsOn.MUSCLES,
        counted="glute_deficit_log2",
        phases=MOVING,
    ),
    Kind(
        setting="qh_limit",
        metric="qh_{side}",
        label="{side} quad/hamstring ratio above its limit",
        short="Q:H limit",
        meaning="The quadriceps of the {side} leg (front of the thigh) work more, against its hamstrings (back of the thigh), "
        "than the limit that was set.",
        unit="",
        rests_on=RestsOn.MUSCLES,
        counted="qh_ratio",
        phases=MOVING,
    ),
)


def kind_of(setting: str, label: str = "", metric: str = "", unit: str = "") -> Kind:
    """Return the row of a rule; one that this version does not know reads as its file or ring has it."""
    for kind in KINDS:
        if kind.setting == setting:
            return kind
    return Kind(setting, metric, label, setting.replace("_", " "), "", "" if unit == "1" else unit, None)


def kind_on(metric: str) -> Kind:
    """Return the row of the rule that judges a metric; raises LookupError where none does."""
    for kind in KINDS:
        if kind.metric == metric:
            return kind
    raise LookupError(metric)


def kind_in_ring(rule: Mapping[str, Any]) -> Kind:
    """Return what a ring says of one of its rules, for its side; what a ring of an older version leaves out is this one's."""
    setting = str(rule.get("name", "rule"))
    label, metric = str(rule.get("label") or setting.replace("_", " ")), str(rule.get("metric", ""))
    known = kind_of(setting, label, metric, str(rule.get("unit", "")))
    return replace(
        known,
        metric=metric,
        label=label,
        short=str(rule.get("short") or known.short),
        meaning=str(rule.get("meaning") or known.meaning.format(side=rule.get("side", ""))),
        unit=str(rule.get("read_unit", known.unit)),
    )
