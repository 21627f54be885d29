"""Validation: its comparisons hold, and its page says what was compared."""

from __future__ import annotations

import pytest

from sim.lifter.lifter import ShareDrift
from sim.lifter.people import someone
from ui.validation import page
from ui.validation.agreement import ValidationError, agreements
from ui.validation.patterns import Told, _sets, _told
from ui.validation.repetitions import Score, score
from ui.validation.screening import Scored, scored


def test_an_envelope_is_that_of_scipy_without_any_recording():
    (envelope,) = agreements(None)
    assert envelope.off < 1e-9 * envelope.theirs
    assert envelope.ours > 0.01


def test_real_recordings_and_rigid_bodies_agree(shared_data):
    found = {(one.what, one.reference): one for one in agreements(shared_data)}
    for what, within in (("vertical force", 1e-6), ("centre of pressure", 1e-6), ("free moment", 1e-9)):
        assert found[what, "OpenSim, walking5"].off < within
    assert found["depth of the centre of mass", "MuJoCo, mj_toes_out_heels"].off < 2.0
    for what, reference, within in (
        ("centre of pressure", "Vicon Nexus, nexus_cmj1", 0.01),
        ("vertical force, eight sensors", "the maker's formulas, bmc", 1e-9),
        ("centre of pressure, eight sensors", "the maker's formulas, bmc", 1e-6),
        ("EMG envelope, VM, greatest", "scipy.signal on UCI, 5Nsen", 1e-9),
        ("right knee, further in", "MuJoCo, mj_right_cave_stiff_ankle", 1.0),
    ):
        assert found[what, reference].off < within
        assert abs(found[what, reference].theirs) > 20.0
    assert found["repetitions in squat jumps", "people after ACL reconstruction"].ours == 0.0


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(ValidationError, match="There is no folder"):
        list(agreements(tmp_path / "none"))
    assert [one.what for one in agreements(tmp_path)] == ["EMG envelope"]


def test_a_sound_lifter_is_told_nothing_and_one_whose_load_shifts_is():
    assert _told(someone(3, sets=_sets()))[1] == set()
    fault = ShareDrift(onset_s=30.0, ramp_s=6.0, load_shift_pct=15.0)
    moments, found = _told(someone(3, sets=_sets(), imbalances=(fault,)))
    assert found == {"load_shift"} <= moments


def test_a_score_tells_missed_from_invented():
    found = Score()
    good = score("continuous", 2)
    assert (good.squats, good.missed, good.invented) == (24, 0, 0)
    found.take([], [])
    with pytest.raises(ZeroDivisionError):
        _ = found.recall


def test_screenings_of_a_family_tell_its_cause_with_markers_and_without():
    found = list(scored(1, (6,), 2.0, families=("technique",)))
    assert [(one.markers, one.repetitions, one.right, one.wrong) for one in found] == [(True, 6, 1, 0), (False, 6, 1, 0)]


def test_the_page_has_a_row_for_each_comparison(monkeypatch):
    told = [Told("any", "", 4, 2, 0), Told("load_shift", "10 %", 4, 4, 4)]
    monkeypatch.setattr(page, "sensitivities", lambda lifters: iter(told))
    screened = Scored("hip", False, 6, 2.0, 4, 3, 0, (("hip", 3), ("unclear", 1)))
    monkeypatch.setattr(page, "scored", lambda lifters, repetitions, size: iter([screened]))
    parts: list[str] = []
    text = page.page(2, None, parts.append)
    assert parts == ["repetitions", "agreement", "patterns", "screenings"]
    for row in (
        "| continuous | 24 | 100.0 % | 0 | 0 % | 100.0 % |",
        "| none: jumps | 0 |  | 0 |",
        "| EMG envelope | scipy.signal |",
        "| any | nothing | 4 | 50 % | 0 % |",
        "| `load_shift` | 10 % | 4 | 100 % | 100 % |",
        "| hip | nothing | 2 x 6 | 75 % | 0 % | hip 3, unclear 1 |",
    ):
        assert row in text
    assert max(map(len, text.splitlines())) <= 130
