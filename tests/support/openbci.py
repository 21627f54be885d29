"""Raw text as the OpenBCI GUI writes it, by old and new versions."""

from __future__ import annotations

from pathlib import Path

import numpy as np

ROUND = {"ganglion": 201, "cyton": 256, "daisy": 256}
RATE = {"ganglion": 200.0, "cyton": 250.0, "daisy": 125.0}
CHANNELS = {"ganglion": 4, "cyton": 8, "daisy": 16}
BOARDS = {"ganglion": "BoardGanglionNative", "cyton": "BoardCytonSerial", "daisy": "BoardCytonSerialDaisy"}


def clock(seconds: float, comma: bool = False) -> str:
    whole = round(seconds * 1000) % 86_400_000
    text = f"{whole // 3_600_000:02d}:{whole // 60_000 % 60:02d}:{whole // 1000 % 60:02d}.{whole % 1000:03d}"
    return text.replace(".", ",") if comma else text


def write_openbci(
    path: Path,
    board: str = "cyton",
    seconds: float = 20.0,
    lost: dict[int, int] | None = None,
    new: bool = True,
    begins_s: float = 40_000.0,
    rate_hz: float | None = None,
    late_s: float = 0.02,
    comma: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """Write a file, and return its values and the true number of each row; `lost`: samples lost before a row."""
    rate = rate_hz or RATE[board]
    rows, channels = int(seconds * RATE[board]), CHANNELS[board]
    number = np.arange(rows)
    for row, count in (lost or {}).items():
        number[row:] += count
    step = 2 if board == "daisy" else 1
    index = number * step % ROUND[board]
    rng = np.random.default_rng(1)
    values = np.round(rng.normal(0.0, 80.0, (rows, channels + 3)), 2)
    came = begins_s + np.ceil(number / rate / late_s) * late_s + rng.uniform(0.0, 0.004, rows)
    shown = [f"{value:.2f}" for value in values.ravel().tolist()]
    shown = [cell.replace(".", ",") for cell in shown] if comma else shown
    cells = [shown[row * (channels + 3) : (row + 1) * (channels + 3)] for row in range(rows)]
    if new:
        head = [
            "%OpenBCI Raw EXG Data",
            f"%Number of channels = {channels}",
            f"%Sample Rate = {RATE[board]:g} Hz",
            f"%Board = OpenBCI_GUI${BOARDS[board]}",
        ]
        names = ["Sample Index", *(f"EXG Channel {n}" for n in range(channels)), *(f"Accel Channel {n}" for n in range(3))]
        names += ["Not Used", "Digital Channel 0 (D11)", "Timestamp", "Marker Channel", "Timestamp (Formatted)"]
        head.append(", ".join(names))
        lines = [
            ", ".join(
                [f"{index[r]:.1f}", *cells[r], "192.0", "1.0", f"{1.6e9 + came[r]:.6f}", "0.0", f"2021-03-04 {clock(came[r])}"]
            )
            for r in range(rows)
        ]
    else:
        head = [
            "%OpenBCI Raw EEG Data",
            "%",
            f"%Sample Rate = {RATE[board]:.1f} Hz".replace(".", "," if comma else "."),
            "%First Column = SampleIndex",
            "%Last Column = Timestamp ",
            "%Other Columns = EEG data in microvolts followed by Accel Data (in G) interleaved with Aux Data",
        ]
        lines = [", ".join([str(index[r]), *cells[r], clock(came[r], comma)]) for r in range(rows)]
    path.write_bytes(("\r\n".join([*head, *lines]) + "\r\n").encode())
    return values, number
