"""Commands about screenings: screen, triage, sessions, lifter, label and anonymize."""

from __future__ import annotations

import itertools
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from acquisition.rig.units import GRAVITY_M_S2
from hardware.errors import SquatscopeError
from ui.cli.console import console, fail, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from processing.screening.guided.session_file import Session
    from processing.screening.recorded_sets import Screening
    from processing.screening.triage import Triage
    from sim.lifter.families import Family
    from ui.archive.lifters import Found

MOST_SPEED = 100.0
Root = Annotated[Path, typer.Option("--root", help="The folder of all lifters.")]
SessionFolder = Annotated[Path, typer.Argument(help="A session's folder, such as lifters/A1/2026-11-27-1.")]
Conditions = Annotated[str, typer.Option("--condition", help="How the set was done: light, cue, slow, heels, depth or loaded.")]


def triage(
    session: SessionFolder,
    rig: Annotated[Path | None, typer.Option("--rig", help="Judge as this rig's TOML file says.")] = None,
    brief: Annotated[bool, typer.Option("--brief", help="The answer alone, without what it rests on.")] = False,
    report: Annotated[Path | None, typer.Option("--report", help="Write the answer as a page, an HTML file.")] = None,
) -> None:
    """Say what a screening tells: technique, mobility or muscles, and what to try first; computed anew from its recordings."""
    from acquisition.rig.rig_file import load
    from processing.batch import as_recorded, with_settings
    from processing.screening.answers import remarks
    from processing.screening.guided.session_file import read_session
    from processing.screening.recorded_sets import screening_of

    known = read_session(session)
    other = load(rig) if rig is not None else None
    told = screening_of(session, known, (lambda own: with_settings(own, other)) if other is not None else as_recorded)
    say(f"Lifter {known.lifter}, {known.created_utc[:10]}, {len(known.counting())} sets that count", style="bold")
    tell(told.triage, remarks(told), brief=brief)
    if report is not None:
        _write_page(session, told, report)


def _write_page(folder: Path, told: Screening, path: Path) -> None:
    """Write the page of a session, with those of the same lifter before it."""
    from processing.batch import as_recorded
    from processing.screening.recorded_sets import screening_of
    from ui.archive.lifters import sessions as found_in
    from ui.report.history import LATEST, earlier
    from ui.report.screening_report import page_of, write

    before = [
        one
        for one in found_in(folder.absolute().parent, told.session.lifter)
        if one.session is not None and one.session.counting() and one.session.created_utc < told.session.created_utc
    ]
    history = []
    for one in before[-LATEST:]:
        if one.session is not None:
            with suppress(SquatscopeError):  # what can't be read any more is no history
                history.append(earlier(screening_of(one.folder, one.session, as_recorded), told))
    write(page_of(told, history), path)
    say(f"The answer as a page: {path.resolve().as_uri()}")


def tell(told: Triage, bounds: Sequence[str] = (), *, brief: bool) -> None:
    """Print a triage's answer, what bounds it, and what it rests on."""
    from processing.screening.answers import evidence, summary

    first, *others = summary(told)
    say(first, style="bold")
    for line in others:
        say(line)
    for sentence in bounds:
        say(f"• {sentence}")
    if not brief:
        say()
        say("What it rests on:", style="bold")
        for line in evidence(told):
            say(f"• {line}", style="dim")


def sessions(
    session: Annotated[Path | None, typer.Argument(help="A session's folder, to see each of its tries.")] = None,
    root: Root = Path("lifters"),
    lifter: Annotated[str, typer.Option("--lifter", help="Only those of this lifter.")] = "",
    condition: Annotated[str, typer.Option("--condition", help="Only those with a set that was done so.")] = "",
    since: Annotated[str, typer.Option("--since", help="Only those from this day on, as 2026-11-27.")] = "",
) -> None:
    """List the sessions of all lifters, or of some, or every try of one."""
    from processing.screening.guided.session_file import read_session
    from ui.archive.lifters import sessions as found_in

    if session is not None:
        _show(read_session(session))
        return
    found = [
        one
        for one in found_in(root, lifter)
        if one.session is None
        or (
            one.session.created_utc[:10] >= since
            and (not condition or any(a_set.condition == condition for a_set in one.session.counting()))
        )
    ]
    _list(found, root)


def _show(session: Session) -> None:
    """Print every try of a session, in the order in which they were done."""
    kg = f"{session.body_weight_N / GRAVITY_M_S2:.1f} kg" if session.body_weight_N is not None else "not weighed"
    say(f"Lifter {session.lifter} ({kg}), {session.created_utc[:10]}, protocol {session.protocol.name}", style="bold")
    table = Table(box=None, pad_edge=False)
    for title in ("try", "step", "what", "bar kg", "counts", "rating", "recording", "what is to be known"):
        table.add_column(title, overflow="fold")
    counting = {one.number for one in session.counting()}
    for one in session.tries:
        counts = "yes" if one.number in counting else "" if one.accepted else "no"
        rated = one.rating or ", ".join(f"{number} {grade}" for number, grade in one.ratings.items())
        bar = "" if one.bar_kg is None else f"{one.bar_kg:g}"
        what, known = one.condition or one.kind, " ".join([*one.why, one.notes]).strip()
        table.add_row(str(one.number), str(one.step + 1), what, bar, counts, rated, one.recording, known)
    console.print(table)


def lifter(name: Annotated[str, typer.Argument(metavar="ID", help="The lifter's id.")], root: Root = Path("lifters")) -> None:
    """Show a lifter's history: each session with the answer it gave."""
    from processing.batch import as_recorded
    from processing.screening.answers import headline
    from processing.screening.recorded_sets import screening_of
    from ui.archive.lifters import checked_id
    from ui.archive.lifters import sessions as found_in

    found = list(found_in(root, checked_id(name)))
    _list(found, root)
    for one in found:
        if one.session is None or not one.session.counting():
            continue
        try:
            told = headline(screening_of(one.folder, one.session, as_recorded).triage)
        except SquatscopeError as error:
            told = str(error)
        say(f"{one.folder.name}: {told}")


def _list(found: list[Found], root: Path) -> None:
    if not found:
        fail(f"There is no session in {root}; 'squatscope screen' makes one, and --root names another folder.")
    table = Table(box=None, pad_edge=False)
    for title in ("lifter", "session", "protocol", "sets", "conditions", "bars kg", "notes"):
        table.add_column(title, overflow="fold")
    for one in found:
        if one.session is None:
            table.add_row("?", str(one.folder), "", "", "", "", one.fault)
            continue
        sets = one.session.counting()
        conditions = ", ".join(dict.fromkeys(a_set.condition for a_set in sets))
        bars = ", ".join(dict.fromkeys(f"{a_set.bar_kg or 0.0:g}" for a_set in sets))
        known = one.session
        table.add_row(known.lifter, one.folder.name, known.protocol.name, str(len(sets)), conditions, bars, known.notes)
    console.print(table)


def label(
    recording: Annotated[Path, typer.Argument(help="The recording of one set.")],
    lifter: Annotated[str, typer.Option("--lifter", help="Whose set it is: an id.")],
    condition: Conditions,
    bar_kg: Annotated[float, typer.Option("--bar-kg", min=0.0, max=1000.0, help="The bar's weight.")] = 0.0,
    session: Annotated[
        Path | None, typer.Option("--session", help="The folder of the session it belongs to; a new one of today by default.")
    ] = None,
    rating: Annotated[str, typer.Option("--rating", help="A coach's of the knees: none, slight or past.")] = "",
    root: Root = Path("lifters"),
) -> None:
    """Give a recording of one set its lifter, condition and load: it is copied into a session, and counts in its triage."""
    from ui.archive.labelling import label_set

    folder = label_set(recording, session, root, lifter=lifter, condition=condition, bar_kg=bar_kg, rating=rating)
    say(f"{recording} is a set of {folder} now; 'squatscope triage {folder}' says what its sets tell.")


def anonymize(
    session: SessionFolder,
    out: Annotated[Path, typer.Argument(help="The folder to make.")],
    lifter: Annotated[str, typer.Option("--lifter", help="The id that it gets.")] = "anonymous",
) -> None:
    """Copy a session without what could name a person: its id, notes, days, and names in its rig."""
    from ui.archive.anonymize import anonymize as copy_without

    for sentence in copy_without(session, out, lifter):
        say(f"• {sentence}")
    say(f"The copy is in {out}; the session itself is not touched.")


def screen(
    rig_file: Annotated[Path | None, typer.Argument(help="The rig's TOML file.", metavar="[RIG]")] = None,
    lifter: Annotated[str, typer.Option("--lifter", help="The lifter's id; a code will do.")] = "",
    protocol: Annotated[
        Path, typer.Option("--protocol", help="A protocol's TOML file, or one that is shipped: default, short.")
    ] = Path("default"),
    sim: Annotated[
        str, typer.Option("--sim", metavar="KIND", help="A simulated lifter: healthy, technique, hip, ankle, imbalance, ...")
    ] = "",
    speed: Annotated[float, typer.Option("--speed", help="With --sim: 2 is twice as fast as life.")] = 1.0,
    seed: Annotated[int, typer.Option("--seed", min=0, help="With --sim: another seed, another lifter.")] = 1,
    resume: Annotated[
        Path | None, typer.Option("--resume", help="Go on with this session's folder, at the first step that is not done.")
    ] = None,
    headless: Annotated[bool, typer.Option("--headless", help="Lead it from the terminal and open no window.")] = False,
    root: Root = Path("lifters"),
) -> None:
    """Lead a lifter through a screening, one step at a time, and say at the end what to try first."""
    from acquisition.rig.rig_file import load
    from processing.batch import as_recorded
    from processing.screening.answers import remarks
    from processing.screening.guided.protocol import load_protocol
    from processing.screening.guided.session_file import new_session, read_session, write_session
    from processing.screening.recorded_sets import screening_of
    from ui.archive.folder import Folder
    from ui.archive.lifters import checked_id, new_session_folder
    from ui.archive.resuming import taken_up
    from ui.session.screening import run_screening
    from ui.session.simulated_lifter import SimulatedLab
    from ui.session.sources import sources_of

    if (rig_file is None) == (not sim):
        raise typer.BadParameter("give either a rig's TOML file, or --sim with a kind of lifter")
    if not 0 < speed <= MOST_SPEED:
        raise typer.BadParameter(f"{speed:g} is no speed from 0 to {MOST_SPEED:g}; 1 is life", param_hint="--speed")
    known = read_session(resume) if resume is not None else None
    steps = known.protocol if known is not None else load_protocol(protocol)
    others = {}
    if sim:
        lab = SimulatedLab(_family(sim), steps, seed, speed, coach=not sys.stdin.isatty())
        rig, sources, others = lab.rig, lab.sources(), {"others": lab.followers}
    elif rig_file is not None:
        rig = load(rig_file)
        sources = sources_of(rig, None, seed)
    if known is not None and resume is not None:
        folder, (session, said) = resume, taken_up(resume, known)
        for sentence in said:
            say(f"• {sentence}")
    else:
        folder = new_session_folder(root, checked_id(lifter or ("simulated" if sim else "")))
        session = new_session(folder.parent.name, steps)
        write_session(folder, session)
    screened = run_screening(rig, sources, folder, session, console, headless=headless, **others)
    say()
    if screened.session.counting():
        told = screening_of(folder, screened.session, as_recorded)
        tell(told.triage, remarks(told), brief=False)
        say()
        try:
            _write_page(folder, told, _free(Folder(folder).screening))
        except SquatscopeError as error:
            screened.faults.append(str(error))
    for sentence in screened.remarks:
        say(f"• {sentence}", style="dim")
    say()
    say(f"The session is in {folder}; 'squatscope triage {folder}' says this again.")
    left = _not_done(screened.session)
    if left is not None:
        by = f"--sim {sim}" if sim else str(rig_file)
        again_by = f"squatscope screen {by} --resume {folder}"
        say(f"Step {left + 1} of {len(steps.step)} is not done: '{again_by}' goes on there.")
    if screened.faults:
        fail("\n".join(screened.faults))


def _free(path: Path) -> Path:
    """Return a file's name, or the next with a number that is free: a session that went on has a page for each time."""
    others = (path.with_stem(f"{path.stem}-{number}") for number in itertools.count(2))
    return next(one for one in itertools.chain([path], others) if not one.exists())


def _family(kind: str) -> Family:
    from sim.lifter.families import FAMILIES

    for family in FAMILIES:
        if family == kind:
            return family
    raise typer.BadParameter(f"there is no kind {kind!r} of lifter; there are {', '.join(FAMILIES)}", param_hint="--sim")


def _not_done(session: Session) -> int | None:
    """Return the first step that is not done, None where all are."""
    from processing.screening.guided.session_file import now_utc

    done = session.done(now_utc())
    return next((i for i in range(len(session.protocol.step)) if i not in done), None)
