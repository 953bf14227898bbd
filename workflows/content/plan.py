"""What the content desk proposes: one effect a channel, with the bytes that it will be given."""

from collections.abc import Sequence

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.authorization import Plan
    from contracts.effect import ProposedEffect
    from contracts.evidence import Evidence
    from workflows.content.types import (
        DESK,
        PUBLISH,
        CheckedDraft,
        ContentFacts,
        ContentRequest,
        ContentVariant,
    )


def plan_for(
    case_id: str, request: ContentRequest, variants: Sequence[ContentVariant], checked: CheckedDraft
) -> Plan:
    """Return the plan: sites first, then what links to them."""
    facts = ContentFacts(
        claims=checked.total,
        differs=checked.differs,
        open_claims=checked.open,
        channels=len(variants),
        hour=request.publish_at.hour if request.publish_at else 12,
        channel=request.channel,
    )
    effects = tuple(
        ProposedEffect(
            step=variant.connector,
            connector=variant.connector,
            operation=variant.operation,
            arguments=variant.arguments,
        )
        for variant in sorted(variants, key=lambda each: each.operation != PUBLISH)
    )
    return Plan(
        case_id=case_id,
        desk=DESK,
        summary=f"publish {request.slug} on {', '.join(effect.connector for effect in effects)}",
        facts=facts.model_dump(mode="json"),
        effects=effects,
        claims=tuple(f"{effect.connector}/{request.slug}" for effect in effects),
    )


def evidence_of(request: ContentRequest, checked: CheckedDraft) -> tuple[Evidence, ...]:
    """Return what a person reads who approves it: each claim with what its source says, then the text."""
    claims = tuple(
        Evidence(
            source=f"claim: {each.said}",
            text=f"{each.claim}\n{each.source} {each.evidence}".strip(),
            kind="passage",
        )
        for each in checked.claims
    )
    whole = Evidence(source=f"draft:{request.id}", text=f"{request.title}\n\n{request.article}", kind="turn")
    return (*claims, whole)
