"""A study, run: what its plan names is done on a cluster, each outcome told as it comes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from processing.study.cluster import ClusterError, Lost
from processing.study.outcomes import Done, Failed, Halt
from processing.study.plan import StudyError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from processing.study.cluster import Cluster
    from processing.study.outcomes import Outcome
    from processing.study.plan import Plan
    from processing.study.task import Work


@dataclass(slots=True)
class Tally:
    """What became of the recordings of a study, by name; `others`: HDF5 files of another kind."""

    done: dict[str, Done] = field(default_factory=dict)
    failed: dict[str, Failed] = field(default_factory=dict)
    others: int = 0

    def add(self, outcome: Outcome) -> None:
        """Count one more."""
        if isinstance(outcome, Done):
            self.done[outcome.name] = outcome
        elif isinstance(outcome, Failed):
            self.failed[outcome.name] = outcome
        else:
            self.others += 1

    @property
    def already(self) -> int:
        """How many were done before."""
        return sum(done.already for done in self.done.values())

    def in_order(self, plan: Plan) -> list[Done]:
        """Return what is done in the order of the plan, whatever order it was done in."""
        return [self.done[job.name] for job in plan.jobs if job.name in self.done]

    def same(self) -> list[tuple[str, str]]:
        """Return pairs of names of one recording, by its uuid: each after the first, with the first."""
        first: dict[str, str] = {}
        pairs = []
        for name, done in sorted(self.done.items()):
            if first.setdefault(done.recording_uuid, name) != name:
                pairs.append((name, first[done.recording_uuid]))
        return pairs


def run(plan: Plan, work: Work, cluster: Cluster, tally: Tally) -> Iterator[Outcome]:
    """Do every recording of a plan, and yield what became of each, counted in a tally.

    Raises StudyError where none can be done any more, ClusterError where the cluster is gone; what is done is kept.
    """
    for failed in plan.failed:
        tally.add(failed)
        yield failed
    try:
        for job, result in cluster.run(work, plan.jobs):
            outcome = Failed(job.name, f"It is left out, as {result.why}.") if isinstance(result, Lost) else result
            if isinstance(outcome, Halt):
                raise StudyError(outcome.why)
            tally.add(outcome)
            yield outcome
    except ClusterError as error:
        raise ClusterError(f"{error} What is done is kept, and the same command goes on.") from error
