"""Torture: whole sessions that are killed, stopped, frozen, starved of disk and fed by failing devices, each sample counted.

`python -m tests.torture` goes on for as long as there is time, and prints a table.
"""
