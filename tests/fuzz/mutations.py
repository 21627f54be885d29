"""Mutations of files: bytes of any of them, and the parts of HDF5 files, which are made to lie."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from random import Random

HUGE_ROWS = 300_000_000
VALUES = ("1e308", "-1", "nan", "inf", "''", "[]", "[[1]]", "{}", "true", "9" * 20, f'"{"x" * 70_000}"', "1979-05-27")
KEYS = ("", "ø", "a.b", '""', "emg", "x" * 5000)


def of_bytes(rng: Random, path: Path) -> str:
    """Change, cut out, repeat or append bytes."""
    content = bytearray(path.read_bytes())
    written = np.flatnonzero(np.frombuffer(bytes(content), np.uint8)).tolist()
    what = rng.choice(["byte", "byte", "byte", "bit", "zeros", "cut", "end", "repeat", "number"])
    at = rng.choice(written)
    match what:
        case "byte":
            for _ in range(rng.choice([1, 1, 4, 50])):
                content[rng.choice(written)] = rng.randrange(256)
        case "bit":
            content[at] ^= 1 << rng.randrange(8)
        case "zeros":
            size = rng.choice([1, 8, 64, 4096])
            content[at : at + size] = bytes(len(content[at : at + size]))
        case "cut":
            del content[at : at + rng.choice([1, 2, 512, 4096])]
        case "end":
            del content[at:]
        case "repeat":
            content[at:at] = content[at : at + rng.choice([1, 8, 512])]
        case "number":
            size = rng.choice([2, 4, 8])
            most = 1 << 8 * size
            value = rng.choice([0, 1, most // 2 - 1, most // 2, most - 1, rng.randrange(most)])
            content[at : at + size] = value.to_bytes(size, "little")
    path.write_bytes(content)
    return f"{what} at {at}"


def of_lines(rng: Random, path: Path) -> str:
    """Drop, repeat, swap or rewrite lines of a text."""
    lines = path.read_text(encoding="utf-8").splitlines()
    at, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    what = rng.choice(["drop", "repeat", "swap", "value", "key", "nest"])
    match what:
        case "drop":
            del lines[at]
        case "repeat":
            lines.insert(other, lines[at])
        case "swap":
            lines[at], lines[other] = lines[other], lines[at]
        case "value":
            key = lines[at].split("=")[0].rstrip()
            lines[at] = f"{key} = {rng.choice(VALUES)}"
        case "key":
            lines[at] = f"{rng.choice(KEYS)} = 1"
        case "nest":
            lines[at] = f"x = {'[' * 3000}{']' * 3000}"
    path.write_text("\n".join(lines), encoding="utf-8")
    return f"{what} line {at + 1}"


def of_parts(rng: Random, path: Path) -> str:
    """Make a dataset, group or attribute of an HDF5 file lie."""
    with h5py.File(path, "r+") as file:
        parts: list[str] = []
        file.visit(parts.append)
        name = rng.choice(parts)
        part = file[name]
        if rng.random() < 0.4 and len(owner := rng.choice([file, part]).attrs):
            return _attribute(rng, owner)
        return (
            f"{name}: {_dataset(rng, file, name)}" if isinstance(part, h5py.Dataset) else f"{name}: {_group(rng, file, name)}"
        )


def _attribute(rng: Random, attributes: Any) -> str:
    key = rng.choice(sorted(attributes))
    what, value = rng.choice(
        [
            ("gone", None),
            ("64 kB of text", np.bytes_(b"x" * 64_000)),
            ("text of variable length", "ø" * 100),
            ("texts", np.array([b"a", b"b"])),
            ("huge", 1e308),
            ("NaN", np.nan),
            ("negative", -1),
            ("zero", 0),
            ("2^62", 2**62),
            ("numbers", np.arange(5.0)),
            ("nothing", h5py.Empty("f")),
            ("another's bytes", np.bytes_(b"\xff\xfe")),
            ("deep JSON", np.bytes_(b"[" * 30_000)),
        ]
    )
    del attributes[key]
    if value is not None:
        attributes[key] = value
    return f"{key}: {what}"


def _dataset(rng: Random, file: h5py.File, name: str) -> str:
    old = file[name]
    shape, dtype, attributes = old.shape, old.dtype, dict(old.attrs)
    number = np.dtype(np.float64) if dtype.kind in "SO" else dtype
    external = [(str(file.filename) + ".bin", 0, h5py.h5f.UNLIMITED)]

    def virtual() -> None:
        layout = h5py.VirtualLayout((HUGE_ROWS,), np.float64)
        layout[:] = h5py.VirtualSource(".", name, (HUGE_ROWS,))
        file.create_virtual_dataset(name, layout)

    makers: dict[str, Callable[[], Any]] = {
        "gone": lambda: None,
        "soft link to itself": lambda: file.__setitem__(name, h5py.SoftLink(f"/{name}")),
        "soft link to the root": lambda: file.__setitem__(name, h5py.SoftLink("/")),
        "external link": lambda: file.__setitem__(name, h5py.ExternalLink("elsewhere.h5", "/x")),
        "external data": lambda: file.create_dataset(name, (1000,), np.float64, external=external),
        "virtual": virtual,
        "group": lambda: file.create_group(name),
        "the root again": lambda: file.__setitem__(name, file["/"]),
        "texts": lambda: file.create_dataset(name, data=np.array([b"a", b"b"])),
        "texts of variable length": lambda: file.create_dataset(name, data=["a", "b"]),
        "references": lambda: file.create_dataset(name, data=[file.ref], dtype=h5py.ref_dtype),
        "nothing": lambda: file.create_dataset(name, data=h5py.Empty("f")),
        "one number": lambda: file.create_dataset(name, data=7.0),
        "no rows": lambda: file.create_dataset(name, (0, *shape[1:]), dtype),
        "of other type": lambda: file.create_dataset(name, shape, np.int8),
        "of other order": lambda: file.create_dataset(name, shape, number.newbyteorder(">")),
        "one dimension more": lambda: file.create_dataset(name, (*shape, 2), number),
        "zeros": lambda: file.create_dataset(name, shape, dtype),
        "huge and packed": lambda: file.create_dataset(
            name, (HUGE_ROWS, *shape[1:]), number, chunks=(1 << 14, *shape[1:]), compression="gzip"
        ),
        "huge and empty": lambda: file.create_dataset(name, (2**50, *shape[1:]), number, chunks=(1 << 14, *shape[1:])),
        "in huge pieces": lambda: file.create_dataset(
            name, (8, *shape[1:]), number, chunks=(1 << 24, *shape[1:]), maxshape=(None, *shape[1:])
        ),
    }
    what = rng.choice(sorted(makers))
    del file[name]
    makers[what]()
    if isinstance(file.get(name, getlink=True), h5py.HardLink) and what != "the root again":
        file[name].attrs.update(attributes)
    return what


def _group(rng: Random, file: h5py.File, name: str) -> str:
    what = rng.choice(["gone", "renamed", "soft link to itself", "the root again", "empty", "in itself"])
    if what == "in itself":
        file[f"{name}/again"] = file[name]
        return what
    moved = f"{name} (2)"
    file.move(name, moved)
    if what == "renamed":
        return what
    if what == "soft link to itself":
        file[name] = h5py.SoftLink(f"/{name}")
    elif what == "the root again":
        file[name] = file["/"]
    elif what == "empty":
        file.create_group(name)
    del file[moved]
    return what
