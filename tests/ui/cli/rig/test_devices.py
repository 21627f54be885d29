"""What `squatscope devices` lists, as a user calls it, with stand-ins to be found."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest
from rich.console import Console

from hardware.lsl.outlet import LslOutlet
from hardware.source import Channel, Stream
from sim.wire.nidaq_card import Card, Rack
from sim.wire.nidaq_server import StandInServer
from tests.support.lsl_here import NETWORK
from ui.cli.rig.devices import Listing, boards, ni_devices, show


@pytest.fixture
def server() -> Iterator[StandInServer]:
    server = StandInServer(Rack(lambda first, n: np.zeros((n, 32)), (Card("cDAQ1Mod1", "NI 9205", 0xBEEF, simulated=True),)))
    yield server
    server.kill()


def test_command_lists_what_is_there_and_says_what_is_not(server: StandInServer) -> None:
    command = [sys.executable, "-m", "ui.cli.app", "devices", "--server", server.address, "--boards"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert "NI-DAQmx\tcDAQ1Mod1\tNI 9205\t0000BEEF\t32 (cDAQ1Mod1/ai0 to cDAQ1Mod1/ai31)\tyes\t24.8.0" in lines
    assert "BrainFlow\tCYTON_BOARD\t250 Hz\t8" in lines
    assert any(line.startswith("Lab Streaming Layer\t") for line in lines)
    assert any(line.startswith("Serial ports\t") for line in lines)


def test_server_that_is_not_there_is_a_remark(server: StandInServer) -> None:
    server.kill()
    listing = ni_devices(server.address)
    assert listing.rows == []
    assert "can't be reached" in listing.remark


def test_wrong_address_is_told_in_one_sentence() -> None:
    command = [sys.executable, "-m", "ui.cli.app", "devices", "--lsl-address", "here"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines() == ["'here' is no IPv4 address of this machine; 127.0.0.1 keeps LSL on this machine."]


def test_lsl_streams_are_found() -> None:
    pytest.importorskip("pylsl", reason="pylsl is not installed, or its library does not load", exc_type=ImportError)
    from hardware.lsl.devices import LslStream, discover

    outlet = LslOutlet(Stream("listed", 500.0, (Channel("a", "uV"), Channel("b", "uV"))), NETWORK, "EMG")
    outlet.open()
    found = {stream.name: stream for stream in discover(NETWORK)}
    outlet.close()
    host, source_id = found["listed"].host, found["listed"].source_id
    assert found["listed"] == LslStream("listed", "EMG", 2, 500.0, host, source_id)
    assert source_id.endswith("listed")


def test_board_rates_are_brainflows() -> None:
    rows = {row[0]: row[1:] for row in boards().rows}
    assert rows["CYTON_DAISY_BOARD"] == ("125 Hz", "16")


def test_terminal_gets_a_table_and_a_pipe_gets_lines() -> None:
    listing = Listing("Ports", ("port",), [("/dev/ttyUSB0",)], "One is there.")
    piped, terminal = io.StringIO(), io.StringIO()
    show(listing, Console(file=piped))
    show(listing, Console(file=terminal, force_terminal=True, width=60))
    assert piped.getvalue() == "Ports\tport\nPorts\t/dev/ttyUSB0\nPorts\tOne is there.\n"
    assert "──" in terminal.getvalue()
