"""Markers and key points of a pose: their labels, their places, and how they come into a recording."""
