"""Units of forces and moments, as files write them: what brings a number to N or N·mm, None where a unit is not known."""

from __future__ import annotations

_POUND_N, _KILOGRAM_N = 4.4482216152605, 9.80665
_FORCES = {
    1.0: "n newton newtons",
    1e-3: "mn millinewton millinewtons",
    10.0: "dan decanewton decanewtons dekanewton",
    1000.0: "kn kilonewton kilonewtons",
    _POUND_N: "lb lbs lbf pound pounds poundforce poundsforce",
    _KILOGRAM_N: "kg kgf kp kilogram kilograms kilogramforce kilogramsforce kilopond kiloponds",
}
_LENGTHS = {
    1.0: "mm millimetre millimetres millimeter millimeters",
    10.0: "cm centimetre centimetres centimeter centimeters",
    100.0: "dm decimetre decimetres decimeter decimeters",
    1000.0: "m metre metres meter meters",
    25.4: "in inch inches",
    304.8: "ft foot feet",
}
_NEWTONS = {word: scale for scale, words in _FORCES.items() for word in words.split()}
_MM = {word: scale for scale, words in _LENGTHS.items() for word in words.split()}
# Imperial units are written either way round: in-lb and lb-in.
_NMM = {force + length: _NEWTONS[force] * _MM[length] for force in _NEWTONS for length in _MM}
_NMM |= {length + force: _NEWTONS[force] * _MM[length] for force in _NEWTONS for length in _MM if _MM[length] in (25.4, 304.8)}


def _letters(unit: str) -> str:
    """Return the letters of a unit, small: those of `N.m` and `N·m` are `nm`."""
    return "".join(letter for letter in unit.lower() if letter.isalpha())


def newtons(unit: str) -> float | None:
    """Return how many N a unit of force has."""
    return _NEWTONS.get(_letters(unit))


def newton_millimetres(unit: str) -> float | None:
    """Return how many N·mm a unit of moment has."""
    return _NMM.get(_letters(unit))
