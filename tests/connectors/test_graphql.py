import pytest

from activities.errors import classify
from connectors.connectors import Connectors
from contracts.failure import CallFailed, FailureClass
from tests.connectors.conftest import Opener
from tests.connectors.system import ENVIRONMENT, Received, Reply, System

PASSWORD = ENVIRONMENT["KONTOR_SECRET_SHOP_PASSWORD"]
MANIFEST = """
name = "shop"
version = "1"
transport = "graphql"
base_url = "http://127.0.0.1:${PORT}/admin-api"

[auth]
kind = "login"
user = "robot"
secret = "shop.password"
header = "Authorization"
prefix = "Bearer "
[auth.login]
token_header = "vendure-auth-token"
expired_code = ["FORBIDDEN"]
[auth.login.request]
document = "mutation($user: String!, $secret: String!) { login(username: $user, password: $secret) { x } }"
body = { user = "{{ user }}", secret = "{{ secret }}" }

[[failures]]
code = ["*_STATE_ERROR"]
means = "not-applied-final"

[operations.refund]
effect = "write"
arguments.order = { type = "string" }
arguments.amount_cents = { type = "cents" }
reference = "refundOrder.id"
errors = "refundOrder.errorCode"
idempotency = { kind = "none" }
[operations.refund.request]
document = "mutation($input: RefundOrderInput!) { refundOrder(input: $input) { ... } }"
body = { input = { paymentId = "{{ order }}", amount = "{{ amount_cents }}", reason = "{{ key }}" } }
"""
REFUND = {"order": "1", "amount_cents": 500}


class Shop:
    """A GraphQL shop with sessions; a session can be ended."""

    def __init__(self) -> None:
        self.logins = 0
        self.valid = ""
        self.answer = Reply({"data": {"refundOrder": {"id": 17}}})

    def __call__(self, request: Received) -> Reply:
        if "login(" in request.json["query"]:
            if request.json["variables"]["secret"] != PASSWORD:
                return Reply({"data": {"login": {"errorCode": "INVALID_CREDENTIALS_ERROR"}}})
            self.logins += 1
            self.valid = f"session-{self.logins}"
            return Reply(
                {"data": {"login": {"__typename": "CurrentUser"}}},
                headers={"Vendure-Auth-Token": self.valid},
            )
        if request.headers.get("authorization") != f"Bearer {self.valid}":
            return Reply({"errors": [{"message": "no", "extensions": {"code": "FORBIDDEN"}}], "data": None})
        return self.answer


@pytest.fixture
def outside(system: System) -> Shop:
    system.reply = shop = Shop()
    return shop


@pytest.fixture
def graphql(opened: Opener, outside: Shop) -> Connectors:
    return opened(MANIFEST)


async def refund(shop: Connectors) -> str | None:
    return (await shop.send("shop", "refund", {"order": "1", "amount_cents": 500}, "k1")).reference


async def test_a_session_is_opened_once_and_carried_by_every_call(
    graphql: Connectors, outside: Shop, system: System
) -> None:
    assert await refund(graphql) == "17"
    assert await refund(graphql) == "17"
    assert outside.logins == 1
    assert system.received[1].json["variables"] == {
        "input": {"paymentId": "1", "amount": 500, "reason": "k1"}
    }


async def test_an_ended_session_means_not_applied_and_the_next_attempt_logs_in_again(
    graphql: Connectors, outside: Shop
) -> None:
    await refund(graphql)
    outside.valid = "ended by the system"
    with pytest.raises(CallFailed) as caught:
        await refund(graphql)
    assert classify(graphql.manifest("shop"), "refund", caught.value) is FailureClass.NOT_APPLIED_RETRY
    assert await refund(graphql) == "17"
    assert outside.logins == 2


async def test_a_call_that_is_forbidden_in_a_fresh_session_is_not_tried_for_ever(
    graphql: Connectors, outside: Shop
) -> None:
    outside.answer = Reply({"errors": [{"message": "no", "extensions": {"code": "FORBIDDEN"}}]})
    with pytest.raises(CallFailed) as caught:
        await refund(graphql)
    assert caught.value.code == "FORBIDDEN"
    assert caught.value.exception is None


async def test_a_refused_login_is_waited_for_and_sends_nothing(graphql: Connectors, system: System) -> None:
    system.reply = lambda _: Reply({"data": {"login": {"errorCode": "INVALID_CREDENTIALS_ERROR"}}})
    with pytest.raises(CallFailed, match="INVALID_CREDENTIALS_ERROR") as caught:
        await refund(graphql)
    assert not caught.value.sent
    assert classify(graphql.manifest("shop"), "refund", caught.value) is FailureClass.NOT_APPLIED_RETRY


async def test_a_login_that_is_cut_off_means_the_call_was_not_applied(
    graphql: Connectors, system: System
) -> None:
    system.reply = lambda _: Reply(cut=True)
    with pytest.raises(CallFailed) as caught:
        await refund(graphql)
    assert classify(graphql.manifest("shop"), "refund", caught.value) is FailureClass.NOT_APPLIED_RETRY


@pytest.mark.parametrize(
    ("body", "code", "expected"),
    [
        (
            {"data": {"refundOrder": {"errorCode": "REFUND_ORDER_STATE_ERROR"}}},
            "REFUND_ORDER_STATE_ERROR",
            FailureClass.NOT_APPLIED_FINAL,
        ),
        (
            {"data": {"refundOrder": {"errorCode": "SOMETHING_ELSE"}}},
            "SOMETHING_ELSE",
            FailureClass.AMBIGUOUS,
        ),
        ({"errors": [{"message": "boom"}], "data": None}, "graphql", FailureClass.AMBIGUOUS),
        ({"data": {"refundOrder": {}}}, "malformed", FailureClass.AMBIGUOUS),
        ({"data": None}, "malformed", FailureClass.AMBIGUOUS),
        ({}, "malformed", FailureClass.AMBIGUOUS),
    ],
)
async def test_errors_inside_an_answer_of_success_are_failures_and_ambiguous_unless_declared(
    graphql: Connectors, outside: Shop, body: object, code: str, expected: FailureClass
) -> None:
    outside.answer = Reply(body)
    with pytest.raises(CallFailed) as caught:
        await refund(graphql)
    assert caught.value.code == code
    assert classify(graphql.manifest("shop"), "refund", caught.value) is expected
