"""The blog and the social channel, over a socket, by the shipped manifests and through the ledger."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.effects import EffectActivities
from connectors.connectors import Connectors
from connectors.manifest import read_manifest
from connectors.secrets import EnvironmentSecrets
from contracts.base import Arguments
from contracts.connector import Latency, Manifest
from contracts.effect import EffectOrder, EffectReceipt, EffectState, Permit, ProposedEffect
from contracts.failure import CallFailed
from contracts.ids import effect_key, permit_id
from memory.authoritative.authorizations import SqlAuthorizations
from memory.authoritative.ledger.ledger import SqlLedger
from sandbox.faults import Fault, FaultPlan, Scripted
from sandbox.server import Sandbox, running
from sandbox.world import OUTLETS
from tests.activities.grounds import ANYBODY
from tests.memory.audit_helpers import journal
from tests.sandbox.conftest import Clock

QUICK = Latency(timeout_seconds=0.4, settle_seconds=0.3)
PLAN = FaultPlan(retry_after_seconds=0, stall_seconds=0.6, late_seconds=0.2, slow_seconds=0.05)
POSTS: dict[str, tuple[str, Arguments]] = {
    "blog": ("publish", {"slug": "Größe 38", "title": "Sizes", "text": "They run small.", "tags": ["fit"]}),
    "social": ("post", {"text": "Our sizes run small."}),
}
FAULTS = [
    (Fault.RATE_LIMITED,),
    (Fault.ERROR_AFTER,),
    (Fault.CUT_BEFORE,),
    (Fault.CUT_AFTER,),
    (Fault.STALL_AFTER,),
    (Fault.LATE_COMMIT,),
    (Fault.CUT_AFTER, Fault.CONFLICT),
    (Fault.CUT_AFTER, Fault.REFUSED),
    (Fault.RATE_LIMITED, Fault.CUT_BEFORE, Fault.LATE_COMMIT),
]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sandbox(tmp_path: Path, clock: Clock) -> Iterator[Sandbox]:
    with running(tmp_path / "sandbox.db", seeded=False, plan=PLAN, clock=clock) as started:
        yield started


@pytest.fixture
async def outside(sandbox: Sandbox, office: Path) -> AsyncIterator[Connectors]:
    variables = {"KONTOR_SANDBOX_PORT": str(sandbox.port)}
    manifests = {
        name: hurried(read_manifest(office / "connectors" / f"{name}.toml", variables).manifest)
        for name in OUTLETS
    }
    secrets = {f"KONTOR_SECRET_{name.upper()}_TOKEN": sandbox.tokens[name] for name in OUTLETS}
    async with Connectors(manifests, EnvironmentSecrets(secrets)) as connectors:
        yield connectors


def hurried(manifest: Manifest) -> Manifest:
    """The shipped manifest with shorter patience."""
    operations = {
        name: operation.model_copy(update={"latency": QUICK})
        for name, operation in manifest.operations.items()
    }
    return manifest.model_copy(update={"operations": operations})


def order_of(
    engine: Engine, outside: Connectors, outlet: str, operation: str, given: Arguments
) -> EffectOrder:
    """Order one effect, with its permit."""
    case_id = f"content/plan/{outlet}"
    effect = ProposedEffect(step=operation, connector=outlet, operation=operation, arguments=given)
    key = effect_key(case_id, operation)
    permit = Permit(
        id=permit_id(key, effect.arguments_hash, "test"),
        effect_key=key,
        case_id=case_id,
        connector=outlet,
        operation=operation,
        arguments_hash=effect.arguments_hash,
        amount_cents=0,
        currency="",
        connector_version=outside.manifest(outlet).connector_version,
        policy_version="p",
        office_version="o",
        basis="test",
        expires_at=datetime.now(UTC) + timedelta(hours=1),
    )
    SqlAuthorizations(journal(engine)).keep(case_id, (), (), [permit], datetime.now(UTC))
    return EffectOrder(case_id=case_id, key=key, effect=effect, permit_id=permit.id)


async def pursue(engine: Engine, outside: Connectors, order: EffectOrder) -> EffectReceipt:
    """Temporal's attempts, with its waits."""
    activities = EffectActivities(
        outside, SqlLedger(journal(engine)), lambda: "p", lambda: datetime.now(UTC), callers=ANYBODY
    )
    for attempt in range(1, 15):
        environment = ActivityEnvironment()
        environment.info = replace(
            environment.info,
            attempt=attempt,
            schedule_to_close_timeout=None,
            retry_policy=RetryPolicy(
                initial_interval=timedelta(milliseconds=20), maximum_interval=timedelta(milliseconds=200)
            ),
        )
        try:
            return await environment.run(activities.perform, order)
        except ApplicationError as failed:
            if failed.non_retryable or failed.next_retry_delay is None:
                raise
            await asyncio.sleep(failed.next_retry_delay.total_seconds())
    raise AssertionError("no end")


def made(sandbox: Sandbox, outlet: str, kind: str = "post") -> list[dict[str, object]]:
    """What the outlet's own books say that it ever published."""
    books: dict[str, list[dict[str, object]]] = httpx.get(f"{sandbox.url}/admin/books").json()[outlet]
    return books.get(kind, [])


def seen(page: str) -> httpx.Response:
    """The public page, as everybody sees it."""
    return httpx.get(page)


@pytest.mark.parametrize("outlet", OUTLETS)
@pytest.mark.parametrize("faults", FAULTS, ids="+".join)
async def test_a_post_appears_once_whatever_its_call_meets_and_is_taken_away_again(
    sandbox: Sandbox, outside: Connectors, sqlite_engine: Engine, outlet: str, faults: tuple[Fault, ...]
) -> None:
    operation, given = POSTS[outlet]
    undo = outside.manifest(outlet).operations[operation].compensation
    assert undo is not None
    for each in (operation, undo):
        for fault in faults:
            sandbox.faults.script.append(Scripted(channel=outlet, operation=each, fault=fault))
    receipt = await pursue(sqlite_engine, outside, order_of(sqlite_engine, outside, outlet, operation, given))
    assert receipt.state is EffectState.APPLIED
    assert len(made(sandbox, outlet)) == 1
    page = f"{sandbox.url}/{outlet}{receipt.result['link']}"
    assert str(given["text"]) in seen(page).text
    taking = order_of(sqlite_engine, outside, outlet, undo, {"post": receipt.outside_reference})
    assert (await pursue(sqlite_engine, outside, taking)).state is EffectState.APPLIED
    assert len(made(sandbox, outlet, "undo_post")) == 1
    assert seen(page).status_code == 404


async def test_a_change_whose_answer_was_lost_is_read_off_the_post(
    sandbox: Sandbox, outside: Connectors, sqlite_engine: Engine
) -> None:
    post = await outside.send("blog", "publish", POSTS["blog"][1], "key")
    sandbox.faults.script.append(Scripted(channel="blog", operation="update", fault=Fault.CUT_AFTER))
    given: Arguments = {"post": post.reference, "title": "Sizes", "text": "They run large."}
    receipt = await pursue(sqlite_engine, outside, order_of(sqlite_engine, outside, "blog", "update", given))
    assert (receipt.state, receipt.looked_up, receipt.attempts) == (EffectState.APPLIED, True, 1)
    assert (await outside.read("blog", "read_page", {"slug": "grosse-38"}))["text"] == "They run large."


async def test_a_slug_that_a_stranger_has_is_not_published_over(
    sandbox: Sandbox, outside: Connectors, sqlite_engine: Engine
) -> None:
    await outside.send("blog", "publish", {"slug": "grosse-38", "title": "Mine", "text": "First."}, "key")
    order = order_of(sqlite_engine, outside, "blog", *POSTS["blog"])
    assert (await pursue(sqlite_engine, outside, order)).state is EffectState.UNKNOWN
    assert [post["title"] for post in made(sandbox, "blog")] == ["Mine"]


async def test_a_day_has_room_for_so_many_posts_and_the_outlet_says_when_there_is_room_again(
    sandbox: Sandbox, outside: Connectors, clock: Clock
) -> None:
    sandbox.faults.adjust(PLAN.model_copy(update={"posts_per_day": {"social": 1}}))
    await outside.send("social", "post", {"text": "one"}, "k1")
    with pytest.raises(CallFailed) as refused:
        await outside.send("social", "post", {"text": "two"}, "k2")
    assert (refused.value.status, refused.value.code) == (429, "quota_reached")
    assert refused.value.retry_after_seconds is not None
    clock.ahead = timedelta(seconds=refused.value.retry_after_seconds)
    await outside.send("social", "post", {"text": "two"}, "k2")
    assert len(made(sandbox, "social")) == 2


FAMILY = "\N{WOMAN}\N{ZERO WIDTH JOINER}\N{WOMAN}\N{ZERO WIDTH JOINER}\N{GIRL}"


async def test_the_manifest_counts_characters_as_people_do_and_wants_a_text_for_pictures(
    outside: Connectors, sandbox: Sandbox
) -> None:
    await outside.send("social", "post", {"text": FAMILY * 300}, "k1")
    refusals: list[tuple[Arguments, str]] = [
        ({"text": FAMILY * 301}, "text has 301 characters, and at most 300 are taken"),
        ({"text": "look", "image": "https://example.org/a.png"}, "image needs alt"),
    ]
    for given, why in refusals:
        with pytest.raises(CallFailed, match=why) as refused:
            await outside.send("social", "post", given, "k2")
        assert not refused.value.sent
    assert len(made(sandbox, "social")) == 1


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"text": FAMILY * 301}, "too_long"),
        ({"text": "look", "image": "https://example.org/a"}, "alt_missing"),
    ],
)
async def test_the_social_channel_refuses_what_its_manifest_would_have_stopped(
    sandbox: Sandbox, given: Arguments, code: str
) -> None:
    async with httpx.AsyncClient() as client:
        answer = await client.post(
            f"http://127.0.0.1:{sandbox.port}/social/posts",
            json=given,
            headers={"Authorization": f"Bearer {sandbox.tokens['social']}", "Idempotency-Key": "k2"},
        )
    assert (answer.status_code, answer.json()["error"]) == (422, code)


@pytest.mark.parametrize("outlet", OUTLETS)
async def test_everything_that_was_published_is_listed_page_by_page(outside: Connectors, outlet: str) -> None:
    operation, given = POSTS[outlet]
    for number in range(3):
        slug = {"slug": f"post-{number}"} if outlet == "blog" else {}
        await outside.send(outlet, operation, {**given, **slug}, f"k{number}")
    first = await outside.list_page(outlet, None, 2)
    second = await outside.list_page(outlet, first.next_cursor, 2)
    assert [entry.reference for entry in (*first.entries, *second.entries)] == ["P-1", "P-2", "P-3"]
