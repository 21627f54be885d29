"""The engine: sources write into the ring, followers read from it, each in a thread of its own, none waiting for another.

It knows neither what a follower computes nor what a screen shows. A source that fails leaves the others at work; so does a
follower that fails, and what went wrong is told at the end and shown meanwhile.
"""

from __future__ import annotations

import math
import threading
import time
from typing import TYPE_CHECKING, Protocol

from acquisition.ring import SessionPhase
from hardware.errors import SquatscopeError
from hardware.host_clock import host_now_s
from hardware.severity import Severity
from hardware.source import Source, SourceError, SourceState, StreamEnded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acquisition.ring import Ring, StreamWriter

READ_S = 0.1
FOLLOW_S = 0.004
BEAT_S = 0.2
PATIENCE_S = 10.0
SYNC_S = 10.0
TAIL_S = 2.0
"""A device that was silent for less at the end may only be late."""
GONE = (SourceState.SILENT, SourceState.LOST)


class Follower(Protocol):
    """Whoever follows the ring: the recorder, the live pipeline, an outlet."""

    def follow(self) -> bool:
        """Do what is new, without waiting; return whether there was anything."""

    def finish(self) -> None:
        """Do the rest and close, after the last sample."""

    def abandon(self) -> None:
        """Close after a failure, keeping what is there."""


class Engine:
    """Runs one session: arm, start, wait, stop; `stop` may be called at any time from any thread."""

    def __init__(self, ring: Ring, sources: Sequence[Source], followers: Mapping[str, Follower]) -> None:
        self.ring = ring
        self.faults: list[str] = []
        """What went wrong, in sentences; all of it stands in the ring as well."""
        self._sources = sources
        self._followers = followers
        self._stopping = threading.Event()
        self._acquired = threading.Event()
        self._threads: list[threading.Thread] = []

    def _tell(self, about: str, sentence: str) -> None:
        self.faults.append(sentence)
        self.ring.faults.tell(Severity.RED, about, sentence)

    def arm(self) -> None:
        """Open every source; raises SourceError, with all of them closed again."""
        self.ring.beat(SessionPhase.ARMED)
        try:
            for source in self._sources:
                source.open()
        except BaseException:
            self._release_all()
            raise

    def start(self) -> None:
        """Start all sources and followers; raises SourceError where a source can't be started, with all released again."""
        try:
            for source in self._sources:
                source.start()
        except BaseException:
            self._release_all()
            raise
        self.ring.beat(SessionPhase.RUNNING)
        acquiring = [threading.Thread(target=self._acquire, args=(s,), name=s.stream.name, daemon=True) for s in self._sources]
        following = [
            threading.Thread(target=self._follow, args=(name, follower), name=name)
            for name, follower in self._followers.items()
        ]
        keeping = [
            threading.Thread(target=self._beat, args=(acquiring, following), name="heartbeat"),
            threading.Thread(target=self._sync, name="sync"),
        ]
        self._threads = [*following, *keeping]
        for thread in [*acquiring, *self._threads]:
            thread.start()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until all sources have ended, or for `timeout_s`; return whether they have."""
        return self._acquired.wait(timeout_s)

    def stop(self) -> None:
        """End the session: stop the sources, let the followers finish, and wait for them.

        A source that does not come back from the device within PATIENCE_S is left behind, and `faults` says so.
        """
        self._stopping.set()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()
        if not self._threads:
            self._release_all()
        self.ring.beat(SessionPhase.FINISHED)

    def _release_all(self) -> None:
        for source in self._sources:
            self._release(source)

    def _release(self, source: Source) -> None:
        for release in (source.stop, source.close):
            try:
                release()
            except Exception as error:  # noqa: BLE001 - the others must be released all the same
                self._tell(source.stream.name, f"The stream {source.stream.name} could not be released. {error}")

    def _acquire(self, source: Source) -> None:
        writer = self.ring.writer(source.stream.name)
        came_s, gone, told = host_now_s(), False, ""
        try:
            while not self._stopping.is_set():
                block = source.read(READ_S)
                if block is not None:
                    writer.append(block)
                    came_s = host_now_s()
                writer.report(source.state, source.backlog_samples, source.note)
                if gone != (source.state in GONE):
                    gone = not gone
                    severity = Severity.RED if gone else Severity.FINE
                    told = source.note or f"It is {source.state.name.lower()}."
                    self.ring.faults.tell(severity, source.stream.name, told)
                elif source.state is SourceState.RUNNING and source.note not in ("", told):
                    told = source.note
                    self.ring.faults.tell(Severity.AMBER, source.stream.name, told)
            self._drain(source, writer)
            away_s = host_now_s() - came_s
            if source.state is SourceState.LOST or (source.state is SourceState.SILENT and away_s > TAIL_S):
                self._missing_tail(source, away_s)
        except StreamEnded:
            writer.report(SourceState.ENDED)
        except SourceError as error:
            self._source_failed(writer, str(error))
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one source must not stop the others
            self._source_failed(writer, _words(error))
        finally:
            self._release(source)

    def _drain(self, source: Source, writer: StreamWriter) -> None:
        """Take what the device's client holds; what can't be had is counted."""
        for block in source.drain():
            writer.append(block)
        if source.backlog_samples:
            self._tell(
                writer.stream.name,
                f"The stream {writer.stream.name} was ended with {source.backlog_samples} samples still in its device's "
                "client, which could not be had.",
            )

    def _missing_tail(self, source: Source, away_s: float) -> None:
        missing = round(away_s * source.stream.rate_hz)
        self._tell(
            source.stream.name,
            f"The stream {source.stream.name} was lost {away_s:.1f} s before the end of the session and did not come back: "
            f"about {missing} samples are missing at its end. {source.note}".rstrip(),
        )

    def _source_failed(self, writer: StreamWriter, sentence: str) -> None:
        self._tell(writer.stream.name, f"The stream {writer.stream.name} ended early. {sentence}")
        writer.report(SourceState.LOST, note=sentence)

    def _follow(self, name: str, follower: Follower) -> None:
        try:
            while not self._acquired.is_set():
                if not follower.follow():
                    time.sleep(FOLLOW_S)
            follower.finish()
        except Exception as error:  # noqa: BLE001 - a follower that fails must not stop the recording
            self._tell(name, f"The {name} stopped early. {_words(error)}")
            try:
                follower.abandon()
            except Exception as second:  # noqa: BLE001 - said beside the first
                self._tell(name, f"The {name} could not be closed either. {_words(second)}")

    def _beat(self, acquiring: Sequence[threading.Thread], following: Sequence[threading.Thread]) -> None:
        """Give signs of life, and notice when the last source has ended, or will not."""
        give_up_s = math.inf
        while running := [thread for thread in acquiring if thread.is_alive()]:
            self.ring.beat(SessionPhase.RUNNING)
            if self._stopping.is_set():
                give_up_s = min(give_up_s, host_now_s() + PATIENCE_S)
            if host_now_s() > give_up_s:
                for thread in running:
                    sentence = f"The stream {thread.name} hangs in its device and was left behind; what came before is kept."
                    self._tell(thread.name, sentence)
                break
            running[0].join(BEAT_S)
        self._acquired.set()
        while finishing := [thread for thread in following if thread.is_alive()]:
            self.ring.beat(SessionPhase.RUNNING)
            finishing[0].join(BEAT_S)

    def _sync(self) -> None:
        """Bring the ring to the disk now and then."""
        try:
            while not self._acquired.wait(SYNC_S):
                self.ring.sync()
        except OSError as error:
            self._tell("disk", f"The ring could not be brought to the disk: {error.strerror}. A power cut would lose it.")


def _words(error: Exception) -> str:
    """Return an error's sentence; some, such as a MemoryError, have none."""
    if isinstance(error, MemoryError):
        return "This computer has no memory left; close other programs."
    if isinstance(error, SquatscopeError | OSError):
        return str(error)
    return f"{type(error).__name__}: {error}"
