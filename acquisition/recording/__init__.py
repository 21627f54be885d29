"""Recordings, the HDF5 files in which raw samples are kept: written, read, and recovered."""

from acquisition.recording.finding import is_other_hdf5, is_recording, recordings_in
from acquisition.recording.gaps import GAP, gaps_of
from acquisition.recording.recording import (
    FORMAT_VERSION,
    NoRoomError,
    RecordedStream,
    Recording,
    RecordingError,
    RecordingWriter,
)

__all__ = [
    "FORMAT_VERSION",
    "GAP",
    "NoRoomError",
    "RecordedStream",
    "Recording",
    "RecordingError",
    "RecordingWriter",
    "gaps_of",
    "is_other_hdf5",
    "is_recording",
    "recordings_in",
]
