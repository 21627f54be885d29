"""The command that makes one table of many recordings."""

from __future__ import annotations

import pytest

from tests.support.screenings import LIGHT, LOADED, a_screening


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    return a_screening(tmp_path_factory.mktemp("table") / "B2" / "2026-11-27-1", "load", (LIGHT, LOADED), markers=False)


def test_one_file_that_fails_does_not_stop_the_rest(session, tmp_path, squatscope):
    broken = tmp_path / "broken.h5"
    broken.write_bytes(b"\x89HDF")
    told = squatscope("table", broken, session, "--out", tmp_path / "t.csv")
    assert told.code == 1
    assert "12 repetitions of 2 recordings" in told.out
    assert "broken.h5" in told.err
    assert len((tmp_path / "t.csv").read_text(encoding="utf-8").splitlines()) == 13


def test_a_name_that_is_there_or_of_another_kind_is_refused(session, tmp_path, squatscope):
    (tmp_path / "t.csv").write_text("mine", encoding="utf-8")
    assert "exists already" in squatscope("table", session, "--out", tmp_path / "t.csv").err
    told = squatscope("table", session, "--out", tmp_path / "t.xlsx")
    assert "neither .csv nor .parquet" in " ".join(told.err.split())
    assert (tmp_path / "t.csv").read_text(encoding="utf-8") == "mine"
