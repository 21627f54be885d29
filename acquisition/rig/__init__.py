"""What a lab has, in one TOML file: streams, plates, electrodes, and how their signals are judged."""

from acquisition.rig.rig import (
    GLUTES,
    HAMSTRINGS,
    QUADRICEPS,
    UNITS_TO_UV,
    Axis,
    Electrode,
    FileSource,
    Lab,
    Lead,
    Muscle,
    Plate,
    Rig,
    Side,
    SimulatedSource,
    StreamSettings,
    microvolts_per_unit,
)

__all__ = [
    "GLUTES",
    "HAMSTRINGS",
    "QUADRICEPS",
    "UNITS_TO_UV",
    "Axis",
    "Electrode",
    "FileSource",
    "Lab",
    "Lead",
    "Muscle",
    "Plate",
    "Rig",
    "Side",
    "SimulatedSource",
    "StreamSettings",
    "microvolts_per_unit",
]
