"""LSL settings: a stream on the Lab Streaming Layer, and the network that LSL may use."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from hardware.settings import SecondsOrNone, Settings

# Within quotes in a query to LSL.
Word = Annotated[str, Field(pattern=r"^[^'\"<>&]*$")]


class LslNetwork(Settings):
    """The network of LSL, by default this machine alone: where it looks for streams, and where its own are found.

    `address` is this machine's own address on the network to use, `peers` are other machines that are asked directly, for
    networks that pass on no multicast. Streams of another `session_id` are not seen; LSL's own is "default". One program
    has one such network. LSL's data port listens on all of this machine's addresses nonetheless; a firewall closes it.
    """

    address: str = "127.0.0.1"
    peers: list[Annotated[str, Field(pattern=r"^[A-Za-z0-9.:-]+$")]] = []
    session_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")] = "default"

    @field_validator("address")
    @classmethod
    def _is_an_address(cls, address: str) -> str:
        try:
            return str(IPv4Address(address))
        except ValueError:
            raise ValueError(f"{address!r} is no IPv4 address of this machine; 127.0.0.1 keeps LSL on this machine") from None

    @property
    def stays_here(self) -> bool:
        """Whether no other machine is asked or answered."""
        return IPv4Address(self.address).is_loopback


class LslOutletSettings(LslNetwork):
    """Whether a session is published on LSL while it runs, and what of it; nothing is unless `outlet` is set."""

    outlet: bool = False
    publish: Annotated[list[Literal["raw", "metrics", "flags"]], Field(min_length=1)] = ["metrics", "flags"]


class LslSettings(LslNetwork):
    """A stream by its name, type, source id or host in LSL; what is given must match, and exactly one stream may.

    It is looked for during `find_s` when the rig starts, and during `rejoin_s` when it went away.
    """

    kind: Literal["lsl"] = "lsl"
    stream_name: Word = ""
    stream_type: Word = ""
    source_id: Word = ""
    hostname: Word = ""
    find_s: Annotated[float, Field(gt=0, le=60)] = 5.0
    rejoin_s: SecondsOrNone = 60.0

    @model_validator(mode="after")
    def _says_which(self) -> LslSettings:
        if not (self.stream_name or self.stream_type or self.source_id):
            raise ValueError("nothing says which stream of LSL is meant; give stream_name, stream_type or source_id")
        return self

    @property
    def query(self) -> str:
        """The streams that match, as LSL's query language puts it."""
        asked = {
            "name": self.stream_name, "type": self.stream_type, "source_id": self.source_id, "hostname": self.hostname
        }  # fmt: skip
        return " and ".join(f"{key}='{value}'" for key, value in asked.items() if value)
