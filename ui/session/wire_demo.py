"""The demonstration over the wire: the three vendors' clients, unmodified, with stand-ins for their devices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acquisition.rig.rig_file import example, load
from sim.lifter.lifter import demo_lifter
from sim.wire.lab import WireLab
from ui.session.parts import Planned
from ui.session.run import run_session
from ui.session.sources import sources_of

if TYPE_CHECKING:
    from rich.console import Console

    from ui.archive.folder import Folder
    from ui.session.run import Outcome


def run_wired(folder: Folder, console: Console, seconds: float, seed: int, *, headless: bool) -> Outcome:
    """Run the demonstration for so long; raises what a session raises, and SourceError where a client is missing."""
    # The devices take their time to open, and no longer than the lifter goes on.
    lab = WireLab(load(example("wire")), demo_lifter(seconds, seed).model_copy(update={"repetitions": None}))
    with lab as rig:
        sources = sources_of(rig, seconds, seed)
        outcome = run_session(rig, sources, folder, console, Planned(seconds), headless=headless, seconds=seconds)
    outcome.remarks += lab.remarks
    return outcome
