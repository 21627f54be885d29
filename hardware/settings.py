"""Settings of a rig, their base: unknown keys are refused, and nothing changes once it is read."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Settings(BaseModel):
    """A part of the rig file."""

    model_config = ConfigDict(extra="forbid", frozen=True)
