"""The terminal view: a session as text, for a bare server, a box without a screen, and whoever likes it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from acquisition.durations import in_words
from acquisition.rig import SIDES
from acquisition.ring import BACKLOG, PUBLISHED
from acquisition.ring.fault_log import ABOUT_LIMITS
from hardware.severity import Severity
from hardware.source import SourceState
from processing.flags.amounts import amount, decimals
from processing.flags.kinds import kind_in_ring, kind_on
from processing.flags.rules import flag_of
from processing.pipeline import EVENTS, FLAGS, REPETITIONS
from processing.repetition.phases import UNITS as REPETITION_UNITS
from processing.repetition.phases import Doubt
from processing.repetition.table import doubt_in_words
from ui.palette import AMBER_STYLE, LEFT_STYLE, RED_STYLE, RIGHT_STYLE

if TYPE_CHECKING:
    from rich.console import Console

    from acquisition.ring import Ring
    from processing.flags.rules import Flag

REDRAWS_PER_S = 8
BAR_PCT = 20.0
FLAG_LINES = 5
BEHIND_S = 0.5
GOOD_STATES = (SourceState.RUNNING, SourceState.ENDED)
MARKS = {
    SourceState.RUNNING: "●",
    SourceState.ENDED: "■",
    SourceState.SILENT: "◌",
    SourceState.LOST: "✕",
    SourceState.IDLE: "○",
}
COLUMNS = (
    ("force N", "fz_{}_N", "N"),
    ("inwards mm", "foot_cop_medial_{}_mm", "mm"),
    ("quads %MVC", "quads_{}_pct", "%"),
    ("hams", "hams_{}_pct", "%"),
    ("glutes", "glutes_{}_pct", "%"),
    ("Q:H", "qh_{}", ""),
    ("x baseline", "qh_change_{}", "times"),
)
LOAD_SHIFT = kind_on("load_shift_pct")


class TerminalView:
    """Follows a ring and draws it as text; on a terminal it redraws in place, elsewhere it prints flags line by line."""

    def __init__(self, ring: Ring, console: Console) -> None:
        self._notice = ""
        self._ring = ring
        self._console = console
        self._raw = [name for name in ring.streams if name not in ring.derived]
        self._readers = {name: ring.reader(name, rows_back=1) for name in ring.derived - EVENTS}
        self._flag_reader = ring.reader(FLAGS)
        self._repetition_reader = ring.reader(REPETITIONS) if REPETITIONS in ring.derived else None
        self._repetitions = 0
        self._known = {name for reader in self._readers.values() for name in reader.stream.channel_names}
        self._newest: dict[str, float] = {}
        self._up: dict[int, Flag] = {}
        self._rules = ring.description["rules"]
        rig = ring.description.get("rig", {})
        self._plates = next((plate["stream"] for plate in rig.get("plate", [])), "")
        least_hz = float(rig.get("emg_processing", {}).get("undersampled_below_hz", 0.0))
        self._slow = {e["stream"] for e in rig.get("emg", []) if self._rate_hz(e["stream"]) < least_hz}
        self._faults = 0
        self._live: Live | None = None
        if console.is_terminal:
            self._live = Live(console=console, refresh_per_second=REDRAWS_PER_S, transient=True)
            self._live.start(refresh=False)

    def update(self, notice: str = "") -> None:
        """Read what is new and show it, with a line above it."""
        self._notice = notice
        for name, reader in self._readers.items():
            newest = None
            while (stretch := reader.read()) is not None:
                newest = stretch
            if newest is not None:
                self._newest.update(zip(reader.stream.channel_names, newest.samples[-1], strict=True))
            if self._ring.state(name.rsplit(".", 1)[0]) not in GOOD_STATES:
                self._newest.update(dict.fromkeys(reader.stream.channel_names, math.nan))
        while (stretch := self._flag_reader.read()) is not None:
            for row in stretch.samples:
                self._take(flag_of(row))
        self._tell_repetitions()
        self._tell_faults()
        if self._live is not None:
            self._live.update(self._picture())

    def _tell_repetitions(self) -> None:
        """Print a line for each repetition that has been confirmed since the last look."""
        while self._repetition_reader is not None and (stretch := self._repetition_reader.read()) is not None:
            rate_hz = self._rate_hz(self._plates)
            for row in stretch.samples:
                self._repetitions += 1
                told = dict(zip(REPETITION_UNITS, map(float, row), strict=True))
                lowering_s = (told["pause_start_sample"] - told["start_sample"]) / rate_hz
                pause_s = (told["rise_sample"] - told["pause_start_sample"]) / rate_hz
                rising_s = (told["end_sample"] - told["rise_sample"]) / rate_hz
                line = Text(f"{told['end_sample'] / rate_hz:6.1f} s  repetition {self._repetitions}: ")
                pause = f", {pause_s:.1f} s at the bottom" if pause_s > 0.0 else ""
                line.append(f"{told['depth_m']:.2f} m deep, down in {lowering_s:.1f} s{pause}, up in {rising_s:.1f} s")
                if doubt := doubt_in_words(Doubt(int(told["doubt"]))):
                    line.append(f" (doubtful: {doubt})", "dim")
                self._print(line)

    def _tell_faults(self) -> None:
        """Print what went wrong since the last look, and what is well again."""
        for fault in self._ring.faults.read(self._faults):
            style = {Severity.RED: RED_STYLE, Severity.AMBER: AMBER_STYLE, Severity.FINE: "dim"}[fault.severity]
            well = "note" if fault.about == ABOUT_LIMITS else "well"
            word = well if fault.severity is Severity.FINE else fault.severity.name
            self._console.print(Text(f" {word} ", style).append(f" {fault.about}: {fault.sentence}", ""), soft_wrap=True)
        self._faults = self._ring.faults.count

    def close(self) -> None:
        """Leave the terminal as it was found."""
        if self._live is not None:
            self._live.stop()

    def _take(self, flag: Flag) -> None:
        """Keep a flag as it stands now, and print a line unless only its peak has grown."""
        before = self._up.pop(flag.rule, None)
        if not flag.severity:
            line = Text(f"{flag.start_sample / self._rate_hz(self._rules[flag.rule]['stream']):6.1f} s ")
            self._print(line.append(f" withdrawn  {kind_in_ring(self._rules[flag.rule]).label}", "dim"))
            return
        ended = not math.isnan(flag.end_sample)
        if not ended:
            self._up[flag.rule] = flag
        same = before is not None and (before.start_sample, before.severity) == (flag.start_sample, flag.severity)
        if ended or not same:
            at_sample = flag.end_sample if ended else flag.raised_sample
            line = Text(f"{at_sample / self._rate_hz(self._rules[flag.rule]['stream']):6.1f} s ")
            line.append(" ends  " if ended else _severity(flag), "dim" if ended else _style(flag))
            line.append(f" {self._describe(flag)}", "dim" if ended else "")
            self._print(line)

    def _print(self, line: Text) -> None:
        if self._live is not None:
            self._console.print(line, no_wrap=True, overflow="ellipsis")
        else:
            self._console.print(line, soft_wrap=True)

    def _rate_hz(self, stream: str) -> float:
        return self._ring.streams[stream].rate_hz

    def _describe(self, flag: Flag) -> str:
        kind = kind_in_ring(self._rules[flag.rule])
        return f"{kind.label} ({amount(flag.peak, kind.unit, kind.metric)})"

    def _value(self, name: str) -> float:
        return self._newest.get(name, math.nan)

    def _picture(self) -> Group:
        """Draw everything, always as many lines high, so that nothing jumps."""
        rows: list[Text | Table] = [_line(f"   {self._notice}"), self._streams()]
        if LOAD_SHIFT.metric in self._known:
            rows += [Text(""), self._balance()]
        return Group(*rows, Text(""), self._legs(), Text(""), *self._flags())

    def _streams(self) -> Text:
        """Say how long the session lasts, and how each source is doing."""
        seconds = max(self._ring.counter(name, PUBLISHED) / self._rate_hz(name) for name in self._raw)
        line = _line(f"{seconds:8.1f} s")
        for name in self._raw:
            state = self._ring.state(name)
            good = state in GOOD_STATES
            line.append("   ")
            line.append(f"{MARKS[state]} {name} {state.name.lower()}", "dim" if good else RED_STYLE)
            if name in self._slow:
                line.append(" undersampled", AMBER_STYLE)
            behind_s = self._ring.counter(name, BACKLOG) / self._rate_hz(name)
            if behind_s >= BEHIND_S:
                line.append(f" {behind_s:.1f} s behind", RED_STYLE)
            if note := self._ring.note(name):
                line.append(f" {note}", "" if good else RED_STYLE)
        if not math.isnan(room_s := self._ring.room_s.value):
            line.append(f"   disk for {in_words(room_s)}", "dim")
        return line

    def _balance(self) -> Text:
        """Draw load shift as a bar from left to right, with its limits marked."""
        shift = self._value(LOAD_SHIFT.metric)
        half = max(10, min(30, (self._console.width - 37) // 2))
        cells = ["·"] * (2 * half + 1)
        for rule in self._rules:
            if rule["metric"] == LOAD_SHIFT.metric:
                for limit in (rule["amber"], rule["red"]):
                    cells[_cell(rule["sign"] * limit, half)] = "|"
        side, style = ("left", LEFT_STYLE) if shift < 0 else ("right", RIGHT_STYLE)
        line = _line("")
        line.append("   left ", LEFT_STYLE)
        if math.isnan(shift):
            line.append("".join(cells), "dim").append(" right", RIGHT_STYLE)
            return line.append("  no load shift", "dim")
        cell = _cell(shift, half)
        first, last = min(cell, half), max(cell, half)
        line.append("".join(cells[:first]), "dim")
        line.append("█" * (last - first + 1), style)
        line.append("".join(cells[last + 1 :]), "dim")
        line.append(" right", RIGHT_STYLE)
        return line.append(f"  {amount(shift, LOAD_SHIFT.unit, LOAD_SHIFT.metric):>5} {side}", "bold")

    def _legs(self) -> Table:
        table = Table(box=None, padding=(0, 1), show_edge=False)
        table.add_column("  leg", min_width=7, no_wrap=True)
        columns = [column for column in COLUMNS if any(column[1].format(side) in self._known for side in SIDES)]
        for title, _, _ in columns:
            table.add_column(title, justify="right", min_width=6, no_wrap=True)
        for side, style in (("left", LEFT_STYLE), ("right", RIGHT_STYLE)):
            table.add_row(
                Text(f"  {side}", style), *(_number(self._value(name.format(side)), unit) for _, name, unit in columns)
            )
        return table

    def _flags(self) -> list[Text]:
        """List the flags which are up, the most severe first, on always as many lines."""
        flags = sorted(self._up.values(), key=lambda flag: (-flag.severity, flag.start_sample))
        lines = [_line("   no flag is up", "dim")] if not flags else []
        for flag in flags[:FLAG_LINES]:
            line = _line("  ")
            line.append(f" {'▲▲' if flag.severity is Severity.RED else '▲ '}{_severity(flag)}", _style(flag))
            lines.append(line.append(f" {self._describe(flag)}", "bold" if flag.severity is Severity.RED else ""))
        if len(flags) > FLAG_LINES:
            lines[-1] = _line(f"   and {len(flags) - FLAG_LINES + 1} more")
        return lines + [Text("")] * (FLAG_LINES - len(lines))


def _severity(flag: Flag) -> str:
    return f" {flag.severity.name:<6}"


def _style(flag: Flag) -> str:
    return RED_STYLE if flag.severity is Severity.RED else AMBER_STYLE


def _line(text: str, style: str = "") -> Text:
    """Return a text that keeps to its line."""
    return Text(text, style, no_wrap=True, overflow="ellipsis")


def _cell(shift_pct: float, half: int) -> int:
    return round(max(-1.0, min(1.0, shift_pct / BAR_PCT)) * half) + half


def _number(value: float, unit: str) -> str:
    """Return a signed value without its unit, which the title of its column has."""
    return f"{value:.{decimals(value, unit)}f}" if math.isfinite(value) else "–"
