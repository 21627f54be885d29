"""Units as files and settings write them: what brings a number to mm, s, N or N·mm, None where a unit is not known.

Words are compared without regard to case. The sign of micro has two code points, which mean the same.
"""

from __future__ import annotations

GRAVITY_M_S2 = 9.80665
"""Standard gravity, by which a kilogram weighs its newtons."""
_POUND_N = 4.4482216152605
_FORCES = {
    1.0: "n newton newtons",
    1e-3: "mn millinewton millinewtons",
    10.0: "dan decanewton decanewtons dekanewton",
    1000.0: "kn kilonewton kilonewtons",
    _POUND_N: "lb lbs lbf pound pounds poundforce poundsforce",
    GRAVITY_M_S2: "kg kgf kp kilogram kilograms kilogramforce kilogramsforce kilopond kiloponds",
}
_LENGTHS = {
    1.0: "mm millimetre millimetres millimeter millimeters",
    10.0: "cm centimetre centimetres centimeter centimeters",
    100.0: "dm decimetre decimetres decimeter decimeters",
    1000.0: "m metre metres meter meters",
    25.4: "in inch inches",
    304.8: "ft foot feet",
}
_TIMES = {
    1.0: "s sec secs second seconds",
    1e-3: "ms msec msecs msecond mseconds millisec millisecs millisecond milliseconds",
    1e-6: "us usec usecs useconds µs µsec μs μsec microsec microsecs microsecond microseconds",
    60.0: "min mins minute minutes",
    3600.0: "h hour hours",
}
LENGTHS_MM = {word: scale for scale, words in _LENGTHS.items() for word in words.split()}
"""How many mm a unit of length has; the first word of each size is its short one."""
TIMES_S = {word: scale for scale, words in _TIMES.items() for word in words.split()}
"""How many s a unit of time has."""
LENGTHS_READ = ", ".join(words.split()[0] for words in _LENGTHS.values())
_NEWTONS = {word: scale for scale, words in _FORCES.items() for word in words.split()}
# Imperial units are written either way round: in-lb and lb-in.
_NMM = {force + length: _NEWTONS[force] * LENGTHS_MM[length] for force in _NEWTONS for length in LENGTHS_MM}
_NMM |= {
    length + force: _NEWTONS[force] * LENGTHS_MM[length]
    for force in _NEWTONS
    for length in LENGTHS_MM
    if LENGTHS_MM[length] in (25.4, 304.8)
}


def millimetres(unit: str) -> float | None:
    """Return how many mm a unit of length has."""
    return LENGTHS_MM.get(_bare(unit))


def seconds(unit: str) -> float | None:
    """Return how many s a unit of time has."""
    return TIMES_S.get(_bare(unit))


def newtons(unit: str) -> float | None:
    """Return how many N a unit of force has."""
    return _NEWTONS.get(_letters(unit))


def newton_millimetres(unit: str) -> float | None:
    """Return how many N·mm a unit of moment has."""
    return _NMM.get(_letters(unit))


def _bare(unit: str) -> str:
    """Return a unit, small, without what stands around it: `[mm]`, `sec.`."""
    return unit.strip(" \t.[]()").lower()


def _letters(unit: str) -> str:
    """Return the letters of a unit, small: those of `N.m` and `N·m` are `nm`."""
    return "".join(letter for letter in unit.lower() if letter.isalpha())
