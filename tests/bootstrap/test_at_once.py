"""Who is one request too many for a door is told when to come again."""

import asyncio

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from bootstrap.at_once import AGAIN_SECONDS, AtOnce

BUSY, FINE = 503, 200


async def test_one_too_many_hears_when_to_come_again_and_is_let_in_when_another_has_left() -> None:
    inside, leave = asyncio.Event(), asyncio.Event()

    async def slow(_request: Request) -> PlainTextResponse:
        inside.set()
        await leave.wait()
        return PlainTextResponse("done")

    app = AtOnce(Starlette(routes=[Route("/", slow, methods=["POST"])]), 1)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://door") as client:
        first = asyncio.create_task(client.post("/", content=b"1"))
        await inside.wait()
        refused = await client.post("/", content=b"2")
        leave.set()
        answered, again = await first, await client.post("/", content=b"2")

    assert (refused.status_code, refused.headers["retry-after"]) == (BUSY, str(AGAIN_SECONDS))
    assert (answered.status_code, again.status_code) == (FINE, FINE)
