"""The terminal view: fits 80 columns, keeps its height, tells a flag once, and shows no number of a source that is gone."""

from __future__ import annotations

import io

import numpy as np
import pytest
from rich.console import Console

from acquisition.rig import Rig
from acquisition.rig.rig_file import example, load
from acquisition.ring import Ring
from hardware.severity import Severity
from hardware.source import Block, SourceState
from processing.flags.amounts import amount
from processing.pipeline import FLAGS, Pipeline
from tests.support.rigs import example_with
from ui.session.terminal.terminal_view import FLAG_LINES, TerminalView

NAN = float("nan")


class Session:
    """A ring with frames and flags as a pipeline would put them there, and a console that looks on."""

    def __init__(self, path, rig: Rig) -> None:
        pipeline = Pipeline(rig)
        self.rules = pipeline.rules
        self.ring = Ring.create(
            path,
            [settings.stream() for settings in rig.stream],
            10.0,
            derived=pipeline.derived_streams(),
            description={"rules": [rule.as_data() for rule in pipeline.rules], "rig": rig.model_dump(mode="json")},
        )
        self.writers = {name: self.ring.writer(name) for name in self.ring.streams}
        self.rows = dict.fromkeys(self.writers, 0)
        for name in self.ring.streams:
            self.writers[name].report(SourceState.RUNNING)

    def put(self, name: str, rows: np.ndarray) -> None:
        self.writers[name].append(Block(np.asarray(rows, dtype=float), self.rows[name], 0.0))
        self.rows[name] += len(rows)

    def frame(self, name: str, **values: float) -> None:
        self.put(name, [[values.get(column, NAN) for column in self.ring.streams[name].channel_names]])

    def flag(self, metric: str, severity: int, start_s: float, end_s: float = NAN, peak: float = 12.0, side="right") -> None:
        number = next(n for n, rule in enumerate(self.rules) if (rule.metric, rule.side) == (metric, side))
        rate_hz = self.ring.streams[self.rules[number].stream].rate_hz
        row = [number, severity, start_s * rate_hz, (start_s + 0.3) * rate_hz, end_s * rate_hz, peak]
        self.put(FLAGS, [row])


@pytest.fixture
def session(tmp_path):
    made = Session(tmp_path / "ring.h5", load(example("demo")))
    made.put("plates", np.zeros((1500, len(made.ring.streams["plates"].channels))))
    made.frame("plates.force", sample=1499, load_shift_pct=12.3, fz_left_N=405.4, fz_right_N=525, fz_total_N=930.4)
    made.frame("emg.emg", sample=99, qh_right=16.54, quads_right_pct=29.0, qh_change_right=2.27)
    return made


def console_of(width: int, terminal: bool) -> Console:
    return Console(file=io.StringIO(), width=width, height=24, force_terminal=terminal, highlight=False, markup=False)


def picture(view: TerminalView, width: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width, height=40, highlight=False, markup=False)
    console.print(view._picture())
    return console.file.getvalue().splitlines()


def all_flags(session: Session) -> None:
    for rule in session.rules:
        session.flag(rule.metric, 2, 3.0, side=rule.side)


@pytest.mark.parametrize("width", [80, 120])
def test_every_line_fits_and_the_height_never_changes(session, width):
    view = TerminalView(session.ring, console_of(width, terminal=False))
    heights = set()
    for step in (lambda: None, lambda: session.flag("load_shift_pct", 2, 1.0), lambda: all_flags(session)):
        step()
        view.update()
        lines = picture(view, width)
        heights.add(len(lines))
        assert max(map(len, lines)) <= width
        assert not any("…" in line for line in lines)
    assert len(heights) == 1
    assert f"and {len(session.rules) - FLAG_LINES + 1} more" in lines[-1]


def test_a_long_note_of_a_source_is_cut_and_wraps_nothing(session):
    view = TerminalView(session.ring, console_of(80, terminal=False))
    before = len(picture(view, 80))
    session.writers["emg"].report(SourceState.LOST, 10**9, "The board [red]does not answer[/red]. " * 5)
    lines = picture(view, 80)
    assert len(lines) == before
    assert max(map(len, lines)) <= 80
    assert any("✕ emg lost" in line for line in lines)


def test_numbers_stand_in_their_legs_row_as_amounts_are_written(session):
    view = TerminalView(session.ring, console_of(80, terminal=False))
    view.update()
    lines = picture(view, 80)
    left, right = (
        next(line.split() for line in lines if line.split()[:1] == [side] and "·" not in line) for side in ("left", "right")
    )
    assert left == ["left", "405", "–", "–", "–", "–", "–", "–"]
    assert right == [
        "right",
        "525",
        "–",
        "29",
        "–",
        "–",
        "16.5",
        amount(2.27, "times", "qh_change_right").removesuffix(" times"),
    ]
    assert any(" 12 % right" in line for line in lines)
    assert any("1.5 s" in line and "● plates running" in line for line in lines)


@pytest.mark.parametrize(("shift", "side"), [(-7.0, "left"), (7.0, "right")])
def test_the_bar_leans_to_the_loaded_leg(session, shift, side):
    session.frame("plates.force", load_shift_pct=shift)
    view = TerminalView(session.ring, console_of(80, terminal=False))
    view.update()
    bar = next(line for line in picture(view, 80) if "█" in line)
    before, after = bar.index("█") - bar.index("left ") - 5, bar.index(" right") - bar.rindex("█") - 1
    assert (before < after) == (side == "left")
    assert f"7.0 % {side}" in bar


def test_no_number_of_a_lost_source_is_shown(session):
    view = TerminalView(session.ring, console_of(80, terminal=False))
    view.update()
    session.writers["plates"].report(SourceState.LOST)
    view.update()
    lines = picture(view, 80)
    assert any("no load shift" in line for line in lines)
    assert not any("405" in line for line in lines)
    assert any("16.5" in line for line in lines), "the other source goes on"


def test_a_flag_is_told_as_it_comes_reddens_and_ends_and_not_as_it_grows(session):
    console = console_of(80, terminal=False)
    view = TerminalView(session.ring, console)
    session.flag("load_shift_pct", 1, 1.0, peak=7.0)
    session.flag("load_shift_pct", 1, 1.0, peak=8.0)
    session.flag("load_shift_pct", 2, 1.0, peak=12.0)
    view.update()
    session.flag("load_shift_pct", 2, 1.0, peak=14.0)
    session.flag("load_shift_pct", 2, 1.0, end_s=2.5, peak=14.0)
    session.flag("load_shift_pct", 1, 3.0, peak=6.0)
    view.update()
    view.close()
    told = [line.split(maxsplit=3) for line in console.file.getvalue().splitlines()]
    assert [(at, what) for at, _, what, _ in told] == [("1.3", "AMBER"), ("1.3", "RED"), ("2.5", "ends"), ("3.3", "AMBER")]
    assert told[1][3] == "load shifts to the right leg (12 %)"


def test_flags_that_are_up_are_listed_the_most_severe_first(session):
    view = TerminalView(session.ring, console_of(80, terminal=False))
    session.flag("load_shift_pct", 1, 1.0)
    session.flag("foot_cop_change_right_mm", 2, 2.0)
    session.flag("qh_change_right", 1, 0.5)
    session.flag("qh_change_right", 1, 0.5, end_s=0.9)
    view.update()
    lines = [line for line in picture(view, 80) if "▲" in line]
    assert ["RED" in line for line in lines] == [True, False]
    assert "load shifts" in lines[1]


def test_a_pipe_gets_plain_lines_without_control_codes(session):
    console = console_of(80, terminal=False)
    view = TerminalView(session.ring, console)
    session.flag("qh_change_right", 1, 1.0)
    for _ in range(3):
        view.update()
    view.close()
    assert console.file.getvalue() == "   1.3 s  AMBER  right quadriceps take over, against own baseline (12.0 times)\n"


def test_a_terminal_is_redrawn_in_place_and_left_clean(session):
    console = console_of(80, terminal=True)
    view = TerminalView(session.ring, console)
    view.update()
    view.close()
    written = console.file.getvalue()
    assert "\x1b[?25l" in written, "the cursor is hidden while it redraws"
    assert written.rindex("\x1b[?25h") > written.rindex("\x1b[?25l")


def test_plates_alone_show_no_empty_columns_of_emg(tmp_path):
    rig = example_with(emg=[])
    view = TerminalView(Session(tmp_path / "plates.h5", rig).ring, console_of(80, terminal=False))
    text = "\n".join(picture(view, 80))
    assert "force N" in text
    assert "Q:H" not in text


def test_emg_alone_shows_no_balance(tmp_path):
    rig = example_with(plate=[])
    view = TerminalView(Session(tmp_path / "emg.h5", rig).ring, console_of(80, terminal=False))
    text = "\n".join(picture(view, 80))
    assert "Q:H" in text
    assert "load shift" not in text
    assert "force N" not in text


def test_a_fault_is_printed_once_with_its_severity(session):
    console = console_of(80, terminal=False)
    view = TerminalView(session.ring, console)
    session.ring.faults.tell(Severity.RED, "recorder", "The disk is full.")
    view.update()
    session.ring.faults.tell(Severity.FINE, "recorder", "There is room again.")
    view.update()
    view.update()
    assert console.file.getvalue().splitlines() == [
        " RED  recorder: The disk is full.",
        " well  recorder: There is room again.",
    ]


def test_the_room_on_the_disk_stands_beside_the_streams(session):
    view = TerminalView(session.ring, console_of(80, terminal=False))
    assert not any("disk for" in line for line in picture(view, 80))
    session.ring.room_s.tell(26.2 * 3600)
    assert [line.endswith("disk for 26 h") for line in picture(view, 80) if "plates" in line] == [True]


def test_slow_emg_is_marked_where_its_numbers_are(tmp_path):
    rig = example_with()
    slow = [stream.model_copy(update={"rate_hz": 250.0}) if stream.name == "emg" else stream for stream in rig.stream]
    for name, streams, marked in (("slow", slow, True), ("fast", rig.stream, False)):
        made = Session(tmp_path / f"{name}.h5", rig.model_copy(update={"stream": streams}))
        out = io.StringIO()
        view = TerminalView(made.ring, Console(file=out, force_terminal=True, width=120, height=30))
        view.update()
        view.close()
        assert ("undersampled" in out.getvalue()) is marked
        made.ring.close()


def test_a_repetition_is_told_once_in_a_line(session):
    console = console_of(100, terminal=False)
    view = TerminalView(session.ring, console)
    instants = 1000.0, 1500.0, 2000.0, 2200.0, 2400.0, 3600.0, 3800.0
    session.put("repetitions", [[*instants, 0.412, 0.01, 0.6, 0.7, 900.0, 0.0, 0.0, 0.0]])
    view.update()
    session.put("repetitions", [[*(at + 4000.0 for at in instants), 0.128, 0.01, 0.6, 0.7, 900.0, 0.0, 0.0, 1.0]])
    view.update()
    view.update()
    said = [line for line in console.file.getvalue().splitlines() if "repetition" in line]
    assert said == [
        "   3.6 s  repetition 1: 0.41 m deep, down in 1.0 s, 0.4 s at the bottom, up in 1.2 s",
        "   7.6 s  repetition 2: 0.13 m deep, down in 1.0 s, 0.4 s at the bottom, up in 1.2 s (doubtful: shallow)",
    ]
