"""Panels, each showing one thing."""
