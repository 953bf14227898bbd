"""A process of its own that works through cases: `python -m tests.memory.payer URL FOLDER SIDE`."""

import sys
from pathlib import Path

from memory.database import open_engine
from tests.memory.kept_books import KeptBooks

CASES = 15

if __name__ == "__main__":
    url, folder, side = sys.argv[1:]
    engine = open_engine(url)
    books = KeptBooks(engine, Path(folder))
    for number in range(CASES):
        books.case(f"{side}{number}")
        books.paid(books.order(f"{side}{number}"))
    engine.dispose()
