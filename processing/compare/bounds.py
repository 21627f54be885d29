"""What bounds a comparison: how two sources were computed otherwise, and done otherwise, beside what is asked for."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from acquisition.caveat import Caveat
from acquisition.rig.judgement import Judgement
from processing.repetition.table import SET_WEIGHT
from processing.screening.guided.session_file import time_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from processing.compare.source import Source


def computed_otherwise(first: Source, second: Source) -> Iterator[Caveat]:
    """Yield where settings or versions are not the same."""
    parts = [name for name in Judgement.model_fields if getattr(first.rig, name) != getattr(second.rig, name)]
    if parts:
        yield Caveat(
            "compared_settings",
            ", ".join(parts),
            {"parts": float(len(parts))},
            f"They were judged with other settings ({', '.join(parts)}): what differs may be that. Compare the recordings "
            "with --settings, which judges both alike.",
        )
    versions = first.software_version or "an unknown one", second.software_version or "an unknown one"
    if versions[0] != versions[1]:
        yield Caveat(
            "compared_versions",
            " ".join(versions),
            {},
            f"They were computed by other versions of squatscope ({versions[0]}; {versions[1]}): reprocess both with one.",
        )


def done_otherwise(first: Source, second: Source) -> Iterator[Caveat]:
    """Yield where lifters, electrodes, conditions, weights or days are not the same."""
    if first.lifter.lower() != second.lifter.lower():
        who = first.lifter or "nobody knows whom", second.lifter or "nobody knows whom"
        yield Caveat(
            "compared_lifters",
            " ".join(who),
            {},
            f"The first is of {who[0]}, the second of {who[1]}: what differs is between people, and no change.",
        )
    if not first.placement or first.placement != second.placement:
        muscles = any(results.rig.emg for of in (first, second) for results in of.results)
        if muscles:
            yield Caveat(
                "compared_electrodes",
                "emg",
                {},
                "Electrodes count as placed anew between the two: amplitudes and ratios of muscles can't be compared, and are "
                "left out.",
            )
    if first.conditions != second.conditions and not first.session:
        names = first.conditions[0] or "unknown", second.conditions[0] or "unknown"
        yield Caveat(
            "compared_conditions",
            " ".join(names),
            {},
            f"They were done under other conditions ({names[0]}; {names[1]}): what differs may be that.",
        )
    yield from _weights(first, second)
    times = time_of(first.created_utc), time_of(second.created_utc)
    if times[0] is not None and times[1] is not None and times[0] != times[1]:
        order = "after" if times[1] > times[0] else "before"
        days = abs((times[1] - times[0]).total_seconds()) / 86400.0
        yield Caveat(
            "compared_days",
            order,
            {"days": days},
            f"All of the second was done {order} the first, {_ago(days)}: what changes with time by itself, such as fatigue or "
            "how one stands on the plates, is in the difference.",
        )


def _ago(days: float) -> str:
    if days >= 2.0:
        return f"{days:.0f} days apart"
    return f"{24.0 * days:.0f} h apart" if days >= 2.0 / 24.0 else f"{1440.0 * days:.0f} min apart"


def _weights(first: Source, second: Source) -> Iterator[Caveat]:
    """Say where body and bar weigh otherwise: in a condition of both, or in the two recordings."""
    shared = [one for one in first.conditions if one in second.conditions] if first.session else [""]
    for condition in shared:
        weights = [
            [one.system_N for one in of.sets if (not condition or one.condition == condition) and math.isfinite(one.system_N)]
            for of in (first, second)
        ]
        if not all(weights):
            continue
        was_N, now_N = (float(np.median(of)) for of in weights)
        if abs(now_N - was_N) > SET_WEIGHT * was_N:
            where = f"{condition} sets" if condition else "The recordings"
            yield Caveat(
                "compared_weights",
                condition,
                {"first_N": was_N, "second_N": now_N},
                f"{where[0].upper()}{where[1:]} were done with other weights: {was_N:.0f} N of body and bar, then "
                f"{now_N:.0f} N.",
            )
