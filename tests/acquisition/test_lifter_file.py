"""Lifter files: written, read and put on a rig; a mistake is a sentence, and nothing is overwritten."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquisition.lifter_file import LifterFile, Mvc, load_lifter, with_lifter, write_lifter
from acquisition.rig import SIDES, Foot, Rig
from acquisition.rig.judgement import ReferenceSettings
from acquisition.rig.lifter_axes import lifter_axes
from acquisition.rig.rig_file import RigError
from tests.support.rigs import example_with

if TYPE_CHECKING:
    from pathlib import Path

ANNA = LifterFile(
    lifter="anna",
    mvc=[Mvc(muscle="VL", side="left", mvc_uV=312.5, trial="mvc, 14.2 s")],
    reference=ReferenceSettings(name="light", qh_left=5.25),
    foot=[Foot(side="left", toe_out_deg=12.5, toe_out_from="rocking", width_mm=97.0), Foot(side="right", width_mm=98.0)],
)


def test_a_file_is_read_as_it_was_written_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "anna.toml"
    write_lifter(path, ANNA)
    assert load_lifter(path) == ANNA
    with pytest.raises(RigError, match=r"anna\.toml exists already, and nothing is ever overwritten; give another name"):
        write_lifter(path, ANNA)
    with pytest.raises(RigError, match=r"can't be written: .*; give another one with --out\."):
        write_lifter(tmp_path / "no" / "anna.toml", ANNA)


@given(name=st.text(max_size=20), trial=st.text(max_size=20))
def test_any_text_is_written_as_toml(tmp_path_factory: pytest.TempPathFactory, name: str, trial: str) -> None:
    path = tmp_path_factory.mktemp("lifter") / "a.toml"
    write_lifter(path, LifterFile(lifter=name, mvc=[Mvc(muscle="BF", side="right", mvc_uV=1.0, trial=trial)]))
    (entry,) = load_lifter(path).mvc
    assert entry.trial == "".join(letter if letter.isprintable() else " " for letter in trial)


def test_a_rig_takes_what_the_lifter_has_and_keeps_the_rest() -> None:
    rig = example_with()
    mixed = with_lifter(rig, ANNA)
    for before, after in zip(rig.emg, mixed.emg, strict=True):
        known = (before.muscle, before.side) == ("VL", "left")
        assert after.mvc_uV == (312.5 if known else before.mvc_uV)
        assert after.mvc_trial == ("anna: mvc, 14.2 s" if known else before.mvc_trial)
    assert mixed.reference == ANNA.reference
    only_mvc = with_lifter(mixed, LifterFile(lifter="anna", mvc=ANNA.mvc))
    assert only_mvc.reference == ANNA.reference
    assert only_mvc.plate == rig.plate


def test_a_set_instead_of_a_contraction_is_known_as_such_by_its_trial_in_older_files(tmp_path: Path) -> None:
    path = tmp_path / "before.toml"
    entry = '[[mvc]]\nmuscle = "{}"\nside = "left"\nmvc_uV = 120.0\ntrial = "{}"\n'
    path.write_text(
        f'lifter = "A1"\n{entry.format("VL", "dynamic reference: 01-light")}{entry.format("BF", "mvc, 2 s")}', encoding="utf-8"
    )
    before = load_lifter(path)
    assert [one.mvc_from for one in before.mvc] == ["set", "contraction"]
    write_lifter(tmp_path / "after.toml", before)
    assert load_lifter(tmp_path / "after.toml") == before
    mixed = with_lifter(example_with(), before)
    assert {e.mvc_from for e in mixed.emg if (e.muscle, e.side) == ("VL", "left")} == {"set"}
    dumped = mixed.model_dump(mode="json")
    for electrode in dumped["emg"]:
        del electrode["mvc_from"]
    assert Rig.model_validate(dumped) == mixed, "as recordings and results of before have it"
    said = LifterFile(
        lifter="A1",
        mvc=[Mvc(muscle="VL", side="left", mvc_uV=300.0, trial="no dynamic reference: this", mvc_from="contraction")],
    )
    write_lifter(tmp_path / "said.toml", said)
    assert load_lifter(tmp_path / "said.toml") == said
    assert with_lifter(mixed, said).emg[0].mvc_from == "contraction"


def test_mistakes_have_their_line(tmp_path: Path) -> None:
    path = tmp_path / "anna.toml"
    path.write_text('lifter = "a"\n[[mvc]]\nmuscle = "VX"\nside = "left"\nmvc_uV = -3.0\n', encoding="utf-8")
    with pytest.raises(RigError) as told:
        load_lifter(path)
    assert "line 3: " in str(told.value)
    assert "line 5: " in str(told.value)
    both = '[[mvc]]\nmuscle = "VL"\nside = "left"\nmvc_uV = 3.0\n'
    path.write_text(f'lifter = "a"\n{both}{both}', encoding="utf-8")
    with pytest.raises(RigError, match="there are two MVCs of VL left; give one"):
        load_lifter(path)


def test_a_rocking_trial_fills_in_what_nobody_said() -> None:
    rocking = LifterFile(lifter="anna", foot=[Foot(side=side, toe_out_deg=18.0, toe_out_from="rocking") for side in SIDES])
    said = example_with(foot=[{"side": "left", "toe_out_deg": 9.0}, {"side": "right", "width_mm": 98.0}])
    feet = {foot.side: foot for foot in with_lifter(said, rocking).foot}
    assert (feet["left"].toe_out_deg, feet["left"].toe_out_from) == (9.0, "given")
    assert (feet["right"].toe_out_deg, feet["right"].toe_out_from, feet["right"].width_mm) == (18.0, "rocking", 98.0)
    assert lifter_axes(with_lifter(example_with(foot=[]), rocking)).toe_out_from == dict.fromkeys(SIDES, "a rocking trial")
