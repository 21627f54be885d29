"""The rooms of the program as a picture: folders along the signal path, and what imports what, read from the code."""

from __future__ import annotations

import ast
from collections import Counter
from html import escape
from pathlib import Path

from ui.palette import LIGHT

ROOT = Path(__file__).parents[1]
PATH = ("hardware", "acquisition", "processing", "ui")
BESIDE = "sim"
SAYS = {
    "hardware": "sources: devices and their clocks",
    "acquisition": "ring, clocks, recorder, files",
    "processing": "kernels, pipeline, flags, findings",
    "ui": "commands, sessions, screens",
    "sim": "lifter, devices and stand-ins",
}
PAPER = LIGHT.grounds[1]
WIDTH, COLUMN, GAP, ROW, TOP = 1140, 230, 60, 25, 150
STYLE = f"""
text {{ font: 13px system-ui, sans-serif; fill: {LIGHT.text} }}
.title {{ font-weight: 700; font-size: 16px }}
.says {{ fill: {LIGHT.quiet}; font-size: 12px }}
.count {{ fill: {LIGHT.right}; font-size: 12px; paint-order: stroke; stroke: {PAPER}; stroke-width: 5px }}
.folder {{ fill: {LIGHT.grounds[0]}; stroke: {LIGHT.left} }}
.room {{ fill: {PAPER}; stroke: {LIGHT.line} }}
.import {{ fill: none; stroke: {LIGHT.right}; stroke-width: 1.6; marker-end: url(#tip) }}
.ground {{ fill: {PAPER} }}
"""
TIP = (
    '<marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    f'<path d="M0 0 L8 4 L0 8 z" fill="{LIGHT.right}"/></marker>'
)


def rooms() -> dict[str, list[str]]:
    """Return the rooms of each folder of the program: its packages, then its modules, by name."""
    found = {}
    for folder in (*PATH, BESIDE):
        here = ROOT / folder
        packages = sorted(path.parent.name for path in here.glob("*/__init__.py"))
        modules = sorted(path.stem for path in here.glob("*.py") if path.stem != "__init__")
        found[folder] = [f"{name}/" for name in packages] + modules
    return found


def imports() -> Counter[tuple[str, str]]:
    """Return how many modules of one folder import from another."""
    counts: Counter[tuple[str, str]] = Counter()
    for folder in (*PATH, BESIDE):
        for path in sorted((ROOT / folder).rglob("*.py")):
            nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            others = {node.module.split(".")[0] for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
            counts.update((folder, other) for other in others & {*PATH, BESIDE} - {folder})
    return counts


def picture() -> str:
    """Return the picture as SVG: samples go from left to right, arrows say how many modules import from a folder."""
    found = rooms()
    at = {folder: (20 + i * (COLUMN + GAP), TOP) for i, folder in enumerate(PATH)}
    at[BESIDE] = (20, TOP + 110 + len(found["hardware"]) * ROW)
    height = max(y + 50 + len(found[folder]) * ROW for folder, (_, y) in at.items())
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        'aria-label="The rooms of squatscope, and how many modules of a folder import from another">',
        f"<style>{STYLE}</style>",
        f"<defs>{TIP}</defs>",
        f'<rect class="ground" width="{WIDTH}" height="{height}"/>',
        '<text x="20" y="28" class="title">samples go from left to right, imports from right to left</text>',
    ]
    for folder, (x, y) in at.items():
        tall = 44 + len(found[folder]) * ROW
        parts += [
            f'<rect class="folder" x="{x}" y="{y - 24}" width="{COLUMN}" height="{tall}" rx="6"/>',
            f'<text class="title" x="{x + 10}" y="{y - 5}">{folder}/</text>',
            f'<text class="says" x="{x + 10}" y="{y + 11}">{escape(SAYS[folder])}</text>',
        ]
        for k, room in enumerate(found[folder]):
            top = y + 18 + k * ROW
            parts.append(f'<rect class="room" x="{x + 10}" y="{top}" width="{COLUMN - 20}" height="{ROW - 4}" rx="4"/>')
            parts.append(f'<text x="{x + 18}" y="{top + 15}">{room}</text>')
    return "\n".join([*parts, *_arrows(at, found), "</svg>"]) + "\n"


def _arrows(at: dict[str, tuple[int, int]], found: dict[str, list[str]]) -> list[str]:
    """Return an arrow for each pair of folders: in arcs above the signal path, and to and from the simulator beside it."""
    parts = []
    for (own, other), count in sorted(imports().items()):
        (x, y), (to_x, to_y) = at[own], at[other]
        if BESIDE not in (own, other):
            steps = PATH.index(own) - PATH.index(other)
            x, to_x, high = x + COLUMN // 2 - 20 * steps, to_x + COLUMN // 2 + 20 * steps, y - 34 - 26 * steps
            path = f"M{x} {y - 24} C{x} {high} {to_x} {high} {to_x} {to_y - 26}"
            label = (x + to_x) // 2, y - 28 - round(19.5 * steps)
        elif own == BESIDE and other == PATH[0]:
            x, end = x + COLUMN // 2, to_y + 22 + len(found[other]) * ROW
            path, label = f"M{x} {y - 24} L{x} {end}", (x + 14, (y - 24 + end) // 2 + 4)
        elif own == BESIDE:
            end_x, end_y = to_x + COLUMN // 2, to_y + 22 + len(found[other]) * ROW
            path = f"M{x + COLUMN} {y} C{end_x} {y} {end_x} {y} {end_x} {end_y}"
            label = end_x + 14, end_y + 24
        else:
            start_x, start_y, end_y = x + COLUMN // 2, y + 20 + len(found[own]) * ROW, to_y + 60
            path = f"M{start_x} {start_y} C{start_x} {end_y} {start_x} {end_y} {to_x + COLUMN + 2} {end_y}"
            label = start_x - 16, start_y + 40
        parts.append(f'<path class="import" d="{path}"/>')
        parts.append(f'<text class="count" x="{label[0]}" y="{label[1]}" text-anchor="middle">{count}</text>')
    return parts
