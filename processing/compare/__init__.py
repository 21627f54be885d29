"""Comparison of two recordings, two files of results, or two sessions: what changed from the first to the second."""
