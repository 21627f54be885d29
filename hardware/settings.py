"""Settings of a rig, their base: unknown keys are refused, and nothing changes once it is read."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

Positive = Annotated[float, Field(gt=0, le=1e9)]
NotNegative = Annotated[float, Field(ge=0, le=1e9)]
Seconds = Annotated[float, Field(gt=0, le=3600.0)]
SecondsOrNone = Annotated[float, Field(ge=0, le=3600.0)]
"""Times that something waits for or is judged over; more than an hour is a mistake, and would be a buffer of that length."""


class Unit(NamedTuple):
    """A unit of settings: what people read behind a number, and in words."""

    sign: str
    words: str


UNITS = {
    "s": Unit("s", "seconds"),
    "N": Unit("N", "newtons"),
    "mm": Unit("mm", "millimetres"),
    "pct": Unit("%", "percent"),
    "hz": Unit("Hz", "hertz"),
    "uV": Unit("µV", "microvolts"),
    "ppm": Unit("ppm", "parts per million"),
    "ratio": Unit("times", "a ratio"),
}
"""By what stands at the end of a setting's name."""


class Settings(BaseModel):
    """A part of the rig file."""

    model_config = ConfigDict(extra="forbid", frozen=True)
