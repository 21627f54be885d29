"""Line numbers in a TOML text: the line of every key, table and array element, which tomllib does not tell."""

from __future__ import annotations

import tomllib

KeyPath = tuple[str | int, ...]

_BLANK = " \t\r"
_GAP = _BLANK + "\n"


def lines_of(text: str) -> dict[KeyPath, int]:
    """Return the line, counted from 1, on which each key, table and array element of a valid TOML text begins.

    A key path is the way to it: `("plate", 1, "channels", 0)` is the first channel of the second plate. A table that stands in
    several headers has the line of the first.
    """
    return _Scanner(text).scan()


class _Scanner:
    """Walks over a text that tomllib has already accepted, so it checks nothing."""

    def __init__(self, text: str) -> None:
        self._text = text + "\n"
        self._at = 0
        self._lines: dict[KeyPath, int] = {}
        self._tables_in: dict[KeyPath, int] = {}

    def scan(self) -> dict[KeyPath, int]:
        table: KeyPath = ()
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

    def _note(self, key_path: KeyPath) -> None:
        self._lines.setdefault(key_path, self._line())

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

    def _header(self) -> KeyPath:
        repeats = self._text.startswith("[[", self._at)
        self._at += 2 if repeats else 1
        keys = self._keys()
        key_path: KeyPath = ()
        for key in keys[:-1]:
            key_path = self._into_last((*key_path, key))
        key_path = (*key_path, keys[-1])
        self._note(key_path)
        if repeats:
            self._tables_in[key_path] = self._tables_in.get(key_path, 0) + 1
            key_path = self._into_last(key_path)
        self._at += 2 if repeats else 1
        return key_path

    def _into_last(self, key_path: KeyPath) -> KeyPath:
        """Note a table on the way; of an array of tables it is the last one."""
        self._note(key_path)
        if key_path in self._tables_in:
            key_path = (*key_path, self._tables_in[key_path] - 1)
            self._note(key_path)
        return key_path

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

    def _key_and_value(self, table: KeyPath) -> None:
        begin = self._at
        key_path = table
        keys = self._keys()
        after, self._at = self._at, begin
        for key in keys:
            key_path = (*key_path, key)
            self._note(key_path)
        self._at = after + 1
        self._value(key_path)

    def _value(self, key_path: KeyPath) -> None:
        self._skip_gap()
        first = self._text[self._at]
        if first in "\"'":
            self._skip_string()
        elif first == "[":
            self._array(key_path)
        elif first == "{":
            self._inline_table(key_path)
        else:
            while self._text[self._at] not in ",]}#\n":
                self._at += 1

    def _array(self, key_path: KeyPath) -> None:
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
            self._note((*key_path, count))
            self._value((*key_path, count))
            count += 1

    def _inline_table(self, key_path: KeyPath) -> None:
        self._at += 1
        while True:
            self._skip_gap()
            if self._text[self._at] == "}":
                self._at += 1
                return
            if self._text[self._at] == ",":
                self._at += 1
                continue
            self._key_and_value(key_path)

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
