"""The sync gate: it lets recording begin once every sync channel of the rig has shown its edges.

It stands in for the recorder among the followers of the ring. While it is shut the ring keeps everything, so that a recording
begins with the first sample all the same; where it stays shut nothing is recorded, and `refusal` says why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from acquisition.timebase.clock import SyncLevel
from hardware.host_clock import host_now_s

if TYPE_CHECKING:
    from collections.abc import Callable

    from acquisition.recording.recorder import Recorder
    from acquisition.recording.try_recorder import TryRecorder
    from acquisition.rig import Rig
    from acquisition.timebase.clock import Clock
    from acquisition.timebase.time_base import TimeBase


class SyncGate:
    """Lets the recorder follow the ring once the streams are seen to share a sync line; at once where no stream has one."""

    def __init__(
        self, time_base: TimeBase, rig: Rig, recorder: Recorder | TryRecorder, clock_s: Callable[[], float] = host_now_s
    ) -> None:
        """Judge by the edges of a time base; `clock_s` is asked how long a stream has been silent."""
        self.refusal = ""
        self._time_base = time_base
        self._recorder = recorder
        self._asked = rig.sync
        self._clock_s = clock_s
        self._edges = time_base.edges
        self.open = not self._edges
        self._rates_hz = {name: rig.stream_named(name).rate_hz for name in self._edges}
        self._rows = dict.fromkeys(self._edges, 0)
        self._judged_edges = 0
        self._heard_s: dict[str, float] = {}
        self._worst = ("", 0.0)

    @property
    def progress(self) -> str:
        """What was seen of the sync line so far, in one line; empty where no stream has one."""
        if not self._edges:
            return ""
        seen = ", ".join(f"{name} {_count(len(edges))}" for name, edges in self._edges.items())
        return f"sync: {seen}" + (f", residual {1e3 * self._worst[1]:.1f} ms" if self._worst[0] else "")

    def follow(self) -> bool:
        """Look for edges while the gate is shut, record once it is open; return whether there was anything."""
        if not self.open:
            if self.refusal:
                return False
            found = self._look()
            if not self.open:
                self.refusal = self._reason(ended=False)
                return found
        return self._recorder.follow()

    def finish(self) -> None:
        """Complete the recording; where the gate never opened, leave that to whoever reads `refusal`."""
        while not self.open and self._look():
            pass
        if self.open:
            self._recorder.finish()
        else:
            self.refusal = self.refusal or self._reason(ended=False) or self._reason(ended=True)

    def abandon(self) -> None:
        """Close the recording as it is."""
        self._recorder.abandon()

    def _look(self) -> bool:
        """Bring the time base up to date, judge what it has seen since the last look, and open the gate if that will do."""
        self._time_base.follow()
        found = False
        for name in self._edges:
            self._heard_s.setdefault(name, self._clock_s())
            rows = self._time_base.rows[name]
            if rows > self._rows[name]:
                found = True
                self._rows[name], self._heard_s[name] = rows, self._clock_s()
        edges = sum(len(seen) for seen in self._edges.values())
        if edges > self._judged_edges:
            self._judged_edges = edges
            lines = {name: line for name, line in self._time_base.fitted().items() if name in self._edges}
            self._worst = self._worst_of(lines)
            self.open = not self._lacking() and (
                len(lines) == 1 or (all(_tied(line) for line in lines.values()) and self._fits())
            )
        return found

    def _lacking(self) -> list[str]:
        return [name for name, edges in self._edges.items() if len(edges) < self._asked.edges]

    def _worst_of(self, lines: dict[str, Clock]) -> tuple[str, float]:
        """Return the stream whose edges lie furthest from the reference's, beyond what a sample explains, and how far."""
        tied = {name: line.residual_s for name, line in lines.items() if _tied(line)}
        return max(tied.items(), key=lambda item: item[1] / self._limit_s(item[0]), default=("", 0.0))

    def _limit_s(self, name: str) -> float:
        return max(1e-3 * self._asked.residual_ms, 1 / self._rates_hz[name])

    def _fits(self) -> bool:
        name, residual_s = self._worst
        return not name or residual_s <= self._limit_s(name)

    def _reason(self, *, ended: bool) -> str:
        """Return why there is no recording, empty while there still may be one."""
        seconds = {name: rows / self._rates_hz[name] for name, rows in self._rows.items()}
        now_s = self._clock_s()
        lacking = self._lacking()
        late = [seconds[name] >= self._asked.within_s for name in lacking or self._edges]
        silent = [now_s - self._heard_s.get(name, now_s) >= self._asked.within_s for name in lacking or self._edges]
        if not (ended or any(silent) or (any(late) if lacking else all(late))):
            return ""
        seen = ", ".join(
            f"{name} saw {_count(len(edges))} in {seconds[name]:.1f} s of samples" for name, edges in self._edges.items()
        )
        if lacking:
            what = f"each stream with a sync_channel must see {_count(self._asked.edges)} first"
        elif not self._fits():
            name, residual_s = self._worst
            what = f"the edges of {name} are {1e3 * residual_s:.1f} ms off, and {1e3 * self._limit_s(name):g} ms are allowed"
        else:
            what = "they are not the same edges"
        why = "the session ended before the sync line tied" if ended else "the sync line does not tie"
        return (
            f"Nothing was recorded, since {why} the devices together: {what} ({seen}). "
            "Check that one sync line is wired to all of them and runs, or remove sync_channel from the rig's streams."
        )


def _tied(line: Clock) -> bool:
    return line.level is SyncLevel.EDGES


def _count(edges: int) -> str:
    return f"{edges} edge" if edges == 1 else f"{edges} edges"
