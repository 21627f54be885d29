"""The Python door: recordings and results as numpy arrays and pandas tables, computed by the code that ran live.

    import squatscope

    session = squatscope.open("recording.h5")
    session.raw("plates")        # (samples, channels), as the device gave them
    session.forces               # N and N·mm in the lab axes, at the full rate
    session.repetitions          # a row for each repetition
    session.envelopes            # µV and %MVC
    session.events               # repetitions, their phases, and flags
    session.frames("load_shift_pct")

Whatever is a table needs pandas (`pip install squatscope[tables]`).
"""

from squatscope.mne_raw import to_mne
from squatscope.opened import Opened, open, reprocess, table

__all__ = ["Opened", "open", "reprocess", "table", "to_mne"]
