"""Runs a target on many mutated files in a child process, which may crash, hang or fill the memory instead of the tests."""

from __future__ import annotations

import json
import os
import resource
import signal
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, TextIO

from hardware.errors import SquatscopeError

if TYPE_CHECKING:
    from tests.fuzz.targets import Target

LONGEST_S = 30
MOST_BYTES = 2 << 30
"""What one file may make the program ask for beyond what it has; more is refused, as on a small machine."""


@dataclass(slots=True)
class Tally:
    """What came of mutated files: how many were read, refused with a sentence, and anything else."""

    read: int = 0
    refused: int = 0
    wrong: list[str] = field(default_factory=list)


def run(target: Target, folder: Path, first: int, count: int) -> Tally:
    """Try the mutations of these numbers; a number always gives the same file."""
    good = folder / f"good{target.ending}"
    target.make(good)
    content = good.read_bytes()
    beside = {path.name for path in folder.iterdir()}
    target.use(good)  # a good file it is, and what it takes to read one is then loaded for every child
    tally, done = Tally(), 0
    while done < count:
        for path in folder.iterdir():
            if path.name not in beside and path.is_file():
                path.unlink()
        done += _in_child(target, folder, content, range(first + done, first + count), tally)
    return tally


def _in_child(target: Target, folder: Path, content: bytes, numbers: range, tally: Tally) -> int:
    """Go on in a child until all are done or it is dead; return how many were tried."""
    report = folder / "report"
    report.write_text("")
    child = os.fork()
    if child == 0:
        with report.open("a") as said:
            _tell_all(target, folder, content, numbers, said)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    lines = [json.loads(line) for line in report.read_text().splitlines()]
    report.unlink()
    begun = [line for line in lines if "begun" in line]
    for line in lines:
        tally.read += line.get("what") == "read"
        tally.refused += line.get("what") == "refused"
        if line.get("what") == "wrong":
            tally.wrong.append(f"{target.name}: {line['of']}: {line['said']}")
    if status:
        tally.wrong.append(f"{target.name}: {begun[-1]['begun'] if begun else 'at once'}: ended with status {status}")
    return len(begun) if begun else len(numbers)


def _tell_all(target: Target, folder: Path, content: bytes, numbers: range, said: TextIO) -> None:
    used_bytes = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used_bytes + MOST_BYTES, resource.RLIM_INFINITY))
    path = folder / f"damaged{target.ending}"

    def tell(**line: str) -> None:
        said.write(json.dumps(line) + "\n")
        said.flush()

    warnings.simplefilter("error")
    for number in numbers:
        path.write_bytes(content)
        for made in folder.glob("new-*"):
            made.unlink()
        mutation = f"{number}, {target.mutate(Random(f'{target.name} {number}'), path)}"
        tell(begun=mutation)
        signal.alarm(LONGEST_S)
        try:
            target.use(path)
        except SquatscopeError as error:
            sentence = str(error)
            whole = sentence.rstrip().endswith((".", "!", "?")) and "Traceback" not in sentence and len(sentence) < 5000
            tell(what="refused" if whole else "wrong", of=mutation, said=sentence[:300])
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is what must not come
            tell(what="wrong", of=mutation, said=repr(error)[:300])
        else:
            tell(what="read")
        signal.alarm(0)
