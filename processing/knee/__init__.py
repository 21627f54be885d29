"""Knees: where they are over the feet, by markers or a pose's key points."""
