"""The blog: a slug holds one post, and whoever publishes names the slug."""

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.channels.press import POST, Press, number_of
from sandbox.endpoint import Endpoint, RequestView
from sandbox.refusal import Refused
from sandbox.world import Entry, World

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LONGEST_SLUG = 80


def refusal(refused: Refused) -> dict[str, Any]:
    """Word a refusal."""
    return {"error": {"code": refused.code, "message": refused.text}}


def shown(entry: Entry) -> dict[str, Any]:
    """Show a post."""
    return {
        "id": f"P-{entry.number}",
        "slug": entry.order_id,
        "state": "gone" if entry.undone_by else "live",
        "published_at": entry.made_at,
        "path": f"/p/{entry.order_id}",
        **entry.detail,
    }


class Blog:
    """The blog's operations behind its door, and its pages in front of it."""

    def __init__(self, world: World, door: Endpoint) -> None:
        self.world = world
        self.door = door
        self.press = Press(world, "blog", door.faults)

    def routes(self) -> list[Route]:
        """All routes, below `/blog`."""
        route = self.door.route
        return [
            Route("/p/{slug}", self._page),
            route("POST", "/posts", "publish", self._publish, status=201),
            route("PUT", "/posts/{id}", "update", self._update),
            route("POST", "/posts/{id}/unpublish", "unpublish", self._unpublish),
            route("GET", "/posts/{id}", "get_post", self._one),
            route("GET", "/slugs/{slug}", "find_post", self._find),
            route("GET", "/posts", "list_posts", self._list),
        ]

    async def _page(self, request: Request) -> Response:
        return self.press.page(request, self.press.at(request.path_params["slug"]))

    def _publish(self, ask: RequestView) -> dict[str, Any]:
        slug = ask.text("slug")
        if not SLUG.fullmatch(slug) or len(slug) > LONGEST_SLUG:
            raise Refused(422, "bad_slug", "a slug has small letters, digits and single dashes")
        content = _content(ask)
        if self.press.at(slug) is not None:
            raise Refused(409, "slug_taken", f"something stands at {slug} already")
        return shown(self.press.publish(slug, content))

    def _update(self, ask: RequestView) -> dict[str, Any]:
        return shown(self.press.update(number_of(ask.path["id"]), _content(ask)))

    def _unpublish(self, ask: RequestView) -> dict[str, Any]:
        return shown(self.press.take_away(number_of(ask.path["id"])))

    def _one(self, ask: RequestView) -> dict[str, Any]:
        return shown(self.press.post(number_of(ask.path["id"])))

    def _find(self, ask: RequestView) -> dict[str, Any]:
        found = self.press.at(ask.path["slug"])
        return {"posts": [shown(found)] if found else []}

    def _list(self, ask: RequestView) -> dict[str, Any]:
        after, limit = ask.number("after", 0), min(ask.number("limit", 100), 100)
        found = self.world.entries("blog", kind=POST, after=after, limit=limit)
        return {"posts": [shown(each) for each in found], "after": str(found[-1].number if found else after)}


def _content(ask: RequestView) -> dict[str, object]:
    content: dict[str, object] = {name: ask.text(name) for name in ("title", "text")}
    if not all(content.values()):
        raise Refused(422, "empty", "a post has a title and a text")
    return {**content, "excerpt": ask.text("excerpt", ""), "tags": ask.body.get("tags") or []}
