"""The page on rig settings names every key with its default, and its examples load."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from acquisition.formats.import_map import ImportMap, MapElectrode, MapMarker, MapPlate
from acquisition.lifter_file import LifterFile, Mvc, load_lifter
from acquisition.rig import Rig
from acquisition.rig.judgement import Rules, RuleSettings, limits
from acquisition.rig.rig_file import load, read_toml

PAGE = (Path(__file__).parents[3] / "docs" / "rig.md").read_text(encoding="utf-8")
TABLES = dict(re.findall(r"<!-- settings: (\w+) -->\n\|.*\n\|[-|]+\n((?:\|.*\n)+)", PAGE))


def models_in(annotation: Any) -> set[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return {annotation}.union(*(models_in(field.annotation) for field in annotation.model_fields.values()))
    return set().union(*(models_in(part) for part in get_args(annotation)))


MAPPED = {MapPlate, MapElectrode, MapMarker, LifterFile, Mvc}
MODELS = {m.__name__: m for m in models_in(Rig) | MAPPED if not issubclass(m, RuleSettings)}
MODELS[RuleSettings.__name__] = RuleSettings


def in_words(field: FieldInfo) -> str:
    value = field.default
    if field.is_required():
        return "needed"
    if isinstance(value, RuleSettings):
        amber, red = limits(value)
        return f"{amber:g} / {red:g}{'' if value.on else ', off'}".replace("inf", "none")
    if isinstance(value, BaseModel):
        return "below"
    if value is None or value == []:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(json.dumps(v) if isinstance(v, str) else f'{v:g}' for v in value)}]"
    return f'"{value}"' if isinstance(value, str) else f"{value:g}"


def test_every_part_of_a_rig_has_a_table() -> None:
    assert set(TABLES) == set(MODELS)


@pytest.mark.parametrize("name", sorted(MODELS))
def test_keys_and_defaults_are_those_of_the_program(name: str) -> None:
    rows = [[cell.strip() for cell in row.split("|")[1:3]] for row in TABLES[name].splitlines()]
    expected = [[f"`{key}`", in_words(field)] for key, field in MODELS[name].model_fields.items()]
    assert sorted(rows) == sorted(expected)


def test_units_of_limits_are_those_of_the_program() -> None:
    for row in TABLES["Rules"].splitlines():
        key, _, unit = (cell.strip().strip("`") for cell in row.split("|")[1:4])
        assert f"amber_{unit}" in type(Rules.model_fields[key].default).model_fields


def test_examples_load(tmp_path: Path) -> None:
    examples = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    assert len(examples) == 3
    for i, text in enumerate(examples):
        path = tmp_path / f"{i}.toml"
        path.write_text(text, encoding="utf-8")
        if text.startswith("# map"):
            assert read_toml(path, ImportMap).lab.right_axis == "x"
        elif text.startswith("# lifter"):
            assert [entry.mvc_uV for entry in load_lifter(path).mvc] == [312.0]
        else:
            assert load(path).rules.load_shift.amber_pct == 6.0
