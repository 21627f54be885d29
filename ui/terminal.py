"""The terminal view: a session as text, for a bare server, a box without a screen, and whoever likes it."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from acquisition.ring import BACKLOG
from hardware.source import SourceState
from processing.pipeline import FLAGS
from processing.rules import RED, fold
from processing.summary import amount

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from rich.console import Console

    from acquisition.ring import Ring
    from processing.rules import Flag

REDRAWS_PER_S = 8
BAR = 41
BAR_PCT = 20.0
# Blue, orange and vermillion stay apart for eyes that don't tell red from green.
LEFT_STYLE, RIGHT_STYLE, AMBER_STYLE, RED_STYLE = "bold #56b4e9", "bold #e69f00", "bold #f0e442", "bold white on #d0021b"
MARKS = {
    SourceState.RUNNING: "●",
    SourceState.ENDED: "■",
    SourceState.SILENT: "◌",
    SourceState.LOST: "✕",
    SourceState.IDLE: "○",
}


class TerminalView:
    """Follows a ring and draws it as text; on a terminal it redraws in place, elsewhere it prints flags line by line."""

    def __init__(self, ring: Ring, console: Console) -> None:
        """Begin at the newest frames."""
        self._ring = ring
        self._console = console
        self._readers = {name: ring.reader(name, rows_back=1) for name in ring.derived if name != FLAGS}
        self._flag_reader = ring.reader(FLAGS)
        self._newest: dict[str, float] = {}
        self._changes: list[NDArray[np.float64]] = []
        self._told: dict[tuple[int, float], tuple[int, bool]] = {}
        self._rules = ring.description["rules"]
        self._rates = {name: stream.rate_hz for name, stream in ring.streams.items()}
        self._began_s = time.monotonic()
        self._live: Live | None = None
        if console.is_terminal:
            self._live = Live(console=console, refresh_per_second=REDRAWS_PER_S, transient=True)
            self._live.start(refresh=False)

    def update(self) -> None:
        """Read what is new and show it."""
        for reader in self._readers.values():
            newest = None
            while (run := reader.read()) is not None:
                newest = run
            if newest is not None:
                self._newest.update(zip(reader.stream.channel_names, newest.samples[-1], strict=True))
        while (run := self._flag_reader.read()) is not None:
            self._changes.append(run.samples)
            for row in run.samples:
                self._tell(row)
        if self._live is not None:
            self._live.update(self._picture())

    def close(self) -> None:
        """Leave the terminal as it was found."""
        if self._live is not None:
            self._live.stop()

    def _tell(self, change: NDArray[np.float64]) -> None:
        """Print a change of a flag as a line, unless only its peak has grown."""
        flag = fold(change[None])[0]
        ended = not math.isnan(flag.end_sample)
        if self._told.get((flag.rule, flag.start_sample)) == (flag.severity, ended):
            return
        self._told[flag.rule, flag.start_sample] = (flag.severity, ended)
        at_s = (flag.end_sample if ended else flag.raised_sample) / self._rates[self._rule(flag)["stream"]]
        what = "ends" if ended else "RED" if flag.severity == RED else "AMBER"
        style = "dim" if what == "ends" else RED_STYLE if what == "RED" else AMBER_STYLE
        line = Text(f"{at_s:7.1f} s  ")
        line.append(f" {what:<5} ", style)
        line.append(f" {self._describe(flag)}", "dim" if what == "ends" else "")
        self._console.print(line, soft_wrap=True)

    def _rule(self, flag: Flag) -> dict[str, str]:
        rule: dict[str, str] = self._rules[flag.rule]
        return rule

    def _describe(self, flag: Flag) -> str:
        rule = self._rule(flag)
        return f"{rule['label']} ({amount(flag.peak, rule['unit'], rule['metric'])})"

    def _picture(self) -> Group:
        return Group(
            Text(""), self._balance(), Text(""), self._legs(), Text(""), self._flags(), Text(""), self._streams(), Text("")
        )

    def _value(self, name: str) -> float:
        return float(self._newest.get(name, math.nan))

    def _balance(self) -> Text:
        """Draw load shift as a bar from left to right, with its limits marked."""
        shift = self._value("load_shift_pct")
        limits = {rule["name"]: rule for rule in self._rules if rule["metric"] == "load_shift_pct"}.get("load_shift")
        cells = ["·"] * BAR
        if limits is not None:
            for limit in (limits["amber"], limits["red"]):
                for sign in (-1, 1):
                    cells[_cell(sign * float(limit))] = "|"
        cells[BAR // 2] = "┼"
        text = Text(f"  {time.monotonic() - self._began_s:6.1f} s   ")
        text.append("L ", LEFT_STYLE)
        if math.isnan(shift):
            text.append("".join(cells), "dim")
            text.append(" R", RIGHT_STYLE)
            return text.append("   load shift –  (both feet on the plates?)", "dim")
        place, middle = _cell(shift), BAR // 2
        for i in range(min(place, middle), max(place, middle) + 1):
            cells[i] = "█"
        text.append("".join(cells), LEFT_STYLE if shift < 0 else RIGHT_STYLE)
        text.append(" R", RIGHT_STYLE)
        side = "left" if shift < 0 else "right"
        return text.append(f"   load shift {abs(shift):4.1f} % {side:<5}   {self._value('fz_total_N'):5.0f} N")

    def _legs(self) -> Table:
        table = Table(box=None, padding=(0, 2), show_edge=False)
        for title in ("  leg", "force", "foot inwards", "quads", "hams", "glutes", "Q:H", "against own baseline"):
            table.add_column(title, justify="left" if title == "  leg" else "right")
        for side, style in (("left", LEFT_STYLE), ("right", RIGHT_STYLE)):
            table.add_row(
                Text(f"  {side}", style),
                _number(self._value(f"fz_{side}_N"), "N", 0),
                _number(self._value(f"foot_cop_medial_{side}_mm"), "mm", 1),
                *(_number(self._value(f"{group}_{side}_pct"), "%MVC", 0) for group in ("quads", "hams", "glutes")),
                _number(self._value(f"qh_{side}"), "", 1),
                _number(self._value(f"qh_change_{side}"), "times", 2),
            )
        return table

    def _flags(self) -> Text:
        """List the flags which are up, the most severe first."""
        flags = [flag for flag in fold(np.concatenate(self._changes)) if math.isnan(flag.end_sample)] if self._changes else []
        if not flags:
            return Text("  no flag up", "dim")
        lines = Text()
        for flag in sorted(flags, key=lambda flag: -flag.severity):
            red = flag.severity == RED
            lines.append(" ▲▲ RED   " if red else " ▲  AMBER ", RED_STYLE if red else AMBER_STYLE)
            lines.append(f" {self._describe(flag)}\n")
        lines.rstrip()
        return lines

    def _streams(self) -> Text:
        text = Text()
        for name in self._ring.streams:
            if name in self._ring.derived:
                continue
            state = self._ring.state(name)
            style = "" if state in (SourceState.RUNNING, SourceState.ENDED) else RED_STYLE
            text.append(
                f"  {MARKS[state]} {name} {state.name.lower()}, {self._ring.counter(name, BACKLOG)} waiting", style or "dim"
            )
            if note := self._ring.note(name):
                text.append(f"  {note}", AMBER_STYLE)
        return text


def _cell(shift_pct: float) -> int:
    return round(max(-1.0, min(1.0, shift_pct / BAR_PCT)) * (BAR // 2)) + BAR // 2


def _number(value: float, unit: str, digits: int) -> str:
    return "–" if math.isnan(value) else f"{value:.{digits}f} {unit}".rstrip()
