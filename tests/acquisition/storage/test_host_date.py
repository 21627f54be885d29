"""The computer's date: named where it can't be right, and not where it can."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import pytest

from acquisition.storage.host_date import MADE, wrong_date

NOW = datetime(2027, 3, 4, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "when", [datetime(1970, 1, 1, tzinfo=UTC), datetime(2017, 4, 1, tzinfo=UTC), MADE - timedelta(hours=1)]
)
def test_a_date_before_the_program_was_made_is_wrong(tmp_path, when):
    found = wrong_date(tmp_path, when)
    assert found is not None
    assert f"{when.astimezone():%Y-%m-%d}" in found.found
    assert "2026" in found.found
    assert "date and time" in found.advice


@pytest.mark.parametrize(("later", "wrong"), [(-400, False), (0, False), (0.9, False), (1.1, True), (300, True)])
def test_a_date_before_what_lies_beside_is_wrong(tmp_path, later, wrong):
    session = tmp_path / "2027-12-29-1"
    session.mkdir()
    (tmp_path / "old").write_text("")
    for path, days in ((session, later), (tmp_path / "old", -900)):
        at = (NOW + timedelta(days=days)).timestamp()
        os.utime(path, (at, at))
    found = wrong_date(tmp_path, NOW)
    assert (found is not None) is wrong
    if found is not None:
        assert "2027-12-29-1" in found.found


def test_a_folder_that_is_not_there_says_nothing(tmp_path):
    assert wrong_date(tmp_path / "none", NOW) is None


def test_today_is_no_wrong_date(tmp_path):
    (tmp_path / "session").mkdir()
    assert wrong_date(tmp_path) is None
