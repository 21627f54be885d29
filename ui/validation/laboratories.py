"""Laboratories: real raw signals beside what the makers of the devices, a lab's own program, or scipy make of them."""

from __future__ import annotations

import csv
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from acquisition.formats.c3d.importer import import_c3d
from acquisition.rig import Plate, Rig
from acquisition.rig.plate_map import plate_map
from processing.batch import reprocess
from processing.emg.chain import EmgChain
from processing.emg.filters import band_pass, envelope_low_pass
from processing.force.wrench import plate_wrench
from ui.validation.comparison import Agreement
from ui.validation.repetitions import followed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from acquisition.rig.judgement import EmgSettings
    from hardware.arrays import Floats

COP_N = 50.0
NEXUS_CENTRE_MM = (200.0, 920.0)
NEXUS_RATE_HZ = 1000.0
NEXUS_PLATE = "KMP IV - Force"
KISTLER_A_MM, KISTLER_B_MM, KISTLER_DEPTH_MM = 120.0, 200.0, -48.0
KISTLER_PER_VOLT = (12.9, 12.9, 12.7, 12.7, 38.1, 38.1, 38.1, 38.1)
UCI_RATE_HZ = 1000.0


def scipy_envelope(raw_uV: Floats, settings: EmgSettings, rate_hz: float) -> Floats:
    """Return the envelope of one channel as scipy.signal makes it, begun at the first sample."""
    from scipy import signal

    band = signal.sosfilt(band_pass(settings, rate_hz), raw_uV - raw_uV[0])
    return np.asarray(signal.sosfilt(envelope_low_pass(settings, rate_hz), np.abs(band)))


def of_uci(path: Path) -> Iterator[Agreement]:
    """Compare the envelopes of four muscles of a seated extension with scipy's, channel by channel."""
    lines = path.read_text(encoding="latin-1").splitlines()
    muscles = [line.split("'")[1] for line in lines if line.startswith("Channel")][:4]
    raw_mV = np.genfromtxt(lines[7:])[:, :4]
    rig = Rig.model_validate(
        {
            "name": path.stem,
            "stream": [
                {
                    "name": "emg",
                    "rate_hz": UCI_RATE_HZ,
                    "channels": muscles,
                    "units": "mV",
                    "source": {"kind": "file", "path": path.name},
                }
            ],
            "emg": [{"muscle": muscle, "side": "left", "stream": "emg", "channel": muscle} for muscle in muscles],
        }
    )
    chain = EmgChain(rig, "emg")
    frames = np.concatenate([chain.process(raw_mV, 0).copy(), chain.finish().copy()])
    names = [metric.name for metric in chain.metrics]
    for k, muscle in enumerate(muscles):
        ours = frames[:, names.index(f"envelope_left_{muscle}_uV")]
        theirs = scipy_envelope(1e3 * raw_mV[:, k], rig.emg_processing, UCI_RATE_HZ)[frames[:, 0].astype(int)]
        known = np.isfinite(ours)
        off = float(np.abs(ours[known] - theirs[known]).max())
        peak = float(ours[known].max()), float(theirs[known].max())
        cases = f"{np.count_nonzero(known)} frames"
        yield Agreement(f"EMG envelope, {muscle}, greatest", "scipy.signal on UCI, 5Nsen", *peak, off, "uV", cases)


def of_nexus(path: Path) -> Iterator[Agreement]:
    """Compare centres of pressure of a jump with those that Vicon Nexus exported beside its forces and moments."""
    with path.open(encoding="utf-8-sig") as lines:
        rows = list(csv.reader(lines))
    title = next(row for row in rows if NEXUS_PLATE in row)
    at = title.index(NEXUS_PLATE)
    told = [row[at : at + 9] for row in rows if len(row) > at + 8 and row[0].isdigit() and row[at + 8]]
    body = np.array([[float(cell) for cell in row] for row in told])
    raw, theirs = body[:, :6], body[:, 6:8]
    x, y = NEXUS_CENTRE_MM
    plate = Plate(
        name=NEXUS_PLATE,
        side="left",
        stream="nexus",
        channels=["Fx", "Fy", "Fz", "Mx", "My", "Mz"],
        c3d_type=2,
        corners_mm=[[x + 200, y - 300, 0], [x - 200, y - 300, 0], [x - 200, y + 300, 0], [x + 200, y + 300, 0]],
        origin_mm=[0.0, 0.0, 0.0],
        sensitivities=[-1.0, 1.0, 1.0, -1.0, 1.0, 1.0],  # Nexus gives what the feet push, in the lab's axes
    )
    found = plate_wrench(raw, list(range(6)), plate_map(plate), COP_N)
    loaded = -raw[:, 2] > COP_N
    yield _compared("centre of pressure", "Vicon Nexus, nexus_cmj1", found.cop_mm[loaded, :2], theirs[loaded], "mm")
    half_N = np.ascontiguousarray(found.force_N[:, 2]) / 2  # it stands on one plate; the detector takes two
    count = float(len(followed(half_N, half_N, NEXUS_RATE_HZ)[0].repetitions.found))
    yield Agreement("repetitions in a countermovement jump", "Vicon Nexus, nexus_cmj1", count, 0.0, count, "", "1 file")


def of_kistler(path: Path) -> Iterator[Agreement]:
    """Compare raw volts of eight sensors with the formulas of the maker's sheet."""
    volts = -np.loadtxt(path, skiprows=1)[:, -8:]  # the file has what is pushed downwards as positive
    fx12, fx34, fy14, fy23, fz1, fz2, fz3, fz4 = (volts * KISTLER_PER_VOLT).T
    fx, fy, fz = fx12 + fx34, fy14 + fy23, fz1 + fz2 + fz3 + fz4
    mx = KISTLER_B_MM * (fz1 + fz2 - fz3 - fz4) + fy * KISTLER_DEPTH_MM
    my = KISTLER_A_MM * (-fz1 + fz2 + fz3 - fz4) - fx * KISTLER_DEPTH_MM
    plate = Plate(
        name="Kistler",
        side="left",
        stream="volts",
        channels=["Fx12", "Fx34", "Fy14", "Fy23", "Fz1", "Fz2", "Fz3", "Fz4"],
        c3d_type=3,
        corners_mm=[[400, 0, 0], [0, 0, 0], [0, 600, 0], [400, 600, 0]],
        origin_mm=[KISTLER_A_MM, KISTLER_B_MM, KISTLER_DEPTH_MM],
        sensitivities=list(KISTLER_PER_VOLT),
    )
    found = plate_wrench(volts, list(range(8)), plate_map(plate), COP_N)
    loaded = -fz > COP_N
    yield _compared("vertical force, eight sensors", "the maker's formulas, bmc", found.force_N[:, 2], -fz, "N")
    theirs = np.column_stack([200.0 - my / fz, 300.0 - mx / fz])[loaded]
    yield _compared("centre of pressure, eight sensors", "the maker's formulas, bmc", found.cop_mm[loaded, :2], theirs, "mm")


def of_knees(path: Path) -> Iterator[Agreement]:
    """Compare how far the knees of a rigid body come in, against its first squat, with what was done to them."""
    truth = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))["reps"]
    with tempfile.TemporaryDirectory() as made:
        results = reprocess(import_c3d(path, Path(made) / "r.h5").path)
    for letter, side in (("L", "left"), ("R", "right")):
        rows = [row for row in results.phases if (row.phase, row.side) == ("bottom", side)]
        ours = np.array([row.knee_off_axis_mean_mm for row in rows])
        theirs = np.array([rep[f"knee_medial_of_foot_axis_mm_{letter}"] for rep in truth])
        if len(ours) == len(theirs):
            what = f"{side} knee, further in"
            yield _compared(what, f"MuJoCo, {path.stem}", ours - ours[0], theirs - theirs[0], "mm")


def _compared(what: str, reference: str, ours: Floats, theirs: Floats, unit: str) -> Agreement:
    flat_ours, flat_theirs = ours.ravel(), theirs.ravel()
    worst = int(np.nanargmax(np.abs(flat_theirs)))
    off = float(np.nanmax(np.abs(flat_ours - flat_theirs)))
    return Agreement(what, reference, float(flat_ours[worst]), float(flat_theirs[worst]), off, unit, f"{len(ours)} instants")
