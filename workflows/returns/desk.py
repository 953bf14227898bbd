"""The returns desk, declared."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from pydantic import JsonValue

from contracts.admission import OnRecord
from contracts.connector import Manifest
from contracts.desk import Activity, CaseCount, Desk
from contracts.embedding import Embedder
from contracts.offer import Read
from contracts.told import Told
from workflows.returns.channel import OFFERS
from workflows.returns.facts import ReturnFacts
from workflows.returns.texts import TEXTS
from workflows.returns.types import (
    ASKS,
    FIND_ORDERS,
    FOUND,
    GET_ORDER,
    GET_RETURN,
    GOODS,
    ORDER,
    ORDER_NOT_FOUND,
    WISHES,
    FoundOrders,
    Order,
    ReturnRequest,
)
from workflows.returns.types import DESK as NAME
from workflows.returns.way.told import GoodsTold
from workflows.returns.wishes.acceptance import MEASURED

if TYPE_CHECKING:
    from activities.ports import Reads, Statements
    from contracts.authorization import Plan
    from models.gemini.prompts import Forms
    from models.routing.candidate import Candidate
    from workflows.returns.workflow import ReturnWorkflow

A_PERSONS_ORDER = "a request that names no order is a person's"
EARLIER_RETURNS = timedelta(days=90)
"""How far back `ReturnFacts.earlier_returns` counts."""


def sales_channel(manifest: Manifest) -> bool:
    """Say whether a connector knows orders: only there can something be returned."""
    return GET_ORDER in manifest.operations


def workflow() -> "type[ReturnWorkflow]":
    """Return the workflow type of a return."""
    from workflows.returns.workflow import ReturnWorkflow

    return ReturnWorkflow


def activities(outside: "Reads") -> Sequence[Activity]:
    """Return what finds orders at their sales channel, reads one, and reads it again."""
    from workflows.returns.activities import OrderActivities

    orders = OrderActivities(outside)
    return [orders.find, orders.load, orders.look, orders.goods]


def statements(outside: "Reads") -> "Statements":
    """Return what reads an order as the reconciler compares it."""
    from workflows.returns.activities import OrderStatements

    return OrderStatements(outside)


def witness(plan: "Plan", on_record: OnRecord) -> str:
    """Say what of a plan's facts and payments is not as the order on record says; or nothing."""
    from workflows.returns.witness import contradiction

    return contradiction(plan, on_record)


def part_of(whole: Mapping[str, JsonValue], part: Mapping[str, JsonValue]) -> bool:
    """Say whether a request is what the letter of another wishes for one more order."""
    from workflows.returns.witness import is_part

    return is_part(whole, part)


def candidates(embedder: Embedder) -> "Mapping[str, Candidate]":
    """Return the matchers, which pick lines of an order and variants of a product."""
    from workflows.returns.matching.candidate import MatcherCandidate

    return {"matcher": MatcherCandidate(embedder)}


def forms() -> "Forms":
    """Return the form in which a language model reads a letter as a whole."""
    from workflows.returns.wishes.form import letter_form

    return {WISHES: letter_form}


def doubts(told: Told) -> Sequence[str]:
    """Return why nobody could say what was paid for an order's lines; of goods nothing is in doubt."""
    from workflows.returns.worth import worth_of

    return worth_of(told).doubts if isinstance(told, Order) else ()


def title(request: ReturnRequest) -> str:
    """Return a request in one line."""
    return f"request {request.id} for {_which(request)} at {request.channel}"


def details(request: ReturnRequest) -> str:
    """Return a request in Markdown."""
    return f"**{request.id}**, {_which(request, '**')} at **{request.channel}**"


def _which(request: ReturnRequest, mark: str = "") -> str:
    """Return which order a request is for; whose it is stays out of it."""
    return f"order {mark}{request.order}{mark}" if request.order else "an order to be found"


DESK = Desk(
    name=NAME,
    request=ReturnRequest,
    facts=ReturnFacts,
    workflow=workflow,
    activities=activities,
    case_counts={"earlier_returns": CaseCount(within=EARLIER_RETURNS)},
    customer_text=("message",),
    other_text=("order", "items"),
    belongings=("photos",),
    sources=sales_channel,
    candidates=candidates,
    forms=forms,
    undecided=frozenset({ORDER_NOT_FOUND}),
    reads={
        GET_ORDER: Read(ORDER, Order),
        GET_RETURN: Read(GOODS, GoodsTold, also=("rma",)),
        FIND_ORDERS: Read(FOUND, FoundOrders, about="customer", without=A_PERSONS_ORDER),
    },
    doubts=doubts,
    offers=OFFERS,
    title=title,
    details=details,
    texts=TEXTS,
    statements=statements,
    witness=witness,
    part_of=part_of,
    waits=frozenset({GOODS}),
    hears=True,
    measured={ASKS: MEASURED, WISHES: MEASURED},
)
