"""The command line: one command for each thing that people do with squatscope, and every error as a sentence."""

from __future__ import annotations

import io
import math
import os
import signal
import sys
import traceback
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console

from hardware.source import SquatscopeError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hardware.source import Source
    from ui.session.run import Outcome

app = typer.Typer(
    name="squatscope",
    help="An oscilloscope for squats: force plates and EMG in, load shift and quad/hamstring ratio out. Not a medical device.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
console = Console(highlight=False, markup=False)  # names and paths may hold [brackets]

Out = Annotated[Path | None, typer.Option("--out", help="Folder for what the session leaves; a new one by default.")]
Headless = Annotated[bool, typer.Option("--headless", help="Show the session in the terminal and open no window.")]
Seconds = Annotated[
    float | None, typer.Option("--seconds", min=1.0, max=86400.0, help="How long to record; until Ctrl-C by default.")
]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Another seed, another lifter's noise.")]


@app.command()
def demo(
    seconds: Annotated[float, typer.Option("--seconds", min=6.0, max=86400.0, help="How long the lifter squats.")] = 30.0,
    seed: Seed = 1,
    out: Out = None,
    headless: Headless = False,
    wire: Annotated[
        bool,
        typer.Option("--wire", help="The same through the clients of NI-DAQmx, LSL and BrainFlow, with stand-ins to talk to."),
    ] = False,
) -> None:
    """Watch a simulated lifter squat, a knee cave in, and the flags come up; no hardware needed."""
    from acquisition.rig.rig_file import example, load
    from ui.session.run import Folder, new_folder, run_session
    from ui.session.sources import sources_of

    folder = Folder(out or new_folder("demo"))
    if wire:
        from ui.session.wire_demo import run_wired

        _tell(run_wired(folder, console, seconds, seed, headless=headless))
        return
    rig = load(example("demo"))
    _tell(run_session(rig, sources_of(rig, seconds, seed), folder, console, seconds=None, length_s=seconds, headless=headless))


@app.command()
def live(
    rig_file: Annotated[Path | None, typer.Argument(metavar="[RIG]", help="The rig's TOML file.")] = None,
    replay: Annotated[Path | None, typer.Option("--replay", help="Play this recording as if it were hardware.")] = None,
    speed: Annotated[
        float, typer.Option("--speed", help="With --replay: 2 is twice as fast as life, inf as fast as can be.")
    ] = 1.0,
    seconds: Seconds = None,
    seed: Seed = 1,
    out: Out = None,
    headless: Headless = False,
) -> None:
    """Record a session from a rig's devices, or play a recording through the whole live path."""
    from acquisition.recording import Recording
    from acquisition.rig.rig_file import load
    from sim.replay import replay as replay_sources
    from sim.replay import ring_seconds
    from ui.session.run import Folder, new_folder, run_session
    from ui.session.sources import sources_of

    if (rig_file is None) == (replay is None):
        raise typer.BadParameter("give either a rig's TOML file or --replay with a recording")
    if not speed > 0:
        raise typer.BadParameter(
            f"{speed:g} is no speed; 1 is life, 2 twice as fast, inf as fast as can be", param_hint="--speed"
        )
    folder = Folder(out or new_folder("live"))
    ring_s = None
    if replay is not None:
        with Recording(replay) as recording:
            rig, length_s = recording.rig, recording.seconds
        ring_s = ring_seconds(replay) + 1.0
        sources: list[Source] = list(replay_sources(replay, None if math.isinf(speed) else speed))
    elif rig_file is not None:
        rig = load(rig_file)
        length_s = seconds or math.inf
        sources = sources_of(rig, seconds, seed)
    _tell(run_session(rig, sources, folder, console, seconds=seconds, length_s=length_s, ring_s=ring_s, headless=headless))


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(metavar="FILE.c3d", help="A C3D file with force plates and EMG.")],
    out: Annotated[Path, typer.Argument(metavar="OUT.h5", help="The recording to make.")],
    map_file: Annotated[
        Path | None, typer.Option("--map", help="A TOML file that says which plate and channel is what.")
    ] = None,
) -> None:
    """Turn a C3D file into a recording, which can be replayed and reprocessed."""
    from acquisition.formats.c3d.importer import import_c3d

    imported = import_c3d(file, out, map_file)
    for message in imported.messages:
        _say(f"• {message}")
    _say(imported.summary)
    _say(f"Recording: {imported.path}")


@app.command()
def reprocess(
    files: Annotated[list[Path], typer.Argument(metavar="FILES...", help="Recordings.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the results.")],
    settings: Annotated[
        Path | None,
        typer.Option("--settings", help="A rig file whose filters, limits and rules are used instead of the recorded ones."),
    ] = None,
) -> None:
    """Compute metrics, flags and report of recordings anew, with the code that ran live."""
    from acquisition.rig.rig_file import load
    from ui.cli.reprocess import reprocess_files

    failed = reprocess_files(files, out, load(settings) if settings is not None else None, console)
    if failed:
        raise typer.Exit(1)


@app.command()
def recover(
    ring: Annotated[Path, typer.Argument(metavar="RING", help="The ring that a killed session left.")],
    out: Annotated[Path, typer.Argument(metavar="OUT.h5", help="The recording to make.")],
) -> None:
    """Make a recording from the ring of a session that was killed."""
    from acquisition.recovery import recover as recover_ring

    recovered = recover_ring(ring, out)
    for message in recovered.messages:
        _say(f"• {message}")
    _say(f"Recording: {out}")


@app.command()
def dashboard(
    ring: Annotated[Path, typer.Argument(metavar="RING", help="The ring of a session, running or ended.")],
    picture: Annotated[Path | None, typer.Option("--picture", help="Draw it into this PNG file, and open no window.")] = None,
    close_at_end: Annotated[bool, typer.Option("--close-at-end", help="Close the window when the session ends.")] = False,
) -> None:
    """Open the dashboard of a session; it can be closed and opened at any time, and any number of times."""
    from ui.dashboard import qt_missing

    if missing := qt_missing():
        _fail(missing)
    if picture is not None:
        from ui.dashboard.views.picture import save

        save(ring, picture)
        return
    from ui.dashboard.views.operator import show

    raise typer.Exit(show(ring, close_at_end=close_at_end))


@app.command()
def check(rig_file: Annotated[Path, typer.Argument(metavar="RIG", help="The rig's TOML file.")]) -> None:
    """Check a rig file, and say what it describes."""
    from acquisition.rig.rig_file import load
    from processing.findings.caveats import about_places

    rig = load(rig_file)
    for stream in rig.stream:
        _say(f"stream {stream.name}: {len(stream.channels)} channels at {stream.rate_hz:g} Hz, {stream.source.kind}")
    for plate in rig.plate:
        _say(f"plate {plate.name}: {plate.side}, type {plate.c3d_type}, {plate.model or 'no model named'}")
    for side in ("left", "right"):
        muscles = [electrode.muscle for electrode in rig.emg if electrode.side == side]
        _say(f"EMG {side}: {', '.join(muscles) or 'none'}")
    doubts = about_places(rig)
    for doubt in doubts:
        _say(f"• {doubt}")
    _say(f"{rig_file} can be used, but look at what is said above." if doubts else f"{rig_file} is a good rig.")


@app.command()
def doctor(
    rig_file: Annotated[Path, typer.Argument(metavar="RIG", help="The rig's TOML file.")],
    seconds: Annotated[float, typer.Option("--seconds", min=2.0, max=600.0, help="How long to measure.")] = 5.0,
    weight: Annotated[
        list[str] | None,
        typer.Option("--weight", help="A known weight on a plate, as SIDE:KG:X_MM,Y_MM in the lab; it must come back."),
    ] = None,
) -> None:
    """Check a rig before a session: devices, plates, electrodes, clocks and disk, and what to do about each."""
    from processing.doctor.known_weight import KnownWeight
    from ui.cli.doctor import check_rig

    try:
        weights = [KnownWeight.parse(text) for text in weight or []]
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--weight") from None
    if not check_rig(rig_file, seconds, weights, console):
        raise typer.Exit(1)


@app.command()
def devices(
    server: Annotated[str, typer.Option("--server", help="host:port of an NI gRPC Device Server, to list its devices.")] = "",
    lsl_address: Annotated[
        str, typer.Option("--lsl-address", help="This machine's address on the network in which to look for LSL streams.")
    ] = "127.0.0.1",
    boards: Annotated[bool, typer.Option("--boards", help="List the boards that BrainFlow can read, there or not.")] = False,
) -> None:
    """List what this machine can measure with: NI devices, serial ports with boards, LSL streams."""
    from ui.cli import devices as found

    for listing in (found.ni_devices(server), found.serial_ports(), found.lsl_streams(lsl_address)):
        found.show(listing, console)
    if boards:
        found.show(found.boards(), console)


@app.command("sys-info")
def sys_info() -> None:
    """Print the versions that a bug report needs."""
    from ui.cli.sysinfo import lines

    for line in lines():
        _say(line)


def _say(text: str = "", style: str = "") -> None:
    """Print a line, which a terminal wraps and a file keeps whole."""
    console.print(text, style=style, soft_wrap=True)


def _tell(outcome: Outcome) -> None:
    """Say what a session found and where its files are; exit with 1 where something went wrong."""
    from processing.findings.caveats import caveats
    from processing.findings.findings import findings

    found = findings(outcome.results)
    _say()
    _say("Flagged:" if found else "No flag came up.")
    for finding in found:
        style = "bold" if finding.severity == "red" else ""
        _say(f"  {finding.severity.upper():<5}  {finding.sentence()}.", style=style)
    for sentence in [*caveats(outcome.results), *outcome.remarks]:
        _say(f"• {sentence}", style="dim")
    _say()
    for name, path in outcome.folder.left():
        _say(f"{name:<10} {path}")
    if outcome.faults:
        _fail("\n".join(outcome.faults))


def _fail(sentence: str) -> NoReturn:
    """Say what is wrong, and exit with 1."""
    Console(stderr=True, highlight=False, markup=False, soft_wrap=True).print(sentence, style="bold red")
    raise SystemExit(1)


@contextmanager
def _place_for_kernels() -> Iterator[None]:
    """Give numba a folder for compiled kernels where a service may write neither beside the program nor at home."""
    usual = Path(__file__).parents[2], Path("~").expanduser()
    if "NUMBA_CACHE_DIR" in os.environ or any(os.access(folder, os.W_OK) for folder in usual):
        yield
        return
    with TemporaryDirectory(prefix="squatscope-", ignore_cleanup_errors=True) as folder:
        os.environ["NUMBA_CACHE_DIR"] = folder
        yield


def main() -> None:
    """Run a command; every error leaves as a sentence and exit code 1."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a file or pipe on Windows knows few signs
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # whoever ends it politely finds nothing half-written
    try:
        with _place_for_kernels():
            app()
    except SquatscopeError as error:
        _fail(str(error))
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        _fail(f"{where}{error.strerror or error}. The command was ended.")
    except Exception as error:  # noqa: BLE001 - nobody squats to read a traceback
        place = traceback.extract_tb(error.__traceback__)[-1]
        _fail(
            f"This is a mistake in squatscope: {type(error).__name__}: {error} ({Path(place.filename).name}, line "
            f"{place.lineno}). Please report it, with what 'squatscope sys-info' prints."
        )


if __name__ == "__main__":
    main()
