"""Panels of the plates: their forces, paths of pressure, and how load is shared."""
