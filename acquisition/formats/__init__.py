"""Formats of other programs, each a module or a room of its own, that become recordings."""
