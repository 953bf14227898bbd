"""What the log says of people at a door: it belongs to no case."""

from datetime import datetime

from pydantic import JsonValue

from contracts.case import Episode

OF_STAFF = "staff"
"""Stands where an episode names its case."""


def staff_episode(kind: str, name: str, at: datetime, data: dict[str, JsonValue]) -> Episode:
    """Return an episode of somebody who comes in, or may; `name` tells it from others of its kind."""
    return Episode(id=f"{OF_STAFF}#{kind}-{name}", case_id=OF_STAFF, kind=kind, at=at, data=data)
