"""The page on the file format: it names everything that stands in the files and nothing else, and its examples run."""

from __future__ import annotations

import io
import json
import re
import textwrap
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from acquisition.recording import RecordingWriter
from acquisition.ring import Ring
from acquisition.stretches import TICK, Stretch
from hardware.source import Block
from processing.repetition.corrections import History, write_history
from processing.results import Results, Table
from tests.support.recordings import complete
from tests.support.rigs import a_rig

PAGE = (Path(__file__).parents[1] / "docs" / "format.md").read_text(encoding="utf-8")
RATE_HZ = 100.0
RIG = a_rig(
    {
        "name": "plates",
        "rate_hz": RATE_HZ,
        "channels": ["Fz", "line"],
        "units": ["N", "V"],
        "sync_channel": "line",
    },
    name="page",
)


def section(title: str) -> str:
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def tables(title: str, heading: str) -> dict[str, str]:
    """Return the tables of a section whose first column has this heading, as first to second cell."""
    found = re.findall(rf"^\| {re.escape(heading)} \|.*\n\|[-|]+\n((?:\|.*\n)+)", section(title), re.MULTILINE)
    assert len(found) == 1
    rows = [[cell.strip() for cell in row.split(" | ")] for row in found[0].strip().splitlines()]
    return {row[0].strip("| `"): row[1] for row in rows}


def written_as(dtype: np.dtype[Any]) -> str:
    if dtype.names:
        return "table"
    return {"S": "text", "b": "bool"}.get(dtype.kind, dtype.name)


def of_attributes(item: h5py.Group | h5py.File | h5py.Dataset) -> dict[str, str]:
    found = {}
    for name, value in dict(item.attrs).items():
        array = np.asarray(value)
        found[name] = written_as(array.dtype) + ("s" if array.ndim and array.dtype.kind == "S" else "")
    return found


def of_datasets(file: h5py.File, stands_for: dict[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}

    def visit(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            for real, word in stands_for.items():
                name = re.sub(rf"/{real}/", f"/{{{word}}}/", name)
            found[f"/{name}"] = written_as(item.dtype)

    file.visititems(visit)
    return found


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a recording, results and a ring with the names that the page uses, in the working folder."""
    monkeypatch.chdir(tmp_path)
    stream = RIG.stream[0].stream()
    samples = np.column_stack([np.arange(400.0), np.arange(400) // 100 % 2 * 5.0])
    writer = RecordingWriter(tmp_path / "session.h5", RIG, [stream])
    for first in (0, 200):
        ticks = np.array([(first + 200, first + 200 + first // 20, 0, (first + 200) / RATE_HZ)], TICK)
        writer.append("plates", Stretch(samples[first : first + 200], ticks, first, first + first // 20))
    complete(writer)
    table = Table(("sample", "load_shift_pct"), ("1", "%"), ("a", "b"), np.arange(3.0), np.ones((3, 2)))
    results = Results("session.h5", "uuid", "now", 4.0, float("nan"), RIG, {"plates": table}, [], [], [])
    results.write(tmp_path / "session.metrics.h5")
    ring = Ring.create(tmp_path / "ring.h5", [stream], 5.0)
    ring.writer("plates").append(Block(samples[:40], 0, 0.4))
    ring.close()
    return tmp_path


def test_recording_is_as_the_page_says(files: Path) -> None:
    with h5py.File(files / "session.h5") as file:
        assert of_attributes(file) == tables("Recording", "attribute of the file")
        said = {name: kind.split()[0] for name, kind in tables("Recording", "dataset").items()}
        assert of_datasets(file, {"plates": "stream"}) == said
        assert of_attributes(file["streams/plates"]) == tables("Recording", "attribute of `/streams/{stream}`")
        assert of_attributes(file["streams/plates/clock"]) == tables("Recording", "attribute of `clock`")
        columns = [
            tuple(cell.strip(" `") for cell in row.split("|")[1:4])
            for row in section("Recording").splitlines()
            if re.match(r"\| `(ticks|edges|gaps|clock)` \|", row)
        ]
        assert columns == [
            (table, name, written_as(file[f"streams/plates/{table}"].dtype[name]))
            for table in ("ticks", "edges", "gaps", "clock")
            for name in file[f"streams/plates/{table}"].dtype.names
        ]


def test_results_are_as_the_page_says(files: Path) -> None:
    with h5py.File(files / "session.metrics.h5") as file:
        assert of_attributes(file) == tables("Results", "attribute of the file")
        said = {name: kind.split()[0] for name, kind in tables("Results", "dataset").items()}
        assert of_datasets(file, {"plates": "table"}) == said
        assert set(file["metrics/plates"].attrs) == {"columns", "units", "formula_ids"}


def test_edits_are_as_the_page_says(files: Path) -> None:
    span = {"start_s": 1.0, "end_s": 2.0}
    history = History(recording="session.h5", recording_uuid="uuid").with_edit("drop", "", repetition=span)
    history = history.with_edit("split", "", repetition=span, at_s=1.5).with_edit("move", "", repetition=span, end_s=1.9)
    history = history.with_edit("dismiss", "", reason="none", flag={"rule": "r", "side": "left", "start_s": 1.0})
    history = history.with_edit("limits", "", rule="load_shift", amber=8.0, red=12.0)
    write_history(files / "session.h5", history.with_edit("undo", "", undone=1))
    written = json.loads((files / "session.edits.json").read_text(encoding="utf-8"))
    assert set(written) == set(tables("Edits", "key of the file"))
    said = {name.strip(" `") for keys in tables("Edits", "key of an edit") for name in keys.split(",")}
    assert {key for edit in written["edits"] for key in edit} == said
    assert all(f"`{edit['kind']}`" in section("Edits") for edit in written["edits"])


def test_ring_is_as_the_page_says(files: Path) -> None:
    with h5py.File(files / "ring.h5") as file, h5py.File(files / "session.h5") as recording:
        assert of_attributes(file) == tables("Ring", "attribute of the file")
        said = {name: kind.split()[0] for name, kind in tables("Ring", "dataset").items()}
        assert of_datasets(file, {"plates": "stream"}) == said
        assert of_attributes(file["streams/plates"]) == {**of_attributes(recording["streams/plates"]), "derived": "bool"}
        assert "`derived` (bool)" in section("Ring")
        for name in ("samples", "ticks"):
            assert file[f"streams/plates/{name}"].id.get_offset() % 4096 == 0


def test_python_examples_run(files: Path) -> None:
    examples = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert len(examples) == 4
    said = io.StringIO()
    for example in examples:
        names: dict[str, Any] = {}
        with redirect_stdout(said):
            exec(compile(textwrap.dedent(example), "format.md", "exec"), names)
    assert "plates ['Fz', 'line'] (400, 2) 100.0" in said.getvalue()
    assert "0 (40, 2) 0" in said.getvalue()


def test_matlab_example_names_what_is_there(files: Path) -> None:
    (example,) = re.findall(r"```matlab\n(.*?)```", PAGE, re.DOTALL)
    with h5py.File(files / "session.h5") as file:
        for name_in_file in re.findall(r"h5read\('session\.h5', '([^']+)'\)", example):
            assert isinstance(file[name_in_file], h5py.Dataset)
        for name_in_file, name in re.findall(r"h5readatt\('session\.h5', '([^']+)', '([^']+)'\)", example):
            assert name in file[name_in_file].attrs
