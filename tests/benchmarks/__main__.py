"""All benchmarks, one table after the other: `python tests/benchmarks`, or only some: `python tests/benchmarks emg ring`.

A study has as many recordings as are asked for: `python tests/benchmarks study --recordings 10000 --page docs/studies.md`
measures what one costs and writes the table of that page.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path


def main() -> None:
    """Run the benchmarks that are named, or all there are."""
    there = sorted(path.stem.removeprefix("bench_") for path in Path(__file__).parent.glob("bench_*.py"))
    parser = argparse.ArgumentParser(prog="python tests/benchmarks")
    parser.add_argument("names", nargs="*", default=there)
    parser.add_argument("--recordings", type=int, help="how many recordings a study has")
    parser.add_argument("--jobs", type=int, help="how many workers do it")
    parser.add_argument("--page", type=Path, help="a page of docs whose table of numbers is made anew")
    asked = parser.parse_args()
    unknown = [name for name in asked.names if name not in there]
    if unknown:
        sys.exit(f"There is no benchmark {unknown[0]!r}; there are {', '.join(there)}.")
    sys.path.insert(0, str(Path(__file__).parents[2]))  # called by its path, Python does not look in the checkout
    for name in asked.names:
        module = importlib.import_module(f"tests.benchmarks.bench_{name}")
        for constant in ("RECORDINGS", "JOBS", "PAGE"):
            value = getattr(asked, constant.lower())
            if value is not None and hasattr(module, constant):
                setattr(module, constant, value)
        module.main()


if __name__ == "__main__":
    main()
