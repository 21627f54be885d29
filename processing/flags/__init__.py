"""Flags: rules that turn metrics into flags."""
