"""The review of a recording: in a window, or, with an option that says what to change, in the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from processing.repetition.corrections import Dismiss, Limits, Undo
from ui.cli.console import console, fail, say

if TYPE_CHECKING:
    from processing.repetition.corrections import Edit
    from processing.review import Review

_VERBS = {"drop": "drops", "split": "splits", "move": "moves"}


def review(
    recording: Annotated[Path, typer.Argument(help="The recording; it stays as it is, edits lie beside it.")],
    show: Annotated[bool, typer.Option("--list", help="List repetitions, flags and edits, and open no window.")] = False,
    drop: Annotated[int | None, typer.Option("--drop", help="Drop the repetition of this number.")] = None,
    split: Annotated[int | None, typer.Option("--split", help="Split this repetition, at --at-s.")] = None,
    at_s: Annotated[float | None, typer.Option("--at-s", help="With --split: where, in seconds of the session.")] = None,
    move: Annotated[
        int | None, typer.Option("--move", help="Move this repetition, to --start-s, --bottom-s or --end-s.")
    ] = None,
    start_s: Annotated[float | None, typer.Option("--start-s", help="With --move: when it begins.")] = None,
    bottom_s: Annotated[float | None, typer.Option("--bottom-s", help="With --move: when it is at the bottom.")] = None,
    end_s: Annotated[float | None, typer.Option("--end-s", help="With --move: when it ends.")] = None,
    dismiss: Annotated[
        int | None, typer.Option("--dismiss", help="Dismiss the flag of this number in --list; needs --reason.")
    ] = None,
    limits: Annotated[
        str | None,
        typer.Option("--limits", help="Give this rule of the rig, such as load_shift, other limits: --amber, --red."),
    ] = None,
    amber: Annotated[float | None, typer.Option("--amber", help="With --limits: the amber limit, in the rule's unit.")] = None,
    red: Annotated[float | None, typer.Option("--red", help="With --limits: the red one; else it stays.")] = None,
    undo: Annotated[bool, typer.Option("--undo", help="Take back the last edit.")] = False,
    undo_edit: Annotated[
        int | None, typer.Option("--undo-edit", help="Take back the edit of this number in --list; an undo, too.")
    ] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why, in a few words.")] = "",
    who: Annotated[str | None, typer.Option("--who", help="Who says so; by default who is logged in.")] = None,
    picture: Annotated[
        Path | None, typer.Option("--picture", help="Draw the window into this PNG file, and open none.")
    ] = None,
) -> None:
    """Look a recording through: drop, split, move repetitions, dismiss flags, change limits, and take any of it back."""
    from rich.progress import Progress

    from processing.review import Review

    asked = [option for option in (drop, split, move, dismiss, limits, undo_edit) if option is not None]
    _check(len(asked) + undo, split=split, at_s=at_s, move=move, instants=[start_s, bottom_s, end_s])
    if (limits is None) != (amber is None) or (limits is None and red is not None):
        raise typer.BadParameter("--limits RULE goes with --amber, and --red where that is to change")
    if not (show or asked or undo or picture):
        from ui.dashboard import window_trouble

        if trouble := window_trouble():
            fail(f"{trouble.rstrip('.')}. Without a window: --list, --drop, --split, --move, --dismiss, --limits and --undo.")
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("Computing", total=1.0)
        under = Review(recording, who, lambda share: bar.update(task, completed=share))
    if not (show or asked or undo):
        from ui.dashboard.views.review import save, show_review

        if picture is not None:
            save(under, picture)
            return
        raise typer.Exit(show_review(under))
    if drop is not None:
        under.drop(drop, reason)
    elif split is not None and at_s is not None:
        under.split(split, at_s, reason)
    elif move is not None:
        under.move(move, start_s=start_s, bottom_s=bottom_s, end_s=end_s, reason=reason)
    elif dismiss is not None:
        under.dismiss(dismiss, reason)
    elif limits is not None and amber is not None:
        under.limits(limits, amber, red, reason)
    elif undo or undo_edit is not None:
        say(f"Edit {under.undo(undo_edit)} is taken back.")
    if asked or undo:
        _tell_last(under)
    if show:
        _list(under)


def _check(changes: int, *, split: int | None, at_s: float | None, move: int | None, instants: list[float | None]) -> None:
    """Refuse options that don't go together."""
    if changes > 1:
        raise typer.BadParameter(
            "one edit at a time: give one of --drop, --split, --move, --dismiss, --limits, --undo, --undo-edit"
        )
    if (split is None) != (at_s is None):
        raise typer.BadParameter("--split NUMBER goes with --at-s SECONDS")
    given = any(at is not None for at in instants)
    if (move is None) == given:
        raise typer.BadParameter("--move NUMBER goes with --start-s, --bottom-s or --end-s")


def _tell_last(under: Review) -> None:
    """Say what the last edit did, and how many repetitions there are now."""
    last = under.history.edits[-1]
    for edit in under.results.edits:
        if edit.number == last.number:
            say(f"Edit {edit.number}: {edit.sentence}")
    lost = [edit for edit in under.results.edits if not edit.applied]
    for edit in lost:
        say(edit.sentence)
    found = len(under.found.repetitions)
    say(f"Repetitions now: {len(under.results.repetitions)}; found by squatscope: {found}.")


def _list(under: Review) -> None:
    """List what there is to be changed, and what was."""
    from ui.report.session_lines import table_in_words

    results = under.results
    say(f"{under.path}: {results.seconds:.1f} s", style="bold")
    for line in table_in_words(results, most=None) or ["No repetitions."]:
        say(f"  {line}")
    say("Flags:" if results.flags else "No flags.")
    for number, flag in enumerate(results.flags, 1):
        dismissed = f"; dismissed: {flag.dismissed}" if flag.dismissed else ""
        say(f"  {number:>3}  {flag.severity.name:<5}  {flag.start_s:8.1f} s  {flag.label}{dismissed}")
    taken_back, became = under.history.taken_back(), {edit.number: edit for edit in results.edits}
    say("Edits:" if under.history.edits else "No edits.")
    for edit in under.history.edits:
        said = became[edit.number].sentence if edit.number in became else f"It {_what(edit)}."
        back = " (taken back)" if edit.number in taken_back else ""
        say(f"  {edit.number:>3}  {edit.at_utc}  {edit.who}  {said}{back}")


def _what(edit: Edit) -> str:
    """Say what an edit does, without what became of it."""
    match edit:
        case Undo():
            return f"takes back edit {edit.undone}"
        case Dismiss():
            return f"dismisses the flag {edit.flag.rule} at {edit.flag.start_s:.1f} s"
        case Limits():
            red = "" if edit.red is None else f" and {edit.red:g}"
            return f"gives the rule {edit.rule} the limits {edit.amber:g}{red}"
    return f"{_VERBS[edit.kind]} the repetition of {edit.repetition.start_s:.1f} to {edit.repetition.end_s:.1f} s"
