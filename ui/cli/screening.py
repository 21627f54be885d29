"""Commands about screenings: triage, sessions, lifter, label and anonymize."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from ui.cli.console import console, fail, say

if TYPE_CHECKING:
    from processing.screening.triage import Triage
    from ui.archive.lifters import Found

Root = Annotated[Path, typer.Option("--root", help="The folder of all lifters.")]
SessionFolder = Annotated[Path, typer.Argument(help="A session's folder, such as lifters/A1/2026-11-27-1.")]
Conditions = Annotated[str, typer.Option("--condition", help="How the set was done: light, cue, slow, heels, depth or loaded.")]


def triage(
    session: SessionFolder,
    rig: Annotated[Path | None, typer.Option("--rig", help="Judge as this rig's TOML file says.")] = None,
    brief: Annotated[bool, typer.Option("--brief", help="The answer alone, without what it rests on.")] = False,
) -> None:
    """Say what a screening tells: technique, mobility or muscles, and what to try first; computed anew from its recordings."""
    from acquisition.rig.rig_file import load
    from processing.batch import as_recorded, with_settings
    from processing.screening.recorded_sets import session_triage
    from processing.screening.session_file import read_session

    known = read_session(session)
    other = load(rig) if rig is not None else None
    told = session_triage(session, known, (lambda own: with_settings(own, other)) if other is not None else as_recorded)
    say(f"Lifter {known.lifter}, {known.created_utc[:10]}, {len(known.counting())} sets that count", style="bold")
    tell(told, brief=brief)


def tell(told: Triage, *, brief: bool) -> None:
    """Print a triage's answer, and what it rests on."""
    from processing.screening.answers import evidence, summary

    first, *others = summary(told)
    say(first, style="bold")
    for line in others:
        say(line)
    if not brief:
        say()
        say("What it rests on:", style="bold")
        for line in evidence(told):
            say(f"• {line}", style="dim")


def sessions(root: Root = Path("lifters")) -> None:
    """List every session of every lifter."""
    from ui.archive.lifters import sessions as found_in

    _list(list(found_in(root)), root)


def lifter(name: Annotated[str, typer.Argument(metavar="ID", help="The lifter's id.")], root: Root = Path("lifters")) -> None:
    """Show a lifter's history: each session with the answer it gave."""
    from processing.batch import as_recorded
    from processing.screening.answers import headline
    from processing.screening.recorded_sets import session_triage
    from ui.archive.lifters import checked_id
    from ui.archive.lifters import sessions as found_in

    found = list(found_in(root, checked_id(name)))
    _list(found, root)
    for one in found:
        if one.session is not None and one.session.counting():
            say(f"{one.folder.name}: {headline(session_triage(one.folder, one.session, as_recorded))}")


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
