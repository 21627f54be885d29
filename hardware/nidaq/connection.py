"""The connection to an NI-DAQmx driver, on this machine or behind a server; and what its error codes mean to a person."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import grpc
import nidaqmx
from nidaqmx.errors import DaqError, DaqNotFoundError, DaqNotSupportedError, Error, RpcError
from nidaqmx.grpc_session_options import SessionInitializationBehavior

from hardware.source import SourceError

MESSAGE_BYTES = 64 * 2**20

TIMED_OUT = -200284
OVERFLOWS = frozenset({-200279, -200222, -200361})
UNKNOWN_DEVICE = -200220
RESERVED = -50103
AWAY = frozenset({-201003, -88710, -88709, -200324, -50405})

# What each code found, and what to try; the codes are those of nidaqmx.error_codes.DAQmxErrors.
MEANINGS: dict[int, tuple[str, str]] = {
    UNKNOWN_DEVICE: (
        "no device has that name",
        "Compare the name in physical_channels with the devices that are found; check that it is plugged in and switched on.",
    ),
    -200170: (
        "the device has no such input",
        "Compare physical_channels with the analog inputs that the device lists.",
    ),
    -200279: (
        "the input buffer was overwritten before it was read",
        "Close other programs, or set a longer buffer_s or larger blocks.",
    ),
    -200222: (
        "the card stopped because its input buffer was full",
        "Close other programs, or set a longer buffer_s or larger blocks.",
    ),
    -200361: (
        "the card's own memory overflowed on its way to this computer",
        "Plug the card into a port of its own, or use a lower rate_hz.",
    ),
    TIMED_OUT: (
        "the samples did not come in time",
        "Check that the sample clock runs and that the rate is the one that was set.",
    ),
    -201003: (
        "the device can't be reached",
        "Check its power, its cable or its network address.",
    ),
    RESERVED: (
        "the device is in use by another task",
        "Close the other program that reads it; else reset the device in NI MAX, or restart the NI gRPC Device Server.",
    ),
    -88710: (
        "the device's signal routes were taken away, as happens when it is unplugged or reset",
        "Plug it in again and leave it alone while it acquires.",
    ),
}
MEANINGS[-88709] = MEANINGS[-88710]
MEANINGS[-200324] = MEANINGS[-50405] = MEANINGS[-201003]

SERVER_LOST = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED})


def device_code(error: Error) -> int | None:
    """Return NI-DAQmx's own code, or None where the error did not come from NI-DAQmx."""
    return int(error.error_code) if isinstance(error, DaqError) else None


def may_come_back(error: Error) -> bool:
    """Tell whether waiting may help: the device or the server is away, or still held by what was there before."""
    if isinstance(error, RpcError):
        return error.rpc_code in SERVER_LOST
    return device_code(error) in AWAY | {UNKNOWN_DEVICE, RESERVED}


class _CallDetails(NamedTuple):
    """The fields of grpc.ClientCallDetails."""

    method: str
    timeout: float | None
    metadata: Any
    credentials: Any
    wait_for_ready: bool | None
    compression: Any


class Deadline(grpc.UnaryUnaryClientInterceptor):  # type: ignore[misc] # grpc has no types
    """A deadline for every call: nidaqmx sets none, so a server that fell silent would hold its caller for ever.

    Once a call has run out of time, the next ones get an eighth of `answer_s` until the server answers again: looking for it
    takes several calls, and `stop` should not wait for each of them in full.
    """

    def __init__(self, answer_s: float) -> None:
        self._answer_s = answer_s
        self._silent = False

    def intercept_unary_unary(
        self,
        continuation: Callable[[_CallDetails, object], grpc.Call],
        client_call_details: grpc.ClientCallDetails,
        request: object,
    ) -> grpc.Call:
        """Make the call, with a deadline; a read's own timeout comes on top."""
        d = client_call_details
        answer_s = self._answer_s / 8.0 if self._silent else self._answer_s
        timeout_s = answer_s + max(getattr(request, "timeout", 0.0), 0.0)
        details = _CallDetails(d.method, timeout_s, d.metadata, d.credentials, d.wait_for_ready, d.compression)
        call = continuation(details, request)
        self._silent = call.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        return call


class Connection:
    """A driver to make tasks on: `server` (`host:port`), or this machine's where it is empty."""

    def __init__(self, server: str = "", tls_certificate: str = "", answer_s: float = 5.0) -> None:
        self.server = server
        self._tls_certificate = tls_certificate
        self._answer_s = answer_s
        self._channel: Any = None
        self._calls: Any = None

    def open(self) -> None:
        """Open the channel to the server, if there is one; raises SourceError where `tls_certificate` can't be read."""
        if not self.server or self._channel is not None:
            return
        options = [
            ("grpc.max_receive_message_length", MESSAGE_BYTES),
            ("grpc.max_send_message_length", MESSAGE_BYTES),
            # By default the pauses between two tries to connect grow to two minutes.
            ("grpc.initial_reconnect_backoff_ms", 200),
            ("grpc.max_reconnect_backoff_ms", 1000),
        ]
        if self._tls_certificate:
            try:
                certificate = Path(self._tls_certificate).read_bytes()
            except OSError as error:
                raise SourceError(
                    f"The certificate {self._tls_certificate!r} of the server {self.server} can't be read ({error.strerror}); "
                    "set tls_certificate to the path of its PEM file."
                ) from error
            self._channel = grpc.secure_channel(self.server, grpc.ssl_channel_credentials(certificate), options)
        else:
            self._channel = grpc.insecure_channel(self.server, options)
        self._calls = grpc.intercept_channel(self._channel, Deadline(self._answer_s))

    def options(self, session_name: str = "", *, attach: bool = False) -> nidaqmx.GrpcSessionOptions | None:
        """Return what `nidaqmx.Task` and `System` take as `grpc_options`; None stands for this machine's driver."""
        if not self.server:
            return None
        behavior = SessionInitializationBehavior
        return nidaqmx.GrpcSessionOptions(
            self._calls,
            session_name,
            initialization_behavior=behavior.ATTACH_TO_SERVER_SESSION if attach else behavior.INITIALIZE_SERVER_SESSION,
        )

    def close(self) -> None:
        """Close the channel, if it is open."""
        if self._channel is not None:
            self._channel.close()
            self._channel = self._calls = None

    def explain(self, error: Error, doing: str) -> SourceError:
        """Return the sentence for an error that nidaqmx raised; `doing` begins it: 'The stream X can't be started'."""
        if isinstance(error, RpcError):
            return self._explain_rpc(error, doing)
        if isinstance(error, DaqNotFoundError | DaqNotSupportedError):
            return SourceError(
                f"{doing}: no NI-DAQmx driver was found on this machine. Install NI-DAQmx from NI, or set server to the "
                "host:port of a machine that has it and runs the NI gRPC Device Server."
            )
        code = device_code(error)
        if code is None:
            return SourceError(f"{doing}: {_whole_text(error)} Check that NI-DAQmx is installed completely and up to date.")
        found, advice = MEANINGS.get(
            code, (f"NI-DAQmx says: {_whole_text(error)}", "Look the code up at NI, or test the device in NI MAX.")
        )
        details = _details(error) if code in MEANINGS else ""
        return SourceError(f"{doing}: {found.rstrip('.')} (NI-DAQmx error {code}). {advice}{details}", code)

    def _explain_rpc(self, error: RpcError, doing: str) -> SourceError:
        # A server that goes down cancels the call which it was answering.
        if error.rpc_code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED):
            found = f"the NI gRPC Device Server at {self.server} can't be reached"
            advice = "Check that it runs, its address and port, the firewall, and that both sides use TLS or both do not."
        elif error.rpc_code == grpc.StatusCode.DEADLINE_EXCEEDED:
            found = f"the NI gRPC Device Server at {self.server} did not answer in time"
            advice = "Check the network and that the server's machine is awake; a slow one needs a longer answer_s."
        else:
            found = f"the NI gRPC Device Server at {self.server} refused the call ({error.rpc_code.name}: {error.description})"
            advice = "Update the server and check that it offers NI-DAQmx."
        return SourceError(f"{doing}: {found}. {advice}", error.rpc_code.value[0])


def _whole_text(error: Error) -> str:
    """Return the driver's own text in one line, with what was asked for and what can be had; the task's name is ours."""
    told = _lines(error)
    return "; ".join(told) + "." if told else type(error).__name__


def _details(error: Error) -> str:
    """Return what the driver says of a known error beside its first line: which property, what was asked for, what can be."""
    told = _lines(error)[1:]
    return f" NI-DAQmx says: {'; '.join(told)}." if told else ""


def _lines(error: Error) -> list[str]:
    lines = [line.strip().rstrip(".") for line in str(error).splitlines()]
    return [line for line in lines if line and not line.startswith(("Task Name:", "Status Code:"))]
