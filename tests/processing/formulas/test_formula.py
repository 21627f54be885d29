"""Formulas: ids that mean one thing, columns that end in their units."""

from __future__ import annotations

from collections import Counter

import pytest

from processing.formulas import FORMULAS, metric
from processing.formulas.emg import EMG
from processing.formulas.force import FORCE
from processing.formulas.knees import KNEES

PARTS = {"side": "left", "muscle": "VL", "group": "quads", "axis": "x"}


def test_ids_and_columns_are_unique_and_nothing_is_left_blank():
    assert len(FORMULAS) == len(FORCE) + len(EMG) + len(KNEES), "a dict hides doubled keys"
    # A column has one formula, but for knees: what their markers are on decides which of a family fills it.
    of_column = Counter(formula.column for formula in FORMULAS.values())
    families = {formula.column: formula.id.split(".")[0] for formula in KNEES}
    assert all(count == 1 or column in families for column, count in of_column.items())
    assert len(set(families.values())) == len(families)
    for key, formula in FORMULAS.items():
        assert key == formula.id
        assert all((formula.unit, formula.text, formula.sign, formula.source))


def test_a_column_ends_in_its_unit():
    endings = {"N": "_N", "mm": "_mm", "uV": "_uV", "%": "_pct", "s": "_s", "N m": "_Nm", "deg": "_deg", "uV2": "_uV2"}
    for formula in FORMULAS.values():
        name = metric(formula.id, **PARTS).name
        if formula.unit == "1":
            assert not name.endswith(tuple(endings.values()))
        else:
            assert name.endswith(endings[formula.unit])


def test_a_metric_carries_its_formula():
    column = metric("envelope.causal_lowpass", side="right", muscle="GMax")
    assert (column.name, column.formula_id, column.unit) == ("envelope_right_GMax_uV", "envelope.causal_lowpass", "uV")


def test_a_missing_part_of_the_name_is_an_error():
    with pytest.raises(KeyError, match="side"):
        metric("fz.frame_mean")
