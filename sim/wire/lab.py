"""A lab at wire level: stand-ins for the devices of a rig, all showing one lifter, in a process of their own.

What talks to them are the vendors' own clients, unmodified; they find an NI gRPC Device Server, a serial port with a Cyton on
it and an outlet on the Lab Streaming Layer, and can't tell that a program is behind.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import uuid
from importlib.util import find_spec

from acquisition.rig import Rig, SimulatedSource, StreamSettings
from hardware.brainflow.settings import BrainflowSettings
from hardware.lsl.network import load
from hardware.lsl.settings import LslNetwork, LslSettings
from hardware.nidaq.settings import NidaqSettings
from hardware.source import SourceError
from sim.lifter.lifter import Lifter

END_S = 5.0
CLOCK_PPM = {"nidaqmx": 30.0, "lsl": -40.0, "brainflow": 60.0}
"""How far each device's crystal is off."""


class WireLab:
    """Plays the devices of a rig; a context manager, which starts them on entry and ends them on exit.

    On entry it returns the rig with the addresses of the stand-ins filled in, whatever stood there. The lifter stands still
    until the first device is started, which is time zero of the session for all of them. Where this system has no
    pseudo-terminals, boards of BrainFlow are left to the simulator, and `remarks` says so.
    """

    def __init__(self, rig: Rig, lifter: Lifter, network: LslNetwork | None = None) -> None:
        """Nothing runs yet; raises SourceError where a stream needs a client that is missing.

        LSL streams are on `network`, by default on this machine alone and in a session that nobody else has.
        """
        self.remarks: list[str] = []
        self._lifter = lifter
        self._process: subprocess.Popen[str] | None = None
        network = network or LslNetwork(session_id=f"wire-{uuid.uuid4().hex[:12]}")
        self._rig = _with_streams(rig, [self._prepared(stream, network) for stream in rig.stream])
        for stream in self._rig.stream:
            if isinstance(stream.source, LslSettings):
                load(stream.source)

    def _prepared(self, stream: StreamSettings, network: LslNetwork) -> StreamSettings:
        match stream.source:
            case LslSettings():
                return _with_source(stream, stream.source.model_copy(update=network.model_dump()))
            case BrainflowSettings() if find_spec("pty") is None or sys.platform == "win32":
                self.remarks.append(
                    f"This system has no pseudo-terminals, so no board can be played on one; {stream.name} comes from the "
                    "simulator instead."
                )
                return _with_source(stream, SimulatedSource(kind="simulated", adc_bits=24))
        return stream

    def __enter__(self) -> Rig:
        """Start the stand-ins and return the rig that reaches them; raises SourceError where they do not start."""
        # In a group of its own, so that Ctrl-C reaches the session alone and the devices last until it has ended.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "sim.wire.devices"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
        try:
            answer = self._ask(self._process)
        except BaseException:
            self.__exit__()
            raise
        return _with_streams(self._rig, [_reached(stream, answer) for stream in self._rig.stream])

    def _ask(self, process: subprocess.Popen[str]) -> dict[str, str]:
        if process.stdin is None or process.stdout is None:
            raise SourceError("The stand-ins for the devices have no pipes to this program; start it anew.")
        asked = {"rig": self._rig.model_dump(mode="json"), "lifter": self._lifter.model_dump(mode="json")}
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(json.dumps(asked) + "\n")
            process.stdin.flush()
        line = process.stdout.readline()
        if not line:
            raise SourceError("The stand-ins for the devices did not start; what they said stands above.")
        answer: dict[str, str] = json.loads(line)
        if "error" in answer:
            raise SourceError(answer["error"])
        return answer

    def __exit__(self, *_: object) -> None:
        """End the stand-ins."""
        process, self._process = self._process, None
        if process is None:
            return
        try:
            process.communicate(timeout=END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def _reached(stream: StreamSettings, answer: dict[str, str]) -> StreamSettings:
    """Fill in where the stand-in of a stream is."""
    match stream.source:
        case NidaqSettings():
            return _with_source(stream, stream.source.model_copy(update={"server": answer[stream.name]}))
        case BrainflowSettings():
            return _with_source(stream, stream.source.model_copy(update={"serial_port": answer[stream.name]}))
    return stream


def _with_source(
    stream: StreamSettings, source: SimulatedSource | NidaqSettings | BrainflowSettings | LslSettings
) -> StreamSettings:
    return stream.model_copy(update={"source": source})


def _with_streams(rig: Rig, streams: list[StreamSettings]) -> Rig:
    return rig.model_copy(update={"stream": streams})
