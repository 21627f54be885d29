"""Where things stand in a TOML text: the line of every key, table and array element, which tomllib does not tell."""

from __future__ import annotations

import tomllib

Place = tuple[str | int, ...]

_BLANK = " \t\r"
_GAP = _BLANK + "\n"


def lines_of(text: str) -> dict[Place, int]:
    """Return the line, counted from 1, on which each key, table and array element of a valid TOML text begins.

    A place is the way to it: `("plate", 1, "channels", 0)` is the first channel of the second plate. A table that stands in
    several headers has the line of the first.
    """
    return _Scanner(text).scan()


class _Scanner:
    """Walks over a text that tomllib has already accepted, so it checks nothing."""

    def __init__(self, text: str) -> None:
        self._text = text + "\n"
        self._at = 0
        self._lines: dict[Place, int] = {}
        self._tables_in: dict[Place, int] = {}

    def scan(self) -> dict[Place, int]:
        table: Place = ()
        while True:
            self._skip_gap()
            if self._at >= len(self._text):
                return self._lines
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._key_and_value(table)

    def _line(self) -> int:
        return self._text.count("\n", 0, self._at) + 1

    def _note(self, place: Place) -> None:
        self._lines.setdefault(place, self._line())

    def _skip_gap(self) -> None:
        while self._at < len(self._text):
            if self._text[self._at] == "#":
                self._at = self._text.index("\n", self._at)
            elif self._text[self._at] in _GAP:
                self._at += 1
            else:
                return

    def _skip_blank(self) -> None:
        while self._text[self._at] in _BLANK:
            self._at += 1

    def _header(self) -> Place:
        repeats = self._text.startswith("[[", self._at)
        self._at += 2 if repeats else 1
        keys = self._keys()
        place: Place = ()
        for key in keys[:-1]:
            place = self._into_last((*place, key))
        place = (*place, keys[-1])
        self._note(place)
        if repeats:
            self._tables_in[place] = self._tables_in.get(place, 0) + 1
            place = self._into_last(place)
        self._at += 2 if repeats else 1
        return place

    def _into_last(self, place: Place) -> Place:
        """Note a table on the way; of an array of tables it is the last one."""
        self._note(place)
        if place in self._tables_in:
            place = (*place, self._tables_in[place] - 1)
            self._note(place)
        return place

    def _keys(self) -> list[str]:
        keys = []
        while True:
            self._skip_blank()
            keys.append(self._key())
            self._skip_blank()
            if self._text[self._at] != ".":
                return keys
            self._at += 1

    def _key(self) -> str:
        begin = self._at
        if self._text[begin] in "\"'":
            self._skip_string()
            return next(iter(tomllib.loads(f"{self._text[begin : self._at]} = 0")))
        while self._text[self._at].isalnum() or self._text[self._at] in "_-":
            self._at += 1
        return self._text[begin : self._at]

    def _key_and_value(self, table: Place) -> None:
        begin = self._at
        place = table
        keys = self._keys()
        after, self._at = self._at, begin
        for key in keys:
            place = (*place, key)
            self._note(place)
        self._at = after + 1
        self._value(place)

    def _value(self, place: Place) -> None:
        self._skip_gap()
        first = self._text[self._at]
        if first in "\"'":
            self._skip_string()
        elif first == "[":
            self._array(place)
        elif first == "{":
            self._inline_table(place)
        else:
            while self._text[self._at] not in ",]}#\n":
                self._at += 1

    def _array(self, place: Place) -> None:
        self._at += 1
        count = 0
        while True:
            self._skip_gap()
            if self._text[self._at] == "]":
                self._at += 1
                return
            if self._text[self._at] == ",":
                self._at += 1
                continue
            self._note((*place, count))
            self._value((*place, count))
            count += 1

    def _inline_table(self, place: Place) -> None:
        self._at += 1
        while True:
            self._skip_gap()
            if self._text[self._at] == "}":
                self._at += 1
                return
            if self._text[self._at] == ",":
                self._at += 1
                continue
            self._key_and_value(place)

    def _skip_string(self) -> None:
        quote = self._text[self._at]
        closing = quote * 3 if self._text.startswith(quote * 3, self._at) else quote
        self._at += len(closing)
        while not self._text.startswith(closing, self._at):
            self._at += 2 if quote == '"' and self._text[self._at] == "\\" else 1
        self._at += len(closing)
        if len(closing) == 3:  # up to two quotation marks may stand right before the closing three
            while self._text[self._at] == quote:
                self._at += 1
