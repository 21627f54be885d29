"""What a study costs by recordings, minutes, channels and workers: `python tests/benchmarks study --recordings 10000`.

Recordings of a minute: two plates at 2 kHz and the demonstration's muscles. A few are simulated, the others are hard links to
them, so that they are read from memory: what reading from a disk adds is said by their size. Only a small study keeps files of
results.
"""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.table import Table

from acquisition.rig import Rig
from acquisition.rig.rig_file import example, load
from processing.study.cluster import Cluster, local_cluster
from processing.study.folder import Study, StudyFolder
from processing.study.outcomes import Done
from processing.study.plan import plan_of
from processing.study.run import Tally, run
from processing.study.task import Work
from tests.support.sessions import recorded, simulated
from ui.report.study import write_study

RECORDINGS = 120
JOBS = os.cpu_count() or 1
SECONDS = 60.0
DIFFERENT = 4
"""So many recordings are simulated; the rest are links to them."""
KEPT = 40
"""Recordings of the studies that are only compared with one another."""
MINUTES = (1, 5, 15)
MORE_MUSCLES = (0, 16, 48)
"""Channels of EMG beside those of the demonstration."""
TASKS = 2000
PAGE: Path | None = None
BEGIN, END = "<!-- made by tests/benchmarks -->", "<!-- end -->"


@dataclass
class Cost:
    """What a study took: seconds of its plan, of its recordings and of its tables, and what became of it."""

    plan_s: float
    run_s: float
    tables_s: float
    tally: Tally
    out: Path

    @property
    def each_ms(self) -> float:
        return 1e3 * self.run_s / max(1, len(self.tally.done))


def _studied(source: Path, out: Path, cluster: Cluster, *, results: bool = False) -> Cost:
    began_s = time.perf_counter()
    plan, folder, tally = plan_of(str(source), out), StudyFolder(out), Tally()
    folder.open(Study(software_version=version("squatscope"), source=plan.source, results=results))
    planned_s = time.perf_counter()
    for outcome in run(plan, Work(str(out), folder.sha256()), cluster, tally):
        if not isinstance(outcome, Done):
            raise RuntimeError(f"{outcome}")
    ran_s = time.perf_counter()
    write_study(folder, plan, tally, csv=False)
    folder.close()
    return Cost(planned_s - began_s, ran_s - planned_s, time.perf_counter() - ran_s, tally, out)


def _links(source: list[Path], folder: Path, count: int) -> Path:
    for number in range(count):
        below = folder / f"{number // 1000:04d}"
        below.mkdir(parents=True, exist_ok=True)
        os.link(source[number % len(source)], below / f"{number:07d}.h5")
    return folder


def _with_muscles(rig: Rig, more: int) -> Rig:
    """Return the rig with more channels of EMG, of muscles that are in no group."""
    emg = rig.stream_named("emg")
    names = [*emg.channels, *(f"more {number}" for number in range(more))]
    stream = emg.model_copy(update={"channels": names})
    first = next(electrode for electrode in rig.emg)
    others = [
        first.model_copy(update={"channel": name, "muscle": "other", "mvc_uV": None}) for name in names[len(emg.channels) :]
    ]
    return rig.model_copy(
        update={"stream": [stream if one.name == "emg" else one for one in rig.stream], "emg": [*rig.emg, *others]}
    )


def _recorded(path: Path, rig: Rig, seconds: float, seed: int = 1, more: int = 0) -> Path:
    """Write a recording; channels beside the simulated ones repeat these."""
    samples = simulated(rig, seed, seconds)
    columns = [number % samples["emg"].shape[1] for number in range(samples["emg"].shape[1] + more)]
    samples["emg"] = samples["emg"][:, columns]
    return recorded(path, _with_muscles(rig, more), samples)


def _megabytes(path: Path) -> float:
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return sum(file.stat().st_size for file in files) / 1e6


def _peak_megabytes() -> float:
    if sys.platform == "win32":
        return float("nan")
    import resource

    unit = 1e6 if sys.platform == "darwin" else 1e3
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def rows() -> list[tuple[str, str, str]]:
    """Return what was done, what it took in all, and what that is for each."""
    with tempfile.TemporaryDirectory(prefix="squatscope-bench-") as name:
        room = Path(name)
        rig = load(example("demo"))
        (room / "made").mkdir()
        made = [_recorded(room / "made" / f"{number}.h5", rig, SECONDS, number) for number in range(1, DIFFERENT + 1)]
        found: list[tuple[str, str, str]] = []
        with local_cluster(JOBS, name) as cluster:
            _studied(_links(made, room / "warm", 2 * JOBS), room / "warmed", cluster)  # kernels are compiled and loaded
            found += _of_recordings(room, made, cluster)
            found += _of_minutes(room, rig, cluster)
            found += _of_channels(room, rig, cluster)
            found.append(_of_nothing(cluster))
        found += _of_workers(room, made)
    return found


def _of_recordings(room: Path, made: list[Path], cluster: Cluster) -> list[tuple[str, str, str]]:
    found = []
    for count in sorted({max(1, RECORDINGS // 10), max(1, RECORDINGS // 3), RECORDINGS}):
        source, out = _links(made, room / f"in-{count}", count), room / f"out-{count}"
        cost = _studied(source, out, cluster)
        again = _studied(source, out, cluster)
        repetitions = sum(done.repetitions for done in cost.tally.done.values())
        done, index = (1e3 * _megabytes(out / part) for part in ("done", "index.html"))
        again_s = again.plan_s + again.run_s
        found += [
            (f"{count:,} recordings, {JOBS} workers", f"{cost.run_s:.1f} s", f"{cost.each_ms:.1f} ms a recording"),
            ("its plan", f"{cost.plan_s:.2f} s", f"{1e3 * cost.plan_s / count:.2f} ms a recording"),
            (f"its table of {repetitions:,}", f"{cost.tables_s:.1f} s", f"{1e3 * cost.tables_s / count:.1f} ms a recording"),
            ("what is kept to go on", f"{done / 1e3:.1f} MB", f"{done / count:.0f} kB a recording"),
            ("its index", f"{index / 1e3:.2f} MB", f"{index / count:.2f} kB a recording"),
            ("called again, with nothing to do", f"{again_s:.1f} s", f"{1e3 * again_s / count:.2f} ms a recording"),
        ]
    found.append(("memory of the command, at most", f"{_peak_megabytes():.0f} MB", ""))
    once = _studied(_links(made, room / "in-once", len(made)), room / "out-once", cluster)
    different = sum(done.repetitions for done in once.tally.done.values())
    table_kb = 1e3 * _megabytes(once.out / "repetitions.parquet")
    found.append((f"a table of {different}, none twice", f"{table_kb:.0f} kB", f"{table_kb / different:.2f} kB a repetition"))
    kept = _studied(_links(made, room / "in-kept", KEPT), room / "out-kept", cluster, results=True)
    size_mb = _megabytes(room / "out-kept" / "results")
    found.append(
        (f"{KEPT} recordings, results kept", f"{size_mb:.0f} MB", f"{kept.each_ms:.1f} ms, {size_mb / KEPT:.2f} MB a recording")
    )
    read_mb = sum(map(_megabytes, made)) / len(made)
    found.append((f"a recording of {SECONDS:.0f} s", f"{read_mb:.1f} MB", "read once"))
    a_million = {
        "reading": f"{read_mb:.0f} TB: {read_mb / 3.6:.1f} h at 1 GB/s, {10 * read_mb / 3.6:.0f} h at 100 MB/s",
        "computing": f"{cost.each_ms * JOBS / 3.6:.0f} hours of one worker; on 100 workers {cost.each_ms * JOBS / 360:.1f} h",
        "their tables": f"{cost.tables_s / RECORDINGS * 1e6 / 3600:.1f} h, by one process, after all recordings",
        "the table": f"{repetitions / RECORDINGS:.0f} million repetitions, "
        f"{table_kb / different * repetitions / RECORDINGS:.0f} GB",
        "their plan": f"{cost.plan_s / RECORDINGS * 1e6:.0f} s, and a million names in the command's memory",
        "going on": f"{(again.plan_s + again.run_s) / RECORDINGS * 1e6 / 3600:.1f} h, where all is done, with {JOBS} workers",
        "files kept": f"a million of {done / RECORDINGS:.0f} kB, and with results a million of {size_mb / KEPT:.1f} MB: "
        f"{size_mb / KEPT:.1f} TB",
    }
    return [*found, *((f"a million of them: {what}", amount, "reckoned") for what, amount in a_million.items())]


def _of_minutes(room: Path, rig: Rig, cluster: Cluster) -> list[tuple[str, str, str]]:
    found = []
    for minutes in MINUTES:
        one = _recorded(room / "made" / f"{minutes}-minutes.h5", rig, SECONDS * minutes)
        count = max(2 * JOBS, KEPT // minutes)
        cost = _studied(_links([one], room / f"in-{minutes}-minutes", count), room / f"out-{minutes}-minutes", cluster)
        name = f"{count} recordings of {minutes} x {SECONDS:.0f} s"
        found.append((name, f"{cost.run_s:.1f} s", f"{cost.each_ms / minutes:.1f} ms for {SECONDS:.0f} s of one"))
    return found


def _of_channels(room: Path, rig: Rig, cluster: Cluster) -> list[tuple[str, str, str]]:
    found = []
    plates = sum(len(stream.channels) for stream in rig.stream if stream.name != "emg")
    for more in MORE_MUSCLES:
        one = _recorded(room / "made" / f"{more}-more.h5", rig, SECONDS, more=more)
        cost = _studied(_links([one], room / f"in-{more}-more", KEPT), room / f"out-{more}-more", cluster)
        name = f"{KEPT} recordings, {plates} channels of plates, {len(rig.emg) + more} of EMG"
        found.append((name, f"{cost.run_s:.1f} s", f"{cost.each_ms:.1f} ms a recording"))
    return found


def _of_nothing(cluster: Cluster) -> tuple[str, str, str]:
    began_s = time.perf_counter()
    count = sum(1 for _ in cluster.run(abs, range(1, TASKS + 1)))
    took_s = time.perf_counter() - began_s
    return f"{count:,} tasks that do nothing, {JOBS} workers", f"{took_s:.1f} s", f"{1e3 * took_s / count:.2f} ms a task"


def _of_workers(room: Path, made: list[Path]) -> list[tuple[str, str, str]]:
    found = []
    source = _links(made, room / "in-workers", 2 * KEPT)
    for workers in sorted({1, JOBS // 2, JOBS} - {0}) if JOBS > 1 else ():
        with local_cluster(workers, str(room)) as cluster:
            _studied(_links(made, room / f"in-warm-{workers}", 2 * workers), room / f"out-warm-{workers}", cluster)
            cost = _studied(source, room / f"out-{workers}-workers", cluster)
        rate = len(cost.tally.done) / cost.run_s
        found.append((f"{2 * KEPT} recordings, {workers} workers", f"{cost.run_s:.1f} s", f"{rate:.1f} recordings a second"))
    return found


def main() -> None:
    """Print the table, and put it into a page where one is named."""
    measured = rows()
    table = Table("study", "in all", "each")
    for row in measured:
        table.add_row(*row)
    Console().print(table)
    if PAGE is not None:
        head, rest = PAGE.read_text(encoding="utf-8").split(BEGIN, 1)
        lines = ["| what | in all | each |", "|---|---|---|", *(f"| {' | '.join(row)} |" for row in measured)]
        where = f"{os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}"
        lines += ["", f"Measured with {where}, squatscope {version('squatscope')}.", ""]
        PAGE.write_text(f"{head}{BEGIN}\n\n" + "\n".join(lines) + END + rest.split(END, 1)[1], encoding="utf-8")
