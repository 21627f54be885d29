"""Panels of the muscles: traces of EMG, and each leg with its electrodes."""
