"""Who runs this process."""

import getpass
import os


def operator() -> str:
    """Return who runs this process, by KONTOR_PERSON or the log-in name; nobody's proof, but on record."""
    if person := os.environ.get("KONTOR_PERSON"):
        return person
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user needs no name
        return f"user {os.getuid()}"
