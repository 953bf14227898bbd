"""Names that survive a retry, a reset and a re-run: pure functions of the case, never of time."""

import hashlib
import re

_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@#+-]{0,127}")

CONTROL_QUEUE = "kontor-control"
MODELS_QUEUE = "kontor-models"
SECOND_MODELS_QUEUE = "kontor-models-b"
MEMORY_QUEUE = "kontor-memory"


def workflow_id(desk: str, channel: str, external_id: str) -> str:
    """Return the id of a case, for instance `returns/webshop/RMA-1007`.

    Raises:
        ValueError: a part is empty, longer than 128 characters, or holds a slash or a space.
    """
    for part in (desk, channel, external_id):
        if not _PART.fullmatch(part):
            raise ValueError(f"{part!r} cannot stand in a case id: use letters, digits and ._:@#+-")
    return f"{desk}/{channel}/{external_id}"


def effect_key(case_id: str, step: str) -> str:
    """Return the idempotency key of one step of one case: the same on every attempt and run."""
    digest = hashlib.sha256(f"{case_id}\n{step}".encode()).hexdigest()
    return f"{step}-{digest[:32]}"


def permit_id(key: str, arguments_hash: str, basis: str) -> str:
    """Return the id of the permit that covers one effect, with these arguments, on this basis.

    Args:
        key: the effect's key.
        arguments_hash: the hash of the canonical arguments.
        basis: the verdict's or the approval's id.
    """
    return "permit-" + hashlib.sha256(f"{key}\n{arguments_hash}\n{basis}".encode()).hexdigest()[:32]


def approval_id(case_id: str, step: str, round_number: int = 1) -> str:
    """Return the id of the `round_number`-th request for approval of one step of one case."""
    digest = hashlib.sha256(f"{case_id}\n{step}\n{round_number}".encode()).hexdigest()
    return f"ask-{digest[:12]}"


def connector_queue(connector: str) -> str:
    """Return the task queue that serves one connector, so that the server holds its rate limit."""
    return f"kontor-connector-{connector}"
