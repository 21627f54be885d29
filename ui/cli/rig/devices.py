"""Devices of this machine: NI devices, boards and LSL streams, listed as tables or, in a pipe, as plain lines."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pydantic import ValidationError
from rich import box
from rich.table import Table

from hardware.lsl.settings import LslNetwork
from hardware.source import SourceError

if TYPE_CHECKING:
    from rich.console import Console


@dataclass(slots=True)
class Listing:
    """One kind of device: a row for each that was found, and a sentence where there is more to say."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)
    remark: str = ""


def ni_devices(server: str) -> Listing:
    """List the NI devices of this machine, or of an NI gRPC Device Server at `host:port`."""
    from hardware.nidaq.devices import discover

    listing = Listing("NI-DAQmx", ("name", "product", "serial", "analog inputs", "simulated", "driver"))
    try:
        found = discover(server)
    except SourceError as error:
        listing.remark = str(error)
        return listing
    for device in found:
        inputs = device.ai_channels
        listing.rows.append(
            (
                device.name,
                device.product,
                device.serial,
                f"{len(inputs)} ({inputs[0]} to {inputs[-1]})" if inputs else "none",
                "yes" if device.simulated else "no",
                device.driver_version,
            )
        )
    if not found:
        listing.remark = "The driver is there, but no device; check its plug and its power."
    return listing


def serial_ports() -> Listing:
    """List the serial ports on which a board may be."""
    from hardware.brainflow.session import discover

    listing = Listing("Serial ports", ("port",), [(port,) for port in discover()])
    if not listing.rows:
        listing.remark = "No serial port that a board or its dongle may be on; is it plugged in?"
    return listing


def boards() -> Listing:
    """List the boards with EMG or EXG inputs that BrainFlow can read, whether they are there or not."""
    from hardware.brainflow.session import supported_boards

    rows: list[tuple[str, ...]] = [
        (board.name, f"{board.rate_hz:g} Hz", str(len(board.input_rows))) for board in supported_boards()
    ]
    return Listing("BrainFlow", ("board", "rate", "inputs"), rows)


def lsl_streams(address: str) -> Listing:
    """List the streams on the Lab Streaming Layer, of this machine alone where `address` is 127.0.0.1."""
    from hardware.lsl.devices import discover

    listing = Listing("Lab Streaming Layer", ("name", "type", "channels", "rate", "host", "source_id"))
    try:
        network = LslNetwork(address=address)
    except ValidationError as error:
        raise SourceError(f"{error.errors()[0]['msg'].removeprefix('Value error, ')}.") from None
    try:
        found = discover(network)
    except SourceError as error:
        listing.remark = str(error)
        return listing
    for stream in found:
        rate = f"{stream.rate_hz:g} Hz" if stream.rate_hz else "irregular"
        listing.rows.append((stream.name, stream.content, str(stream.channels), rate, stream.host, stream.source_id))
    if not found:
        where = "on this machine; --lsl-address looks further" if network.stays_here else f"by way of {address}"
        listing.remark = f"No stream answered {where}."
    return listing


def show(listing: Listing, console: Console) -> None:
    """Print a listing: as a table on a terminal, else one line for each row with tabs between."""
    if not console.is_terminal:
        rows = [listing.columns, *listing.rows] if listing.rows else []
        for row in [*rows, (listing.remark,)] if listing.remark else rows:
            console.file.write("\t".join((listing.title, *row)) + "\n")  # rich would turn tabs into spaces
        return
    console.print()
    if listing.rows:
        table = Table(title=listing.title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
        for column in listing.columns:
            table.add_column(column)
        for row in listing.rows:
            table.add_row(*row)
        console.print(table)
    else:
        console.print(listing.title, style="bold")
    if listing.remark:
        console.print(f"  {listing.remark}", soft_wrap=True)
