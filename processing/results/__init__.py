"""Results, the files in which frames, flags and repetitions are kept: written in pieces, read, and told as tables."""

from processing.results.results import (
    FORMAT_VERSION,
    ChannelResult,
    FaultResult,
    FlagResult,
    MarkResult,
    PlateFaultResult,
    Results,
    ResultsError,
    StanceResult,
    StreamResult,
    Table,
    ZeroResult,
    settings_sha256,
)

__all__ = [
    "FORMAT_VERSION",
    "ChannelResult",
    "FaultResult",
    "FlagResult",
    "MarkResult",
    "PlateFaultResult",
    "Results",
    "ResultsError",
    "StanceResult",
    "StreamResult",
    "Table",
    "ZeroResult",
    "settings_sha256",
]
