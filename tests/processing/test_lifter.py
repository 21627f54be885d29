"""MVCs and reference sets from recordings, whose truth is known, and what later sessions make of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from acquisition.formats.c3d.importer import import_c3d
from acquisition.lifter_file import LifterFile, Mvc, with_lifter
from acquisition.rig.lifter_axes import lifter_axes
from acquisition.rig.plate_map import plate_map
from processing.batch import reprocess
from processing.findings.caveats import baselines, caveats
from processing.lifter import LifterError, mvc_of, reference_of, rocked
from tests.support.rigs import a_rig, example_with
from tests.support.sessions import analysed, recorded, simulated

if TYPE_CHECKING:
    from pathlib import Path

    from acquisition.rig import Rig

RATE_HZ = 1000.0


def contractions(tmp_path: Path, levels_uV: dict[str, list[float]], name: str = "mvc.h5") -> Path:
    """Record noise of so many µV RMS within the band, for four seconds out of ten, on each channel in turn."""
    rng = np.random.default_rng(4)
    rig = a_rig(
        {"name": "emg", "rate_hz": RATE_HZ, "channels": list(levels_uV), "units": "uV"},
        emg=[{"muscle": channel, "side": "left", "stream": "emg", "channel": channel} for channel in levels_uV],
    )
    n = round(10.0 * RATE_HZ) * max(map(len, levels_uV.values())) + 4000
    samples = rng.normal(0.0, 2.0, (n, len(levels_uV)))
    for c, levels in enumerate(levels_uV.values()):
        for i, level in enumerate(levels):
            begin = round((10.0 * i + 4.0) * RATE_HZ)
            samples[begin : begin + 4000, c] *= level / 2.0
    return recorded(tmp_path / name, rig, {"emg": samples})


def test_mvcs_of_two_recordings_are_found_and_a_muscle_that_needs_more_is_told(tmp_path: Path) -> None:
    first = contractions(tmp_path, {"VL": [400.0, 410.0], "BF": [200.0, 120.0]})
    second = contractions(tmp_path, {"VL": [405.0], "BF": [100.0]}, "more.h5")
    found = {one.electrode.name: one for one in mvc_of([first, second])}
    assert found["VL left"].refused == ""
    # The mean of a rectified normal variable, of which the band leaves 430 of 500 Hz.
    expected = 410.0 * np.sqrt(2.0 / np.pi * 430.0 / 500.0)
    assert found["VL left"].tries[0].uV == pytest.approx(expected, rel=0.12)
    assert "differ by" in found["BF left"].refused


def test_a_recording_without_emg_is_refused(tmp_path: Path) -> None:
    rig = example_with(emg=[])
    path = recorded(tmp_path / "plates.h5", rig, simulated(rig, seconds=6.0))
    with pytest.raises(LifterError, match="There is no EMG of a named muscle in"):
        mvc_of([path])
    with pytest.raises(LifterError, match=r"no ratio of muscle groups is defined for 3 s"):
        reference_of(reprocess(path), "light")


def test_a_reference_set_replaces_what_the_session_begins_with(tmp_path: Path) -> None:
    rig = example_with()
    path = recorded(tmp_path / "set.h5", rig, simulated(rig, seconds=14.0))
    alone = reprocess(path)
    assert "baseline_of_session" in {caveat.id for caveat in caveats(alone)}
    known = reference_of(alone, "light")
    assert known.name == "light"
    doubled = known.model_copy(update={"qh_left": 2.0 * (known.qh_left or 0.0)})
    compared = reprocess(path, lambda rig: with_lifter(rig, LifterFile(lifter="anna", reference=doubled)))
    assert "baseline_of_session" not in {caveat.id for caveat in caveats(compared)}
    assert baselines(compared)["left"] == pytest.approx(2.0 * (known.qh_left or 0.0))
    change = compared.tables["emg.emg"].column("qh_change_left")
    assert np.nanmedian(change) == pytest.approx(0.5, rel=0.05)
    qh = alone.tables["emg.emg"].column("qh_left")
    assert known.qh_left == pytest.approx(np.nanmedian(qh), rel=1e-9)


def test_an_mvc_of_a_lifter_scales_the_activation(tmp_path: Path) -> None:
    rig = example_with()
    path = recorded(tmp_path / "set.h5", rig, simulated(rig, seconds=8.0))
    vl = next(e for e in rig.emg if (e.muscle, e.side) == ("VL", "left"))
    lifter = LifterFile(lifter="anna", mvc=[Mvc(muscle="VL", side="left", mvc_uV=2.0 * (vl.mvc_uV or 1.0), trial="mvc")])
    usual, halved = reprocess(path), reprocess(path, lambda rig: with_lifter(rig, lifter))
    columns = [results.tables["emg.emg"].column("activation_left_VL_pct") for results in (usual, halved)]
    np.testing.assert_allclose(columns[1], columns[0] / 2.0)
    assert next(e for e in halved.rig.emg if e.name == "VL left").mvc_trial == "anna: mvc"


def rocking(bounce: float = 0.0) -> tuple[Rig, np.ndarray]:
    """Two plates under a lifter who rocks with feet turned out by 12 and 27 degrees."""
    names = [f"{what}{i}" for i in (1, 2) for what in ("Fx", "Fy", "Fz", "Mx", "My", "Mz")]
    corners = {
        "left": [[-400, 300, 0], [0, 300, 0], [0, -300, 0], [-400, -300, 0]],
        "right": [[0, 300, 0], [400, 300, 0], [400, -300, 0], [0, -300, 0]],
    }
    rig = a_rig(
        {"name": "plates", "channels": names, "units": "V"},
        plate=[
            {
                "name": side,
                "model": "made",
                "side": side,
                "stream": "plates",
                "channels": names[6 * i : 6 * i + 6],
                "c3d_type": 2,
                "corners_mm": corners[side],
                "origin_mm": [0, 0, 0],
                "sensitivities": [1.0] * 6,
                "zero": [0.0] * 6,
            }
            for i, side in enumerate(corners)
        ],
    )
    t = np.arange(0.0, 16.0, 0.001)
    along = -65.0 * np.sin(2 * np.pi * t / 4.0)  # towards the heels first
    samples = np.zeros((len(t), 12))
    rng = np.random.default_rng(0)
    maps = [plate_map(plate) for plate in rig.plate]
    right = lifter_axes(rig).right
    front = np.array([-right[1], right[0]])
    for i, (outward, degrees) in enumerate(((-right, 12.0), (right, 27.0))):
        a = np.radians(degrees)
        cop = along[:, None] * (np.cos(a) * front + np.sin(a) * outward)
        inside = cop @ maps[i].rotation[:2, :2]
        fz = -(400.0 + rng.normal(0.0, 1.0, len(t))) * (1.0 + bounce * np.sin(2 * np.pi * t))
        samples[:, 6 * i + 2] = fz
        samples[:, 6 * i + 3], samples[:, 6 * i + 4] = inside[:, 1] * fz, -inside[:, 0] * fz
    return rig, samples


def test_a_rocking_trial_says_how_the_feet_are_turned() -> None:
    rig, samples = rocking()
    left, right = rocked(analysed(rig, {"plates": samples}))
    assert (left.refused, right.refused) == ("", "")
    assert (left.side, left.rocks) == ("left", 4)
    assert left.toe_out_deg == pytest.approx(12.0, abs=0.5)
    assert right.toe_out_deg == pytest.approx(27.0, abs=0.5)


def test_squats_are_no_rocking_trial_though_the_pressure_moves(shared_data: Path, tmp_path: Path) -> None:
    rig, samples = rocking(bounce=0.1)
    with pytest.raises(LifterError, match=r"varies by 7 % \(standard deviation\), too much for slow rocking"):
        rocked(analysed(rig, {"plates": samples}))
    squats = import_c3d(shared_data / "mujoco" / "mj_toes_out_heels.c3d", tmp_path / "squats.h5")
    with pytest.raises(LifterError, match="too much for slow rocking"):
        rocked(reprocess(squats.path))
    with pytest.raises(LifterError, match="has no two force plates"):
        rocked(analysed(example_with(plate=[]), simulated(example_with(plate=[]), seconds=6.0)))


SEEN_S = np.arange(34000) / 1000.0
PULLED = ((SEEN_S % 10) >= 4) & ((SEEN_S % 10) < 8) & (SEEN_S < 30)


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (lambda s: s, "µV, the best of 3 tries"),
        (lambda s: np.clip(s, -300, 300), "can't be used"),
        (lambda s: s + (1270.0 * np.sin(2 * np.pi * 50 * SEEN_S) * PULLED)[:, None], "can't be used"),
        (lambda s: np.where((PULLED & (np.arange(len(s)) % 500 < 10))[:, None], np.nan, s), "no try was found"),
        (
            lambda s: s + (283.0 * np.sin(2 * np.pi * 50 * SEEN_S))[:, None],
            "not good for most of the time (",
        ),
    ],
    ids=["sound", "cut off", "hum", "lost", "an open electrode"],
)
def test_noise_is_never_taken_for_a_contraction_that_was_bad(tmp_path: Path, fault, says: str) -> None:
    electrode = {"muscle": "VL", "side": "left", "stream": "emg", "channel": "VL"}
    rig = a_rig({"name": "emg", "rate_hz": 1000.0, "channels": ["VL"], "units": "uV"}, emg=[electrode])
    signal = np.random.default_rng(4).normal(0.0, 2.0, (len(SEEN_S), 1))
    for k, microvolts in enumerate((400, 410, 395)):
        signal[(10 * k + 4) * 1000 : (10 * k + 8) * 1000] *= microvolts / 2.0
    (found,) = mvc_of([recorded(tmp_path / "r.h5", rig, {"emg": fault(signal)})])
    assert says in found.sentence
    assert bool(found.refused) is (says != "µV, the best of 3 tries")
