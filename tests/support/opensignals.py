"""OpenSignals files as the program lays them out, HDF5 and text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np

MAC = "00:07:80:3B:46:61"


def device(rows: int = 3000, **said: Any) -> dict[str, Any]:
    """Return what a device says of itself, as OpenSignals words it, with its codes."""
    rng = np.random.default_rng(4)
    described = {
        "device": "biosignalsplux",
        "channels": [1, 3],
        "resolution": [16, 16],
        "sampling rate": 1000,
        "date": "2024-5-6",
        "time": "10:28:51.69",
        "duration": f"{rows // 1000}s",
        "sensor": ["EMG", "EMG"],
        "label": ["CH1", "CH3"],
        "nSeq": np.arange(rows),
        "codes": rng.integers(0, 1 << 16, (rows, 2)),
    }
    return described | said


def write_h5(path: Path, devices: dict[str, dict[str, Any]]) -> Path:
    with h5py.File(path, "w") as file:
        for name, said in devices.items():
            group = file.create_group(name)
            for key in ("device", "channels", "resolution", "sampling rate", "date", "time", "duration"):
                if said[key] is not None:
                    group.attrs[key] = said[key]
            raw = group.create_group("raw")
            if said["nSeq"] is not None:
                raw["nSeq"] = (said["nSeq"] % 65536).astype("u2").reshape(-1, 1)
            for at, number in enumerate(said["channels"]):
                column = raw.create_dataset(f"channel_{number}", data=said["codes"][:, at : at + 1].astype("u2"))
                column.attrs["sensor"], column.attrs["label"] = said["sensor"][at], said["label"][at]
    return path


def write_txt(path: Path, devices: dict[str, dict[str, Any]], columns: dict[str, list[str]] | None = None) -> Path:
    header, parts = {}, []
    for name, said in devices.items():
        before = (columns or {}).get(name, ["nSeq", "DI"])
        header[name] = {key: said[key] for key in said if key not in ("nSeq", "codes")} | {"column": [*before, *said["label"]]}
        parts += [said["nSeq"][:, None], np.zeros((len(said["nSeq"]), len(before) - 1), int), said["codes"]]
    table = np.hstack(parts)
    rows = "".join("\t".join(map(str, row)) + "\t\n" for row in table.tolist())
    path.write_text(f"# OpenSignals Text File Format\n# {json.dumps(header)}\n# EndOfHeader\n{rows}")
    return path
