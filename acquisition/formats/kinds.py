"""Kinds of files that become recordings: a row for each, with how it is recognised and who reads it.

What a file holds tells its kind first, its ending second; a row that comes earlier is asked earlier.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from acquisition.formats.c3d.importer import import_c3d
from acquisition.formats.import_map import ImportMap, MapTable, read_map
from acquisition.formats.loggers.openbci import read_openbci
from acquisition.formats.loggers.opensignals import read_opensignals
from acquisition.formats.loggers.tdms import read_tdms
from acquisition.formats.loggers.xdf import read_xdf
from acquisition.formats.markers.adding_markers import import_markers
from acquisition.formats.markers.marker_places import MarkerPlaces
from acquisition.formats.markers.trc import read_trc
from acquisition.formats.signal_file import SignalFile, SignalFileError
from acquisition.formats.signals.importer import import_signals
from acquisition.formats.text.layout import layout_of
from acquisition.formats.text.lines import BOMS, first_bytes, read_head
from acquisition.formats.text.nexus import begins_block, read_nexus, read_nexus_markers
from acquisition.formats.text.opensim import ends_header, read_opensim
from acquisition.formats.text.plain import read_plain
from acquisition.recording import is_recording
from hardware.errors import SquatscopeError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from acquisition.formats.importing import ImportResult

HEAD_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file: its name, how such files end, and the sign by which their first bytes tell it.

    `reads` returns the signals of a file and the markers that were recorded with them; a C3D file has a way of its own.
    """

    name: str
    endings: tuple[str, ...]
    sign: Callable[[bytes], bool]
    reads: Callable[[Path, ImportMap], tuple[SignalFile | None, MarkerPlaces | None]] | None


def _lines(head: bytes) -> list[str]:
    encoding = next((name for bom, name in BOMS if head.startswith(bom)), "latin-1")
    return head.decode(encoding, errors="replace").splitlines()


def _is_c3d(head: bytes) -> bool:
    return len(head) > 1 and head[1] == 0x50 and 2 <= head[0] < 128


def _is_nexus(head: bytes) -> bool:
    return begins_block(next((line for line in _lines(head) if line.strip()), "")) is not None


def _is_text(head: bytes) -> bool:
    return head.startswith(tuple(bom for bom, _ in BOMS)) or b"\0" not in head


def _is_opensim(head: bytes) -> bool:
    return ends_header(_lines(head)[:64]) is not None


def _is_openbci(head: bytes) -> bool:
    return head.removeprefix(BOMS[0][0]).startswith(b"%OpenBCI")


def _is_opensignals(head: bytes) -> bool:
    return head.startswith((b"# OpenSignals", b"\x89HDF\r\n\x1a\n"))


KINDS: tuple[Kind, ...] = (
    Kind("C3D", (".c3d",), _is_c3d, None),
    Kind("TRC", (".trc",), lambda head: head.startswith(b"PathFileType"), lambda _path, _said: (None, None)),
    Kind("OpenSim", (".mot", ".sto"), _is_opensim, lambda path, said: (read_opensim(path, said.table), None)),
    Kind(
        "Vicon Nexus text",
        (),
        _is_nexus,
        lambda path, said: (read_nexus(path, said.table), read_nexus_markers(path, said.table)),
    ),
    Kind("XDF", (".xdf", ".xdfz"), lambda head: head.startswith(b"XDF:"), lambda path, _: (read_xdf(path), None)),
    Kind("TDMS", (".tdms",), lambda head: head.startswith((b"TDSm", b"TDSh")), lambda path, _: (read_tdms(path), None)),
    Kind("OpenBCI text", (), _is_openbci, lambda path, _: (read_openbci(path), None)),
    Kind("OpenSignals", (".h5", ".hdf5"), _is_opensignals, lambda path, _: (read_opensignals(path), None)),
    Kind(
        "table of numbers", (".csv", ".txt", ".tsv", ".asc"), _is_text, lambda path, said: (read_plain(path, said.table), None)
    ),
)
"""Every kind; the last row takes any text. BioWare's is a table of numbers with its header above."""


def kind_of(path: Path) -> Kind:
    """Return the kind of a file; raises SignalFileError where it can't be read, is empty, or is of none."""
    head = first_bytes(path, HEAD_BYTES)
    if not head.strip():
        raise SignalFileError(f"{path} is empty.")
    if is_recording(path):
        raise SignalFileError(f"{path} is a recording of squatscope already.")
    *special, text = KINDS
    by_sign = next((kind for kind in special if kind.sign(head)), None)
    found = by_sign or next((kind for kind in special if path.suffix.lower() in kind.endings), None)
    if found is None and text.sign(head):
        found = text
    if found is None:
        raise SignalFileError(f"{path} is of no kind that is read here: {', '.join(kind.name for kind in KINDS)}.")
    return found


def may_be_imported(path: Path) -> bool:
    """Return whether a file among others is one to import: a text only if it ends in a table of numbers."""
    try:
        kind = kind_of(path)
        if kind is KINDS[-1]:
            layout_of(read_head(path), MapTable())
    except SquatscopeError:
        return False
    return True


def import_file(path: Path, out: Path, map_file: Path | None = None, markers: Path | None = None) -> ImportResult:
    """Turn a file of any kind into a recording; `markers`: a TRC file that was recorded with it, for OpenSim's.

    Raises a SquatscopeError with a full sentence; no half-written recording stays behind.
    """
    kind = kind_of(path)
    try:
        if kind.reads is None:
            return import_c3d(path, out, map_file)
        said = read_map(map_file)
        signals, places = kind.reads(path, said)
        if signals is None:
            return import_markers(path, out, map_file)
        return import_signals(signals, out, map_file, places if markers is None else read_trc(markers, said.table.lengths))
    except MemoryError:
        raise SignalFileError(
            f"{path} needs more memory than there is here; export it in shorter parts, or import it on a larger computer."
        ) from None
