"""Rings filled with squat-like numbers, for the tests of what is drawn from them."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from acquisition.rig import Rig
from acquisition.ring import Ring, SessionPhase
from hardware.source import Block, Channel, SourceState, Stream
from processing.flags.rules import CHANGE
from processing.repetition.phases import UNITS

if TYPE_CHECKING:
    from pathlib import Path

MUSCLES = ("VL", "VM", "RF", "BF", "ST", "GMax", "GMed")
_MVC_UV = {"VL": 420.0, "VM": 380.0, "RF": 300.0, "BF": 350.0, "ST": 260.0, "GMax": 190.0, "GMed": 210.0}
_BUSY = {"VL": 0.55, "VM": 0.5, "RF": 0.4, "BF": 0.12, "ST": 0.1, "GMax": 0.3, "GMed": 0.22}
RULES = (
    ("load_shift", "load_shift_pct", "left", "load shifts to the left leg", "%", 5.0, 10.0, "plates"),
    ("load_shift", "load_shift_pct", "right", "load shifts to the right leg", "%", 5.0, 10.0, "plates"),
    ("cop_shift", "cop_net_beyond_load_mm", "left", "weight moves to the left under the feet", "mm", 20.0, 40.0, "plates"),
    ("cop_shift", "cop_net_beyond_load_mm", "right", "weight moves to the right under the feet", "mm", 20.0, 40.0, "plates"),
    (
        "foot_cop_medial",
        "foot_cop_medial_left_mm",
        "left",
        "pressure under the left foot moves inwards",
        "mm",
        8.0,
        math.inf,
        "plates",
    ),
    (
        "foot_cop_medial",
        "foot_cop_medial_right_mm",
        "right",
        "pressure under the right foot moves inwards",
        "mm",
        8.0,
        math.inf,
        "plates",
    ),
    ("qh_change", "qh_change_left", "left", "left quadriceps take over, against the own baseline", "1", 1.5, 2.0, "emg"),
    ("qh_change", "qh_change_right", "right", "right quadriceps take over, against the own baseline", "1", 1.5, 2.0, "emg"),
    ("qh_between_legs", "qh_between_legs_log2", "left", "left leg more quad-dominant than the right", "1", 1.0, 1.58, "emg"),
    ("qh_between_legs", "qh_between_legs_log2", "right", "right leg more quad-dominant than the left", "1", 1.0, 1.58, "emg"),
    ("qh_limit", "qh_left", "left", "left quadriceps/hamstring ratio above its limit", "1", 10.0, 15.0, "emg"),
    ("qh_limit", "qh_right", "right", "right quadriceps/hamstring ratio above its limit", "1", 10.0, 15.0, "emg"),
)


def rig_data(
    *, plates: int = 2, emg: bool = True, mvc: bool = True, emg_hz: float = 2000.0, others: int = 0, name: str = "Squat lab"
) -> dict[str, Any]:
    """Return a rig as data: two AMTI-like plates beside each other, seven muscles on each leg, `others` more channels."""
    streams: list[dict[str, Any]] = []
    tables: dict[str, Any] = {"name": name, "stream": streams}
    sides = ("left", "right")[:plates]
    channels = [f"{c}{k + 1}" for k in range(len(sides)) for c in ("Fx", "Fy", "Fz", "Mx", "My", "Mz")]
    simulated = {"kind": "simulated"}
    if sides or not emg:
        used = channels or ["spare"]
        streams.append({"name": "plates", "rate_hz": 1000.0, "channels": used, "units": "N", "source": simulated})
    tables["plate"] = [
        {
            "name": side,
            "side": side,
            "stream": "plates",
            "channels": channels[6 * k : 6 * k + 6],
            "c3d_type": 2,
            "corners_mm": [[x0 + 464, 508, 0], [x0, 508, 0], [x0, 0, 0], [x0 + 464, 0, 0]],
            "origin_mm": [0, 0, -40],
        }
        for k, (side, x0) in enumerate(zip(sides, (0, 480), strict=False))
    ]
    if emg:
        electrodes = [
            {"muscle": muscle, "side": side, "stream": "emg", "channel": f"{side[0].upper()}_{muscle}"}
            | ({"mvc_uV": _MVC_UV[muscle]} if mvc else {})
            for side in ("left", "right")
            for muscle in MUSCLES
        ]
        electrodes += [
            {"muscle": "other", "side": ("left", "right")[k % 2], "stream": "emg", "channel": f"Gastrocnemius {k}"}
            for k in range(others)
        ]
        names = [electrode["channel"] for electrode in electrodes]
        streams.append({"name": "emg", "rate_hz": emg_hz, "channels": names, "units": "uV", "source": simulated})
        tables["emg"] = electrodes
    return tables


def rule_data(stream_of_all: str | None = None) -> list[dict[str, Any]]:
    """Return the rules as a ring describes them."""
    keys = ("name", "metric", "side", "label", "unit", "amber", "red", "stream")
    return [dict(zip(keys, rule, strict=True)) | ({"stream": stream_of_all} if stream_of_all else {}) for rule in RULES]


def force_columns() -> tuple[str, ...]:
    cops = [f"cop_{side}_{axis}_mm" for side in ("left", "right") for axis in "xy"]
    return (
        "sample", "fz_left_N", "fz_right_N", "fz_total_N", "load_share_right_pct", "load_shift_pct", "limb_symmetry_pct",
        *cops, "cop_net_shift_mm", "cop_net_beyond_load_mm", "foot_cop_medial_left_mm", "foot_cop_medial_right_mm",
        "body_weight_N",
    )  # fmt: skip


def emg_columns() -> tuple[str, ...]:
    groups = [f"{group}_{side}_pct" for side in ("left", "right") for group in ("quads", "hams", "glutes")]
    ratios = [f"{name}_{side}" for side in ("left", "right") for name in ("qh", "h_share", "qh_change")]
    return ("sample", *groups, *ratios, "qh_between_legs_log2")


class SquatRing:
    """A ring and its writers; `advance` plays the next seconds of a squat into it."""

    def __init__(self, path: Path, rig: dict[str, Any], *, seconds: float = 60.0, still: bool = False) -> None:
        """Make the ring that a live pipeline would make for this rig; `still`: quiet stance has not been found yet."""
        self.rig = Rig.model_validate(rig)
        self.still = still
        raw = [settings.stream() for settings in self.rig.stream]
        derived = [Stream("flags", 10.0, tuple(Channel(name, "1") for name in CHANGE), block_samples=64)]
        self.force = bool(self.rig.plate)
        self.emg = bool(self.rig.emg)
        if self.force:
            derived.append(Stream("repetitions", 10.0, tuple(Channel(*column) for column in UNITS.items()), block_samples=64))
            derived.append(Stream("plates.force", 100.0, tuple(Channel(name, "1") for name in force_columns())))
        if self.emg:
            derived.append(Stream("emg.emg", 100.0, tuple(Channel(name, "1") for name in emg_columns())))
        description = {"rig": rig, "rules": rule_data()}
        self.ring = Ring.create(path, raw, seconds, derived=derived, description=description)
        self.writers = {name: self.ring.writer(name) for name in self.ring.streams}
        self.rng = np.random.default_rng(1)
        self.t = 0.0
        self.started_s = time.perf_counter()
        self.sent: dict[str, int] = {stream.name: 0 for stream in raw}
        self.frames = {"plates": 0, "emg": 0}
        self.rate = {stream.name: stream.rate_hz for stream in raw}
        self.shift_pct = 4.0
        self.bad: dict[int, str] = {}
        for stream in raw:
            self.writers[stream.name].report(SourceState.RUNNING)
        self.ring.beat(SessionPhase.RUNNING)

    def advance(self, seconds: float, *, lose: tuple[str, ...] = (), started_s: float | None = None) -> None:
        """Write the next `seconds`; streams in `lose` lose them, so that their numbers jump."""
        base = self.started_s if started_s is None else started_s
        end = self.t + seconds
        for name in self.sent:
            first, last = self.sent[name], round(end * self.rate[name])
            if name not in lose and last > first:
                t = np.arange(first, last) / self.rate[name]
                block = self._raw(name, t)
                for start in range(0, len(t), 40):
                    piece = block[start : start + 40]
                    self.writers[name].append(Block(piece, first + start, base + t[min(start + 39, len(t) - 1)]))
                self._derive(name, last, base)
            elif name in self.frames:
                self.frames[name] = last // max(1, round(self.rate[name] / 100))
            self.sent[name] = last
        self.t = end
        self.ring.beat(SessionPhase.RUNNING)

    def depth(self, t: np.ndarray) -> np.ndarray:
        """Return how deep the lifter is, from 0 to 1: a squat of 3 s every 5 s, after 4 s of standing."""
        phase = np.clip(np.mod(t - 4.0, 5.0) / 3.0, 0.0, 1.0)
        return np.where(t < 4.0, 0.0, np.sin(np.pi * phase) ** 2)

    def _raw(self, name: str, t: np.ndarray) -> np.ndarray:
        channels = len(self.ring.streams[name].channels)
        out = self.rng.normal(size=(len(t), channels))
        if name == "emg":
            depth = self.depth(t)
            for k, electrode in enumerate(self.rig.emg):
                busy = _BUSY.get(electrode.muscle, 0.2) * (1.3 if electrode.side == "right" else 1.0)
                mvc = _MVC_UV.get(electrode.muscle, 200.0)
                out[:, k] *= 4.0 + 1.4 * mvc * busy * (0.05 + depth)
                out[:, k] += 3000.0 * math.sin(k)  # offsets of the electrodes
                if self.bad.get(k) == "hum":
                    out[:, k] += 9000.0 * np.sin(2 * np.pi * 50 * t)
                elif self.bad.get(k) == "flat":
                    out[:, k] = 12.0
                elif self.bad.get(k) == "nan":
                    out[:, k] = np.nan
        return out

    def _derive(self, name: str, last: int, base: float) -> None:
        k = max(1, round(self.rate[name] / 100))
        frames = np.arange(self.frames.get(name, 0), last // k)
        if not len(frames):
            return
        self.frames[name] = last // k
        sample = (frames + 1) * k - 1.0
        t = sample / self.rate[name]
        if name == "plates" and self.force:
            rows, target = self._force_rows(t, sample), "plates.force"
        elif name == "emg" and self.emg:
            rows, target = self._emg_rows(t, sample), "emg.emg"
        else:
            return
        for start in range(0, len(rows), 10):
            piece = rows[start : start + 10]
            self.writers[target].append(Block(piece, int(frames[start]), base + t[min(start + 9, len(t) - 1)] + 0.005))

    def _force_rows(self, t: np.ndarray, sample: np.ndarray) -> np.ndarray:
        depth = self.depth(t)
        total = 820.0 * (1 + 0.16 * np.sin(4 * np.pi * np.clip(np.mod(t - 4, 5) / 3, 0, 1)) * (t > 4)) + self.rng.normal(
            size=len(t)
        )
        shift = self.shift_pct * depth + 1.0 + 0.5 * np.sin(0.9 * t)
        right = total * (0.5 + shift / 200)
        left = total - right
        sway = 3 * np.sin(1.3 * t)
        medial = 9.0 * depth
        lx, rx = 262 + medial + 3 * sway, 682 - 0.6 * medial + 3 * sway
        ly, ry = 240 - 95 * depth + 15 * np.sin(2.1 * t), 246 - 92 * depth + 14 * np.sin(1.7 * t)
        net = (left * lx + right * rx) / total - (262 + 682) / 2
        one = len(self.rig.plate) == 1
        nothing = np.full(len(t), np.nan)
        unknown = nothing if self.still or one else np.zeros(len(t))
        both = nothing if one else np.zeros(len(t))
        return np.column_stack(
            [
                sample, left, right + both, total + both, 50 + shift / 2 + both, shift + both,
                100 * np.minimum(left, right) / np.maximum(left, right) + both,
                lx, ly, rx + both, ry + both, net + unknown, net - 2.1 * shift + unknown, medial + unknown,
                0.6 * medial + unknown, 820.0 + unknown,
            ]
        )  # fmt: skip

    def _emg_rows(self, t: np.ndarray, sample: np.ndarray) -> np.ndarray:
        depth = self.depth(t)
        rows = {"sample": sample}
        no_mvc = np.nan if all(e.mvc_uV is None for e in self.rig.emg) else 1.0
        for side, more in (("left", 1.0), ("right", 1.4)):
            quads, hams = no_mvc * (3 + 55 * depth * more), no_mvc * (2 + 9 * depth)
            active = np.where(quads + hams >= 5.0, 1.0, np.nan)
            rows |= {f"quads_{side}_pct": quads, f"hams_{side}_pct": hams, f"glutes_{side}_pct": no_mvc * (3 + 26 * depth)}
            rows |= {f"qh_{side}": quads / hams * active, f"h_share_{side}": hams / (quads + hams) * active}
            rows[f"qh_change_{side}"] = np.full(len(t), np.nan) if self.still else quads / hams / 4.1 * active
        rows["qh_between_legs_log2"] = np.log2(rows["qh_right"] / rows["qh_left"])
        return np.column_stack([rows[name] for name in emg_columns()])

    def repetition(self, end_s: float, depth_m: float = 0.4, pause_s: float = 0.0, doubt: int = 0) -> None:
        """Write a repetition of 2 s and its pause, which is confirmed 0.2 s after its end."""
        rate = self.rate.get("plates", 1000.0)
        bottom_s = end_s - 1.0 - pause_s / 2.0
        instants_s = end_s - 2.0, bottom_s - 0.4, bottom_s - pause_s / 2, bottom_s, bottom_s + pause_s / 2, end_s, end_s + 0.2
        row = [*(at_s * rate for at_s in instants_s), depth_m, 0.01, 0.6, 0.7, 900.0, 0.0, 0.0, float(doubt)]
        index = self.ring.counter("repetitions", 1)
        self.writers["repetitions"].append(Block(np.array([row]), index, self.started_s + end_s))

    def flag(self, rule: int, severity: int, start_s: float, end_s: float = math.nan, peak: float = 12.0) -> None:
        """Write one change of a flag."""
        stream = RULES[rule][7] if rule < len(RULES) else "plates"
        rate = self.rate.get(stream, 1000.0)
        row = np.array([[rule, severity, start_s * rate, (start_s + 0.3) * rate, end_s * rate, peak]])
        index = self.ring.counter("flags", 1)
        self.writers["flags"].append(Block(row, index, self.started_s + start_s))

    def finish(self) -> None:
        """End the session as an engine does."""
        for name in self.sent:
            self.writers[name].report(SourceState.ENDED)
        self.ring.beat(SessionPhase.FINISHED)
