"""The command line: one command for each thing that people do with squatscope, and every error as a sentence."""

from __future__ import annotations

import io
import signal
import sys
import traceback
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hardware.errors import SquatscopeError
from ui.cli import screening, sessions
from ui.cli.console import fail, say
from ui.cli.recordings import compare, export, files, lifter, review, studies
from ui.cli.rig import lab

if TYPE_CHECKING:
    from collections.abc import Callable

app = typer.Typer(
    name="squatscope",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)


def _say_version(asked: bool) -> None:
    if asked:
        say(f"squatscope {version('squatscope')}")
        raise typer.Exit


@app.callback()
def squatscope(
    _version: Annotated[
        bool, typer.Option("--version", help="Say which version this is.", is_eager=True, callback=_say_version)
    ] = False,
) -> None:
    """An oscilloscope for squats: force plates and EMG in, load shift and quad/hamstring ratio out. Not a medical device."""


COMMANDS: dict[str, Callable[..., None]] = {
    "demo": sessions.demo,
    "live": sessions.live,
    "import": files.import_files,
    "propose-map": files.propose_map,
    "add-markers": files.add_markers,
    "reprocess": files.reprocess,
    "review": review.review,
    "table": files.table,
    "export": export.export,
    "study": studies.study,
    "index": studies.index,
    "compare": compare.compare,
    "mvc": lifter.mvc,
    "reference": lifter.reference,
    "rock": lifter.rock,
    "screen": screening.screen,
    "triage": screening.triage,
    "label": screening.label,
    "sessions": screening.sessions,
    "lifter": screening.lifter,
    "anonymize": screening.anonymize,
    "recover": sessions.recover,
    "dashboard": sessions.dashboard,
    "watch": sessions.watch,
    "new-rig": lab.new_rig,
    "check": lab.check,
    "doctor": lab.doctor,
    "devices": lab.devices,
    "sys-info": lab.sys_info,
    "validate": lab.validate,
}
for _name, _command in COMMANDS.items():
    app.command(_name)(_command)


def main() -> None:
    """Run a command; every error leaves as a sentence and exit code 1."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a file or pipe on Windows knows few signs
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # whoever ends it politely finds nothing half-written
    try:
        app()
    except SquatscopeError as error:
        fail(str(error))
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        fail(f"{where}{error.strerror or error}. The command was ended.")
    except Exception as error:  # noqa: BLE001 - nobody squats to read a traceback
        last = traceback.extract_tb(error.__traceback__)[-1]
        fail(
            f"This is a mistake in squatscope: {type(error).__name__}: {error} ({Path(last.filename).name}, line "
            f"{last.lineno}). Please report it, with what 'squatscope sys-info' prints."
        )


if __name__ == "__main__":
    main()
