"""The engine: sources write into the ring, followers read from it, each in a thread of its own, none waiting for another.

It knows neither what a follower computes nor what a screen shows. A source that fails leaves the others at work; so does a
follower that fails, and what went wrong is told at the end and shown meanwhile.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Protocol

from acquisition.ring import SessionPhase
from hardware.source import Source, SourceError, SourceState, StreamEnded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acquisition.ring import Ring, StreamWriter

READ_S = 0.1
FOLLOW_S = 0.004
BEAT_S = 0.2
SYNC_S = 10.0


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
        """Put the parts together; nothing is opened yet."""
        self.ring = ring
        self.faults: list[str] = []
        self.started = False
        self._sources = sources
        self._followers = followers
        self._stopping = threading.Event()
        self._acquired = threading.Event()
        self._threads: list[threading.Thread] = []

    def arm(self) -> None:
        """Open every source; raises SourceError, with all of them closed again."""
        self.ring.beat(SessionPhase.ARMED)
        try:
            for source in self._sources:
                source.open()
        except BaseException:
            self._release()
            raise

    def start(self) -> None:
        """Start all sources and followers; raises SourceError where a source can't be started, with all released again."""
        try:
            for source in self._sources:
                source.start()
        except BaseException:
            self._release()
            raise
        self.started = True
        self.ring.beat(SessionPhase.RUNNING)
        acquiring = [threading.Thread(target=self._acquire, args=(s,), name=f"source {s.stream.name}") for s in self._sources]
        following = [
            threading.Thread(target=self._follow, args=(name, follower), name=name)
            for name, follower in self._followers.items()
        ]
        keeping = [
            threading.Thread(target=self._beat, args=(acquiring,), name="heartbeat"),
            threading.Thread(target=self._sync, name="sync"),
        ]
        self._threads = [*acquiring, *following, *keeping]
        for thread in self._threads:
            thread.start()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until all sources have ended, or for `timeout_s`; return whether they have."""
        return self._acquired.wait(timeout_s)

    def stop(self) -> None:
        """End the session: stop the sources, let the followers finish, and wait for all threads."""
        self._stopping.set()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()
        self._release()
        self.ring.beat(SessionPhase.FINISHED)

    def _release(self) -> None:
        for source in self._sources:
            source.stop()
            source.close()

    def _acquire(self, source: Source) -> None:
        writer = self.ring.writer(source.stream.name)
        try:
            while not self._stopping.is_set():
                block = source.read(READ_S)
                if block is not None:
                    writer.append(block)
                writer.report(source.state, source.backlog_samples, source.note)
        except StreamEnded:
            writer.report(SourceState.ENDED)
        except SourceError as error:
            self._source_failed(writer, str(error))
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one source must not stop the others
            self._source_failed(writer, f"{type(error).__name__}: {error}")
        finally:
            source.stop()
            source.close()

    def _source_failed(self, writer: StreamWriter, sentence: str) -> None:
        self.faults.append(f"The stream {writer.stream.name} ended early. {sentence}")
        writer.report(SourceState.LOST, note=sentence)

    def _follow(self, name: str, follower: Follower) -> None:
        try:
            while not self._acquired.is_set():
                if not follower.follow():
                    time.sleep(FOLLOW_S)
            follower.finish()
        except Exception as error:  # noqa: BLE001 - a follower that fails must not stop the recording
            self.faults.append(f"The {name} stopped early. {error}")
            try:
                follower.abandon()
            except Exception as second:  # noqa: BLE001 - said beside the first
                self.faults.append(f"The {name} could not be closed either. {second}")

    def _beat(self, acquiring: Sequence[threading.Thread]) -> None:
        """Give signs of life, and notice when the last source has ended."""
        while any(thread.is_alive() for thread in acquiring):
            self.ring.beat(SessionPhase.RUNNING)
            for thread in acquiring:
                thread.join(BEAT_S / len(acquiring))
        self._acquired.set()

    def _sync(self) -> None:
        """Bring the ring to the disk now and then."""
        while not self._acquired.wait(SYNC_S):
            self.ring.sync()
