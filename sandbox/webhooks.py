"""What the sandbox tells by itself: CloudEvents, signed by Standard Webhooks, sent until they are taken."""

import asyncio
import base64
import hashlib
import hmac
import json
import os
import uuid
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

import httpx

PAUSES = (0.2, 1.0, 5.0, 25.0)
"""Seconds between tries; a receiver that is away for longer asks us itself."""
TIMEOUT_SECONDS = 10.0


def webhook_secret(channel: str) -> str:
    """Return what a channel signs with: `KONTOR_SANDBOX_WEBHOOK_WEBSHOP` and so on, or a known default."""
    known = base64.b64encode(f"the sandbox's {channel} signs its webhooks".encode()).decode()
    return os.environ.get(f"KONTOR_SANDBOX_WEBHOOK_{channel.upper()}", f"whsec_{known}")


def signed(secret: str, event_id: str, body: bytes, at: datetime) -> dict[str, str]:
    """Return the headers of one try."""
    moment = str(int(at.timestamp()))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.digest(key, b".".join([event_id.encode(), moment.encode(), body]), hashlib.sha256)
    return {
        "content-type": "application/cloudevents+json",
        "webhook-id": event_id,
        "webhook-timestamp": moment,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


class Webhooks:
    """Sends what happens at a channel to `BASE/CHANNEL`, and lists it; used in one event loop.

    Args:
        base: where to; empty sends nothing.

    Attributes:
        told: by channel, what happened while the sandbox runs, the oldest first.
    """

    def __init__(self, base: str = "") -> None:
        self.base = base.rstrip("/")
        self.told: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        self._under_way: set[asyncio.Task[None]] = set()

    def tell(self, channel: str, kind: str, data: dict[str, Any]) -> None:
        """Send an event beside everything else."""
        event = {
            "specversion": "1.0",
            "id": f"evt_{uuid.uuid4().hex}",
            "source": f"/sandbox/{channel}",
            "type": kind,
            "time": datetime.now(UTC).isoformat(),
            "data": data,
        }
        self.told[channel].append(event)
        if not self.base:
            return
        task = asyncio.create_task(self._send(channel, event))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    def page(
        self, channel: str, after: int, since: str, limit: int
    ) -> tuple[list[dict[str, Any]], int | None]:
        """Return a page of what happened from a moment on, and where to go on; None at the end."""
        events = [event for event in self.told[channel] if not since or event["time"] >= since]
        end = after + limit
        return events[after:end], end if end < len(events) else None

    async def _send(self, channel: str, event: dict[str, Any]) -> None:
        body = json.dumps(event).encode()
        async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS) as client:
            for pause in (*PAUSES, None):
                # The id stays, the moment is that of the try: so every receiver knows a retry.
                headers = signed(webhook_secret(channel), str(event["id"]), body, datetime.now(UTC))
                try:
                    answer = await client.post(f"{self.base}/{channel}", content=body, headers=headers)
                    if answer.is_success:
                        return
                except httpx.HTTPError:
                    pass
                if pause is not None:
                    await asyncio.sleep(pause)
