"""What the inbox desk proposes: to start a desk's case, and what the sender is told. Pure functions."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from pydantic import JsonValue

    from contracts.authorization import Plan
    from contracts.effect import ProposedEffect
    from contracts.evidence import Evidence
    from contracts.wording import Wording
    from workflows.inbox.types import ANSWER, DESK, InboxFacts, InboxRequest, Message, Route

BEGIN = "begin"
"""The step that starts a desk's case."""


def plan_for(case_id: str, request: InboxRequest, route: Route) -> Plan:
    """Return what is done about a mail: the start of a desk's case, or nothing but a person's work."""
    effects: tuple[ProposedEffect, ...] = ()
    if route.desk and route.begins:
        connector, operation = route.begins
        given: dict[str, JsonValue] = {"customer": request.customer, "message": request.message}
        if request.order:
            given["order"] = request.order
        effects = (ProposedEffect(step=BEGIN, connector=connector, operation=operation, arguments=given),)
    return _plan(case_id, request, route, effects, "none")


def message_plan(
    case_id: str, request: InboxRequest, route: Route, message: Message, step: str = "", **values: JsonValue
) -> Plan:
    """Return the plan of a mail to the sender, in the thread of theirs."""
    effect = ProposedEffect(
        step=step or message,
        connector=request.channel,
        operation=ANSWER,
        arguments={"to": request.customer, "answers": request.message_id}
        | ({"by_person": True} if message == "answered" else {}),
        wording=Wording(
            name=message,
            language=route.language,
            values={"topic": route.topic, "order": request.order, **values},
        ),
    )
    return _plan(case_id, request, route, (effect,), message)


def evidence_of(request: InboxRequest) -> tuple[Evidence, ...]:
    """Return what a person reads who has to take a mail."""
    return tuple(
        Evidence(source=f"mail:{request.id}", text=text, kind="turn")
        for text in (request.subject, request.message)
        if text
    )


def _plan(
    case_id: str,
    request: InboxRequest,
    route: Route,
    effects: tuple[ProposedEffect, ...],
    message: Message,
) -> Plan:
    facts = InboxFacts(
        topic=route.topic,
        understood=bool(route.topic),
        desk=route.desk,
        has_order=bool(request.order),
        level=route.level,
        message=message,
        channel=request.channel,
    )
    return Plan(
        case_id=case_id,
        desk=DESK,
        summary=f"mail {request.id}: {route.topic or 'no sure topic'}",
        facts={**facts.model_dump(mode="json"), "customer": request.customer},
        effects=effects,
    )
