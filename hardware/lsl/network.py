"""The LSL library: loaded when it is first needed, and confined to the network that the settings allow."""

from __future__ import annotations

import threading
from importlib import import_module
from typing import Any

from hardware.host_clock import host_now_s
from hardware.lsl.settings import LslNetwork
from hardware.source import SourceError, Stream, same_rate

# LSL asks anew every 0.5 s; a timeout that ends just then may take it 5 s longer.
LOOK_S = 0.8
CLOCK_TRIES = 5

_in_use: list[LslNetwork] = []
_lock = threading.Lock()

_LOOPBACK = """[ports]
IPv6=disable
[multicast]
ResolveScope=machine
ListenAddress={address}
AddressesOverride={{{address}}}
"""
_LINK = """[ports]
IPv6=disable
[multicast]
ResolveScope=link
ListenAddress={address}
"""
# Level -3 of LSL's log leaves only what ends the program; faults reach the user as sentences instead.
_COMMON = """[lab]
KnownPeers={{{peers}}}
SessionID={session}
[log]
level=-3
"""


def configuration(network: LslNetwork) -> str:
    """Return LSL's configuration file for a network."""
    peers = [network.address] if network.stays_here else network.peers
    where = _LOOPBACK if network.stays_here else _LINK
    return where.format(address=network.address) + _COMMON.format(peers=", ".join(peers), session=network.session_id)


def load(network: LslNetwork) -> Any:  # noqa: ANN401 - the module has no types
    """Return pylsl, confined to the network; raises SourceError where it is missing or confined to another one.

    LSL reads its configuration once, when it is first used, so that a program has one network for good.
    """
    wanted = LslNetwork(address=network.address, peers=network.peers, session_id=network.session_id)
    try:
        pylsl = import_module("pylsl")
    except (ImportError, RuntimeError, OSError) as error:
        raise SourceError(f"LSL can't be used, since pylsl does not load ({error}); install squatscope[lsl].") from error
    with _lock:
        if not _in_use:
            pylsl.set_config_content(configuration(wanted))
            _in_use.append(wanted)
        if _in_use[0] != wanted:
            raise SourceError(
                f"LSL is on the address {_in_use[0].address} with the session {_in_use[0].session_id!r} already, and was asked "
                f"for {wanted.address} with {wanted.session_id!r}; give all LSL streams the same address, peers and session_id."
            )
    return pylsl


def lsl_ahead_s(pylsl: Any) -> float:  # noqa: ANN401
    """Return by how much LSL's clock is ahead of `host_now_s()`, by the pair of reads between which least time passed."""
    tries: list[tuple[float, float]] = []
    for _ in range(CLOCK_TRIES):
        before_s, lsl_s, after_s = host_now_s(), float(pylsl.local_clock()), host_now_s()
        tries.append((after_s - before_s, lsl_s - (before_s + after_s) / 2.0))
    return min(tries)[1]


def find(pylsl: Any, stream: Stream, query: str, timeout_s: float, alone: bool) -> Any:  # noqa: ANN401
    """Return the description of the stream that is meant, and the only one if `alone`.

    Takes 0.8 s longer if `alone`. Raises SourceError where the stream is not there, not the only one, or does not fit.
    """
    until_s = host_now_s() + timeout_s
    found = pylsl.resolve_bypred(query, 1, LOOK_S)
    while not found and host_now_s() < until_s:
        found = pylsl.resolve_bypred(query, 1, LOOK_S)
    if not found:
        raise SourceError(f"No stream with {query} was found on LSL within {timeout_s:g} s; start it, and check its name.")
    if alone:
        # The first to answer need not be the only one.
        found = pylsl.resolve_bypred(query, 2, LOOK_S) or found
    if len({info.uid() for info in found}) > 1:
        which = ", ".join(f"{info.name()} of {info.hostname()} (source_id {info.source_id()!r})" for info in found)
        raise SourceError(
            f"{len(found)} streams on LSL have {query}: {which}; give the source_id of the one that is meant, or its hostname."
        )
    _check(pylsl, stream, found[0])
    return found[0]


def _check(pylsl: Any, stream: Stream, info: Any) -> None:  # noqa: ANN401
    """Raise SourceError where what LSL offers is not what the rig says."""
    name = f"The LSL stream {info.name()!r}"
    if info.channel_format() == pylsl.cf_string:
        raise SourceError(f"{name} carries text, no samples; choose a stream of numbers.")
    if info.channel_count() != len(stream.channels):
        raise SourceError(
            f"{name} has {info.channel_count()} channels, but the rig names {len(stream.channels)} for {stream.name!r}; "
            "name each channel, in order."
        )
    if info.nominal_srate() == 0:
        raise SourceError(f"{name} has no fixed rate; choose a stream that has one.")
    if not same_rate(info.nominal_srate(), stream.rate_hz):
        raise SourceError(
            f"{name} runs at {info.nominal_srate()!r} Hz, but the rig says {stream.rate_hz!r} Hz for {stream.name!r}; set "
            f"rate_hz = {info.nominal_srate()!r}."
        )
    exact_in_float32 = (pylsl.cf_float32, pylsl.cf_int16, pylsl.cf_int8)
    if stream.dtype == "float32" and info.channel_format() not in exact_in_float32:
        raise SourceError(f"{name} has numbers that float32 can't hold; set dtype = 'float64' for {stream.name!r}.")
