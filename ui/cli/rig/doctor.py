"""`squatscope doctor`: a rig checked before a session, a line for each thing that was looked at."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from acquisition.probe import probe_sources
from acquisition.rig.rig_file import load
from acquisition.storage.disk import disk_of
from hardware.nidaq.settings import NidaqSettings
from hardware.severity import Severity
from hardware.source import SourceError
from processing.doctor.check import Check
from processing.doctor.checks import examine
from processing.doctor.computer import check_date, check_driver
from processing.doctor.known_weight import KnownWeight, check_known_weight
from processing.pipeline import warm
from ui.cli.rig.sysinfo import lines
from ui.palette import AMBER_GROUND, ON_AMBER, ON_RED, RED_GROUND
from ui.session.sources import sources_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from acquisition.rig import Rig
    from hardware.source import Source

SEED = 1
# Signs and words, so that nothing hangs on the colour.
MARKS = {
    Severity.FINE: ("✓ good ", ""),
    Severity.AMBER: ("▲ AMBER", f"bold {ON_AMBER} on {AMBER_GROUND}"),
    Severity.RED: ("✕ RED  ", f"bold {ON_RED} on {RED_GROUND}"),
}


def check_rig(path: Path, seconds: float, weights: Sequence[KnownWeight], console: Console) -> bool:
    """Check a rig file and print what was found; return whether nothing is red. Raises RigError for a bad file.

    `weights` lie on plates meanwhile, and must come back.
    """
    rig = load(path)
    for line in lines():
        console.print(line, style="dim", soft_wrap=True)
    console.print()
    good = f"streams: {len(rig.stream)}, plates: {len(rig.plate)}, electrodes: {len(rig.emg)}; nothing to complain of."
    _print(Check(Severity.FINE, f"rig {path}", good), console)
    with console.status(f"Opening every device, and measuring for {seconds:g} s ..."):
        checks = collect(rig, seconds, weights)
    for check in checks:
        _print(check, console)
    red, amber = (sum(check.severity is severity for check in checks) for severity in (Severity.RED, Severity.AMBER))
    console.print()
    if red:
        console.print(f"{red} red, {amber} amber: mend what is red before a session.", style="bold")
    else:
        console.print(f"{amber} amber, nothing red: the session can begin." if amber else "All good: the session can begin.")
    return not red


def collect(rig: Rig, seconds: float, weights: Sequence[KnownWeight] = ()) -> list[Check]:
    """Measure with a rig's devices for so long, and return what is to be said of each."""
    warm(rig)
    try:
        disk = disk_of(Path.cwd())
    except OSError:
        disk = None
    makers = {stream.name: partial(_source, rig, stream.name) for stream in rig.stream}
    with tempfile.TemporaryDirectory(prefix="squatscope-") as folder:
        probes = probe_sources(makers, Path(folder), seconds)
    laden = {weight.side: weight for weight in weights}
    checks = [check_date(Path.cwd()), *_drivers(rig), *examine(rig, probes, disk, laden)]
    for plate in rig.plate:
        if plate.side in laden:
            probe = next(probe for probe in probes if probe.name == plate.stream)
            checks += check_known_weight(rig, plate, laden[plate.side], probe)
    return checks


def _drivers(rig: Rig) -> list[Check]:
    """Check the NI-DAQmx drivers that can be asked; one that can't is told by the stream that needs it."""
    checks = []
    for settings in [stream.source for stream in rig.stream if isinstance(stream.source, NidaqSettings)]:
        from hardware.nidaq.devices import discover

        with suppress(SourceError):
            checks.append(check_driver(settings, discover(settings.server, settings.tls_certificate, settings.answer_s)))
    return checks


def _source(rig: Rig, name: str) -> Source:
    """Return the source of one stream; its neighbours' faults are not its own."""
    return sources_of(rig.model_copy(update={"stream": [rig.stream_named(name)]}), None, SEED)[0]


def _print(check: Check, console: Console) -> None:
    mark, style = MARKS[check.severity]
    console.print(Text.assemble((f" {mark} ", style), f" {check.what}: {check.found}"), soft_wrap=True)
    if check.advice:
        console.print(Text(f"          → {check.advice}"), soft_wrap=True)
