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
from hardware.source import Source, SourceError, SourceState, StreamEnded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acquisition.ring import Ring, StreamWriter

READ_S = 0.1
FOLLOW_S = 0.004
BEAT_S = 0.2
PATIENCE_S = 10.0
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
        self.ring = ring
        self.faults: list[str] = []
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
                self.faults.append(f"The stream {source.stream.name} could not be released. {error}")

    def _acquire(self, source: Source) -> None:
        writer = self.ring.writer(source.stream.name)
        try:
            while not self._stopping.is_set():
                block = source.read(READ_S)
                if block is not None:
                    writer.append(block)
                writer.report(source.state, source.backlog_samples, source.note)
            self._drain(source, writer)
        except StreamEnded:
            writer.report(SourceState.ENDED)
        except SourceError as error:
            self._source_failed(writer, str(error))
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one source must not stop the others
            self._source_failed(writer, f"{type(error).__name__}: {error}")
        finally:
            self._release(source)

    def _drain(self, source: Source, writer: StreamWriter) -> None:
        """Take what the device's client holds; what can't be had is counted."""
        for block in source.drain():
            writer.append(block)
        if source.backlog_samples:
            self.faults.append(
                f"The stream {writer.stream.name} was ended with {source.backlog_samples} samples still in its device's "
                "client, which could not be had."
            )

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

    def _beat(self, acquiring: Sequence[threading.Thread], following: Sequence[threading.Thread]) -> None:
        """Give signs of life, and notice when the last source has ended, or will not."""
        give_up_s = math.inf
        while running := [thread for thread in acquiring if thread.is_alive()]:
            self.ring.beat(SessionPhase.RUNNING)
            if self._stopping.is_set():
                give_up_s = min(give_up_s, time.monotonic() + PATIENCE_S)
            if time.monotonic() > give_up_s:
                self.faults += [
                    f"The stream {thread.name} hangs in its device and was left behind; what came before is kept."
                    for thread in running
                ]
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
            self.faults.append(f"The ring could not be brought to the disk: {error.strerror}. A power cut would lose it.")
