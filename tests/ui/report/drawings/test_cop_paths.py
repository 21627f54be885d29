"""Paths under the feet: one scale for both ways, the lifter's own axes, nothing outside, what is unknown a gap."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from acquisition.rig.rig_file import example, load
from processing.results import Table
from tests.support.repetitions import squatted
from ui.report.drawings.cop_paths import MOST_POINTS, WIDTH, cop_paths


def results(right_deg: float | None = None, seconds: float = 60.0, hz: float = 100.0):
    """A foot's pressure goes 80 mm forwards and 20 mm to the lifter's right in each repetition."""
    squats = squatted([0.0, 0.0, 0.0])
    rig = load(example("demo"))
    angle = 0.0 if right_deg is None else np.radians(right_deg)
    if right_deg is not None:
        rig = rig.model_copy(update={"lab": rig.lab.model_copy(update={"right_deg": right_deg})})
    t_s = np.arange(0.0, seconds, 1.0 / hz)
    part = np.zeros(len(t_s))
    for row in squats.repetitions:
        within = (t_s >= row.start_s) & (t_s <= row.end_s)
        part[within] = np.sin(np.pi * (t_s[within] - row.start_s) / (row.end_s - row.start_s))
    right, front = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    places = {"left": -200.0, "right": 200.0}
    columns = {}
    for side, at in places.items():
        path = (at + 20.0 * part)[:, None] * right + (80.0 * part)[:, None] * front
        columns |= {f"cop_{side}_{axis}_mm": path[:, i] for i, axis in enumerate("xy")}
    names = tuple(columns)
    table = Table(names, ("mm",) * 4, ("cop.lab",) * 4, t_s, np.column_stack(list(columns.values())))
    return replace(squats, rig=rig, tables={"plates.force": table}, seconds=seconds)


def points(d: str) -> np.ndarray:
    return np.array(re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", d), dtype=float)


def test_each_repetition_of_each_foot_is_a_line_in_the_picture():
    found = cop_paths(results())
    assert [(path.side, path.repetition) for path in found.paths] == [(s, n) for s in ("left", "right") for n in (1, 2, 3)]
    every = np.concatenate([points(path.d) for path in found.paths])
    assert ((every >= 0) & (every <= [WIDTH, found.height])).all()
    for side, half in (("left", 0.0), ("right", WIDTH / 2)):
        own = np.concatenate([points(path.d)[:, 0] for path in found.paths if path.side == side])
        assert ((own > half) & (own < half + WIDTH / 2)).all()
    for path in found.paths:
        wide, tall = np.ptp(points(path.d), axis=0)
        assert tall / wide == pytest.approx(4.0, rel=0.03)


@pytest.mark.parametrize("right_deg", [27.0, 90.0, -135.0])
def test_the_lifter_s_front_is_up_however_they_stand(right_deg):
    straight, turned = cop_paths(results()), cop_paths(results(right_deg))
    for one, other in zip(straight.paths, turned.paths, strict=True):
        assert points(other.d) == pytest.approx(points(one.d), abs=0.2)


def test_what_is_unknown_is_a_gap_and_a_session_without_it_has_no_picture():
    known = results()
    table = known.tables["plates.force"]
    frames = table.frames.copy()
    first = known.repetitions[0]
    middle = (table.time_s > first.bottom_s - 0.2) & (table.time_s < first.bottom_s)
    frames[middle] = np.nan
    found = cop_paths(replace(known, tables={"plates.force": replace(table, frames=frames)}))
    assert found.paths[0].d.count("M") == 2
    frames[:] = np.nan
    assert cop_paths(replace(known, tables={"plates.force": replace(table, frames=frames)})) is None
    assert cop_paths(replace(known, repetitions=[])) is None
    assert cop_paths(replace(known, tables={})) is None


def test_a_fast_table_takes_no_more_room():
    found = cop_paths(results(hz=2000.0))
    assert sum(len(points(path.d)) for path in found.paths) <= 1.1 * MOST_POINTS * 2
