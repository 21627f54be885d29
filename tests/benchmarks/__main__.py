"""All benchmarks, one table after the other: `python tests/benchmarks`, or only some: `python tests/benchmarks emg ring`."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path


def main() -> None:
    """Run the benchmarks that are named, or all there are."""
    there = sorted(path.stem.removeprefix("bench_") for path in Path(__file__).parent.glob("bench_*.py"))
    unknown = [name for name in sys.argv[1:] if name not in there]
    if unknown:
        sys.exit(f"There is no benchmark {unknown[0]!r}; there are {', '.join(there)}.")
    sys.path.insert(0, str(Path(__file__).parents[2]))  # called by its path, Python does not look in the checkout
    for name in sys.argv[1:] or there:
        importlib.import_module(f"tests.benchmarks.bench_{name}").main()


if __name__ == "__main__":
    main()
