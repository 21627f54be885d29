"""Judgement settings: filters, contact, quiet stance, quality and rules, each with its unit in its name.

Defaults marked *design* in `docs/metrics.md` are this project's choice and no clinical norm; every one can be set in the rig
file.
"""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import Field, model_validator

from hardware.settings import NotNegative, Positive, Seconds, SecondsOrNone, Settings


class PlateSettings(Settings):
    """Plate contact: the force above which a foot is on its plate, and the one above which it has a centre of pressure.

    `ankle_height_mm`: how high the ankle is, for where the line of force passes there.
    """

    contact_N: Positive = 20.0
    cop_N: Positive = 50.0
    ankle_height_mm: Positive = 80.0

    @model_validator(mode="after")
    def _cop_above_contact(self) -> PlateSettings:
        if self.cop_N < self.contact_N:
            raise ValueError(
                f"cop_N ({self.cop_N:g}) is below contact_N ({self.contact_N:g}); set it to {self.contact_N:g} or more"
            )
        return self


class StillSettings(Settings):
    """Quiet stance: `window_s` long, standard deviation of the total vertical force below `sd_pct` of its mean."""

    window_s: Seconds = 1.0
    sd_pct: Positive = 1.0
    least_N: Positive = 200.0


class EmgSettings(Settings):
    """Band-pass, mains notch (0: none at first), envelope low-pass; the upper cutoff is lowered where the rate asks for it.

    `adaptive_notch`: a channel on which mains are seen gets a notch of its own.
    """

    band_low_hz: Positive = 20.0
    band_high_hz: Positive = 450.0
    band_order: Annotated[int, Field(ge=1, le=4)] = 4
    notch_hz: NotNegative = 0.0
    adaptive_notch: bool = True
    envelope_hz: Positive = 6.0
    settle_s: SecondsOrNone = 0.5
    least_activation_pct: Positive = 5.0
    baseline_s: Seconds = 3.0
    undersampled_below_hz: Positive = 1000.0

    @model_validator(mode="after")
    def _band_is_a_band(self) -> EmgSettings:
        if self.band_high_hz <= self.band_low_hz:
            raise ValueError(
                f"band_high_hz ({self.band_high_hz:g}) must be above band_low_hz ({self.band_low_hz:g}); 20 and 450 are usual"
            )
        return self


class ReferenceSettings(Settings):
    """What a lifter's ratios are compared with: Q:H and quadriceps:glutes of each leg in a named set of the lifter's own.

    What is not given is learnt from the beginning of the session.
    """

    name: str = ""
    qh_left: Positive | None = None
    qh_right: Positive | None = None
    qg_left: Positive | None = None
    qg_right: Positive | None = None


class QualitySettings(Settings):
    """When an EMG channel is called bad; judged once per `window_s`, for which frames wait, and believed `good_again_s` later.

    Mains above `mains_share_pct` of the power tell an open electrode; above `hum_share_pct` and `hum_uV` they spoil what is
    measured.
    """

    window_s: Seconds = 0.5
    good_again_s: SecondsOrNone = 1.0
    mains_share_pct: Positive = 75.0
    hum_share_pct: Positive = 35.0
    hum_uV: NotNegative = 3.0
    saturated_pct: Positive = 1.0
    flat_uV: Positive = 0.05
    most_uV: Positive = 3000.0
    missing_pct: NotNegative = 1.0


class SyncSettings(Settings):
    """The sync line, which several devices sample: where between its levels an edge lies, and what recording waits for.

    `edges`: how many each stream with a sync channel must have seen within its first `within_s`. Matched edges may differ in
    time by `residual_ms`, or by one sample of the stream where that is longer.
    """

    threshold_pct: Annotated[float, Field(ge=20, le=80)] = 50.0
    edges: Annotated[int, Field(ge=1, le=1000)] = 3
    within_s: Annotated[float, Field(gt=0, le=120)] = 10.0
    residual_ms: Positive = 2.0


class RuleSettings(Settings):
    """What all rules share: how long a value must stay beyond a limit, and how far it must return to end the flag.

    That is for what is shown at the moment. A finding is what lies beyond a limit in `repetitions` of `of_last` in a row.
    """

    hold_s: SecondsOrNone = 0.3
    release_pct: Annotated[float, Field(gt=0, le=100)] = 80.0
    repetitions: Annotated[int, Field(ge=1, le=100)] = 3
    of_last: Annotated[int, Field(ge=1, le=100)] = 5
    on: bool = True

    @model_validator(mode="after")
    def _can_be_counted(self) -> RuleSettings:
        if self.repetitions > self.of_last:
            raise ValueError(f"{self.repetitions} repetitions can't be found in the last {self.of_last}; make of_last larger")
        return self


class PercentRule(RuleSettings):
    """Limits of a rule in percent."""

    amber_pct: Positive
    red_pct: Positive


class MillimetreRule(RuleSettings):
    """Limits of a rule in millimetres."""

    amber_mm: Positive
    red_mm: Positive


class NoticeRule(RuleSettings):
    """The limit of a rule that is never red, in millimetres."""

    amber_mm: Positive

    @model_validator(mode="before")
    @classmethod
    def _never_red(cls, given: object) -> object:
        """Leave aside the red limit that rigs of version 0.1 have here."""
        return {key: value for key, value in given.items() if key != "red_mm"} if isinstance(given, dict) else given


class RatioRule(RuleSettings):
    """Limits of a rule as a ratio without unit."""

    amber_ratio: Positive
    red_ratio: Positive


class BetweenLegsRule(RatioRule):
    """Limits of a ratio between the legs, which is 1 where both are alike."""


class Rules(Settings):
    """The rules of a session, by name."""

    load_shift: PercentRule = PercentRule(amber_pct=5.0, red_pct=10.0)
    cop_shift: MillimetreRule = MillimetreRule(amber_mm=20.0, red_mm=40.0)
    foot_cop_medial: NoticeRule = NoticeRule(amber_mm=8.0)
    qh_change: RatioRule = RatioRule(amber_ratio=1.5, red_ratio=2.0)
    qh_between_legs: BetweenLegsRule = BetweenLegsRule(amber_ratio=2.0, red_ratio=3.0)
    glute_drop: RatioRule = RatioRule(amber_ratio=2.0, red_ratio=3.0)
    glutes_between_legs: BetweenLegsRule = BetweenLegsRule(amber_ratio=2.0, red_ratio=3.0)
    qh_limit: RatioRule = RatioRule(amber_ratio=10.0, red_ratio=15.0, on=False)

    @model_validator(mode="after")
    def _red_beyond_amber(self) -> Rules:
        for name in type(self).model_fields:
            amber, red = limits(getattr(self, name))
            if red < amber:
                raise ValueError(f"in the rule {name}, red ({red:g}) lies below amber ({amber:g}); give red the larger value")
        for name in type(self).model_fields:
            rule = getattr(self, name)
            if isinstance(rule, BetweenLegsRule) and rule.amber_ratio <= 1:
                raise ValueError(
                    f"in the rule {name}, amber ({rule.amber_ratio:g}) must be above 1, where both legs are alike; 2 is usual"
                )
        return self


def limits(rule: RuleSettings) -> tuple[float, float]:
    """Return the amber and the red limit of a rule, whatever their unit; red is infinite where it is never red."""
    values = rule.model_dump()
    return (
        next(value for key, value in values.items() if key.startswith("amber_")),
        next((value for key, value in values.items() if key.startswith("red_")), math.inf),
    )


class KneeSettings(Settings):
    """From how much on a knee that comes in is said to come in slightly, in mm (*design*)."""

    slight_mm: Positive = 10.0


class TriageSettings(Settings):
    """The smallest changes between two conditions of a screening that matter (*design*).

    `late_s`: of the onset of a muscle; `cue_moment_Nm`: by how much the feet must screw outwards for the cue to count as done.
    """

    load_shift_pct: Positive = 5.0
    knee_mm: Positive = 10.0
    qh_ratio: Annotated[float, Field(gt=1, le=10)] = 1.25
    glute_ratio: Annotated[float, Field(gt=1, le=10)] = 1.25
    late_s: Positive = 0.1
    cue_moment_Nm: Positive = 5.0


class Judgement(Settings):
    """Judgement, the part of a rig that says how signals are judged; recordings can be reprocessed with another."""

    plates: PlateSettings = PlateSettings()
    still: StillSettings = StillSettings()
    emg_processing: EmgSettings = EmgSettings()
    reference: ReferenceSettings = ReferenceSettings()
    quality: QualitySettings = QualitySettings()
    rules: Rules = Rules()
    knee: KneeSettings = KneeSettings()
    triage: TriageSettings = TriageSettings()
