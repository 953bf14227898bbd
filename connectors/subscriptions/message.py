"""What a subscriber gets: an episode as a CloudEvent, signed by Standard Webhooks."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from standardwebhooks import Webhook

from connectors.sources.reading import STRUCTURED, VERSION
from contracts.case import Episode
from contracts.source import SHAPES
from contracts.subscription import desk_of

STANDARD = SHAPES["standard"]


def cloud_event(episode: Episode, position: int, installation: str, *, full: bool) -> dict[str, Any]:
    """Return an episode as a CloudEvent; its id is the episode's, however often it is told.

    Args:
        episode: what happened.
        position: its place in the log: the extension `sequence`, by which a receiver puts events in order.
        installation: the id of this one, in the source.
        full: whether the episode's own data go with it.
    """
    desk = desk_of(episode)
    return {
        "specversion": VERSION,
        "id": episode.id,
        "source": f"/kontor/{installation}",
        "type": f"kontor.{desk}.{episode.kind}",
        "subject": episode.case_id,
        "time": episode.at.isoformat(),
        "sequence": f"{position:020d}",
        "datacontenttype": "application/json",
        "data": {
            "case": episode.case_id,
            "desk": desk,
            "kind": episode.kind,
            **({"details": episode.data} if full else {}),
        },
    }


def body_of(event: dict[str, Any]) -> bytes:
    """Return a CloudEvent as it is sent, the same bytes each time."""
    return json.dumps(event, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def signed_headers(keys: Sequence[bytes], event_id: str, body: bytes, now: datetime) -> dict[str, str]:
    """Return the headers of one try: a signature by each key that counts, over id, moment and body.

    Args:
        keys: one, or two while they are changed.
        event_id: the same in each try.
        body: UTF-8.
        now: the moment, in UTC.
    """
    made = [Webhook(key).sign(event_id, now, body.decode()) for key in keys]
    return {
        "content-type": STRUCTURED,
        "user-agent": "kontor",
        STANDARD.id_header: event_id,
        STANDARD.time_header: str(int(now.timestamp())),
        STANDARD.header: " ".join(made),
    }
