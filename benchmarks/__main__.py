"""`python -m benchmarks bench|eval [AREA…]`: run measurements, print them, keep their rows."""

import argparse
import asyncio
import importlib
import os
import pkgutil
import sys
from pathlib import Path

import benchmarks
from benchmarks.data import DataMissing
from benchmarks.rows import publish

NOT_AREAS = {"rows", "environment", "floor", "cpu", "__main__"}


def areas(kind: str) -> list[str]:
    """Return the modules of one kind that offer `rows`: `eval_*` measure quality, the others speed."""
    names = [module.name for module in pkgutil.iter_modules(benchmarks.__path__)]
    found = [name for name in names if name not in NOT_AREAS and _offers_rows(name)]
    return [name for name in found if name.startswith("eval_") == (kind == "eval")]


def _offers_rows(name: str) -> bool:
    return hasattr(importlib.import_module(f"benchmarks.{name}"), "rows")


def main() -> None:
    """Run the chosen areas, or all; exit 1 if one could not be measured."""
    parser = argparse.ArgumentParser(prog="benchmarks", description="Measure Kontor.")
    parser.add_argument("kind", choices=("bench", "eval"))
    parser.add_argument("area", nargs="*", help="only these areas")
    given = parser.parse_args()
    failed = False
    for name in areas(given.kind):
        if given.area and name.removeprefix("eval_") not in given.area:
            continue
        print(f"== {name}", flush=True)  # noqa: T201  (this is a command line)
        try:
            publish(
                asyncio.run(importlib.import_module(f"benchmarks.{name}").rows()), Path(f"{given.kind}.json")
            )
        except DataMissing as missing:
            print(f"not measured: {missing}", flush=True)  # noqa: T201  (this is a command line)
            failed = True
    sys.stdout.flush()
    # See starter.py: the SDK's native threads may crash a finished Python 3.11 process.
    os._exit(1 if failed else 0)


if __name__ == "__main__":
    main()
