"""Signals of a file, of whatever format, turned into recordings: their times, plates and electrodes."""
