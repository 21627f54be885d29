"""The keyboard: letters are letters, page-down is next, and no other key without a letter is taken for one."""

from __future__ import annotations

import pytest

from ui.session.terminal.keyboard import letters


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("n 60\r", "n 60\r"),
        ("\x1b[6~", "n"),
        ("\x1bOQ", ""),
        ("\x1b[2~\x1b[3~", ""),
        ("\x1b[1;5A1\x1b[6~2", "1n2"),
        ("\x1b[15~q", "q"),
    ],
)
def test_keys_without_letters_are_no_commands(typed: str, meant: str):
    assert letters(typed) == meant
