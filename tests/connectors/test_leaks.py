"""No secret may come out anywhere: the system echoes each one back, and everything is searched."""

import base64
import json
import logging
import traceback
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from temporalio import workflow
from temporalio.client import Client, WorkflowFailureError
from temporalio.common import RetryPolicy
from temporalio.worker import Worker

from activities.effects import EffectActivities
from connectors.connectors import Connectors
from contracts.base import Arguments
from contracts.effect import EffectOrder, EffectReceipt, Permit, ProposedEffect
from contracts.failure import CallFailed
from contracts.ids import effect_key
from memory.authoritative.authorizations import SqlAuthorizations
from memory.authoritative.ledger.ledger import SqlLedger
from tests.activities.grounds import ANYBODY
from tests.connectors.conftest import Opener
from tests.connectors.system import ENVIRONMENT, SHOP, TOKEN, Received, Reply, System
from tests.memory.audit_helpers import journal
from workflows.returns.activities import OrderActivities, OrderQuery

PASSWORD = ENVIRONMENT["KONTOR_SECRET_SHOP_PASSWORD"]
SESSION = "sess-0a1b2c3d-planted"
BASIC = base64.b64encode(f"robot:{PASSWORD}".encode()).decode()
PLANTED = (TOKEN, PASSWORD, SESSION, BASIC, BASIC.rstrip("="), TOKEN[:12], PASSWORD[:8], SESSION[:12])

BEARER = 'auth = { kind = "bearer", secret = "shop.token" }'
KINDS = {
    "bearer": BEARER,
    "basic": 'auth = { kind = "basic", user = "robot", secret = "shop.password" }',
    "header": 'auth = { kind = "header", header = "X-Api-Key", secret = "shop.token" }',
    "login": """
[auth]
kind = "login"
user = "robot"
secret = "shop.password"
prefix = "Bearer "
[auth.login]
token = "token"
request = { path = "/login", body = { user = "{{ user }}", password = "{{ secret }}" } }
""",
}
REFUND: Arguments = {"order": "W-1", "amount_cents": 4000, "text": "Zoë lives in Linz"}


def echo(request: Received, status: int) -> Reply:
    """Answer with everything that was received, in every place that an error is read from."""
    sent = json.dumps(request.headers) + request.body.decode()
    for header in ("authorization", "x-api-key"):
        sent = f"refused {request.headers.get(header, '')} {sent}"
    padding = "." * (200 - 40)
    error = {"code": sent, "message": padding + sent, "extensions": {"code": sent}}
    return Reply({**error, "problem": sent, "error": sent, "errors": [error]}, status=status)


REPLIES: dict[str, Callable[[Received], Reply]] = {
    "refused with an echo": lambda request: echo(request, 422),
    "broken with an echo": lambda request: echo(request, 500),
    "success with an echo in the error field": lambda request: echo(request, 200),
    "cut off": lambda _request: Reply(cut=True),
    "not JSON": lambda request: Reply(raw=json.dumps(request.headers).encode()[:-1]),
    "slow": lambda _request: Reply(wait_seconds=1.0),
}


def logging_in(request: Received, otherwise: Reply) -> Reply:
    return Reply({"token": SESSION}) if request.target.endswith("/login") else otherwise


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """Everything that any library logs, down to debug."""
    with caplog.at_level(logging.DEBUG):
        yield caplog


def shown(error: BaseException) -> str:
    """Everything that can be seen of an exception, and of what stands behind it."""
    seen, chain = [], error
    while chain is not None:
        seen += [str(chain), repr(chain), repr(vars(chain)), *traceback.format_exception(chain)]
        chain = chain.__cause__ or chain.__context__  # type: ignore[assignment] # the end of the chain is None
    return "\n".join(seen)


def found_in(haystack: str) -> list[str]:
    return [value for value in (*PLANTED, "Linz") if value in haystack]


@pytest.mark.parametrize("reply", REPLIES)
@pytest.mark.parametrize("kind", KINDS)
async def test_no_failure_and_no_log_shows_a_secret_or_a_sensitive_argument(
    opened: Opener, system: System, logged: pytest.LogCaptureFixture, kind: str, reply: str
) -> None:
    shop = opened(_with_auth(kind))
    system.reply = lambda request: logging_in(request, REPLIES[reply](request))
    with pytest.raises(CallFailed) as caught:
        await shop.send("shop", "refund", REFUND, "k1")
    assert any(value in repr(system.received) for value in PLANTED), "the secret was never in play"
    assert found_in(shown(caught.value)) == []
    assert found_in(logged.text) == []
    assert found_in(repr(shop) + repr(vars(shop))) == []


@pytest.mark.parametrize("kind", KINDS)
async def test_a_secret_that_the_system_sends_back_in_its_answer_does_not_become_a_result(
    opened: Opener, system: System, kind: str
) -> None:
    shop = opened(_with_auth(kind))
    system.reply = lambda request: logging_in(
        request, Reply({"id": json.dumps(request.headers) + request.body.decode()})
    )
    sent = await shop.send("shop", "refund", REFUND, "k1")
    assert sent.reference is not None
    assert "[hidden]" in sent.reference
    assert found_in_secrets(repr(sent)) == []


@pytest.mark.parametrize("status", [200, 401, 500])
async def test_a_failed_login_shows_neither_password_nor_what_was_echoed(
    opened: Opener, system: System, logged: pytest.LogCaptureFixture, status: int
) -> None:
    shop = opened(_with_auth("login"))
    system.reply = lambda request: echo(request, status)
    with pytest.raises(CallFailed) as caught:
        await shop.send("shop", "refund", REFUND, "k1")
    assert found_in(shown(caught.value) + logged.text) == []


@workflow.defn(name="leaks", sandboxed=False)
class LeakingWorkflow:
    """Loads an order and performs an effect, as a desk does."""

    @workflow.run
    async def run(self, order: EffectOrder) -> EffectReceipt:
        policy = RetryPolicy(initial_interval=timedelta(milliseconds=20), maximum_attempts=3)
        receipt: EffectReceipt = await workflow.execute_activity(
            "effect.perform",
            order,
            result_type=EffectReceipt,
            start_to_close_timeout=timedelta(seconds=10),
            retry_policy=policy,
        )
        await workflow.execute_activity(
            "order.load",
            OrderQuery(channel="shop", order="W-1"),
            start_to_close_timeout=timedelta(seconds=10),
            retry_policy=policy,
        )
        return receipt


async def test_no_workflow_history_and_no_database_holds_a_secret(
    opened: Opener, system: System, sqlite_engine: Engine, temporal: Client, logged: pytest.LogCaptureFixture
) -> None:
    shop = opened(_with_auth("login"))
    system.reply = lambda request: logging_in(request, echo(request, 422))
    order = _permitted_refund(shop, sqlite_engine)
    effects = EffectActivities(
        shop,
        SqlLedger(journal(sqlite_engine)),
        lambda: "policy-1",
        lambda: datetime.now(UTC),
        callers=ANYBODY,
    )
    queue = f"leaks-{uuid.uuid4()}"
    async with Worker(
        temporal,
        task_queue=queue,
        workflows=[LeakingWorkflow],
        activities=[effects.perform, OrderActivities(shop).load],
    ):
        handle = await temporal.start_workflow(LeakingWorkflow.run, order, id=queue, task_queue=queue)
        with pytest.raises(WorkflowFailureError) as caught:
            await handle.result()
    history = (await handle.fetch_history()).to_json()
    decoded = history + "".join(_payloads(json.loads(history)))
    assert "status 422" in decoded, "the failure is not in the history that was searched"
    assert found_in_secrets(decoded) == []
    assert found_in_secrets(shown(caught.value) + logged.text) == []
    kept = _kept_by(sqlite_engine)
    assert order.key.encode() in kept, "the effect is not in the database that was searched"
    assert found_in_secrets(kept.decode(errors="replace")) == []


def found_in_secrets(haystack: str) -> list[str]:
    return [value for value in PLANTED if value in haystack]


def _kept_by(engine: Engine) -> bytes:
    """Return all bytes of a SQLite database."""
    file = str(engine.url.database)
    return Path(file).read_bytes() + Path(f"{file}-wal").read_bytes()


def _with_auth(kind: str) -> str:
    manifest = SHOP.replace(BEARER, "" if kind == "login" else KINDS[kind])
    return manifest + (KINDS["login"] if kind == "login" else "")


def _permitted_refund(shop: Connectors, engine: Engine) -> EffectOrder:
    effect = ProposedEffect(
        step="refund",
        connector="shop",
        operation="refund",
        arguments={"order": "W-1", "amount_cents": 4000},
        amount_cents=4000,
        currency="EUR",
    )
    case_id = "returns/shop/RMA-1"
    permit = Permit(
        id="permit-1",
        effect_key=effect_key(case_id, "refund"),
        case_id=case_id,
        connector="shop",
        operation="refund",
        arguments_hash=effect.arguments_hash,
        amount_cents=effect.amount_cents,
        currency=effect.currency,
        connector_version=shop.manifest("shop").connector_version,
        policy_version="policy-1",
        office_version="office-1",
        basis="verdict-1",
        expires_at=datetime.now(UTC) + timedelta(hours=1),
    )
    SqlAuthorizations(journal(engine)).keep(permit.case_id, (), (), [permit], datetime.now(UTC))
    return EffectOrder(case_id=case_id, key=permit.effect_key, effect=effect, permit_id=permit.id)


def _payloads(node: object) -> Iterator[str]:
    """Yield every payload of a history as text."""
    if isinstance(node, dict):
        data = node.get("data")
        if isinstance(data, str) and "metadata" in node:
            yield base64.b64decode(data).decode(errors="replace")
        for value in node.values():
            yield from _payloads(value)
    elif isinstance(node, list):
        for value in node:
            yield from _payloads(value)
