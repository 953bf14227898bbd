"""`python -m benchmarks bench|eval [AREA…]`: run measurements, print them, keep their rows."""

import argparse
import ast
import asyncio
import importlib
import os
import sys
from pathlib import Path

from benchmarks.data import DataMissing
from benchmarks.rows import publish


def areas(kind: str) -> dict[str, str]:
    """Return the areas of one kind, each with its module: `eval_*` measure quality, the others speed.

    An area is a module with a function `rows`. Nothing is imported for it: one that cannot be stops no other.
    """
    names = [file.stem for file in sorted(Path(__file__).parent.glob("*.py")) if _offers_rows(file)]
    measured = [name for name in names if name.startswith("eval_") == (kind == "eval")]
    return {name.removeprefix("eval_"): f"benchmarks.{name}" for name in measured}


def _offers_rows(file: Path) -> bool:
    body = ast.parse(file.read_text(encoding="utf-8")).body
    return any(isinstance(each, ast.AsyncFunctionDef) and each.name == "rows" for each in body)


def main() -> None:
    """Run the chosen areas, or all; exit 1 if one could not be measured."""
    parser = argparse.ArgumentParser(prog="benchmarks", description="Measure Kontor.")
    parser.add_argument("kind", choices=("bench", "eval"))
    parser.add_argument("area", nargs="*", help="only these areas")
    given = parser.parse_args()
    found = areas(given.kind)
    if unknown := [area for area in given.area if area not in found]:
        parser.error(f"no area {', '.join(unknown)}; {given.kind} has: {', '.join(found)}")
    failed = False
    for area in given.area or found:
        print(f"== {area}", flush=True)  # noqa: T201  (this is a command line)
        try:
            rows = asyncio.run(importlib.import_module(found[area]).rows())
            publish(rows, Path(f"{given.kind}.json"))
        except (DataMissing, ImportError) as missing:
            print(f"not measured: {missing}", flush=True)  # noqa: T201  (this is a command line)
            failed = True
    sys.stdout.flush()
    # See starter.py: the SDK's native threads may crash a finished Python 3.11 process.
    os._exit(1 if failed else 0)


if __name__ == "__main__":
    main()
