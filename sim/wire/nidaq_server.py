"""A stand-in for the NI gRPC Device Server, so that NI's own Python client runs without NI's driver and hardware."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import grpc
import session_pb2
from nidaqmx._stubs import nidaqmx_pb2 as messages
from nidaqmx._stubs.nidaqmx_pb2_grpc import NiDAQmxServicer, add_NiDAQmxServicer_to_server

from sim.wire.nidaq_card import NOT_YET_AVAILABLE, TEXTS, UNKNOWN_DEVICE, CardError, CardTask, Rack

MESSAGE_BYTES = 64 * 2**20
DRIVER_VERSION = {0x1272: 24, 0x1923: 8, 0x2F22: 0}
INITIALIZE, ATTACH = 1, 2
DEVICE_NAMES, PRODUCT, SERIAL, INPUTS, SIMULATED = 0x193B, 0x631, 0x632, 0x231E, 0x22CA
TASK_NAME, TASK_CHANNELS, CHANNELS_READ, AVAILABLE, RATE, BUFFER = 0x1276, 0x1273, 0x217B, 0x1223, 0x1344, 0x186C

# The generated messages have no types.
Request = Any
Fields = dict[str, Any]


class StandInServer:
    """Serves a rack on 127.0.0.1; `address` is what a rig's `server` says.

    `start_delay_s` slows StartTask. `hold` keeps all calls without an answer until `release`, as a server whose network is
    gone. `kill` ends the server; a rack's tasks end with it, and `revive` is the same server started again.
    `hands_over_partial` False is a server of before 2023, whose timed-out reads lose what they read. `warning` is a code above
    0 and its words, which every read then returns beside its samples.
    """

    def __init__(self, rack: Rack, credentials: grpc.ServerCredentials | None = None) -> None:
        self.rack = rack
        self.start_delay_s = 0.0
        self.hands_over_partial = True
        self.warning = (0, "")
        self.gate = threading.Event()
        self.gate.set()
        self._credentials = credentials
        self._port = 0
        self.revive()

    @property
    def address(self) -> str:
        """Return host:port."""
        return f"127.0.0.1:{self._port}"

    def revive(self) -> None:
        """Serve again on the same port."""
        options = [
            ("grpc.so_reuseport", 0),
            ("grpc.max_receive_message_length", MESSAGE_BYTES),
            ("grpc.max_send_message_length", MESSAGE_BYTES),
        ]
        self._workers = ThreadPoolExecutor(max_workers=8, thread_name_prefix="stand-in")
        self._server = grpc.server(self._workers, options=options)
        add_NiDAQmxServicer_to_server(_Servicer(self), self._server)
        if self._credentials is None:
            self._port = self._server.add_insecure_port(self.address)
        else:
            self._port = self._server.add_secure_port(self.address, self._credentials)
        self._server.start()

    def hold(self) -> None:
        """Answer nothing."""
        self.gate.clear()

    def release(self) -> None:
        """Answer again."""
        self.gate.set()

    def kill(self) -> None:
        """End at once, calls under way included."""
        self.gate.set()
        self._server.stop(grace=0).wait()
        self._workers.shutdown()
        self.rack.tasks.clear()


class _RefusedError(Exception):
    """A call that the server itself refuses, before NI-DAQmx sees it."""

    def __init__(self, status: grpc.StatusCode, text: str) -> None:
        super().__init__(text)
        self.status = status


class _Servicer(NiDAQmxServicer):  # type: ignore[misc] # the stubs have no types
    """The calls that a client needs for analog input; all others answer UNIMPLEMENTED, as the base class does."""

    def __init__(self, server: StandInServer) -> None:
        self._stand_in = server
        self._rack = server.rack
        calls: dict[str, Callable[[Request], Fields]] = {
            "GetErrorString": lambda request: {"error_string": TEXTS.get(request.error_code, self._stand_in.warning[1])},
            "GetSystemInfoAttributeUInt32": lambda request: {"value": DRIVER_VERSION[request.attribute_raw]},
            "GetSystemInfoAttributeString": self._system_text,
            "GetDeviceAttributeString": self._device_fact,
            "GetDeviceAttributeUInt32": self._device_fact,
            "GetDeviceAttributeBool": self._device_fact,
            "CreateTask": self._create_task,
            "GetTaskAttributeString": self._task_fact,
            "GetTimingAttributeDouble": self._task_fact,
            "GetReadAttributeUInt32": self._task_fact,
            "CreateAIVoltageChan": lambda request: self._do(self._task(request).add_input, request.physical_channel),
            "CfgSampClkTiming": lambda request: self._do(self._task(request).set_clock, request.rate, request.samps_per_chan),
            "SetBufferAttributeUInt32": self._set_buffer,
            "StartTask": self._start_task,
            "StopTask": lambda request: self._do(self._task(request).stop),
            "ClearTask": lambda request: self._do(self._rack.clear, request.task.name),
            "ReadAnalogF64": self._read,
        }
        for name, answer in calls.items():
            setattr(self, name, partial(self._answer, name, answer))

    def _answer(
        self, name: str, answer: Callable[[Request], Fields], request: Request, context: grpc.ServicerContext
    ) -> Request:
        """Answer, or send an NI-DAQmx error as the real server does: status UNKNOWN and the code in the trailing metadata."""
        self._stand_in.gate.wait()
        if not context.is_active():
            context.abort(grpc.StatusCode.CANCELLED, "The caller gave up before the call arrived.")
        try:
            self._rack.begin(name)
            return getattr(messages, f"{name}Response")(**answer(request))
        except CardError as error:
            trailer = [("ni-error", str(error.code))]
            if error.read is not None:
                trailer.append(("ni-samps-per-chan-read", str(error.read.shape[1])))
            context.set_trailing_metadata(tuple(trailer))
            context.abort(grpc.StatusCode.UNKNOWN, str(error))
        except _RefusedError as refused:
            context.abort(refused.status, str(refused))

    @staticmethod
    def _do(action: Callable[..., None], *args: object) -> Fields:
        action(*args)
        return {}

    def _task(self, request: Request) -> CardTask:
        return self._rack.task(request.task.name)

    def _system_text(self, request: Request) -> Fields:
        present = [name for name in self._rack.cards if name not in self._rack.away]
        return {"value": {DEVICE_NAMES: ", ".join(present)}[request.attribute_raw]}

    def _device_fact(self, request: Request) -> Fields:
        name = request.device_name
        if name not in self._rack.cards or name in self._rack.away:
            raise CardError(UNKNOWN_DEVICE)
        card = self._rack.cards[name]
        facts = {PRODUCT: card.product, SERIAL: card.serial, INPUTS: ", ".join(card.input_names), SIMULATED: card.simulated}
        return {"value": facts[request.attribute_raw]}

    def _create_task(self, request: Request) -> Fields:
        name = request.session_name
        known = name in self._rack.tasks
        if request.initialization_behavior == ATTACH and not known:
            raise _RefusedError(grpc.StatusCode.FAILED_PRECONDITION, "Cannot attach to a session that was not initialized.")
        if request.initialization_behavior == INITIALIZE and known:
            raise _RefusedError(grpc.StatusCode.ALREADY_EXISTS, "Cannot initialize a session that already exists.")
        task = self._rack.task(name) if known else self._rack.make_task(name)
        return {"task": session_pb2.Session(name=task.name), "new_session_initialized": not known}

    def _task_fact(self, request: Request) -> Fields:
        task = self._task(request)
        facts = {
            TASK_NAME: task.name,
            TASK_CHANNELS: ", ".join(task.inputs),
            CHANNELS_READ: len(task.inputs),
            AVAILABLE: task.available,
            RATE: task.rate_hz,
        }
        return {"value": facts[request.attribute_raw]}

    def _set_buffer(self, request: Request) -> Fields:
        if request.attribute_raw == BUFFER:
            self._task(request).buffer_samples = request.value
        return {}

    def _start_task(self, request: Request) -> Fields:
        time.sleep(self._stand_in.start_delay_s)
        self._task(request).start()
        return {}

    def _read(self, request: Request) -> Fields:
        try:
            volts = self._task(request).read(request.num_samps_per_chan, request.timeout)
            status = self._stand_in.warning[0]
        except CardError as error:
            if error.read is None or not self._stand_in.hands_over_partial:
                raise
            volts, status = error.read, NOT_YET_AVAILABLE
        # The array has the size that was asked for; what was read lies packed at its beginning, the rest is zero.
        values = volts.ravel().tolist()
        values += [0.0] * (request.array_size_in_samps - len(values))
        return {"status": status, "read_array": values, "samps_per_chan_read": volts.shape[1]}
