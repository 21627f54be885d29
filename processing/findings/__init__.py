"""Findings: what was flagged, and what bounds it, for people."""
