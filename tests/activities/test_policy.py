"""Authorizing a plan: claims, verdicts and permits in the real books, with the office's real policies."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import JsonValue
from sqlalchemy import Engine

from activities.policy import PERMIT_LASTS, PolicyActivities
from connectors.manifest import load_manifests
from contracts.approvals.request import ApprovalRecord
from contracts.authorization import Approved, Plan
from contracts.case import CaseRecord, CaseStatus, Episode
from contracts.connector import Manifest
from contracts.effect import EffectOrder, ProposedEffect
from contracts.failure import PermitRefused
from contracts.ids import effect_key
from contracts.undo import UndoFacts
from contracts.wording import Wording
from memory.authoritative.authorizations import SqlAuthorizations, SqlVerdicts
from memory.authoritative.cases import SqlCases
from memory.authoritative.ledger.ledger import SqlLedger
from policy.calendar import OfficeCalendar
from policy.engine import CedarEngine
from policy.texts import OfficeTexts
from tests.activities.grounds import AsTheySay
from tests.memory.audit_helpers import journal, keep_case
from tests.memory.claims import held_by
from tests.policy.plans import CASE, facts, notify, plan, refund
from workflows.registry import case_counts, fact_types

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
CLAIM = "webshop/W-1/line-1"


class Manifests:
    """The office's manifests; nothing is called in these tests."""

    def __init__(self, office: Path) -> None:
        self._loaded = load_manifests(office, {"KONTOR_SANDBOX_PORT": "1"})

    def manifest(self, connector: str) -> Manifest:
        return self._loaded[connector]


class NoApprovals:
    """A queue in which nothing was ever asked."""

    def find(self, request_id: str) -> ApprovalRecord | None:
        return None


@dataclass
class Told:
    """Keeps episodes."""

    episodes: list[Episode] = field(default_factory=list)

    def append(self, episodes: Sequence[Episode]) -> None:
        self.episodes += episodes


class Counter:
    """The office in small: what authorizes, and the books it writes."""

    def __init__(self, engine: Engine, office: Path) -> None:
        self.now = NOW
        self.told = Told()
        self.policy = CedarEngine.from_office(office, fact_types())
        self.outside = Manifests(office)
        self.cases = SqlCases(engine)
        self.engine = engine
        self.verdicts = SqlVerdicts(engine)
        self.ledger = SqlLedger(journal(engine))
        self.judging = PolicyActivities(
            engine=self.policy,
            books=SqlAuthorizations(journal(engine)),
            approvals=NoApprovals(),
            outside=self.outside,
            episodes=self.told,
            grounds=AsTheySay(),
            office_version="office-1",
            case_counts=case_counts(),
            texts=OfficeTexts.from_office(office, OfficeCalendar.from_office(office).file),
            clock=lambda: self.now,
        )

    def begin(self, effect: ProposedEffect, permit_id: str, case_id: str = CASE) -> None:
        """Begin an effect as the dispatcher does; raises PermitRefused."""
        key = effect_key(case_id, effect.step)
        order = EffectOrder(case_id=case_id, key=key, effect=effect, permit_id=permit_id)
        self.ledger.begin(order, self.outside.manifest(effect.connector), self.policy.version, self.now)

    def settled(self, number: int, customer: str, at: datetime) -> None:
        """A case of the customer that was settled at a moment."""
        keep_case(
            self.engine,
            CaseRecord(
                id=f"returns/webshop/RMA-{number}",
                desk="returns",
                channel="webshop",
                status=CaseStatus.SETTLED,
                summary="",
                customer=customer,
                opened_at=at,
                updated_at=at,
            ),
        )


@pytest.fixture
def counter(engine: Engine, office: Path) -> Counter:
    return Counter(engine, office)


def of_case(asked: Plan, case_id: str) -> Plan:
    return asked.model_copy(update={"case_id": case_id})


async def test_an_allowed_plan_gets_one_permit_for_each_step_and_its_verdicts_are_kept(
    counter: Counter,
) -> None:
    asked = plan(refund(), notify(), claims=(CLAIM,))
    found = await counter.judging.authorize(asked)
    assert (found.outcome, set(found.permits), found.office_version) == (
        "allow",
        {"refund", "notify"},
        "office-1",
    )
    assert counter.verdicts.of_case(CASE) == found.verdicts
    assert held_by(counter.engine, CASE) == (CLAIM,)
    for effect in asked.effects:
        counter.begin(effect, found.permits[effect.step])


async def test_a_message_is_worded_when_it_is_judged_and_its_permit_covers_the_words(
    counter: Counter,
) -> None:
    told = Wording(name="cancelled", language="de", values={"order": "W-1001", "amount": "40.00 EUR"})
    bare = notify().model_copy(update={"arguments": {"order": "W-1001"}, "wording": told})

    found = await counter.judging.authorize(plan(refund(), bare))

    covered = found.covers(plan(refund(), bare)).effects[1]
    assert "40.00 EUR gehen auf dem Weg zurück" in str(covered.arguments["text"])
    counter.begin(covered, found.permits["notify"])


async def test_a_message_that_the_office_has_no_text_for_makes_the_plan_a_persons(counter: Counter) -> None:
    bare = notify().model_copy(update={"wording": Wording(name="no-such-text"), "arguments": {"order": "W"}})

    found = await counter.judging.authorize(plan(refund(), bare))

    assert (found.outcome, found.permits, found.impossible) == ("deny", {}, True)
    assert not found.denies_surely(frozenset())
    assert "no text 'no-such-text'" in found.refused


async def test_authorizing_twice_writes_once(counter: Counter) -> None:
    first = await counter.judging.authorize(plan(claims=(CLAIM,)))
    assert await counter.judging.authorize(plan(claims=(CLAIM,))) == first
    assert len(counter.verdicts.of_case(CASE)) == 1


@pytest.mark.parametrize(
    ("changes", "outcome"), [({"understood": False}, "ask"), ({"already_returned": True}, "deny")]
)
async def test_what_is_not_allowed_gets_no_permit_at_all(
    counter: Counter, changes: dict[str, JsonValue], outcome: str
) -> None:
    asked = plan(refund(), notify()).model_copy(update={"facts": facts(**changes)})
    found = await counter.judging.authorize(asked)
    assert (found.outcome, found.permits) == (outcome, {})
    assert len(counter.verdicts.of_case(CASE)) == 2


async def test_one_effect_that_asks_makes_the_whole_plan_ask(counter: Counter) -> None:
    found = await counter.judging.authorize(plan(notify(), refund(16_000)))
    assert [verdict.outcome for verdict in found.verdicts] == ["allow", "ask"]
    assert (found.outcome, found.permits) == ("ask", {})


async def test_a_plan_without_effects_is_denied(counter: Counter) -> None:
    empty = plan().model_copy(update={"effects": ()})
    assert (await counter.judging.authorize(empty)).outcome == "deny"


async def test_a_claim_of_another_open_case_is_named_and_nothing_else_happens(counter: Counter) -> None:
    await counter.judging.authorize(plan(claims=(CLAIM,)))
    second = of_case(plan(claims=("webshop/W-1/line-0", CLAIM)), "returns/webshop/RMA-2")
    found = await counter.judging.authorize(second)
    assert (found.claimed_by, found.permits, found.verdicts) == (CASE, {}, ())
    assert counter.verdicts.of_case("returns/webshop/RMA-2") == ()
    assert held_by(counter.engine, "returns/webshop/RMA-2") == ()


async def test_earlier_returns_are_counted_in_the_books_whatever_the_workflow_says(counter: Counter) -> None:
    recent, long_ago = NOW - timedelta(days=89), NOW - timedelta(days=91)
    for number in range(3):
        counter.settled(100 + number, "customer-7", recent)
    counter.settled(200, "customer-7", long_ago)
    counter.settled(201, "customer-8", recent)
    found = await counter.judging.authorize(plan(customer="customer-7", earlier_returns=0))
    assert found.verdicts[0].facts["earlier_returns"] == 3
    assert (found.outcome, found.verdicts[0].reasons[-1].id) == ("ask", "returns.many-returns")
    assert "customer" not in found.verdicts[0].facts


@pytest.mark.parametrize(
    ("effect", "why"),
    [
        (refund(connector="nowhere"), "no connector"),
        (refund().model_copy(update={"operation": "get_order"}), "no write operation"),
        (refund().model_copy(update={"operation": "explode"}), "no write operation"),
        (refund().model_copy(update={"amount_cents": 100}), "amount_cents differs"),
    ],
    ids=["connector", "read", "unknown", "amount"],
)
async def test_a_plan_that_is_not_what_it_says_is_refused_and_leaves_an_episode(
    counter: Counter, effect: ProposedEffect, why: str
) -> None:
    found = await counter.judging.authorize(plan(effect))
    assert (found.outcome, found.permits) == ("deny", {})
    assert why in found.refused
    assert [(one.kind, why in str(one.data["why"])) for one in counter.told.episodes] == [("refused", True)]


async def test_a_refund_that_calls_itself_an_undo_is_refused(counter: Counter) -> None:
    undo = UndoFacts(desk="returns", undoes="refund", because="failure", amount_cents=0)
    disguised = plan(refund(900_000)).model_copy(update={"facts": undo.model_dump(mode="json")})
    found = await counter.judging.authorize(disguised)
    assert (found.outcome, found.refused) == ("deny", "refund does not undo refund")


async def test_an_effect_that_says_facts_its_plan_does_not_is_refused(counter: Counter) -> None:
    disguised = refund(900_000).model_copy(update={"facts": {"undoes": "refund"}})
    found = await counter.judging.authorize(plan(disguised))
    assert (found.outcome, found.refused) == ("deny", "refund says facts that its plan does not: undoes")


async def test_a_real_undo_is_allowed_after_a_failure(counter: Counter) -> None:
    void = ProposedEffect(
        step="undo-refund", connector="webshop", operation="void_refund", arguments={"refund": "R-1"}
    )
    undo = UndoFacts(desk="returns", undoes="refund", because="failure")
    found = await counter.judging.authorize(
        plan(void).model_copy(update={"facts": undo.model_dump(mode="json")})
    )
    assert (found.outcome, set(found.permits)) == ("allow", {"undo-refund"})


async def test_a_permit_ends_and_asking_again_renews_it_until_it_was_used(counter: Counter) -> None:
    first = await counter.judging.authorize(plan())
    counter.now += PERMIT_LASTS
    with pytest.raises(PermitRefused, match="expired"):
        counter.begin(refund(), first.permits["refund"])
    again = await counter.judging.authorize(plan())
    assert again.permits == first.permits
    counter.begin(refund(), again.permits["refund"])
    counter.now += PERMIT_LASTS + timedelta(hours=1)
    await counter.judging.authorize(plan())
    other = of_case(plan(), "returns/webshop/RMA-2")
    with pytest.raises(PermitRefused, match="redeemed"):
        counter.begin(other.effects[0], again.permits["refund"], "returns/webshop/RMA-2")


async def test_an_approval_that_was_never_asked_for_is_refused_and_leaves_an_episode(
    counter: Counter,
) -> None:
    found = await counter.judging.authorize_approved(Approved(request_id="ask-1", case_id=CASE))
    assert (found.outcome, found.permits, found.refused) == ("deny", {}, "nothing like that was ever asked")
    assert counter.told.episodes[0].data["what"] == "ask-1"
