"""OpenSignals files of PLUX devices (biosignalsplux, BITalino): HDF5, or text with a header in JSON.

They hold codes of the devices' converters. Codes of EMG sensors become mV by PLUX's transfer function, which is known for the
devices below; those of other sensors stay codes. Rows bear no times, but a counter that comes round.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from acquisition.caveat import Caveat
from acquisition.formats.loggers.text_rows import RowForm, lines_not_read, row_chunks
from acquisition.formats.signal_file import Segment, SignalFile, SignalFileError, SignalStream
from acquisition.rig.units import seconds
from acquisition.storage.hdf5_parts import PartError, dataset_in, group_in, number_in, require_sound_heaps, text_in, words_of
from acquisition.timebase.row_counters import CounterError, row_numbers
from hardware.source import MOST_HZ

if TYPE_CHECKING:
    from pathlib import Path

    from hardware.arrays import Floats

HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
TEXT_MAGIC = b"# OpenSignals"
HEADER_END = "# EndOfHeader"
MOST_HEADER_BYTES = 1 << 20
ROUNDS = (16, 128, 256, 4096, 65536)
LONG_ROUND_S = 10.0
"""A counter that comes round more often misses losses that happen."""
PLUX_V, BITALINO_V = 3.0, 3.3
SPAN_mV = {
    **dict.fromkeys(
        ("bioplux", "bioplux_exp", "biosignalsplux", "rachimeter", "channeller", "swifter", "ddme_openbanplux"), PLUX_V
    ),
    "bitalino": BITALINO_V / 1.008,
    "bitalino_rev": BITALINO_V / 1.009,
    "bitalino_riot": BITALINO_V / 1.009,
}
"""mV from the lowest code to beyond the highest, at the electrodes: operating voltage by gain (about 1000)."""
DURATION = re.compile(r"(\d+(?:\.\d*)?|\.\d+)\s*([^\W\d_]+)")
DURATION_OFF_S, DURATION_OFF = 1.5, 0.01


@dataclass(slots=True)
class _Device:
    """A device of a file: `codes` (rows, channels), and for each channel its label, sensor and number of bits (0: not said).

    `counter` is empty where it has none, `started_s` NaN where nothing says when it began.
    """

    name: str
    kind: str
    rate_hz: float
    started_s: float
    duration_s: float
    labels: list[str]
    sensors: list[str]
    bits: list[int]
    codes: Floats
    counter: Floats


def read_opensignals(path: Path) -> SignalFile:
    """Read an OpenSignals file, HDF5 or text, a stream for each device, the first at 0 s; raises SignalFileError."""
    caveats: list[Caveat] = []
    try:
        with path.open("rb") as file:
            magic = file.read(16)
        if magic.startswith(HDF5_MAGIC):
            devices = _hdf5_devices(path)
        elif magic.startswith(TEXT_MAGIC):
            devices = _text_devices(path, caveats)
        else:
            raise SignalFileError(f"{path} is no OpenSignals file: it is neither HDF5 nor begins with '# OpenSignals'.")
    except FileNotFoundError:
        raise SignalFileError(f"There is no file {path}.") from None
    except MemoryError:
        raise SignalFileError(f"{path} needs more memory than there is here; import it on a larger computer.") from None
    except PartError as error:
        raise SignalFileError(f"{path} is no OpenSignals file, or damaged: {error}.") from error
    except SignalFileError:
        raise
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        what = error.strerror if isinstance(error, OSError) and error.strerror else words_of(error)
        raise SignalFileError(f"{path} can't be read: {what}.") from error
    if not devices:
        raise SignalFileError(f"{path} holds no device with channels.")
    starts = _starts(devices, caveats)
    streams = [_stream(path, device, start_s, caveats) for device, start_s in zip(devices, starts, strict=True)]
    return SignalFile(path, tuple(streams), tuple(caveats))


def _hdf5_devices(path: Path) -> list[_Device]:
    devices = []
    require_sound_heaps(path)
    with h5py.File(path, "r", locking=False) as file:
        names = [name for name in file if "raw" in group_in(file, name)]
        if not names:
            raise PartError("no group of it holds raw data of a device")
        for name in names:
            group = group_in(file, name)
            raw = group_in(group, "raw")
            columns = sorted((child for child in raw if re.fullmatch(r"channel_\d+", child)), key=lambda child: int(child[8:]))
            if not columns:
                continue
            parts = [dataset_in(raw, column) for column in columns]
            digital = group_in(group, "digital") if "digital" in group else None
            inputs = sorted(digital) if digital is not None else []
            parts += [dataset_in(digital, child) for child in inputs] if digital is not None else []
            rows = min(len(part) for part in parts)
            codes = np.empty((rows, len(parts)))
            for at, part in enumerate(parts):
                codes[:, at] = _column(part, rows)
            counter = _column(dataset_in(raw, "nSeq"), rows) if "nSeq" in raw else np.empty(0)
            numbers = [int(column[8:]) for column in columns]
            devices.append(
                _Device(
                    name=name,
                    kind=_text(group, "device"),
                    rate_hz=number_in(group, "sampling rate"),
                    started_s=_started_s(_text(group, "date"), _text(group, "time")),
                    duration_s=_seconds(_text(group, "duration")),
                    labels=[_text(part, "label") for part in parts[: len(columns)]] + inputs,
                    sensors=[_text(part, "sensor") for part in parts[: len(columns)]] + [""] * len(inputs),
                    bits=_bits(_integers(group, "resolution"), _integers(group, "channels"), numbers) + [0] * len(inputs),
                    codes=codes,
                    counter=counter,
                )
            )
    return devices


def _column(part: h5py.Dataset, rows: int) -> Floats:
    """Return the first rows of a dataset of one column."""
    if part.dtype.kind not in "biuf" or part.ndim not in (1, 2) or (part.ndim == 2 and part.shape[1] != 1):
        raise PartError(f"its dataset {part.name} is no column of numbers")
    return np.asarray(part[:rows], dtype=np.float64).reshape(-1)


def _text(part: h5py.Group | h5py.Dataset, name: str) -> str:
    return text_in(part, name).strip() if name in part.attrs else ""


def _integers(group: h5py.Group, name: str) -> list[int]:
    """Return an attribute of whole numbers, [] where there is none."""
    if name not in group.attrs or group.attrs.get_id(name).dtype.kind not in "iu":
        return []
    return [int(value) for value in np.ravel(group.attrs[name])]


def _bits(resolution: list[int], channels: list[int], numbers: list[int]) -> list[int]:
    """Return the bits of channels by their numbers; devices list those of all columns, of all channels, or one for all."""
    if len(resolution) == 1:
        return resolution * len(numbers)
    if len(resolution) < len(channels) or not channels:
        return [0] * len(numbers)
    of_channel = dict(zip(channels, resolution[-len(channels) :], strict=True))
    return [of_channel.get(number, 0) for number in numbers]


def _text_devices(path: Path, caveats: list[Caveat]) -> list[_Device]:
    with path.open(encoding="utf-8", errors="replace") as file:
        header, number, said = "", 0, 0
        for number, line in enumerate(file, 1):
            said += len(line)
            if line.startswith(HEADER_END):
                break
            if not line.startswith("#") or said > MOST_HEADER_BYTES:
                raise SignalFileError(f"{path}, line {number}: the header has no end ('{HEADER_END}').")
            header = line[1:] if line.lstrip("# ").startswith("{") else header
        try:
            described = json.loads(header)
            names = {name: [str(column) for column in device["column"]] for name, device in described.items()}
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise SignalFileError(f"{path} has no header in JSON that describes its devices and columns.") from error
        columns = sum(map(len, names.values()))
        tables, bad, count = [], [], 0
        for chunk in row_chunks(file, RowForm(columns, tuple(range(columns)), "\t"), number + 1):
            tables.append(chunk.table)
            bad += chunk.bad
            count += chunk.count
    caveats += lines_not_read(path, "recording", bad, count, columns)
    table = np.concatenate(tables) if tables else np.empty((0, columns))
    devices, begin = [], 0
    for name, device_columns in names.items():
        devices.append(_text_device(name, described[name], device_columns, table[:, begin : begin + len(device_columns)]))
        begin += len(device_columns)
    return devices


def _text_device(name: str, said: dict[str, Any], columns: list[str], table: Floats) -> _Device:
    labels = [str(label) for label in said.get("label", [])]
    sensors = [str(sensor) for sensor in said.get("sensor", [])]
    signals = [at for at, column in enumerate(columns) if column != "nSeq"]
    own = {column: at for at, column in enumerate(columns[len(columns) - len(labels) :])} if labels else {}
    resolution = [int(bits) for bits in said.get("resolution", [])]
    numbers = list(range(len(labels)))
    bits = _bits(resolution, numbers, numbers)
    said_at = [own.get(columns[at], -1) for at in signals]
    return _Device(
        name=name,
        kind=str(said.get("device", "")),
        rate_hz=float(said.get("sampling rate", 0.0)),
        started_s=_started_s(str(said.get("date", "")), str(said.get("time", ""))),
        duration_s=_seconds(str(said.get("duration", ""))),
        labels=[labels[at] if at >= 0 else columns[signal] for at, signal in zip(said_at, signals, strict=True)],
        sensors=[sensors[at] if 0 <= at < len(sensors) else "" for at in said_at],
        bits=[bits[at] if at >= 0 else 0 for at in said_at],
        codes=table[:, signals],
        counter=table[:, columns.index("nSeq")] if "nSeq" in columns else np.empty(0),
    )


def _started_s(date: str, time: str) -> float:
    """Return when a device began, in s of its computer's calendar; NaN where it is not said."""
    try:
        year, month, day = map(int, date.split("-"))
        hours, minutes, rest = time.split(":")
        return datetime(year, month, day).timestamp() + 3600.0 * int(hours) + 60.0 * int(minutes) + float(rest)
    except ValueError:
        return float("nan")


def _seconds(duration: str) -> float:
    """Return a duration such as '1m 28s' in s, 0 where it says nothing; its m are minutes."""
    parts = [(float(count), seconds("min" if unit == "m" else unit)) for count, unit in DURATION.findall(duration)]
    return 0.0 if any(unit_s is None for _, unit_s in parts) else sum(count * (unit_s or 0.0) for count, unit_s in parts)


def _starts(devices: list[_Device], caveats: list[Caveat]) -> list[float]:
    """Return when each device began, in s after the first; the computer's calendar is all that ties several."""
    if len(devices) == 1:
        return [0.0]
    started = np.array([device.started_s for device in devices])
    if not np.isfinite(started).all():
        started[:] = 0.0
    sentence = (
        f"Nothing ties the clocks of {len(devices)} devices: each begins when the program says that it did, which may "
        "be off by some tenths of a second."
    )
    caveats.append(Caveat("devices_untied", "recording", {"devices": float(len(devices))}, sentence))
    return [float(start) for start in started - started.min()]


def _stream(path: Path, device: _Device, start_s: float, caveats: list[Caveat]) -> SignalStream:
    rows, channels = device.codes.shape
    if rows < 2 or not 0 < device.rate_hz <= MOST_HZ:
        raise SignalFileError(f"{path} holds {rows} rows of the device {device.name} at {device.rate_hz:g} Hz.")
    firsts, numbers = _numbered(device, caveats)
    _check_duration(device, int(numbers[-1]) + 1, caveats)
    units = [_converted(device, channel, caveats) for channel in range(channels)]
    segments = tuple(Segment(row, start_s + float(numbers[row]) / device.rate_hz) for row in firsts)
    return SignalStream(device.name, device.rate_hz, device.labels, units, device.codes, segments)


def _numbered(device: _Device, caveats: list[Caveat]) -> tuple[list[int], Floats]:
    """Return where stretches without a loss begin, and the number of each row, by the counter."""
    rows = len(device.codes)
    try:
        if not device.counter.size or not np.isfinite(device.counter).all():
            raise CounterError("there is none")
        counted = row_numbers(np.rint(device.counter).astype(np.int64), ROUNDS)
    except CounterError as error:
        sentence = f"The device {device.name} has no counter of rows that can be used: {error}; losses can't be told."
        caveats.append(Caveat("losses_unknown", device.name, {"round_rows": 0.0}, sentence))
        return [0], np.arange(rows, dtype=np.float64)
    if counted.round_rows and counted.round_rows < min(rows, LONG_ROUND_S * device.rate_hz):
        sentence = (
            f"The counter of the device {device.name} comes round after {counted.round_rows} rows: losses of whole rounds "
            "can't be told."
        )
        caveats.append(Caveat("losses_unknown", device.name, {"round_rows": float(counted.round_rows)}, sentence))
    return counted.first_rows(), counted.numbers.astype(np.float64)


def _check_duration(device: _Device, samples: int, caveats: list[Caveat]) -> None:
    """Say where the duration that the program wrote is not that of the rows."""
    by_rate_s = samples / device.rate_hz
    if not device.duration_s or abs(by_rate_s - device.duration_s) <= DURATION_OFF_S + DURATION_OFF * device.duration_s:
        return
    sentence = (
        f"The device {device.name} is said to have run for {device.duration_s:g} s, and its {samples} samples at "
        f"{device.rate_hz:g} Hz are {by_rate_s:.1f} s: samples were lost unseen, or the rate is another; it was kept."
    )
    values = {"said_hz": device.rate_hz, "rate_hz": samples / device.duration_s}
    caveats.append(Caveat("rate_contradicts", device.name, values, sentence))


def _converted(device: _Device, channel: int, caveats: list[Caveat]) -> str:
    """Convert the codes of an EMG sensor to mV, in place, and return the unit; those of others stay, which is said."""
    label, sensor, bits = device.labels[channel], device.sensors[channel], device.bits[channel]
    codes = device.codes[:, channel]
    there = codes[np.isfinite(codes)]
    if not sensor and not bits:
        return ""  # a digital input
    if not sensor.upper().startswith("EMG"):
        why = f"what turns codes of the sensor {sensor or 'that is not named'} into a unit is not known here"
    elif device.kind not in SPAN_mV:
        why = f"the transfer function of EMG sensors of a device {device.kind or 'that is not named'!r} is not known here"
    elif not 1 <= bits <= 32:
        why = "nothing says how many bits they have"
    elif not there.size or (there != np.rint(there)).any() or there.min() < 0 or there.max() >= 2**bits:
        why = f"they are no codes of {bits} bits"
    else:
        device.codes[:, channel] = (codes / 2.0**bits - 0.5) * SPAN_mV[device.kind]
        return "mV"
    sentence = f"The channel {label!r} of the device {device.name} stays in codes without a unit: {why}."
    caveats.append(Caveat("codes_kept", label, {"bits": float(bits)}, sentence))
    return ""
