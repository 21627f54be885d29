"""The texts of a BIDS-EMG dataset: tables as TSV, sidecars as JSON, and what their columns and fields say."""

from __future__ import annotations

import json
import math
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from acquisition.storage.disk import write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from acquisition.export.signals import Column

BIDS_VERSION = "1.11.1"
NOT_KNOWN = "n/a"
MUSCLES = {
    "VL": "vastus lateralis",
    "VM": "vastus medialis",
    "RF": "rectus femoris",
    "BF": "biceps femoris, long head",
    "ST": "semitendinosus",
    "GMax": "gluteus maximus",
    "GMed": "gluteus medius",
    "ADD": "adductors",
    "other": NOT_KNOWN,
}
TASKS = {
    "squat": "Squats, as a rule with a foot on each of two force plates.",
    "mvc": "Maximal voluntary contractions.",
    "weigh": "Standing still on both plates.",
    "zero": "Nobody on the plates.",
}
README = """Squats, recorded and exported by squatscope.

EMG is raw, in microvolts at the skin, in *_emg.bdf. Forces, centres of pressure, markers and other streams are in
*_physio.tsv.gz, each at its own rate and with its own beginning; n/a stands where a sample was lost. In a BDF file the last
value before stands there, and annotations and rows of *_events.tsv called BAD_ACQ_SKIP mark the span.

*_events.tsv has repetitions, found from force alone, the bottom of each, what was marked as it happened, and flags: limits
that a squat went beyond. Onsets count from the first sample of the file of the same name. Where electrodes lay was not
measured; *_channels.tsv names muscles.

Nothing here is a diagnosis, and squatscope is not a medical device.
"""
EVENTS = {
    "trial_type": {
        "Description": "What happened.",
        "Levels": {
            "repetition": "One squat, from standing to standing.",
            "bottom": "The lowest point of a repetition.",
            "mark": "Somebody marked this instant.",
            "flag": "A metric was beyond its limit; the label says which.",
            "BAD_ACQ_SKIP": "Samples were lost or fill up the last data record; the value before is held.",
        },
    },
    "label": {"Description": "Which of its kind, in words."},
    "side": {"Description": "The leg it concerns, n/a for both.", "Levels": {"left": "Left leg.", "right": "Right leg."}},
    "about": {"Description": "What else is known: depth, doubts, the metric with its peak and limits."},
}
CHANNELS = {
    "side": {"Description": "The leg that the sensor was on.", "Levels": {"left": "Left leg.", "right": "Right leg."}},
    "lead": {"Description": "The channel's name as it was recorded."},
}
SCANS = {
    "condition": {"Description": "What was varied in the set: light, cue, slow, heels, depth or loaded."},
    "bar_kg": {"Description": "Mass of the bar.", "Units": "kg"},
    "body_weight": {"Description": "Weight in quiet stance.", "Units": "N"},
    "recording_uuid": {"Description": "Names the recording that it was made from."},
    "settings_sha256": {"Description": "Fingerprint of the settings by which repetitions and flags were found."},
}


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a sidecar; raises OSError, also where it exists."""
    write_whole(path, (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode())


def write_tsv(path: Path, rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Write a table, what is not known as n/a; raises OSError, also where it exists."""
    lines = ["\t".join(columns), *("\t".join(cell(row.get(name)) for name in columns) for row in rows)]
    write_whole(path, ("\n".join(lines) + "\n").encode())


def cell(value: Any) -> str:  # noqa: ANN401
    """Return a value as a table has it; a number to nine digits."""
    if value is None or value == "" or (isinstance(value, float) and not math.isfinite(value)):
        return NOT_KNOWN
    return " ".join(str(round(value, 9) if isinstance(value, float) else value).split()) or NOT_KNOWN


def dataset_description() -> dict[str, Any]:
    """Return what the dataset says of itself."""
    return {
        "Name": "Squats recorded with squatscope",
        "BIDSVersion": BIDS_VERSION,
        "DatasetType": "raw",
        "GeneratedBy": [{"Name": "squatscope", "Version": version("squatscope")}],
    }


def emg_sidecar(task: str, rate_hz: float, seconds: float, kinds: Sequence[str], mains_hz: float) -> dict[str, Any]:
    """Return the sidecar of a BDF file with channels of these kinds; what nobody knows is n/a."""
    return {
        "TaskName": task,
        "TaskDescription": TASKS.get(task, NOT_KNOWN),
        "EMGPlacementScheme": "Other",
        "EMGPlacementSchemeDescription": (
            "Not measured. Where a session was guided, the operator was shown the sensor locations of SENIAM; the muscle that "
            "each sensor was meant for is in the column target_muscle of the table of channels."
        ),
        "EMGReference": "bipolar: each channel is the difference of the two electrodes of its sensor",
        "EMGGround": NOT_KNOWN,
        "SamplingFrequency": rate_hz,
        "PowerLineFrequency": mains_hz if mains_hz > 0 else NOT_KNOWN,
        "SoftwareFilters": NOT_KNOWN,
        "HardwareFilters": NOT_KNOWN,
        "RecordingType": "continuous",
        "RecordingDuration": seconds,
        "EMGChannelCount": kinds.count("EMG"),
        "TriggerChannelCount": kinds.count("TRIG"),
    }


def coordinates_sidecar() -> dict[str, Any]:
    """Return the coordinate system of electrodes whose places nobody measured, which a table of electrodes must have."""
    return {
        "EMGCoordinateSystem": "Other",
        "EMGCoordinateUnits": NOT_KNOWN,
        "EMGCoordinateSystemDescription": "None: where the electrodes lay was not measured, so all coordinates are n/a.",
    }


def physio_sidecar(task: str, rate_hz: float, start_s: float, columns: Sequence[Column]) -> dict[str, Any]:
    """Return the sidecar of a physio file; `start_s` counts from the first EMG sample of the run."""
    named = {column.name: {"Description": column.about, "Units": column.unit or NOT_KNOWN} for column in columns}
    about = {"TaskName": task, "PhysioType": "generic", "SamplingFrequency": rate_hz, "StartTime": round(start_s, 9)}
    return {**about, "Columns": list(named), **named}
