"""Commands about sessions: demo, live, dashboard, watch and recover."""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hardware.severity import Severity
from ui.cli.console import console, fail, say
from ui.cli.recordings.lifter import Lifters, for_lifters

if TYPE_CHECKING:
    from collections.abc import Callable

    from hardware.source import Source
    from ui.dashboard.feed.feed import Feed
    from ui.dashboard.views.view import RingView
    from ui.session.run import Outcome

WIRED_S = 30.0
"""How long the demonstration over the wire lasts, where nobody says."""
Out = Annotated[Path | None, typer.Option("--out", help="Folder for what the session leaves; a new one by default.")]
Headless = Annotated[bool, typer.Option("--headless", help="Show the session in the terminal and open no window.")]
Seconds = Annotated[
    float | None, typer.Option("--seconds", min=1.0, max=86400.0, help="How long to record; until Ctrl-C by default.")
]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Another seed, another lifter's noise.")]


def demo(
    seconds: Annotated[
        float | None,
        typer.Option(
            "--seconds", min=6.0, max=86400.0, help="A lifter whose knee caves in with time, for so long; no screening."
        ),
    ] = None,
    seed: Seed = 1,
    out: Out = None,
    headless: Headless = False,
    wire: Annotated[
        bool,
        typer.Option("--wire", help="The same through the clients of NI-DAQmx, LSL and BrainFlow, with stand-ins to talk to."),
    ] = False,
    people: Annotated[
        bool,
        typer.Option("--people", help="A sound lifter who varies as people do, steps on, and does a light and a heavy set."),
    ] = False,
) -> None:
    """Watch a simulated lifter squat, a knee cave in, and the flags come up, and read what to try first; no hardware needed."""
    from acquisition.rig import SIDES, Foot
    from acquisition.rig.rig_file import example, load
    from ui.archive.folder import Folder, new_folder
    from ui.session.parts import Planned
    from ui.session.run import run_session
    from ui.session.sources import sources_of

    folder = Folder(out or new_folder("demo"))
    if wire:
        from ui.session.wire_demo import run_wired

        _tell(run_wired(folder, console, seconds or WIRED_S, seed, headless=headless))
        return
    rig = load(example("demo"))
    if people:
        from sim.device import devices
        from sim.lifter.people import someone

        lifter = someone(seed)
        feet = [Foot(side=side, toe_out_deg=lifter.toe_out_deg) for side in SIDES]
        rig = rig.model_copy(update={"foot": feet})
        sources: list[Source] = list(devices(rig, lifter, end_s=lifter.plan.end_s))
        _tell(run_session(rig, sources, folder, console, Planned(lifter.plan.end_s), headless=headless))
        return
    if seconds is None:
        from ui.cli.screening import tell
        from ui.session.demo_screening import run_demo_screening

        outcome, told = run_demo_screening(folder, console, seed, headless=headless)
        _tell(outcome)
        say()
        tell(told, brief=True)
        say(f"The answer as a page: {folder.screening.resolve().as_uri()}")
        return
    _tell(run_session(rig, sources_of(rig, seconds, seed), folder, console, Planned(seconds), headless=headless))


def live(
    rig_file: Annotated[Path | None, typer.Argument(help="The rig's TOML file.")] = None,
    replay: Annotated[Path | None, typer.Option("--replay", help="Play this recording as if it were hardware.")] = None,
    speed: Annotated[
        float, typer.Option("--speed", help="With --replay: 2 is twice as fast as life, inf as fast as can be.")
    ] = 1.0,
    seconds: Seconds = None,
    seed: Seed = 1,
    out: Out = None,
    headless: Headless = False,
    lifter: Lifters = None,
) -> None:
    """Record a session from a rig's devices, or play a recording through the whole live path."""
    from acquisition.recording import Recording
    from acquisition.rig.rig_file import load
    from sim.replay import replay as replay_sources
    from sim.replay import ring_seconds
    from ui.archive.folder import Folder, new_folder
    from ui.session.parts import Planned
    from ui.session.run import run_session
    from ui.session.sources import sources_of

    if (rig_file is None) == (replay is None):
        raise typer.BadParameter("give either a rig's TOML file or --replay with a recording")
    if not speed > 0:
        raise typer.BadParameter(
            f"{speed:g} is no speed; 1 is life, 2 twice as fast, inf as fast as can be", param_hint="--speed"
        )
    folder = Folder(out or new_folder("live"))
    planned = Planned(seconds or math.inf)
    if replay is not None:
        with Recording(replay) as recording:
            rig, clocks = recording.rig, recording.clocks if recording.complete else None
            planned = Planned(recording.seconds, ring_seconds(replay) + 1.0, clocks)
        sources: list[Source] = list(replay_sources(replay, None if math.isinf(speed) else speed))
    elif rig_file is not None:
        rig = load(rig_file)
        sources = sources_of(rig, seconds, seed)
    _tell(
        run_session(
            for_lifters(rig, lifter),
            sources,
            folder,
            console,
            planned,
            headless=headless,
            seconds=seconds,
        )
    )


def recover(
    ring: Annotated[Path, typer.Argument(help="The ring that a killed session left.")],
    out: Annotated[Path, typer.Argument(help="The recording to make.")],
) -> None:
    """Make a recording from the ring of a killed session, and from the unfinished recording beside it."""
    from acquisition.recording.recovery import recover as recover_ring
    from acquisition.rig.changed_limits import words_of
    from processing.session_limits import keep_limits_of

    recovered = recover_ring(ring, out)
    changed = keep_limits_of(ring, out)
    for name, rows in recovered.rows.items():
        earlier = recovered.from_recording[name]
        whence = f", {earlier} of them from the unfinished recording" if earlier else ""
        say(f"• {name}: {rows} samples ({recovered.seconds[name]:.1f} s) were recovered{whence}.")
    for caveat in recovered.caveats:
        say(f"• {caveat.sentence}")
    if changed:
        say(f"• Limits that were changed in the session are kept beside it, as edits: {', '.join(map(words_of, changed))}.")
    say(f"Recording: {out}")


def dashboard(
    ring: Annotated[
        Path | None, typer.Argument(help="The ring of a session, running or ended; without it the newest that runs.")
    ] = None,
    picture: Annotated[Path | None, typer.Option("--picture", help="Draw it into this PNG file, and open no window.")] = None,
    close_at_end: Annotated[bool, typer.Option("--close-at-end", help="Close the window when the session ends.")] = False,
) -> None:
    """Open a dashboard on a session, any number of times; without a ring on the newest, and then on the next."""
    _need_qt()
    from ui.dashboard.views.operator import Window

    _show(ring, picture, partial(Window, close_at_end=close_at_end))


def watch(
    ring: Annotated[
        Path | None, typer.Argument(help="The ring of a session, running or ended; without it the newest that runs.")
    ] = None,
    depth_cm: Annotated[
        float | None,
        typer.Option(
            "--depth-cm",
            min=1.0,
            max=100.0,
            help="The way of the centre of mass to reach, not of hip or bar; else that of the first squats.",
        ),
    ] = None,
    picture: Annotated[Path | None, typer.Option("--picture", help="Draw it into this PNG file, and open no window.")] = None,
) -> None:
    """Open the lifter's screen on a session: load, repetitions, tempo and depth, to be read from five metres."""
    _need_qt()
    from ui.dashboard.views.lifter import LifterView

    _show(ring, picture, partial(LifterView, target_m=math.nan if depth_cm is None else depth_cm / 100.0))


def _need_qt() -> None:
    from ui.dashboard import qt_missing

    if missing := qt_missing():
        fail(missing)


def _show(ring: Path | None, picture: Path | None, view: Callable[[Feed], RingView]) -> None:
    """Show a view of a ring, or of the newest session and then of the next, or draw it into a file."""
    from ui.archive.running import newest

    follow = ring is None
    ring = ring or newest()
    if ring is None:
        fail("No session of yours is running; start one with 'squatscope live RIG.toml', or name the ring of one that ended.")
    if picture is not None:
        from ui.dashboard.views.picture import save

        save(ring, picture, view)
        return
    from ui.dashboard.views.on_screen import show

    raise typer.Exit(show(ring, view, newest if follow else None))


def _tell(outcome: Outcome) -> None:
    """Say what a session found and where its files are; exit with 1 where something went wrong."""
    from processing.findings.caveats import caveats
    from processing.findings.findings import findings, nothing_found
    from ui.report.session_lines import session_lines

    found = findings(outcome.results)
    say()
    say(f"Found in {len(outcome.results.repetitions)} repetitions:" if found else nothing_found(outcome.results))
    for finding in found:
        style = "bold" if finding.severity is Severity.RED else ""
        say(f"  {finding.severity.name:<5}  {finding.sentence()}.", style=style)
    for line in session_lines(outcome.results):
        say(line)
    for sentence in [*(caveat.sentence for caveat in caveats(outcome.results)), *outcome.remarks]:
        say(f"• {sentence}", style="dim")
    say()
    for name, path in outcome.folder.left():
        say(f"{name:<11} {path}")
    if outcome.folder.report.exists():
        say(f"Read it here: {outcome.folder.report.resolve().as_uri()}")
    if outcome.faults:
        fail("\n".join(outcome.faults))
