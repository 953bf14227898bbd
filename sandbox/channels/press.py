"""What an outlet published: a post is an entry, found under its address; taking it away is another entry."""

import json
from datetime import UTC, datetime, time, timedelta
from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from sandbox.faults import Faults
from sandbox.refusal import Refused
from sandbox.world import Entry, World

POST = "post"
PAGE = "<!doctype html><html lang=en><title>{title}</title><h1>{title}</h1><pre>{text}</pre></html>"


class Press:
    """The posts of one outlet.

    Args:
        world: where they are kept.
        outlet: its name.
        faults: how many posts a day it takes.
    """

    def __init__(self, world: World, outlet: str, faults: Faults) -> None:
        self.world = world
        self.outlet = outlet
        self.faults = faults

    def publish(self, address: str, content: dict[str, object], token: str | None = None) -> Entry:
        """Make a post, at an address or at its own number; refuses more than a day's share."""
        self._mind_the_share()
        return self._enter(POST, address, content, token)

    def update(self, number: int, content: dict[str, object]) -> Entry:
        """Change what a post says."""
        post = self.live(number)
        self._enter("update", post.order_id, content, None)
        self.world.db.execute(
            "UPDATE entries SET detail = ? WHERE number = ?",
            (json.dumps(content, ensure_ascii=False), number),
        )
        return self.post(number)

    def take_away(self, number: int) -> Entry:
        """Take a post away; its address is free again."""
        post = self.live(number)
        gone = self._enter("undo_post", post.order_id, {}, None, undoes=number)
        self.world.db.execute("UPDATE entries SET undone_by = ? WHERE number = ?", (gone.number, number))
        return self.post(number)

    def post(self, number: int) -> Entry:
        """A post that is there, or was."""
        entry = self.world.entry(self.outlet, number)
        if entry is None or entry.kind != POST:
            raise Refused(404, "no_such_post", f"there never was a post {number}")
        return entry

    def live(self, number: int) -> Entry:
        """A post that is there."""
        entry = self.post(number)
        if entry.undone_by is not None:
            raise Refused(410, "post_gone", f"post {number} was taken away")
        return entry

    def at(self, address: str) -> Entry | None:
        """What stands at an address."""
        found = self.world.entries(self.outlet, kind=POST, order_id=address)
        return next((entry for entry in found if entry.undone_by is None), None)

    def page(self, request: Request, post: Entry | None) -> Response:
        """A public page, for people and, as JSON, for who asks for that."""
        shown = {"title": "", "text": "", **(post.detail if post else {})}
        if "application/json" in request.headers.get("accept", ""):
            found = {**shown, "live": True} if post else {"error": "no_such_page"}
            return JSONResponse(found, 200 if post else 404)
        if post is None:
            return HTMLResponse("<h1>404</h1>", 404)
        title, text = (escape(str(shown[name])) for name in ("title", "text"))
        return HTMLResponse(PAGE.format(title=title, text=text))

    def _mind_the_share(self) -> None:
        share = self.faults.plan.posts_per_day.get(self.outlet)
        if share is None:
            return
        now = self.world.clock().astimezone(UTC)
        midnight = datetime.combine(now.date(), time(), UTC)
        made = self.world.db.execute(
            "SELECT COUNT(*) FROM entries WHERE channel = ? AND kind = ? AND made_at >= ?",
            (self.outlet, POST, midnight.isoformat(timespec="microseconds")),
        ).fetchone()[0]
        if made >= share:
            wait = int((midnight + timedelta(days=1) - now).total_seconds()) + 1
            raise Refused(429, "quota_reached", f"{share} posts a day, and no more", wait)

    def _enter(
        self,
        kind: str,
        address: str,
        content: dict[str, object],
        token: str | None,
        undoes: int | None = None,
    ) -> Entry:
        number = self.world.db.execute(
            "INSERT INTO entries (channel, kind, order_id, amount_cents, currency, payment_method, reason,"
            " detail, client_reference, undoes, made_at) VALUES (?, ?, ?, 0, '', '', '', ?, ?, ?, ?)",
            (
                self.outlet,
                kind,
                address,
                json.dumps(content, ensure_ascii=False),
                token,
                undoes,
                self.world.now(),
            ),
        ).lastrowid
        entry = self.world.entry(self.outlet, number or 0)
        if entry is None:
            raise RuntimeError("an entry vanished inside its own transaction")
        return entry


def number_of(post: str) -> int:
    """Return the number in a post's id such as `P-12`."""
    digits = post.removeprefix("P-")
    if not digits.isdigit():
        raise Refused(404, "no_such_post", f"there is no post {post}")
    return int(digits)
