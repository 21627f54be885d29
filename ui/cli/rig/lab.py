"""Commands about a lab: check, doctor, devices and sys-info."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ui.cli.console import console, fail, say


def new_rig(
    name: Annotated[str, typer.Argument(help="The example to begin from.", show_default=False)] = "",
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write it into this file instead of printing it.")] = None,
) -> None:
    """Print a rig to begin from: squatscope new-rig NAME > my-lab.toml; without NAME, list them."""
    from acquisition.rig.rig_file import example, examples

    if not name:
        for known in examples():
            first = example(known).read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")
            say(f"{known:<16} {first}")
        return
    if _given(example(name).read_text(encoding="utf-8"), out):
        say(f"{out} is a copy of the rig {name!r}: change it to your lab, then run 'squatscope check {out}'.")


def check(rig_file: Annotated[Path, typer.Argument(help="The rig's TOML file.")]) -> None:
    """Check a rig file as a session would, but for the devices, and say what it describes."""
    from acquisition.rig import SIDES
    from acquisition.rig.rig_file import load
    from processing.findings.stance_caveats import about_lab
    from processing.pipeline import Pipeline
    from ui.session.sources import check_sources

    rig = load(rig_file)
    check_sources(rig)
    Pipeline(rig)
    for stream in rig.stream:
        say(f"stream {stream.name}: {len(stream.channels)} channels at {stream.rate_hz:g} Hz, {stream.source.kind}")
    for plate in rig.plate:
        say(f"plate {plate.name}: {plate.side}, type {plate.c3d_type}, {plate.model or 'no model named'}")
    for side in SIDES:
        muscles = [electrode.muscle for electrode in rig.emg if electrode.side == side]
        say(f"EMG {side}: {', '.join(muscles) or 'none'}")
    found = about_lab(rig)
    for caveat in found:
        say(f"• {caveat.sentence}")
    say(f"{rig_file} can be used, but look at what is said above." if found else f"{rig_file} is a good rig.")


def doctor(
    rig_file: Annotated[Path, typer.Argument(help="The rig's TOML file.")],
    seconds: Annotated[float, typer.Option("--seconds", min=2.0, max=600.0, help="How long to measure.")] = 5.0,
    weight: Annotated[
        list[str] | None,
        typer.Option("--weight", help="A known weight on a plate, as SIDE:KG:X_MM,Y_MM in the lab; it must come back."),
    ] = None,
) -> None:
    """Check a rig before a session: devices, plates, electrodes, clocks and disk, and what to do about each."""
    from processing.doctor.known_weight import KnownWeight
    from ui.cli.rig.doctor import check_rig

    try:
        weights = [KnownWeight.parse(text) for text in weight or []]
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--weight") from None
    if not check_rig(rig_file, seconds, weights, console):
        raise typer.Exit(1)


def devices(
    server: Annotated[str, typer.Option("--server", help="host:port of an NI gRPC Device Server, to list its devices.")] = "",
    lsl_address: Annotated[
        str, typer.Option("--lsl-address", help="This machine's address on the network in which to look for LSL streams.")
    ] = "127.0.0.1",
    boards: Annotated[bool, typer.Option("--boards", help="List the boards that BrainFlow can read, there or not.")] = False,
) -> None:
    """List what this machine can measure with: NI devices, serial ports with boards, LSL streams."""
    from ui.cli.rig import devices as found

    for listing in (found.ni_devices(server), found.serial_ports(), found.lsl_streams(lsl_address)):
        found.show(listing, console)
    if boards:
        found.show(found.boards(), console)


def sys_info() -> None:
    """Print the versions that a bug report needs."""
    from ui.cli.rig.sysinfo import lines

    for line in lines():
        say(line)


def validate(
    lifters: Annotated[int, typer.Option("--lifters", min=2, max=1000, help="How many simulated lifters for each line.")] = 10,
    data: Annotated[Path | None, typer.Option("--data", help="The folder of the public recordings to compare with.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write the page into this file instead of printing it.")
    ] = None,
) -> None:
    """Compare our numbers with those of others, and with what is known of simulated lifters; makes a page."""
    from ui.validation.page import page

    text = page(lifters, data, lambda part: console.print(f"Comparing {part} ...", style="dim") if out is not None else None)
    if _given(text, out):
        say(f"The page is in {out}.")


def _given(text: str, out: Path | None) -> bool:
    """Print a text, or write it into a file and return True."""
    from acquisition.storage.disk import write_whole

    if out is None:
        sys.stdout.write(text)
        return False
    try:
        write_whole(out, text.encode())
    except FileExistsError:
        fail(f"{out} exists already, and nothing is ever overwritten; give another name.")
    return True
