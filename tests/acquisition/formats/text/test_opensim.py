"""OpenSim's files: header, labels and times as they are; a truncated one is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from acquisition.formats.import_map import MapTable
from acquisition.formats.signal_file import SignalFile, SignalFileError
from acquisition.formats.text.opensim import read_opensim

LABELS = [
    "time",
    "ground_force_vx",
    "ground_force_vy",
    "ground_force_vz",
    "ground_force_px",
    "ground_force_py",
    "ground_force_pz",
]


def mot(rows: int = 20, says: int | None = None, separator: str = "\t", labels: list[str] | None = None) -> str:
    lines = [
        "grf.mot",
        "version=1",
        f"nRows={rows if says is None else says}",
        f"nColumns={len(LABELS)}",
        "inDegrees=yes",
        "endheader",
    ]
    lines.append(separator.join(labels or LABELS))
    body = [(k / 1000, 1.0, 700.0, -2.0, 0.1, 0.0, 0.2) for k in range(rows)]
    lines += [separator.join(f"{value:.6f}" for value in row) for row in body]
    return "\n".join(lines) + "\n"


def read(tmp_path: Path, text: str) -> SignalFile:
    path = tmp_path / "a.mot"
    path.write_text(text, encoding="utf-8")
    return read_opensim(path, MapTable())


@pytest.mark.parametrize("separator", ["\t", " ", ",", "  \t"])
def test_what_was_written_is_read(tmp_path: Path, separator: str) -> None:
    (stream,) = read(tmp_path, mot(separator=separator)).streams
    assert stream.labels == LABELS[1:]
    assert stream.rate_hz == 1000.0
    np.testing.assert_array_equal(stream.samples, [[1.0, 700.0, -2.0, 0.1, 0.0, 0.2]] * 20)


def test_a_count_that_is_too_small_is_told(tmp_path: Path) -> None:
    (caveat,) = read(tmp_path, mot(says=10)).caveats
    assert (caveat.id, caveat.values) == ("rows_miscounted", {"said": 10.0, "rows": 20.0})


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is empty"),
        (mot().replace("endheader\n", ""), "no line of its header is 'endheader'"),
        (mot(says=90), "is truncated: it holds 20 of 90 rows"),
        (mot(rows=0), "holds no samples"),
        (mot(labels=["frame", *LABELS[1:]]), "The first column of .* is 'frame'"),
        (mot().replace("700.000000", "seven", 1), "line 8, has 'seven' where a number should be"),
    ],
)
def test_a_sentence_says_what_is_wrong(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(SignalFileError, match=sentence) as caught:
        read(tmp_path, text)
    assert str(caught.value).endswith(".")
