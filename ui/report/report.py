"""The report: one HTML page that a coach can read from the top, and a researcher to the last setting."""

from __future__ import annotations

import math
from base64 import b64encode
from typing import TYPE_CHECKING

from acquisition.rig import SIDES
from acquisition.rig.lifter_axes import axes_in_words, lifter_axes
from acquisition.rig.units import GRAVITY_M_S2
from acquisition.ring.fault_log import ABOUT_LIMITS
from hardware.severity import Severity
from processing.findings.caveats import baselines, caveats
from processing.findings.findings import counted_in, findings, nothing_found
from processing.findings.first_lines import first_lines
from processing.findings.knees import knee_outcomes
from processing.flags.kinds import KINDS, RestsOn, kind_of
from processing.flags.rules import column_limits
from processing.formulas import FORMULAS
from processing.pipeline import UNDERSAMPLED
from processing.repetition.columns import OF_MUSCLE, OF_PHASE, OF_REPETITION
from processing.results import Results, settings_sha256
from ui.report.drawings.cop_paths import cop_paths
from ui.report.drawings.plot import Limit, Plot, Series, Span
from ui.report.methods import methods
from ui.report.page import write_page
from ui.report.tables.muscle_table import muscle_table
from ui.report.tables.repetition_table import repetition_table, shown_columns

if TYPE_CHECKING:
    from pathlib import Path

    from acquisition.rig.judgement import Rules


def write(results: Results, path: Path, picture: Path | None = None) -> None:
    """Write the report of one recording, with a picture (PNG) in it; raises ReportError where the file can't be written."""
    write_page(
        "report.html.j2",
        path,
        results=results,
        first_lines=first_lines(results),
        picture=b64encode(picture.read_bytes()).decode() if picture is not None and picture.exists() else "",
        findings=findings(results),
        nothing_found=nothing_found(results),
        knees=knee_outcomes(results),
        counted_in=counted_in(results.rig.rules),
        repetition_columns=shown_columns(results),
        repetition_table=repetition_table(results),
        muscle_table=muscle_table(results),
        caveats=caveats(results),
        baselines=baselines(results),
        axes=axes_in_words(lifter_axes(results.rig), results.rig) if results.rig.plate else [],
        cop_paths=cop_paths(results),
        plots=[plot for plot in plots(results) if not plot.empty],
        formulas=used_formulas(results),
        kind_of=kind_of,
        gravity_m_s2=GRAVITY_M_S2,
        methods=methods(results.rig),
        settings_sha256=settings_sha256(results.rig),
        about_limits=ABOUT_LIMITS,
    )


def plots(results: Results) -> list[Plot]:
    """Return the pictures of a report, each with the limits and flags of its rule; those without numbers are empty."""

    def pair(column: str) -> list[tuple[str, str]]:
        return [(side, column.format(side=side)) for side in SIDES]

    def of_rules(*, muscles: bool) -> list[Plot]:
        kinds = [kind for kind in KINDS if kind.picture and (kind.rests_on is RestsOn.MUSCLES) == muscles]
        return [_plot(results, one.picture, [("both", one.metric)] if one.leans else pair(one.metric)) for one in kinds]

    return [
        _plot(
            results,
            "Vertical force",
            [*pair("fz_{side}_N"), ("both", "fz_total_N")],
        ),
        *of_rules(muscles=False),
        _plot(
            results,
            "Centre of pressure within each foot, + inwards",
            pair("foot_cop_medial_{side}_mm"),
            (-5.0, 0.0),
        ),
        _plot(results, "Knee over foot: margin to the inner edge, below 0 past it", pair("knee_margin_{side}_mm")),
        _plot(results, "Quadriceps, share of maximal contraction", pair("quads_{side}_pct")),
        _plot(results, "Hamstrings, share of maximal contraction", pair("hams_{side}_pct")),
        _plot(results, "Gluteal muscles, share of maximal contraction", pair("glutes_{side}_pct")),
        *of_rules(muscles=True),
    ]


def _plot(
    results: Results,
    title: str,
    columns: list[tuple[str, str]],
    includes: tuple[float, ...] = (0.0,),
) -> Plot:
    series = []
    unit = ""
    formula_ids: list[str] = []
    undersampled = False
    for name, column in columns:
        table = results.table_with(column)
        if table is None:
            continue
        at_column = table.columns.index(column)
        unit = table.units[at_column]
        slow = [results.tables.get(f"{stream.name}.emg") for stream in results.streams if stream.undersampled]
        undersampled |= any(table is one for one in slow)
        formula_ids.append(table.formula_ids[at_column])
        series.append(Series(name, table.time_s, table.frames[:, at_column]))
    shown = {column for _, column in columns}
    spans = [
        Span(flag.start_s, results.seconds if math.isnan(flag.end_s) else flag.end_s, flag.severity, flag.label)
        for flag in results.flags
        if flag.metric in shown and not flag.dismissed
    ]
    return Plot(
        f"{title} ({UNDERSAMPLED})" if undersampled else title,
        "" if unit == "1" else unit,
        list(dict.fromkeys(formula_ids)),
        results.seconds,
        series,
        _limits_on(shown, results.rig.rules),
        spans,
        includes,
        [(mark.at_s, mark.label) for mark in results.marks],
    )


def _limits_on(columns: set[str], rules: Rules) -> list[Limit]:
    """Return the limits of the rules in use that judge one of these columns, on both sides of zero where it leans both ways."""
    found = []
    for kind in KINDS:
        if columns.isdisjoint(kind.columns) or not getattr(rules, kind.setting).on:
            continue
        signs = (-1.0, 1.0) if kind.leans else (1.0,)
        pairs = zip((Severity.AMBER, Severity.RED), column_limits(rules, kind), strict=True)
        found += [Limit(severity, sign * value) for severity, value in pairs for sign in signs if math.isfinite(value)]
    return found


def used_formulas(results: Results) -> list[tuple[str, str, str, str, str]]:
    """Return id, unit, formula, sign and source of every formula whose numbers are in these results."""
    ids = dict.fromkeys(i for table in results.tables.values() for i in table.formula_ids)
    known = [FORMULAS[i] for i in ids if i in FORMULAS]
    if results.repetitions:
        known += [*OF_REPETITION.values(), *OF_PHASE.values(), *OF_MUSCLE.values()]
    return [(f.id, f.unit, f.text, f.sign, f.source) for f in known]
