"""BrainFlow sessions: opened, read and released; and what each failure means to a person."""

from __future__ import annotations

import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import numpy as np
from brainflow.board_shim import BoardIds, BoardShim, BrainFlowError, BrainFlowInputParams
from numpy.typing import NDArray

from hardware.brainflow.settings import BrainflowSettings
from hardware.source import SourceError

BUFFER_S = 60.0
# BrainFlow does one thing at a time for all boards together, so a read may have to wait for seconds until another is open.
_client = threading.Lock()

# Which boards count their rows, where the counter comes round, and what it rises by; the others are judged by time alone.
COUNTERS = {
    "CYTON_BOARD": (256, 1),
    "CYTON_DAISY_BOARD": (256, 2),
    "CYTON_WIFI_BOARD": (256, 1),
    "CYTON_DAISY_WIFI_BOARD": (256, 1),
    "SYNTHETIC_BOARD": (256, 1),
    "BIOLISTENER_BOARD": (2**32, 1),
}

_ADVICE = {
    1: "the port is open already; close the program that holds it",
    2: "the port can't be opened; check its name and the plug, close other programs, and on Linux join the group dialout",
    3: "the port refused its settings; check that it is the board's port, and plug it in again",
    4: "the board takes no commands; plug it in again",
    7: "the port is there, but the board does not answer; switch the board on, check its batteries and the dongle's switch",
    13: "a setting is missing or wrong; check serial_port, ip_address, ip_port, mac_address and config",
    14: "this machine's BrainFlow can't use this board",
    16: "the board is in use by another stream of this program; give each stream its own board",
    17: "the board's own driver failed; plug the board in again",
    18: "the board did not answer in time; check that it is on and near",
}


@dataclass(frozen=True, slots=True)
class BoardFacts:
    """A board as BrainFlow describes it: its rate, and the rows of its data that hold EMG (or else EXG), counter and time."""

    name: str
    board_id: int
    rate_hz: float
    input_rows: tuple[int, ...]
    timestamp_row: int
    counter_row: int | None
    modulus: int | None
    step: int


def board_facts(name: str) -> BoardFacts:
    """Return the facts on the board of this name; raises SourceError for one that is unknown or can't give EMG."""
    # BrainFlow writes to stderr by itself; its faults reach the user as sentences instead.
    BoardShim.disable_board_logger()
    if name not in BoardIds.__members__:
        near = get_close_matches(name.upper(), BoardIds.__members__, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else "CYTON_BOARD and CYTON_DAISY_BOARD are examples."
        raise SourceError(f"BrainFlow knows no board {name!r}; {hint}")
    board_id = int(BoardIds[name].value)
    try:
        description = BoardShim.get_board_descr(board_id)
    except BrainFlowError as error:
        raise SourceError(f"BrainFlow has no description of the board {name!r}; choose another.", error.exit_code) from error
    inputs = description.get("emg_channels") or description.get("eeg_channels") or []
    if not inputs or "sampling_rate" not in description:
        raise SourceError(f"The board {name!r} has no EMG or EXG inputs of a known rate; choose one that has.")
    modulus, step = COUNTERS.get(name, (None, 1))
    return BoardFacts(
        name,
        board_id,
        float(description["sampling_rate"]),
        tuple(inputs),
        int(description["timestamp_channel"]),
        None if modulus is None else int(description["package_num_channel"]),
        modulus,
        step,
    )


def supported_boards() -> list[BoardFacts]:
    """Return the boards with EMG or EXG inputs that this BrainFlow can read, whether they are there or not."""
    boards: list[BoardFacts] = []
    for name in BoardIds.__members__:
        with suppress(SourceError):
            boards.append(board_facts(name))
    return boards


if sys.platform == "win32":

    def discover() -> list[str]:
        """Return the serial ports that Windows' registry lists, as COM3."""
        import winreg

        found: list[str] = []
        with suppress(OSError), winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, r"HARDWARE\DEVICEMAP\SERIALCOMM") as key:
            while True:  # ends with the OSError that there is no such value
                found.append(str(winreg.EnumValue(key, len(found))[1]))
        return sorted(found, key=lambda port: (len(port), port))

else:

    def discover() -> list[str]:
        """Return the serial ports that a board or its dongle may be on."""
        patterns = ("ttyUSB*", "ttyACM*", "cu.usbserial*", "cu.usbmodem*")
        return sorted(str(port) for pattern in patterns for port in Path("/dev").glob(pattern))


def source_error(error: BrainFlowError, doing: str, settings: BrainflowSettings) -> SourceError:
    """Return what a failure means and what to try, as a sentence with BrainFlow's exit code."""
    where = settings.serial_port or settings.ip_address or settings.mac_address
    at = f" at {where}" if where else ""
    advice = _ADVICE.get(error.exit_code, "plug the board in again; BrainFlow's documentation explains the code")
    return SourceError(f"{doing} {settings.board}{at} failed (BrainFlow's code {error.exit_code}): {advice}.", error.exit_code)


_DAISY = {"CYTON_BOARD": False, "CYTON_DAISY_BOARD": True}
"""Which boards can be asked whether a Daisy is on them, and what they need."""


class Session(BoardShim):  # type: ignore[misc]
    """A board that is released by `release` alone.

    BrainFlow knows sessions by board and address only. BoardShim's finalizer would therefore end a session that another
    object holds with the same board, one opened before this one or after it.
    """

    def __del__(self) -> None:
        """Release nothing."""


def prepare(facts: BoardFacts, settings: BrainflowSettings) -> Session:
    """Open a session and set the board up; blocks for 1 s, and 6 s where no board answers. Raises SourceError."""
    params = BrainFlowInputParams()
    params.serial_port = settings.serial_port
    params.ip_address = settings.ip_address
    params.ip_port = settings.ip_port
    params.mac_address = settings.mac_address
    params.serial_number = settings.serial_number
    board = Session(facts.board_id, params)
    try:
        with _client:
            board.prepare_session()
    except BrainFlowError as error:
        raise source_error(error, "Opening", settings) from error
    try:
        _ask_for_daisy(board, settings)
        with _client:
            reply = board.config_board(settings.config) if settings.config else ""
    except BrainFlowError as error:
        release(board)
        raise source_error(error, f"Sending the config {settings.config!r} to", settings) from error
    if "Failure" in reply:
        release(board)
        raise SourceError(f"{settings.board} refused the config {settings.config!r}: {reply.strip('$ ')}; correct it.")
    return board


def _ask_for_daisy(board: Session, settings: BrainflowSettings) -> None:
    """Raise SourceError where the board that is there has a Daisy and the one that is named has none, or the other way round.

    Each row of such a board would be half of one sample and half of another. A board that does not answer is believed.
    """
    if settings.board not in _DAISY or "c" in settings.config.lower():
        return
    with _client:
        reply = str(board.config_board("C")).lower()
    there = False if "no daisy" in reply else True if "16" in reply else None
    if there is not None and there is not _DAISY[settings.board]:
        release(board)
        right, rate_hz = ("CYTON_DAISY_BOARD", 125.0) if there else ("CYTON_BOARD", 250.0)
        found = "A Daisy is" if there else "No Daisy is"
        raise SourceError(
            f"{found} on the Cyton at {settings.serial_port}, and the rig names {settings.board}: every channel would be two "
            f'muscles in turn. Set board = "{right}" and rate_hz = {rate_hz!r}, or '
            f"{'take the Daisy off' if there else 'fit one'}."
        )


def begin(board: Session, rate_hz: float, settings: BrainflowSettings) -> None:
    """Let a prepared board stream, with a buffer of a minute; raises SourceError, and then the board is released."""
    try:
        board.start_stream(int(BUFFER_S * rate_hz))
    except BrainFlowError as error:
        release(board)
        raise source_error(error, "Starting", settings) from error


def release(board: Session) -> None:
    """End a session, whatever state it is in."""
    for end in (board.stop_stream, board.release_session):
        with _client, suppress(BrainFlowError):
            end()


def waiting(board: Session) -> int:
    """Return how many rows wait in BrainFlow's buffer; 0 where it can't be asked just now."""
    if not _client.acquire(blocking=False):
        return 0
    try:
        return int(board.get_board_data_count())
    except BrainFlowError:
        return 0
    finally:
        _client.release()


def fetch(board: Session) -> NDArray[np.float64] | None:
    """Return the rows that came since the last call, (rows of the board, n); raises BrainFlowError.

    None while another board is being opened or released: they wait in BrainFlow's buffer meanwhile.
    """
    if not _client.acquire(blocking=False):
        return None
    try:
        data: NDArray[np.float64] = board.get_board_data()
        return data
    finally:
        _client.release()
