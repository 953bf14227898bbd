"""The social channel: short posts, a key that is honoured for a day, and not too many of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import regex
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.channels.press import POST, Press, number_of
from sandbox.endpoint import Endpoint, RequestView
from sandbox.refusal import Refused
from sandbox.world import Entry, World

MOST_CHARACTERS = 300
"""As people count them: a family emoji is one."""


def refusal(refused: Refused) -> dict[str, Any]:
    """Word a refusal."""
    return {"error": refused.code, "message": refused.text}


def shown(entry: Entry) -> dict[str, Any]:
    """Show a post."""
    return {
        "id": f"P-{entry.number}",
        "key": entry.client_reference,
        "deleted": entry.undone_by is not None,
        "created_at": entry.made_at,
        "path": f"/p/P-{entry.number}",
        **entry.detail,
    }


class Social:
    """The social channel's operations behind its door, and its pages in front of it."""

    def __init__(self, world: World, door: Endpoint) -> None:
        self.world = world
        self.door = door
        self.press = Press(world, "social", door.faults)

    def routes(self) -> list[Route]:
        """All routes, below `/social`."""
        route = self.door.route
        return [
            Route("/p/{id}", self._page),
            route("POST", "/posts", "post", self._post, status=201),
            route("POST", "/posts/{id}/delete", "delete", self._delete),
            route("GET", "/posts/{id}", "get_post", self._one),
            route("GET", "/keys/{key}", "find_post", self._find),
            route("GET", "/posts", "list_posts", self._list),
        ]

    async def _page(self, request: Request) -> Response:
        try:
            post: Entry | None = self.press.live(number_of(request.path_params["id"]))
        except Refused:
            post = None
        return self.press.page(request, post)

    def _post(self, ask: RequestView) -> dict[str, Any]:
        key, text, alt = ask.headers.get("idempotency-key"), ask.text("text"), ask.text("alt", "")
        image = ask.text("image", "")
        if not 0 < len(regex.findall(r"\X", text)) <= MOST_CHARACTERS:
            raise Refused(422, "too_long", f"a post has 1 to {MOST_CHARACTERS} characters")
        if image and not alt:
            raise Refused(422, "alt_missing", "a picture needs a text for who cannot see it")
        remembered = self._remembered(key) if key else None
        content: dict[str, object] = {"text": text, "image": image, "alt": alt}
        return shown(remembered or self.press.publish("", content, key))

    def _remembered(self, key: str) -> Entry | None:
        since = self.world.clock() - timedelta(seconds=self.door.faults.plan.key_retention_seconds)
        found = self.world.entries("social", kind=POST, client_reference=key)
        kept = [each for each in found if datetime.fromisoformat(each.made_at).astimezone(UTC) >= since]
        return kept[-1] if kept else None

    def _delete(self, ask: RequestView) -> dict[str, Any]:
        return shown(self.press.take_away(number_of(ask.path["id"])))

    def _one(self, ask: RequestView) -> dict[str, Any]:
        return shown(self.press.post(number_of(ask.path["id"])))

    def _find(self, ask: RequestView) -> dict[str, Any]:
        found = self.world.entries("social", kind=POST, client_reference=ask.path["key"])
        return {"posts": [shown(each) for each in found]}

    def _list(self, ask: RequestView) -> dict[str, Any]:
        after, limit = ask.number("after", 0), min(ask.number("limit", 100), 100)
        found = self.world.entries("social", kind=POST, after=after, limit=limit)
        return {"posts": [shown(each) for each in found], "after": str(found[-1].number if found else after)}
