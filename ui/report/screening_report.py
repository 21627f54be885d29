"""The report of a screening: one HTML page with the answer in three lines first, and what it rests on below."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from acquisition.rig.units import GRAVITY_M_S2
from processing.results import settings_sha256
from processing.screening.advice import ALWAYS, advice_for
from processing.screening.answers import WITH, disagreement_sentences, evidence, in_three_lines, missing_sentences, remarks
from processing.screening.conditions import Basis
from processing.screening.outcome import OUTCOMES, Measure, Outcome
from ui.report.drawings import strips
from ui.report.methods import methods
from ui.report.page import ReportError, write_page
from ui.report.report import plots

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from acquisition.rig import Rig
    from processing.results import Results
    from processing.screening.outcomes import SetOutcome
    from processing.screening.recorded_sets import Screening
    from processing.screening.triage import Triage
    from ui.report.history import Earlier


@dataclass(frozen=True, slots=True)
class SetLine:
    """A line of the table of sets: its number, how it was done, and what is to be known of it."""

    number: int
    condition: str
    bar: str
    repetitions: int
    rating: str
    known: str


@dataclass(frozen=True, slots=True)
class ScreeningPage:
    """What a page is made of: whose and when, the sets and what they told, what bounds that, recordings, earlier sessions."""

    lifter: str
    day: str
    sets: Sequence[SetOutcome]
    triage: Triage
    results: Sequence[Results]
    body_weight_N: float | None = None
    bounds: Sequence[str] = ()
    known: dict[int, str] = field(default_factory=dict)
    history: Sequence[Earlier] = ()

    @property
    def rig(self) -> Rig:
        """The rig of the first recording."""
        return self.results[0].rig

    @property
    def lines(self) -> list[SetLine]:
        """The table of sets."""
        return [
            SetLine(
                one.number, one.condition, f"{one.bar_kg:g}", len(one.repetitions), one.rating, self.known.get(one.number, "")
            )
            for one in self.sets
        ]


def page_of(screening: Screening, history: Sequence[Earlier] = ()) -> ScreeningPage:
    """Return the page of a session, with what earlier ones told; raises ReportError where no set counts."""
    if not screening.results:
        raise ReportError("No set of this session counts yet, so there is nothing to put on a page.")
    session = screening.session
    return ScreeningPage(
        session.lifter,
        session.created_utc[:10],
        screening.sets,
        screening.triage,
        screening.results,
        session.body_weight_N,
        remarks(screening),
        {one.number: " ".join([*one.why, one.notes]).strip() for one in session.counting()},
        history,
    )


def write(page: ScreeningPage, path: Path) -> None:
    """Write the report of a screening; raises ReportError where the file exists or can't be written."""
    told = page.triage
    write_page(
        "screening.html.j2",
        path,
        page=page,
        answer=in_three_lines(told),
        causes=[(found, advice_for(found)) for found in told.causes],
        always=ALWAYS,
        missing=[*missing_sentences(told), *disagreement_sentences(told)],
        evidence=evidence(told),
        strips=strips.strips(told, page.sets),
        size=(strips.WIDTH, strips.HEIGHT, strips.LEFT, strips.RIGHT, strips.TOP, strips.BOTTOM),
        words=WITH,
        kg=None if page.body_weight_N is None else page.body_weight_N / GRAVITY_M_S2,
        methods=methods(page.rig),
        rated=told.basis in (Basis.RATED_REPETITIONS, Basis.RATED_SETS),
        outcomes=_used(told),
        settings=told.settings.model_dump(),
        recordings=[(results, [plot for plot in plots(results) if not plot.empty]) for results in page.results],
        settings_sha256=settings_sha256(page.rig),
    )


def _used(told: Triage) -> list[tuple[str, str]]:
    """Return the outcomes that are on the page, with what each is."""
    used = {one.outcome.on("") for side in told.sides for one in side.comparisons}
    used |= {one.outcome.on("") for one in told.muscles}
    used |= {Outcome(Measure.MOMENT)} if told.cue_done is not None else set()
    return [(outcome.name, meaning.in_full) for outcome, meaning in OUTCOMES.items() if outcome in used]
