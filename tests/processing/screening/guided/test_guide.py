"""The guide: one step after the other, with what is seen and what is commanded; nothing of a try is lost."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from acquisition.commands import Command, Does
from hardware.errors import SquatscopeError
from processing.screening.guided.acceptance import Judged
from processing.screening.guided.asking import Seen, StepPart
from processing.screening.guided.guide import Guide
from processing.screening.guided.protocol import MvcStep, Protocol, SetStep, WeighStep, ZeroStep
from processing.screening.guided.session_file import Session, new_session

BODY_N = 700.0
LIGHT = SetStep(condition="light", repetitions=5, bar_kg=0.0)
LOADED = SetStep(condition="loaded", repetitions=5)


@dataclass
class Staged:
    """A stage that notes what it was asked for, and judges as it is told."""

    done: list[str] = field(default_factory=list)
    kept: list[Session] = field(default_factory=list)
    judged: list[Judged] = field(default_factory=list)
    full: bool = False
    late_s: float = 0.0

    def begin(self, recording: str) -> float:
        if self.full:
            raise SquatscopeError("The disk is full.")
        self.done.append(f"begin {recording}")
        return self.late_s

    def end(self) -> None:
        self.done.append("end")

    def judge(self, one, step) -> Judged:
        self.done.append(f"judge {one.recording}")
        return self.judged.pop(0) if self.judged else Judged(accepted=True, body_weight_N=BODY_N)

    def keep(self, session: Session) -> None:
        self.kept.append(session)


class Lead:
    """A guide with a clock that the test moves."""

    def __init__(self, *steps, session: Session | None = None, **staged) -> None:
        self.stage = Staged(**staged)
        self.guide = Guide(session or new_session("A1", Protocol(name="test", step=list(steps))), self.stage)
        self.t_s = 0.0
        self.count = 0

    def see(self, seconds: float, total_N: float = 0.0, *, squats: int = 0, still: bool = False, squatting: bool = False):
        """See the same for some seconds, and squats at the end of them."""
        for k in range(round(seconds / 0.1)):
            self.t_s += 0.1
            self.count += squats if k == round(seconds / 0.1) - 1 else 0
            standing_s = 0.1 * (k + 1) if still else 0.0
            self.guide.look(Seen(self.t_s, total_N, standing_s, self.count, squatting))
        return self

    def press(self, does: Does, value: str = "", repetition: int = 0):
        self.guide.take(Command(does, self.guide.shown.turn, value, repetition))
        return self

    @property
    def tries(self):
        return [(one.kind, one.accepted, one.recording) for one in self.guide.session.tries]


def test_a_session_from_empty_plates_to_its_last_set():
    lead = Lead(ZeroStep(), WeighStep(), LIGHT, LOADED)
    assert (lead.guide.part, lead.guide.shown.wanted) == (StepPart.DOING, "empty plates: 2.0 s more")
    lead.see(1.0)
    assert lead.guide.shown.wanted == "empty plates: 1.1 s more"
    lead.see(1.5)
    assert lead.guide.shown.title == "Weigh"
    lead.see(0.5)
    assert lead.guide.shown.wanted == "step on, a foot on each plate"
    lead.see(1.0, BODY_N)
    assert lead.guide.shown.wanted == "stand still: 2.0 s more"
    lead.see(1.0, BODY_N, still=True)
    assert lead.guide.shown.wanted == "stand still: 1.0 s more"
    lead.see(2.5, BODY_N, still=True)
    assert (lead.guide.part, lead.guide.shown.title) == (StepPart.READY, "Set, light, without a bar")
    assert lead.guide.session.body_weight_N == BODY_N
    lead.press(Does.NEXT).see(0.5, BODY_N)
    assert lead.guide.shown.wanted == "stand still: 1.5 s more"
    lead.see(2.0, BODY_N, still=True)
    assert lead.guide.shown.wanted == "0 of 5"
    for _ in range(5):
        lead.see(3.0, BODY_N, squats=1)
    assert lead.guide.part is StepPart.DOING  # the last one has just ended
    lead.see(1.2, BODY_N)
    assert (lead.guide.part, lead.guide.shown.do) == (StepPart.BAR, "How heavy is the bar?")
    lead.press(Does.BAR, "62,5")
    assert lead.guide.shown.title == "Set, loaded, 62.5 kg"
    lead.press(Does.NEXT).see(15.0, 1300.0, squats=5).see(1.2, 1300.0)
    assert lead.guide.ended
    names = "01-zero.h5", "02-weigh.h5", "03-light.h5", "04-loaded.h5"
    assert lead.tries == [(kind, True, name) for kind, name in zip(("zero", "weigh", "set", "set"), names, strict=True)]
    assert [one.bar_kg for one in lead.guide.session.counting()] == [0.0, 62.5]
    assert lead.stage.done[:3] == ["begin 01-zero.h5", "end", "judge 01-zero.h5"]
    assert lead.stage.kept[-1] == lead.guide.session


def test_who_is_on_the_plates_again_begins_their_zero_anew():
    lead = Lead(ZeroStep(), WeighStep()).see(1.5).see(0.5, BODY_N)
    assert lead.guide.shown.wanted == "step off both plates"
    lead.see(1.5)
    assert lead.guide.shown.title == "Empty plates"
    lead.see(0.8)
    assert lead.guide.shown.title == "Weigh"


def test_what_was_not_recorded_yet_does_not_count():
    """The newest sample is ahead of what was seen of it: a try begins there."""
    lead = Lead(ZeroStep(), WeighStep(), late_s=1.0).see(2.5)
    assert lead.guide.shown.title == "Empty plates"
    lead.see(0.7)
    assert lead.guide.shown.title == "Weigh"


def test_the_wrong_weight_on_the_plates_is_not_taken_for_the_stance_before_a_set():
    lead = Lead(WeighStep(), SetStep(condition="light", bar_kg=20.0)).see(2.5, BODY_N, still=True)
    lead.press(Does.NEXT).see(3.0, BODY_N, still=True)
    assert "take the bar and stand still" in lead.guide.shown.wanted
    lead.see(3.0, BODY_N + 20.0 * 9.81, still=True)
    assert lead.guide.shown.wanted == "0 of 6"


def test_a_refused_try_says_why_and_is_done_again():
    lead = Lead(LIGHT, judged=[Judged(accepted=False, why=("3 squats of 5 were seen, and 5 are needed.",))])
    lead.press(Does.NEXT).see(9.0, BODY_N, squats=3).press(Does.NEXT)
    assert lead.guide.part is StepPart.READY
    assert lead.guide.shown.said == ["3 squats of 5 were seen, and 5 are needed."]
    lead.press(Does.NEXT)
    assert lead.guide.shown.said == []
    lead.see(15.0, BODY_N, squats=5).see(1.2, BODY_N)
    assert lead.tries == [("set", False, "01-light.h5"), ("set", True, "02-light.h5")]
    assert [one.recording for one in lead.guide.session.counting()] == ["02-light.h5"]


def test_a_lifter_still_down_is_waited_for():
    lead = Lead(LIGHT).press(Does.NEXT).see(15.0, BODY_N, squats=5).see(0.5, BODY_N).see(3.0, BODY_N, squatting=True)
    assert lead.guide.part is StepPart.DOING


def test_repeat_begins_a_try_anew_or_does_the_step_before_again_and_all_are_kept():
    lead = Lead(LIGHT, LOADED).press(Does.NEXT).see(5.0, BODY_N, squats=2).press(Does.REPEAT)
    assert lead.guide.part is StepPart.READY
    lead.press(Does.NEXT).see(15.0, BODY_N, squats=5).see(1.2, BODY_N)
    assert lead.guide.part is StepPart.BAR
    lead.press(Does.REPEAT)
    assert (lead.guide.part, lead.guide.shown.title) == (StepPart.READY, "Set, light, without a bar")
    lead.press(Does.NEXT).see(15.0, BODY_N, squats=5).see(1.2, BODY_N)
    assert lead.tries == [("set", False, "01-light.h5"), ("set", True, "02-light.h5"), ("set", True, "03-light.h5")]
    assert [one.recording for one in lead.guide.session.counting()] == ["03-light.h5"]


def test_what_is_skipped_is_marked_and_its_step_is_done():
    lead = Lead(MvcStep(group="glutes"), LIGHT).press(Does.SKIP)
    assert lead.guide.shown.title == "Set, light, without a bar"
    assert lead.guide.session.tries[0].why == ["It was skipped."]
    assert lead.guide.session.counting() == []


def test_of_two_who_press_at_once_one_is_heard():
    lead = Lead(LIGHT, SetStep(condition="cue", bar_kg=0.0))
    turn = lead.guide.shown.turn
    for _ in range(2):
        lead.guide.take(Command(Does.NEXT, turn))
    assert lead.stage.done == ["begin 01-light.h5"]


def test_stop_keeps_the_try_and_the_session_goes_on_at_that_step():
    lead = Lead(WeighStep(), LIGHT, LIGHT).see(2.5, BODY_N, still=True).press(Does.NEXT).see(5.0, BODY_N, squats=2)
    lead.guide.take(Command(Does.STOP, 0))
    assert lead.guide.ended
    assert "can be resumed" in lead.guide.shown.do
    assert lead.tries[-1] == ("set", False, "02-light.h5")
    again = Lead(session=lead.guide.session)
    assert (again.guide.shown.step, again.guide.part) == (1, StepPart.READY)
    again.press(Does.NEXT)
    assert again.stage.done == ["begin 03-light.h5"]


def test_a_coach_rates_repetitions_as_they_end_or_the_set_after_it():
    lead = Lead(LIGHT, LIGHT, judged=[Judged(accepted=True, rate=True), Judged(accepted=True, rate=True)])
    lead.press(Does.NEXT).press(Does.RATE, "past").see(3.0, BODY_N, squats=1).press(Does.RATE, "slight")
    lead.see(3.0, BODY_N, squats=1).press(Does.RATE, "none").press(Does.RATE, "past").press(Does.RATE, "awful")
    lead.see(9.0, BODY_N, squats=3).see(1.2, BODY_N)
    assert lead.guide.session.tries[0].ratings == {1: "slight", 2: "past"}
    assert lead.guide.part is StepPart.RATING
    lead.press(Does.NEXT)  # leaves the set itself open
    assert lead.guide.session.tries[0].rating == ""
    lead.press(Does.NEXT).see(15.0, BODY_N, squats=5).see(1.2, BODY_N)
    assert lead.guide.part is StepPart.RATING
    lead.press(Does.RATE, "past")
    assert lead.guide.ended
    assert lead.guide.session.tries[1].rating == "past"
    assert lead.stage.kept[-1].tries[1].rating == "past"


@pytest.mark.parametrize("value", ["", "heavy", "-5", "nan", "2000"])
def test_a_bar_that_can_not_be_is_asked_for_again(value: str):
    lead = Lead(LIGHT, LOADED).press(Does.SKIP).press(Does.BAR, value)
    assert lead.guide.part is StepPart.BAR
    assert "is no weight in kg" in lead.guide.shown.said[0]


def test_a_coach_who_rates_while_the_lifter_is_down_means_this_repetition():
    lead = Lead(LIGHT).press(Does.NEXT).see(3.0, BODY_N, squats=1).see(1.0, BODY_N, squatting=True).press(Does.RATE, "past")
    lead.see(12.0, BODY_N, squats=4).see(1.2, BODY_N)
    assert lead.guide.session.tries[0].ratings == {2: "past"}


def test_a_bar_that_was_refused_is_asked_for_again_and_not_taken_up_later():
    lead = Lead(LIGHT, LOADED, judged=[Judged(accepted=False, why=("enter its weight",))])
    lead.press(Does.SKIP).press(Does.BAR, "6").press(Does.NEXT).see(15.0, BODY_N, squats=5).see(1.2, BODY_N)
    assert (lead.guide.part, lead.guide.shown.said) == (StepPart.BAR, ["enter its weight"])
    assert Lead(session=lead.guide.session).guide.part is StepPart.BAR
    lead.press(Does.BAR, "60").press(Does.NEXT).see(15.0, BODY_N, squats=5).see(1.2, BODY_N)
    assert lead.guide.session.counting()[0].bar_kg == 60.0


def test_a_session_file_that_can_not_be_written_is_said_and_the_session_goes_on():
    lead = Lead(LIGHT, LIGHT)
    kept, lead.stage.keep = lead.stage.keep, refuse
    lead.press(Does.NEXT).see(15.0, BODY_N, squats=5).see(1.2, BODY_N)
    assert lead.guide.faults == ["It is in use."]
    lead.stage.keep = kept
    lead.press(Does.NEXT).see(15.0, BODY_N, squats=5).see(1.2, BODY_N)
    assert len(lead.stage.kept[-1].tries) == 2


def refuse(_session: Session) -> None:
    raise SquatscopeError("It is in use.")


def test_a_full_disk_is_said_and_tried_again():
    lead = Lead(LIGHT, full=True).press(Does.NEXT)
    assert (lead.guide.part, lead.guide.shown.said) == (StepPart.READY, ["The disk is full."])
    lead.stage.full = False
    assert lead.press(Does.NEXT).guide.part is StepPart.DOING
    assert lead.guide.session.tries == []


@pytest.mark.parametrize("does", list(Does))
def test_a_command_for_an_earlier_moment_does_nothing_but_stop(does: Does):
    lead = Lead(LIGHT, LOADED)
    lead.guide.take(Command(does, 0, "slight"))
    assert lead.guide.ended is (does is Does.STOP)
    assert lead.stage.done == []


def test_on_another_day_the_lifter_is_weighed_anew_and_sets_are_not_done_again():
    lead = Lead(WeighStep(), LIGHT, LIGHT).see(2.5, BODY_N, still=True)
    lead.press(Does.NEXT).see(15.0, BODY_N, squats=5).see(1.2, BODY_N).press(Does.STOP)
    days_ago = [one.model_copy(update={"created_utc": "2020-01-02T03:04:05+00:00"}) for one in lead.guide.session.tries]
    again = Lead(session=lead.guide.session.model_copy(update={"tries": days_ago}))
    assert (again.guide.shown.title, again.guide.part) == ("Weigh", StepPart.DOING)
    again.see(2.5, BODY_N, still=True)
    assert (again.guide.shown.step, again.guide.part) == (2, StepPart.READY)
