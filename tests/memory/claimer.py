"""A process of its own that races for claims: `python -m tests.memory.claimer URL CASE`; prints its wins."""

import sys
from datetime import UTC, datetime

from memory.database import open_engine
from tests.memory.claims import claim

if __name__ == "__main__":
    url, case = sys.argv[1:]
    engine = open_engine(url)
    now = datetime(2026, 11, 5, 12, tzinfo=UTC)
    for number in range(50):
        # Each wants two neighbouring lines, in opposite orders: a circle, were they not sorted.
        wanted = [f"line-{number}", f"line-{number + 1}"]
        won = claim(engine, f"{case}-{number}", wanted if case == "left" else wanted[::-1], now)
        sys.stdout.write(f"{number} {won or 'won'}\n")
    engine.dispose()
