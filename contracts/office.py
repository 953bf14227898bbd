"""The office version: one hash over everything that was reviewed."""

import hashlib
from collections.abc import Mapping


def office_version(files: Mapping[str, bytes]) -> str:
    """Return the content hash of an office, as 16 hex digits.

    Args:
        files: the bytes of every file by its path relative to the office, with forward slashes.

    A path and a content never run into each other: each is hashed with its length before it.
    """
    digest = hashlib.sha256()
    for path in sorted(files):
        for part in (path.encode(), files[path]):
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
    return digest.hexdigest()[:16]
