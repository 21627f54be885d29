"""The one pipeline, live and offline: blocks of raw samples in, frames, changes of flags and repetitions out.

It carries all state there is, and nothing in it depends on how the samples were cut into blocks.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from hardware.errors import SquatscopeError
from hardware.source import Channel, Stream
from processing.emg.chain import EmgChain
from processing.flags.rules import CHANGE, Rule, RuleBook, rules_for
from processing.force.chain import ForceChain
from processing.knee.chain import KneeChain
from processing.repetition.onset import onsets_s
from processing.repetition.phases import UNITS as REPETITION_UNITS
from processing.repetition.spans import means_and_peaks, means_together, span_statistics

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from acquisition.rig import Rig
    from acquisition.rig.judgement import Rules
    from processing.formulas import Metric

FLAGS = "flags"
REPETITIONS = "repetitions"
EVENTS = frozenset({FLAGS, REPETITIONS})
"""Derived streams that have a row whenever something happens, and not a row a frame."""
EVENTS_PER_S = 10.0
UNDERSAMPLED = "undersampled"


class PipelineError(SquatscopeError):
    """A rig whose signals can't be processed as it asks; the text is a full sentence."""


class Chain(Protocol):
    """A chain: from the samples of one raw stream to frames; `metrics` names the columns."""

    frame_samples: int

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The columns of a frame."""

    def process(self, samples: Any, first_index: int) -> NDArray[np.float64]:  # noqa: ANN401 - float32 or float64 samples
        """Return the frames that this block completes, (n, columns), valid until the next call."""

    def finish(self) -> NDArray[np.float64]:
        """Return the frames that still wait, once no sample will follow."""


@dataclass(frozen=True, slots=True)
class Part:
    """One chain with the rules on its metrics; `name` is that of the stream of its frames."""

    name: str
    stream: str
    chain: Chain
    book: RuleBook


class Pipeline:
    """The chains of a rig and the rules on their metrics; a flag names its rule by its number in `rules`."""

    def __init__(self, rig: Rig) -> None:
        """Build every chain for which the rig has plates, electrodes or markers; raises PipelineError where it can't."""
        self.rig = rig
        self.rules: list[Rule] = []
        self._told = 0
        try:
            self.force = ForceChain(rig) if rig.plate else None
            self.emg = {name: EmgChain(rig, name) for name in dict.fromkeys(electrode.stream for electrode in rig.emg)}
            self.knee = KneeChain(rig) if rig.marker else None
        except ValueError as error:
            raise PipelineError(
                f"The signals of the rig {rig.name!r} can't be processed as it asks: {str(error).rstrip('.')}."
            ) from error
        self.parts: list[Part] = []
        if self.force is not None:
            self._add(f"{self.force.stream}.force", self.force.stream, self.force)
        for name, chain in self.emg.items():
            self._add(f"{name}.emg", name, chain)
        if self.knee is not None:
            self._add(f"{self.knee.stream}.knee", self.knee.stream, self.knee)

    def _add(self, name: str, stream: str, chain: Chain) -> None:
        rules = self._rules_of(self.rig.rules, stream, chain)
        rate_hz = self.rig.stream_named(stream).rate_hz
        book = RuleBook(rules, chain.metrics, rate_hz, chain.frame_samples, len(self.rules))
        self.parts.append(Part(name, stream, chain, book))
        self.rules += rules

    def _rules_of(self, settings: Rules, stream: str, chain: Chain) -> list[Rule]:
        """Return the rules on the metrics of a chain."""
        doubt = UNDERSAMPLED if isinstance(chain, EmgChain) and chain.undersampled else ""
        axis_unknown = self.force.axes.unknown if self.force is not None else ()
        return rules_for(settings, chain.metrics, stream, axis_unknown, doubt)

    def judge_by(self, settings: Rules) -> None:
        """Judge by rules that are its own but for their limits, from the next frame on."""
        self.rig = self.rig.model_copy(update={"rules": settings})
        self.rules = []
        for part in self.parts:
            rules = self._rules_of(settings, part.stream, part.chain)
            part.book.judge_by(rules)
            self.rules += rules

    def refer_to(self, rig: Rig) -> None:
        """Take the MVCs of a rig that is the pipeline's own but for these: activation is in % of them from the next on."""
        for chain in self.emg.values():
            chain.refer_to(rig)

    def derived_streams(self) -> list[Stream]:
        """Return the streams that its frames, flags and repetitions make, for a ring to hold."""
        frames = [
            Stream(
                part.name,
                self.rig.stream_named(part.stream).rate_hz / part.chain.frame_samples,
                tuple(Channel(metric.name, metric.unit) for metric in part.chain.metrics),
            )
            for part in self.parts
        ]
        events = [(FLAGS, [(name, "1") for name in CHANGE])]
        if self.force is not None:
            events.append((REPETITIONS, list(REPETITION_UNITS.items())))
        return frames + [
            Stream(name, EVENTS_PER_S, tuple(Channel(*column) for column in columns), block_samples=128)
            for name, columns in events
        ]

    def process(self, stream: str, samples: Any, first_index: int) -> Iterator[tuple[str, NDArray[np.float64]]]:  # noqa: ANN401
        """Yield what a block of a raw stream gives: (derived stream, rows), each valid until the next block of that stream."""
        for part in self.parts:
            if part.stream != stream:
                continue
            yield from _judged(part, part.chain.process(samples, first_index))
            if part.chain is self.force:
                yield from self._repetitions(self.force)

    def _repetitions(self, force: ForceChain) -> Iterator[tuple[str, NDArray[np.float64]]]:
        """Yield the repetitions that have been confirmed since the last time."""
        new = force.repetitions.found[self._told :]
        self._told += len(new)
        if new:
            yield REPETITIONS, np.array([astuple(repetition) for repetition in new], dtype=np.float64)

    def finish(self) -> Iterator[tuple[str, NDArray[np.float64]]]:
        """Yield what still waits for samples that will not come, as `process` does."""
        for part in self.parts:
            yield from _judged(part, part.chain.finish())


def _judged(part: Part, frames: NDArray[np.float64]) -> Iterator[tuple[str, NDArray[np.float64]]]:
    """Yield frames, if there are any, and the changes of flags that they bring."""
    if len(frames):
        yield part.name, frames
        changes = part.book.process(frames)
        if len(changes):
            yield FLAGS, changes


def warm(rig: Rig) -> None:
    """Compile every kernel for the sample types of this rig, so that nothing is compiled once a session is armed."""
    pipeline = Pipeline(rig)  # of its own: what is warmed learns baselines and noise from the zeros, and forgets nothing
    for settings in rig.stream:
        longest_window_s = max(rig.still.window_s, rig.quality.window_s)
        samples = np.zeros((int(2 * longest_window_s * settings.rate_hz) + 1, len(settings.channels)), settings.dtype)
        for _ in pipeline.process(settings.name, samples, 0):
            pass
    onsets_s(np.arange(2.0), np.zeros((2, 2)), [0], np.zeros(2), [(0.0, 1.0)])
    means_and_peaks(np.zeros((1, 1)), np.zeros(1, np.int64), np.ones(1, np.int64), [0])
    means_together(np.zeros((1, 1)), np.zeros(1, np.int64), np.ones(1, np.int64), (0, 0))
    span_statistics(np.zeros((1, 1)), np.zeros(1, np.int64), np.ones(1, np.int64), [0], 1)
