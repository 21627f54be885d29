"""NI-DAQmx settings: the inputs of a card in stream order, how they are wired, and where the card is."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from hardware.settings import Positive, Seconds, SecondsOrNone, Settings

Terminal = Literal["DEFAULT", "RSE", "NRSE", "DIFFERENTIAL", "PSEUDODIFFERENTIAL"]
PhysicalChannel = Annotated[str, Field(pattern=r"^[^/,:\s]+/[^/,:\s]+$")]


class NidaqSettings(Settings):
    """A card, or several that NI-DAQmx can put into one task with one clock.

    `physical_channels` stand in the order of the stream's columns, one input each (`Dev1/ai0`) or several (`Dev1/ai0:7`).
    `terminal` and `range_V` (inputs are measured from -range_V to +range_V) hold for all inputs, or are listed one each.
    `buffer_s` is how long the reader may be held up before samples are lost. `server` is the `host:port` of an NI gRPC Device
    Server; without it the driver of this machine is used. `tls_certificate` is the path of the certificate (PEM) that the
    server is trusted by; without it the connection is not encrypted. A call that the server leaves unanswered for `answer_s`
    has failed. A card or server that went away is looked for every `retry_s`, for `rejoin_s` at most.
    """

    kind: Literal["nidaqmx"] = "nidaqmx"
    physical_channels: Annotated[list[PhysicalChannel], Field(min_length=1)]
    terminal: Terminal | list[Terminal] = "DEFAULT"
    range_V: Positive | list[Positive] = 10.0
    buffer_s: Annotated[float, Field(ge=10.0, le=600.0)] = 20.0
    server: Annotated[str, Field(pattern=r"^$|^[^\s/]+:\d+$")] = ""
    tls_certificate: str = ""
    answer_s: Seconds = 5.0
    retry_s: Seconds = 1.0
    rejoin_s: SecondsOrNone = 60.0

    @field_validator("physical_channels", mode="before")
    @classmethod
    def _ranges_expand(cls, given: object) -> object:
        """Return the inputs one by one, as NI-DAQmx itself counts a range, up or down."""
        return [name for one in given for name in _expanded(one)] if isinstance(given, list) else given

    @model_validator(mode="after")
    def _parts_fit_together(self) -> NidaqSettings:
        count = len(self.physical_channels)
        doubled = next((name for name in self.physical_channels if self.physical_channels.count(name) > 1), None)
        if doubled is not None:
            raise ValueError(f"the input {doubled!r} is listed twice in physical_channels; give each column its own input")
        if isinstance(self.terminal, list) and len(self.terminal) != count:
            raise ValueError(
                f"there are {count} physical_channels and {len(self.terminal)} terminal values; give one, or one each"
            )
        if isinstance(self.range_V, list) and len(self.range_V) != count:
            raise ValueError(
                f"there are {count} physical_channels and {len(self.range_V)} range_V values; give one, or one each"
            )
        if self.tls_certificate and not self.server:
            raise ValueError("tls_certificate is set, but no server; add server = 'host:port', or remove tls_certificate")
        return self

    @property
    def channel_terminals(self) -> list[Terminal]:
        """How each input is wired, in order."""
        return list(self.terminal) if isinstance(self.terminal, list) else [self.terminal] * len(self.physical_channels)

    @property
    def channel_ranges(self) -> list[float]:
        """The range of each input in V, in order."""
        return list(self.range_V) if isinstance(self.range_V, list) else [self.range_V] * len(self.physical_channels)


def _expanded(name: object) -> list[object]:
    """Return the inputs that a name such as `Dev1/ai0:7` stands for, the name itself where it is no range."""
    found = re.fullmatch(r"([^/,:\s]+)/([a-zA-Z_]+)(\d{1,4}):(?:\1/)?(?:\2)?(\d{1,4})", name) if isinstance(name, str) else None
    if found is None:
        return [name]
    device, kind, first, last = found[1], found[2], int(found[3]), int(found[4])
    step = 1 if last >= first else -1
    return [f"{device}/{kind}{number}" for number in range(first, last + step, step)]
