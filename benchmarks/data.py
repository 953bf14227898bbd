"""Where the data to measure on is: beside the project, never in it."""

import os
from pathlib import Path


class DataMissing(Exception):
    """The data is not here; whoever measures says so plainly and measures nothing instead."""


def data_folder(name: str) -> Path:
    """Return a folder of the data, from `KONTOR_DATA` or `../shared/data`.

    Raises:
        DataMissing: there is no such folder.
    """
    beside = Path(__file__).parent.parent.parent / "shared" / "data"
    folder = Path(os.environ.get("KONTOR_DATA", beside)) / name
    if not folder.is_dir():
        raise DataMissing(f"no data in {name}: set KONTOR_DATA to the folder that holds it")
    return folder
