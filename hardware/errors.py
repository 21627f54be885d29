"""Errors: what went wrong, in full sentences for whoever runs the program."""

from __future__ import annotations


class SquatscopeError(Exception):
    """Something that was foreseen is wrong; the text is one or more full sentences for whoever runs the program."""
