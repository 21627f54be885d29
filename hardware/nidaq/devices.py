"""NI devices of a machine, as its driver describes them."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass

from nidaqmx.errors import DaqError, Error
from nidaqmx.system import Device, System

from hardware.nidaq.connection import Connection


@dataclass(frozen=True, slots=True)
class NidaqDevice:
    """One device as its driver names it; `serial` is hexadecimal as on its label, `ai_channels` are its analog inputs."""

    name: str
    product: str
    serial: str
    ai_channels: tuple[str, ...]
    simulated: bool
    driver_version: str


def discover(server: str = "", tls_certificate: str = "", answer_s: float = 5.0) -> list[NidaqDevice]:
    """Return the devices of this machine, or of the NI gRPC Device Server at `server` (`host:port`).

    Raises SourceError where there is no driver or the server does not answer.
    """
    with closing(Connection(server, tls_certificate, answer_s)) as connection:
        connection.open()
        try:
            system = System(connection.options())
            version = ".".join(str(part) for part in system.driver_version)
            return [_describe(device, version) for device in system.devices]
        except Error as error:
            where = f"at {server}" if server else "of this machine"
            raise connection.explain(error, f"The NI devices {where} can't be listed") from error


def _describe(device: Device, version: str) -> NidaqDevice:
    try:
        inputs = tuple(device.ai_physical_chans.channel_names)
    except DaqError:
        # A chassis has no inputs of its own, and some drivers call the question itself an error.
        inputs = ()
    return NidaqDevice(device.name, device.product_type, f"{device.serial_num:08X}", inputs, device.is_simulated, version)
