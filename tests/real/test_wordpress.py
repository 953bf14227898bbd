"""Kontor's connectors against a real WordPress, with the manifest that is shipped."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from activities.errors import classify
from benchmarks.environment import free_port
from benchmarks.proxy import RunningProxy, proxied
from connectors.connectors import Connectors
from connectors.manifest import read_manifest
from connectors.secrets import EnvironmentSecrets
from contracts.base import Arguments
from contracts.failure import CallFailed, FailureClass
from sandbox.faults import Fault, Scripted
from tests.real.installing import Missing
from tests.real.wordpress_server import WordPressServer


@pytest.fixture(scope="module")
def wordpress(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WordPressServer]:
    server = WordPressServer(tmp_path_factory.mktemp("wordpress"), free_port())
    try:
        server.start()
    except Missing as missing:
        server.stop()
        pytest.fail(str(missing), pytrace=False)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def proxy(wordpress: WordPressServer) -> Iterator[RunningProxy]:
    with proxied("wordpress", wordpress.url) as running:
        yield running


@pytest.fixture
async def blog(wordpress: WordPressServer, proxy: RunningProxy, office: Path) -> AsyncIterator[Connectors]:
    manifest = read_manifest(office / "connectors" / "wordpress.toml", {"WORDPRESS_URL": proxy.url}).manifest
    secrets = EnvironmentSecrets({"KONTOR_SECRET_WORDPRESS_PASSWORD": wordpress.password})
    async with Connectors({"wordpress": manifest}, secrets) as connectors:
        yield connectors


def post_of(slug: str, status: str = "publish") -> Arguments:
    return {"slug": slug, "title": f"About {slug}", "content": "<p>Words.</p>", "status": status}


async def slugs(wordpress: WordPressServer) -> list[str]:
    """Every post's slug, as WordPress itself tells it."""
    async with httpx.AsyncClient(auth=("admin", wordpress.password)) as client:
        asked: dict[str, str | int] = {"status": "any", "per_page": 100}
        answer = await client.get(f"{wordpress.url}/wp-json/wp/v2/posts", params=asked)
    return [post["slug"] for post in answer.json()]


async def test_the_same_slug_posted_twice_really_makes_a_second_post(
    blog: Connectors, wordpress: WordPressServer
) -> None:
    first = await blog.send("wordpress", "create_post", post_of("twice"), "key")
    second = await blog.send("wordpress", "create_post", post_of("twice"), "key")
    assert (first.result["slug"], second.result["slug"]) == ("twice", "twice-2")
    assert {"twice", "twice-2"} <= set(await slugs(wordpress))


@pytest.mark.parametrize("status", ["publish", "draft"])
@pytest.mark.parametrize("fault", [Fault.CUT_AFTER, Fault.ERROR_AFTER])
async def test_a_post_whose_answer_was_lost_is_found_by_its_slug(
    blog: Connectors, wordpress: WordPressServer, proxy: RunningProxy, status: str, fault: Fault
) -> None:
    slug = f"lost-{status}-{fault.value.replace('_', '-')}"
    proxy.faults.script.append(Scripted(channel="wordpress", operation="post", fault=fault))
    sent_at = datetime.now(UTC)
    with pytest.raises(CallFailed) as failed:
        await blog.send("wordpress", "create_post", post_of(slug, status), "key")
    manifest = blog.manifest("wordpress")
    assert classify(manifest, "create_post", failed.value) is FailureClass.AMBIGUOUS
    found = await blog.look_up("wordpress", "create_post", post_of(slug, status), "key", sent_at)
    assert found is not None
    assert found.result["slug"] == slug
    assert [made for made in await slugs(wordpress) if made.startswith(slug)] == [slug]


async def test_a_post_that_never_arrived_is_surely_absent(
    blog: Connectors, wordpress: WordPressServer, proxy: RunningProxy
) -> None:
    proxy.faults.script.append(Scripted(channel="wordpress", operation="post", fault=Fault.CUT_BEFORE))
    sent_at = datetime.now(UTC)
    with pytest.raises(CallFailed):
        await blog.send("wordpress", "create_post", post_of("absent"), "key")
    assert await blog.look_up("wordpress", "create_post", post_of("absent"), "key", sent_at) is None
    await blog.send("wordpress", "create_post", post_of("absent"), "key")
    assert [made for made in await slugs(wordpress) if made.startswith("absent")] == ["absent"]


async def test_a_post_is_read_published_taken_back_and_trashed(blog: Connectors) -> None:
    post = post_of("life", "draft")
    sent = await blog.send("wordpress", "create_post", post, "create")
    read = await blog.read("wordpress", "get_post", {"post": sent.result["post"]})
    assert (read["slug"], read["status"], read["content"]) == ("life", "draft", "<p>Words.</p>")
    sent_at = datetime.now(UTC)
    which: Arguments = {"post": sent.result["post"]}
    for operation in ("publish_post", "unpublish_post"):
        assert await blog.look_up("wordpress", operation, which, operation, sent_at) is None
        await blog.send("wordpress", operation, which, operation)
        assert await blog.look_up("wordpress", operation, which, operation, sent_at) is not None
    undoing = blog.compensation("wordpress", "create_post", post, "create", sent)
    assert undoing == ("trash_post", which)
    assert await blog.look_up("wordpress", "trash_post", which, "trash", sent_at) is None
    await blog.send("wordpress", "trash_post", which, "trash")
    assert await blog.look_up("wordpress", "trash_post", which, "trash", sent_at) is not None


async def test_the_listing_goes_on_where_it_stopped(blog: Connectors) -> None:
    made = {
        (await blog.send("wordpress", "create_post", post_of(f"listed-{number}"), "key")).reference
        for number in range(5)
    }
    listed: set[str] = set()
    cursor: str | None = None
    while True:
        page = await blog.list_page("wordpress", cursor, 100)
        listed |= {entry.reference for entry in page.entries}
        if not page.entries or page.next_cursor in (None, cursor):
            break
        cursor = page.next_cursor
    assert made <= listed
    later = await blog.send("wordpress", "create_post", post_of("listed-later"), "key")
    page = await blog.list_page("wordpress", cursor, 100)
    assert later.reference in {entry.reference for entry in page.entries}


async def test_a_wrong_password_is_waited_for_and_an_unknown_post_is_final(
    blog: Connectors, wordpress: WordPressServer
) -> None:
    manifest = blog.manifest("wordpress")
    with pytest.raises(CallFailed) as missing:
        await blog.read("wordpress", "get_post", {"post": 999_999})
    assert missing.value.code == "rest_post_invalid_id"
    wrong = EnvironmentSecrets({"KONTOR_SECRET_WORDPRESS_PASSWORD": "guessed"})
    async with Connectors({"wordpress": manifest}, wrong) as stranger:
        with pytest.raises(CallFailed) as refused:
            await stranger.send("wordpress", "create_post", post_of("stranger"), "key")
    assert classify(manifest, "create_post", refused.value) is FailureClass.NOT_APPLIED_RETRY
    assert "stranger" not in await slugs(wordpress)
