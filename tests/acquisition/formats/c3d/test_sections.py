"""C3D files that are not as ezc3d expects them: read as the usual one that they come from, or refused in one true sentence."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import ezc3d
import numpy as np
import pytest

from acquisition.formats.c3d import child
from acquisition.formats.c3d.importer import import_c3d
from acquisition.formats.c3d.parameters import C3DError
from acquisition.recording import Recording
from tests.support.c3d_bytes import DEC, SGI, C3DBytes
from tests.support.made_c3d import make

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from acquisition.caveat import Caveat

WALKING = "opensim/walking5.c3d"


@pytest.fixture
def walking(shared_data: Path) -> C3DBytes:
    return C3DBytes.read(shared_data / WALKING)


def imported(source: Path) -> tuple[NDArray[np.float64], float, dict[str, Caveat]]:
    out = source.with_suffix(".h5")
    result = import_c3d(source, out)
    with Recording(out) as recording:
        samples = recording.samples("analog")
    return samples, result.rig.stream[0].rate_hz, {caveat.id: caveat for caveat in result.caveats}


def as_it_is(file: C3DBytes) -> None:
    pass


def of_sgi(file: C3DBytes) -> None:
    file.processor = SGI


def of_dec(file: C3DBytes) -> None:
    file.processor = DEC


def of_dec_without_offset(file: C3DBytes) -> None:
    file.processor = DEC
    del file.parameters["ANALOG", "OFFSET"]


def without(*names: str) -> Callable[[C3DBytes], None]:
    def change(file: C3DBytes) -> None:
        for name in names:
            file.parameters.pop(("ANALOG", name), None)

    return change


def used_0(file: C3DBytes) -> None:
    file.numbers("ANALOG", "USED", 2, [0], ())


def offsets_of_floats(file: C3DBytes) -> None:
    count = len(file.parameters["ANALOG", "OFFSET"].numbers())
    file.numbers("ANALOG", "OFFSET", 4, np.zeros(count))


def to_the_last_byte(file: C3DBytes) -> None:
    file.ends_with_section = True
    file.numbers("TRIAL", "PADDING", 4, np.zeros(60))


def without_points(file: C3DBytes) -> None:
    for name in ("RATE", "SCALE", "FRAMES"):
        del file.parameters["POINT", name]


def header_of_100_frames(file: C3DBytes) -> None:
    file.header_word(5, 100)


def first_frame_is_6(file: C3DBytes) -> None:
    for word in (4, 5):
        at = 2 * (word - 1)
        file.header_word(word, int.from_bytes(file.header[at : at + 2], "little") + 5)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (as_it_is, None),
        (of_sgi, None),
        (of_dec, None),
        (of_dec_without_offset, "parameters_filled"),
        (without("SCALE"), "parameters_filled"),
        (without("OFFSET"), "parameters_filled"),
        (without("SCALE", "OFFSET", "GEN_SCALE"), "parameters_filled"),
        (without("USED"), "parameters_filled"),
        (without("RATE"), "parameters_filled"),
        (without("UNITS"), None),
        (without("LABELS"), None),
        (used_0, "parameters_filled"),
        (offsets_of_floats, None),
        (to_the_last_byte, None),
        (without_points, None),
        (first_frame_is_6, None),
        (header_of_100_frames, "frames_miscounted"),
    ],
)
def test_it_reads_as_the_file_that_it_comes_from(
    shared_data: Path, tmp_path: Path, walking: C3DBytes, change: Callable[[C3DBytes], None], told: str | None
) -> None:
    (tmp_path / "usual.c3d").write_bytes((shared_data / WALKING).read_bytes())
    usual, rate_hz, _ = imported(tmp_path / "usual.c3d")
    change(walking)
    samples, its_hz, caveats = imported(walking.write(tmp_path / "made.c3d"))
    assert its_hz == rate_hz == 2000.0
    np.testing.assert_allclose(samples, usual, rtol=1e-6)
    ours = {"parameters_filled", "frames_miscounted", "frames_left_over"} & set(caveats)
    assert ours == ({told} if told else set())


def test_offsets_that_are_no_integers_are_taken_off(tmp_path: Path, walking: C3DBytes) -> None:
    usual, _, _ = imported(walking.write(tmp_path / "usual.c3d"))
    scale = walking.parameters["ANALOG", "SCALE"].numbers()
    walking.numbers("ANALOG", "OFFSET", 4, np.arange(len(scale)) + 0.5)
    samples, _, _ = imported(walking.write(tmp_path / "made.c3d"))
    np.testing.assert_allclose(samples, usual - (np.arange(len(scale)) + 0.5) * scale, rtol=1e-5, atol=1e-5)


def longer(file: C3DBytes, frames: int, header: int, actual: int | None = None, there: int | None = None) -> C3DBytes:
    """Return the file without points, its samples repeated to so many frames, with what its counts say."""
    points, analogs = (int.from_bytes(file.header[at : at + 2], "little") for at in (2, 4))
    have = int.from_bytes(file.header[8:10], "little") - int.from_bytes(file.header[6:8], "little") + 1
    rows = np.frombuffer(file.data, "<f4")[: have * (4 * points + analogs)].reshape(have, -1)[:, 4 * points :]
    file.data = np.resize(rows, (frames, analogs)).astype("<f4")[:there].tobytes()
    file.header_word(2, 0)
    file.numbers("POINT", "USED", 2, [0], ())
    file.header_word(4, 1)
    file.header_word(5, header)
    file.numbers("POINT", "FRAMES", 2, np.array([header], "<u2").view("<i2"), ())
    for name in ("ACTUAL_START_FIELD", "ACTUAL_END_FIELD"):
        del file.parameters["TRIAL", name]
    if actual is not None:
        file.numbers("TRIAL", "ACTUAL_START_FIELD", 2, [1, 0])
        file.numbers("TRIAL", "ACTUAL_END_FIELD", 2, np.array([actual % 65536, actual // 65536], "<u2").view("<i2"))
    return file


@pytest.mark.parametrize(("header", "actual"), [(65535, 70000), (65535, None), (70000 - 65536, None), (70000 - 65536, 70000)])
def test_more_frames_than_the_header_counts(tmp_path: Path, walking: C3DBytes, header: int, actual: int | None) -> None:
    samples, rate_hz, caveats = imported(longer(walking, 70000, header, actual).write(tmp_path / "made.c3d"))
    assert len(samples) / rate_hz == 280.0
    assert caveats["frames_miscounted"].values == {"said": header, "frames": 70000.0}


@pytest.mark.parametrize(
    ("header", "actual", "said"), [(65535, 70000, "68000 of 70000"), (4464, 70000, "68000 of 70000"), (65535, None, "")]
)
def test_a_long_file_that_was_cut_short(tmp_path: Path, walking: C3DBytes, header: int, actual: int | None, said: str) -> None:
    there = 68000 if actual else 60000
    made = longer(walking, 70000, header, actual, there).write(tmp_path / "made.c3d")
    with pytest.raises(C3DError, match=f"made.c3d is truncated: it holds {said or '60000 of 65535'} frames"):
        import_c3d(made, tmp_path / "out.h5")


def test_bytes_beyond_what_is_counted_are_told(tmp_path: Path, walking: C3DBytes) -> None:
    samples, _, caveats = imported(longer(walking, 1000, 600, 600).write(tmp_path / "made.c3d"))
    assert len(samples) == 600 * 8
    assert caveats["frames_left_over"].values == {"said": 600.0, "there": 1000.0}


def test_no_seconds(tmp_path: Path, walking: C3DBytes) -> None:
    made = longer(walking, 0, 0).write(tmp_path / "made.c3d")
    with pytest.raises(C3DError, match="has analog channels without a single sample"):
        import_c3d(made, tmp_path / "out.h5")


@pytest.mark.parametrize("how", ["killed", "told"])
def test_a_file_that_needs_more_memory_than_there_is(
    shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    answer = child.KILLED if how == "killed" else 0, pickle.dumps(child.NO_MEMORY)
    monkeypatch.setattr(child, "_answer", lambda *_: answer)
    with pytest.raises(C3DError, match=r"needs more memory than there is here: it holds 1103 frames, 0 minutes; export it in"):
        import_c3d(shared_data / WALKING, tmp_path / "out.h5")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("frames", "trial"), [(70_000, True), (66_000, False), (140_000, False), (65_534, False)])
def test_a_long_file_of_ezc3ds_own_is_read_to_its_end(tmp_path, frames, trial):
    """It writes a group ROTATION into each, beside which it does not go by TRIAL."""
    rng = np.random.default_rng(2)
    analog = rng.normal(0.0, 50.0, (frames, 2)).astype(np.float32)
    file = ezc3d.c3d()
    file["parameters"]["POINT"]["RATE"]["value"] = [100.0]
    file["parameters"]["ANALOG"]["RATE"]["value"] = [100.0]
    file["parameters"]["ANALOG"]["LABELS"]["value"] = ["L_VL", "R_VL"]
    file.add_parameter("ANALOG", "UNITS", ["uV", "uV"])
    if trial:
        file.add_parameter("TRIAL", "ACTUAL_START_FIELD", [1, 0])
        file.add_parameter("TRIAL", "ACTUAL_END_FIELD", [frames % 65536, frames // 65536])
    file["data"]["points"] = np.zeros((4, 0, frames))
    file["data"]["analogs"] = analog.T[None].astype(float)
    path = tmp_path / "long.c3d"
    file.write(str(path))
    assert b"ROTATION" in path.read_bytes()[:20_000]
    samples, rate_hz, told = imported(path)
    assert rate_hz == 100.0
    assert frames <= len(samples) < frames + 64, "the last block may be filled up"
    np.testing.assert_array_equal(samples[:frames], analog)
    assert ("frames_miscounted" in told) == (frames > 65_535)


def test_frames_that_do_not_come_back_are_told(tmp_path, monkeypatch):
    path = make(tmp_path / "a.c3d")

    def half(source):
        parameters, points, analogs = child.read_apart(source)
        return parameters, points[..., ::2], analogs[..., ::2]

    monkeypatch.setattr("acquisition.formats.c3d.file.read_apart", half)
    with pytest.raises(C3DError, match="holds 100 frames, and ezc3d reads 50 of them"):
        import_c3d(path, tmp_path / "a.h5")


def test_plates_whose_number_is_not_said_are_counted_by_their_types(tmp_path: Path, walking: C3DBytes) -> None:
    plain, _, _ = imported(walking.write(tmp_path / "plain.c3d"))
    del walking.parameters["FORCE_PLATFORM", "USED"]
    samples, _, told = imported(walking.write(tmp_path / "made.c3d"))
    assert "force plates, by their types (FORCE_PLATFORM:USED)" in told["parameters_filled"].sentence
    np.testing.assert_array_equal(samples, plain)
    assert "plates_unused" not in told
