"""The page on rig settings names every key with its default, and its examples load."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from acquisition.formats.import_map import ImportMap, MapElectrode, MapMarker, MapPlate, MapTable
from acquisition.formats.kinds import import_file
from acquisition.lifter_file import LifterFile, Mvc, load_lifter
from acquisition.rig import Rig
from acquisition.rig.judgement import Rules, RuleSettings, limits
from acquisition.rig.rig_file import load, read_toml

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "rig.md").read_text(encoding="utf-8")
IMPORT_PAGE = (DOCS / "import.md").read_text(encoding="utf-8")
TABLES = dict(re.findall(r"<!-- settings: (\w+) -->\n\|.*\n\|[-|]+\n((?:\|.*\n)+)", PAGE + IMPORT_PAGE))


def models_in(annotation: Any) -> set[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return {annotation}.union(*(models_in(field.annotation) for field in annotation.model_fields.values()))
    return set().union(*(models_in(part) for part in get_args(annotation)))


MAPPED = {MapTable, MapPlate, MapElectrode, MapMarker, LifterFile, Mvc}
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
    assert len(examples) == 2
    for i, text in enumerate(examples):
        path = tmp_path / f"{i}.toml"
        path.write_text(text, encoding="utf-8")
        if text.startswith("# lifter"):
            assert [entry.mvc_uV for entry in load_lifter(path).mvc] == [312.0]
        else:
            assert load(path).rules.load_shift.amber_pct == 6.0


def test_the_example_of_a_map_imports_what_it_is_for(tmp_path: Path) -> None:
    """Eight volts of a plate and one muscle, without a header or a time."""
    (text,) = re.findall(r"```toml\n(.*?)```", IMPORT_PAGE, re.DOTALL)
    (tmp_path / "map.toml").write_text(text, encoding="utf-8")
    said = read_toml(tmp_path / "map.toml", ImportMap)
    table = tmp_path / "a.txt"
    table.write_text("".join(f"0\t0\t0\t0\t5.0\t5.0\t5.0\t5.{k % 2}\t0.1{k % 3}\n" for k in range(50)))
    rig = import_file(table, tmp_path / "a.h5", tmp_path / "map.toml").rig
    assert [plate.channels for plate in rig.plate] == [said.plate[0].channels]
    assert [(e.name, e.gain) for e in rig.emg] == [("VL left", 500.0)]
    assert rig.stream[0].rate_hz == 1000.0
