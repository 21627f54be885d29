"""Settings of a rig, their base: unknown keys are refused, and nothing changes once it is read."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Positive = Annotated[float, Field(gt=0, le=1e9)]
NotNegative = Annotated[float, Field(ge=0, le=1e9)]
Seconds = Annotated[float, Field(gt=0, le=3600.0)]
SecondsOrNone = Annotated[float, Field(ge=0, le=3600.0)]
"""Times that something waits for or is judged over; more than an hour is a mistake, and would be a buffer of that length."""


class Settings(BaseModel):
    """A part of the rig file."""

    model_config = ConfigDict(extra="forbid", frozen=True)
