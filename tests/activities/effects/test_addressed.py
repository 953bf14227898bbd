"""Effects whose address we name, over a real socket: a blog that holds one post under one slug."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from connectors.connectors import Connectors
from connectors.manifest import load_manifests
from connectors.secrets import EnvironmentSecrets
from contracts.effect import EffectState, ProposedEffect
from tests.activities.effects.fake_channel import Clock
from tests.activities.effects.ledger_helpers import Door, outcomes
from tests.connectors.system import ENVIRONMENT, Received, Reply, System, write_office

BLOG = """
name = "shop"
version = "1"
transport = "http"
base_url = "http://127.0.0.1:${PORT}"
auth = { kind = "bearer", secret = "shop.token" }

[[failures]]
status = [422]
means = "not-applied-final"

[operations.get_page]
effect = "read"
arguments.page = { type = "string" }
absent = [{ status = [404], code = ["no_such_page"] }]
request = { method = "GET", path = "/pages/{{ page }}" }

[operations.publish]
effect = "write"
arguments.title = { type = "string" }
reference = "slug"
latency = { timeout_seconds = 1.0, settle_seconds = 20.0 }
request = { method = "PUT", path = "/pages/{{ address }}", body = { title = "{{ title }}" } }
[operations.publish.idempotency]
kind = "addressed"
address = "{{ title | slug }}"
lookup = "get_page"
told_apart_by = ["title"]
conflict = [{ status = [422], code = ["slug_*"] }]
[operations.publish.lookup]
arguments = { page = "{{ address }}" }
items = "@"
match = "item.title == title"
reference = "slug"
"""


class Blog:
    """Pages by slug. It refuses a slug that is taken, and loses the next answers it is told to lose."""

    def __init__(self, system: System) -> None:
        self.pages: dict[str, str] = {}
        self.lose = 0
        self.puts = 0
        self.broken = False
        system.reply = self.reply

    def reply(self, request: Received) -> Reply:
        slug = request.target.removeprefix("/pages/")
        if request.method == "PUT":
            return self.put(slug, json.loads(request.body)["title"])
        if slug not in self.pages:
            return Reply({"code": "no_such_page"}, status=404)
        return Reply({"slug": slug, "title": self.pages[slug]})

    def put(self, slug: str, title: str) -> Reply:
        self.puts += 1
        if self.broken:
            return Reply({"code": "too_short"}, status=422)
        if slug in self.pages:
            return Reply({"code": "slug_taken"}, status=422)
        self.pages[slug] = title
        self.lose -= 1
        return Reply(cut=True) if self.lose >= 0 else Reply({"slug": slug}, status=201)


@pytest.fixture
async def system() -> AsyncIterator[System]:
    started = System()
    await started.start()
    yield started
    await started.stop()


@pytest.fixture
def blog(system: System) -> Blog:
    return Blog(system)


@pytest.fixture
async def door(engine: Engine, clock: Clock, system: System, tmp_path: Path) -> AsyncIterator[Door]:
    manifests = load_manifests(write_office(tmp_path, BLOG), {"PORT": str(system.port)})
    async with Connectors(manifests, EnvironmentSecrets(ENVIRONMENT)) as outside:
        yield Door(engine, outside, clock)  # type: ignore[arg-type] # the same doors, over a socket


def post(title: str = "Größe 38, again!", step: str = "publish") -> ProposedEffect:
    return ProposedEffect(step=step, connector="shop", operation="publish", arguments={"title": title})


async def test_a_post_whose_answer_was_lost_is_looked_up_by_its_address_and_not_sent_again(
    door: Door, blog: Blog
) -> None:
    blog.lose = 1
    receipt = await door.pursue(door.order(post()))
    assert (receipt.state, receipt.looked_up, receipt.outside_reference) == (
        EffectState.APPLIED,
        True,
        "grosse-38-again",
    )
    assert blog.puts == 1


async def test_a_refusal_that_may_mean_it_is_there_already_is_looked_up(door: Door, blog: Blog) -> None:
    """Published by a call that nobody remembers: the first that we know of is told that the slug is taken."""
    blog.pages["grosse-38-again"] = "Größe 38, again!"
    receipt = await door.pursue(door.order(post()))
    assert (receipt.state, receipt.looked_up) == (EffectState.APPLIED, True)
    assert blog.puts == 1


async def test_a_slug_that_a_stranger_took_is_not_overwritten_and_is_a_persons(
    door: Door, blog: Blog
) -> None:
    blog.pages["grosse-38-again"] = "A stranger's"
    order = door.order(post())
    receipt = await door.pursue(order)
    assert receipt.state is EffectState.UNKNOWN
    assert (
        receipt.reason
        == "shop.publish: something else stands at the address that it names; a person must look"
    )
    assert (await door.pursue(order)).state is EffectState.UNKNOWN
    assert blog.puts == 1
    assert blog.pages == {"grosse-38-again": "A stranger's"}
    assert set(outcomes(door, order.key).values()) == {"ambiguous", "taken"}


async def test_what_a_person_makes_room_for_is_published_when_it_is_taken_up_again(
    door: Door, blog: Blog
) -> None:
    blog.pages["grosse-38-again"] = "A stranger's"
    order = door.order(post())
    await door.pursue(order)
    blog.pages.clear()
    assert (await door.pursue(order)).state is EffectState.APPLIED
    assert blog.pages == {"grosse-38-again": "Größe 38, again!"}


async def test_a_refusal_of_another_kind_under_the_same_status_is_still_a_refusal(
    door: Door, blog: Blog
) -> None:
    blog.broken = True
    receipt = await door.pursue(door.order(post()))
    assert receipt.state is EffectState.FAILED
    assert blog.puts == 1


async def test_a_title_of_which_no_address_can_be_made_is_refused_before_anything_is_sent(
    door: Door, blog: Blog
) -> None:
    receipt = await door.pursue(door.order(post("東京")))
    assert receipt.state is EffectState.FAILED
    assert receipt.reason is not None
    assert "no letter or digit" in receipt.reason
    assert blog.puts == 0
