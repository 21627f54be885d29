"""BrainFlow settings: which board, how it is reached, and how it is set up."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from hardware.settings import SecondsOrNone, Settings


class BrainflowSettings(Settings):
    """A board by its name in BrainFlow (`CYTON_BOARD`, `SYNTHETIC_BOARD`), and its address.

    `serial_port`, `ip_address`, `ip_port`, `mac_address` and `serial_number` are given as far as the board needs them.
    `config` is sent to the board once before it streams, in the board's own commands; where that sets another rate than the
    board's usual one, `rate_from_config` says that the stream's rate is meant. `inputs` are the board's EMG inputs in
    the order of the stream's columns, counted from 1 as printed on the board; without it they are the first ones. A board
    that went away is looked for during `rejoin_s`.
    """

    kind: Literal["brainflow"] = "brainflow"
    board: Annotated[str, Field(min_length=1)]
    serial_port: str = ""
    ip_address: str = ""
    ip_port: Annotated[int, Field(ge=0, le=65535)] = 0
    mac_address: str = ""
    serial_number: str = ""
    config: str = ""
    rate_from_config: bool = False
    inputs: list[Annotated[int, Field(ge=1)]] | None = None
    rejoin_s: SecondsOrNone = 60.0

    @field_validator("inputs")
    @classmethod
    def _inputs_differ(cls, inputs: list[int] | None) -> list[int] | None:
        doubled = next((number for number in inputs or [] if (inputs or []).count(number) > 1), None)
        if doubled is not None:
            raise ValueError(f"the input {doubled} is listed twice in inputs; give each column its own input")
        return inputs
