"""An outlet on the Lab Streaming Layer in a process of its own, which can be silenced, killed and started again.

Its samples say which they are: channel c of sample n, counted from the start of the process, is n + 1000000 c.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from hardware.host_clock import host_now_s
from hardware.lsl.network import load
from hardware.lsl.settings import LslNetwork

CHANNEL_STEP = 1_000_000.0
PUSH_S = 0.02


@dataclass(frozen=True, slots=True)
class OutletFacts:
    """What the outlet says of itself; `number` is LSL's name of the format, such as `cf_double64`."""

    name: str
    content: str
    channels: int
    rate_hz: float
    number: str = "cf_double64"
    source_id: str = "stand-in"


class LslStandIn:
    """Runs an outlet in a process of its own; a context manager, which starts it on entry and kills it on exit."""

    def __init__(self, facts: OutletFacts, network: LslNetwork) -> None:
        self._facts = facts
        self._network = network
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> LslStandIn:
        """Start the outlet."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Kill the outlet."""
        self.kill()

    def start(self) -> None:
        """Start the outlet and wait until it is published; does nothing while it runs."""
        if self._process is None:
            arguments = [json.dumps(asdict(self._facts)), self._network.model_dump_json()]
            self._process = subprocess.Popen(
                [sys.executable, "-m", "sim.wire.lsl_stand_in", *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            if self._process.stdout is not None:
                self._process.stdout.readline()

    def silence(self, on: bool) -> None:
        """Push nothing while on; the samples of that time are never sent."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.write("silent\n" if on else "push\n")
            self._process.stdin.flush()

    def kill(self) -> None:
        """End the process as a crash would; does nothing when it does not run."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


def numbered(first: int, n: int, channels: int) -> NDArray[np.float64]:
    """Return samples `first` to `first + n`, (n, channels), that say which they are."""
    samples: NDArray[np.float64] = np.arange(first, first + n)[:, None] + CHANNEL_STEP * np.arange(channels)
    return samples


def _publish(facts: OutletFacts, network: LslNetwork) -> None:
    pylsl = load(network)
    number = getattr(pylsl, facts.number)
    info = pylsl.StreamInfo(facts.name, facts.content, facts.channels, facts.rate_hz, number, facts.source_id)
    outlet = pylsl.StreamOutlet(info)
    sys.stdout.write("published\n")
    sys.stdout.flush()
    silent = threading.Event()
    ended = threading.Event()

    def obey() -> None:
        for line in sys.stdin:
            (silent.set if line == "silent\n" else silent.clear)()
        ended.set()

    threading.Thread(target=obey, daemon=True).start()
    begin_s = host_now_s()
    sent = 0
    while not ended.wait(PUSH_S):
        due = int((host_now_s() - begin_s) * facts.rate_hz)
        if due > sent and not silent.is_set():
            outlet.push_chunk(numbered(sent, due - sent, facts.channels))
        sent = due


if __name__ == "__main__":
    _publish(OutletFacts(**json.loads(sys.argv[1])), LslNetwork.model_validate_json(sys.argv[2]))
