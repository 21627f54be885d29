"""Agreement: what the program computes of real recordings and of rigid bodies, beside what others give for the same."""

from __future__ import annotations

import csv
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from acquisition.formats.c3d.importer import import_c3d
from acquisition.recording import Recording
from acquisition.rig import UNITS_TO_UV
from acquisition.rig.plate_map import plate_map
from acquisition.rig.rig_file import example, load
from hardware.errors import SquatscopeError
from processing.emg.chain import EmgChain
from processing.force.wrench import plate_wrench
from sim.lifter.squatter import RATE_HZ
from ui.validation.comparison import Agreement
from ui.validation.laboratories import of_kistler, of_knees, of_nexus, of_uci, scipy_envelope
from ui.validation.repetitions import followed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hardware.arrays import Floats
    from processing.repetition.phases import Repetition

COP_N = 50.0
PLATES_DIFFER = "5 N (limits of agreement of two kinds of plates in one laboratory)"
RIGID_BODIES = ("mj_toes_out_heels", "mj_right_cave_stiff_ankle")
JUMPS = ("BFR003", "BFR010", "BFR013")


class ValidationError(SquatscopeError):
    """Nothing to compare with; the text is a full sentence."""


def agreements(data: Path | None) -> Iterator[Agreement]:
    """Yield comparisons: those that need nothing, and those with the recordings that are in the folder `data`."""
    yield envelope()
    if data is None:
        return
    if not data.is_dir():
        raise ValidationError(f"There is no folder {data}; name the one in which the public recordings are.")
    if (walking := data / "opensim").is_dir():
        yield from of_opensim(walking)
    for name, compared in (
        ("nexus/nexus_cmj1.csv", of_nexus),
        ("bmc/kistler_fp_data.txt", of_kistler),
        ("uci_lower_limb/5Nsen.txt", of_uci),
    ):
        if (path := data / name).exists():
            yield from compared(path)
    for name in RIGID_BODIES:
        if (path := data / "mujoco" / f"{name}.c3d").exists():
            yield of_rigid_body(path)
            yield from of_knees(path)
    if (jumps := data / "acl_squat_jump").is_dir():
        yield of_jumps(jumps)


def envelope() -> Agreement:
    """Compare an envelope of noise with that of scipy.signal."""
    rig = load(example("demo"))
    stream = rig.stream_named(rig.emg[0].stream)
    rng = np.random.default_rng(1)
    samples = (1e-4 * rng.standard_normal((20_000, len(stream.channels)))).astype(stream.dtype)
    chain = EmgChain(rig, stream.name)
    frames = np.concatenate([chain.process(samples, 0).copy(), chain.finish().copy()])
    first = rig.emg[0]
    column = next(i for i, m in enumerate(chain.metrics) if m.name == f"envelope_{first.side}_{first.muscle}_uV")
    at_channel = stream.channels.index(first.channel)
    raw_uV = samples[:, at_channel].astype(np.float64) * UNITS_TO_UV[stream.stream().channels[at_channel].unit]
    theirs = scipy_envelope(raw_uV, rig.emg_processing, stream.rate_hz)
    at = frames[:, 0].astype(int)
    ours = frames[:, column]
    known = np.isfinite(ours)
    off = float(np.abs(ours[known] - theirs[at][known]).max())
    typical = float(np.median(ours[known])), float(np.median(theirs[at][known]))
    return Agreement("EMG envelope", "scipy.signal", *typical, off, "uV", f"{np.count_nonzero(known)} frames of noise")


def of_opensim(folder: Path) -> Iterator[Agreement]:
    """Compare forces, moments, places and free moments of walking5.c3d with OpenSim's files."""
    about_centre = np.loadtxt(folder / "std_walking5_grfs.sto", skiprows=6)
    about_cop = np.loadtxt(folder / "std_cop_walking5_grfs.sto", skiprows=6)
    with tempfile.TemporaryDirectory() as made:
        path = import_c3d(folder / "walking5.c3d", Path(made) / "walking5.h5").path
        with Recording(path) as recording:
            rig = recording.rig
            samples = recording.samples(rig.plate[0].stream)
    rate_hz = rig.stream_named(rig.plate[0].stream).rate_hz
    at = np.round(about_centre[:, 0] * rate_hz).astype(int)
    found: dict[str, list[tuple[Floats, Floats]]] = {"vertical force": [], "centre of pressure": [], "free moment": []}
    for p, plate in enumerate(sorted(rig.plate, key=lambda plate: plate.name)):
        columns = [rig.column(plate.stream, name) for name in plate.channels]
        as_read = plate.model_copy(update={"zero": [0.0] * len(plate.channels)})  # as OpenSim takes it
        ours = plate_wrench(samples, columns, plate_map(as_read), COP_N)
        force, cop, free = about_centre[:, 1 + 9 * p : 4 + 9 * p], about_cop[:, 4 + 9 * p : 7 + 9 * p], about_cop[:, 9 + 9 * p]
        loaded = force[:, 2] > COP_N
        found["vertical force"].append((ours.force_N[at, 2], force[:, 2]))
        found["centre of pressure"].append((ours.cop_mm[at][loaded].ravel(), cop[loaded].ravel()))
        found["free moment"].append((ours.free_moment_Nmm[at][loaded] / 1e3, free[loaded] / 1e3))
    units = {"vertical force": "N", "centre of pressure": "mm", "free moment": "N m"}
    for what, pairs in found.items():
        ours_all, theirs_all = (np.concatenate([pair[i] for pair in pairs]) for i in (0, 1))
        worst = int(np.nanargmax(np.abs(theirs_all)))
        off = float(np.nanmax(np.abs(ours_all - theirs_all)))
        largest = float(ours_all[worst]), float(theirs_all[worst])
        yield Agreement(what, "OpenSim, walking5", *largest, off, units[what], f"{len(at)} instants")


def _of_c3d(path: Path) -> list[Repetition]:
    with tempfile.TemporaryDirectory() as made:
        recording_path = import_c3d(path, Path(made) / "r.h5").path
        with Recording(recording_path) as recording:
            rig = recording.rig
            samples = recording.samples(rig.plate[0].stream)
    forces = []
    for plate in rig.plate:
        columns = [rig.column(plate.stream, name) for name in plate.channels]
        forces.append(plate_wrench(samples, columns, plate_map(plate), COP_N).force_N[:, 2])
    return followed(forces[0], forces[1], rig.stream_named(rig.plate[0].stream).rate_hz)[0].repetitions.found


def of_rigid_body(path: Path) -> Agreement:
    """Compare depths with those of a rigid body whose every joint is known."""
    truth = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))["reps"]
    found = _of_c3d(path)
    ours, theirs = ([1e3 * r.depth_m for r in found], [rep["com_depth_mm"] for rep in truth])
    off = max((abs(a - b) for a, b in zip(ours, theirs, strict=True)), default=np.nan) if len(ours) == len(theirs) else np.nan
    return Agreement(
        "depth of the centre of mass",
        f"MuJoCo, {path.stem}",
        float(np.median(ours)) if ours else np.nan,
        float(np.median(theirs)),
        float(off),
        "mm",
        f"{len(found)} of {len(truth)} squats",
    )


def of_jumps(folder: Path) -> Agreement:
    """Count repetitions in real squat jumps, which have none."""
    count = 0
    files = [folder / f"{name}_squat_jump.csv" for name in JUMPS]
    files = [path for path in files if path.exists()]
    for path in files:
        with path.open(encoding="utf-8-sig") as lines:
            rows = list(csv.reader(lines))
        start = next(i for i, row in enumerate(rows) if row and row[0] == "time")
        columns = [rows[start].index(f"ground_force{plate}_vy") for plate in (2, 1)]
        left_N, right_N = (np.array([float(row[c]) for row in rows[start + 1 :] if row[c]]) for c in columns)
        count += len(followed(left_N, right_N, RATE_HZ)[0].repetitions.found)
    who = "people after ACL reconstruction"
    return Agreement("repetitions in squat jumps", who, float(count), 0.0, float(count), "", f"{len(files)} files")
