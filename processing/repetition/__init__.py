"""Repetitions: found from the vertical force alone, with their phases, and one row of numbers for each."""
