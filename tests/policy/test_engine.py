from pathlib import Path

import cedarpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.authorization import Plan, Verdict
from contracts.effect import ProposedEffect
from contracts.office import OfficeInvalid
from contracts.undo import UndoFacts
from policy.engine import CedarEngine
from policy.facts import cedar_types
from policy.schema import schema_text
from tests.conftest import ROOT
from tests.policy.offices import PAINT, office
from tests.policy.plans import CASE, facts, notify, plan, refund
from workflows.registry import fact_types


def judged(cedar: CedarEngine, plan: Plan) -> Verdict:
    return cedar.judge(plan)[0]


def decided(verdict: Verdict) -> dict[str, list[str]]:
    return {
        question: [reason.id for reason in verdict.reasons if reason.question == question]
        for question in ("do", "unattended")
    }


def paint(**facts: object) -> Plan:
    effect = ProposedEffect(step="paint", connector="wall", operation="paint", arguments={})
    return Plan.model_validate(
        {"case_id": "c", "desk": "studio", "summary": "", "facts": facts, "effects": (effect,)}
    )


def test_yes_and_yes_is_allowed_and_both_answers_name_their_policies(cedar: CedarEngine) -> None:
    verdict = judged(cedar, plan())
    assert verdict.outcome == "allow"
    assert decided(verdict) == {"do": ["returns.refund"], "unattended": ["returns.unattended"]}
    assert all(reason.reason for reason in verdict.reasons)
    assert verdict.ask_roles == ()


def test_yes_and_no_asks_and_says_whom(cedar: CedarEngine) -> None:
    verdict = judged(cedar, plan(refund(120_000)))
    assert verdict.outcome == "ask"
    assert decided(verdict)["unattended"] == ["returns.refund-over-1000", "returns.refund-over-150"]
    assert (verdict.ask_roles, verdict.needed) == (("lead", "owner"), 2)


def test_no_is_denied_without_asking_the_second_question(cedar: CedarEngine) -> None:
    verdict = judged(cedar, plan(already_returned=True))
    assert verdict.outcome == "deny"
    assert decided(verdict) == {"do": ["returns.already-returned"], "unattended": []}


def test_what_no_policy_permits_is_denied(cedar: CedarEngine) -> None:
    verdict = judged(cedar, plan(intent="other"))
    assert (verdict.outcome, decided(verdict)["do"]) == ("deny", ["default-deny"])


def test_a_forbid_that_beat_a_permit_is_a_conflict_that_names_both(cedar: CedarEngine) -> None:
    verdict = judged(cedar, plan(already_returned=True))
    assert verdict.conflict
    assert [(lost.id, lost.question) for lost in verdict.beaten] == [("returns.refund", "do")]
    assert not judged(cedar, plan()).conflict
    assert not judged(cedar, plan(intent="other")).conflict


def test_every_effect_has_its_own_verdict_in_order(cedar: CedarEngine) -> None:
    verdicts = cedar.judge(plan(refund(16_000), notify()))
    assert [(verdict.step, verdict.outcome) for verdict in verdicts] == [
        ("refund", "ask"),
        ("notify", "allow"),
    ]


def test_a_missing_fact_denies_and_says_so(cedar: CedarEngine) -> None:
    short = facts()
    del short["member_level"]
    verdict = judged(cedar, plan().model_copy(update={"facts": short}))
    assert verdict.outcome == "deny"
    assert "context" in verdict.errors[0]


@pytest.mark.parametrize("wrong", ["40.00", 40.5, True, [4000]], ids=repr)
def test_a_fact_of_the_wrong_type_denies_and_says_so(cedar: CedarEngine, wrong: object) -> None:
    verdict = judged(cedar, plan().model_copy(update={"facts": {**facts(), "remaining_cents": wrong}}))
    assert (verdict.outcome, bool(verdict.errors)) == ("deny", True)


@pytest.mark.parametrize("change", [{"desk": "nowhere"}, {"desk": ""}])
def test_a_desk_that_does_not_exist_is_denied(cedar: CedarEngine, change: dict[str, str]) -> None:
    verdict = judged(cedar, plan().model_copy(update=change))
    assert (verdict.outcome, bool(verdict.errors)) == ("deny", True)


def test_an_operation_that_no_connector_has_is_denied(cedar: CedarEngine) -> None:
    verdict = judged(cedar, plan(refund().model_copy(update={"operation": "refnud"})))
    assert (verdict.outcome, bool(verdict.errors)) == ("deny", True)


def test_an_error_in_one_policy_denies_even_if_another_permits(tmp_path: Path) -> None:
    overflow = """
    @id("studio.sum") @reason("Too much.")
    forbid (principal, action == studio::Action::"do", resource)
    when { context.litres * 4 > 10 };
    """
    engine = CedarEngine.from_office(office(tmp_path, PAINT + overflow), fact_types())
    assert judged(engine, paint(colour="red", litres=1)).outcome == "allow"
    verdict = judged(engine, paint(colour="red", litres=2**62))
    assert (verdict.outcome, verdict.reasons[0].id) == ("deny", "studio.paint")
    assert "studio.sum" in verdict.errors[0]


def test_an_undo_is_judged_by_the_policies_on_undoing(cedar: CedarEngine) -> None:
    void = ProposedEffect(step="undo-refund", connector="webshop", operation="void_refund", arguments={})
    undo = UndoFacts(desk="returns", undoes="refund", because="failure", amount_cents=900_000)
    as_undo = plan(void).model_copy(update={"facts": undo.model_dump(mode="json")})
    assert decided(judged(cedar, as_undo))["do"] == ["undo.after-failure"]
    assert judged(cedar, plan(void)).outcome == "deny"


def test_the_verdict_id_changes_with_case_facts_effect_and_policies(
    cedar: CedarEngine, tmp_path: Path
) -> None:
    first = judged(cedar, plan())
    others = [
        judged(cedar, plan().model_copy(update={"case_id": "returns/webshop/RMA-2"})),
        judged(cedar, plan(days_since_delivery=11)),
        judged(cedar, plan(refund(4001))),
        judged(cedar, plan(refund().model_copy(update={"arguments": {"amount_cents": 4000}}))),
    ]
    assert len({first.id, *(verdict.id for verdict in others)}) == 5
    assert judged(cedar, plan()) == first


def test_comments_and_layout_do_not_change_the_version_and_rules_do(tmp_path: Path) -> None:
    def version(text: str) -> str:
        return CedarEngine.from_office(office(tmp_path, text), fact_types()).version

    assert version(f"// a remark;\n{PAINT}\n\n") == version(PAINT)
    assert version(PAINT.replace("We paint.", "We do.")) != version(PAINT)


@settings(max_examples=150, deadline=None)
@given(
    cents=st.integers(-10, 250_000),
    operation=st.sampled_from(["refund", "charge", "notify", "restock", "cancel_order", "void_refund", "x"]),
    changes=st.fixed_dictionaries(
        {},
        optional={
            "intent": st.sampled_from(["return", "exchange", "cancel", "where_is_it", "other"]),
            "order_status": st.sampled_from(["pending", "processed", "shipped", "delivered", "cancelled"]),
            "understood": st.booleans(),
            "already_returned": st.booleans(),
            "days_since_delivery": st.integers(-1, 800),
            "member_level": st.sampled_from(["guest", "bronze", "silver", "gold", "tin"]),
            "reason": st.sampled_from(["size", "damaged", "wrong_item"]),
            "earlier_returns": st.integers(0, 9),
            "remaining_cents": st.integers(0, 250_000),
            "price_difference_cents": st.integers(-5_000, 5_000),
        },
    ),
)
def test_a_verdict_is_recomputed_from_its_record_and_equals_cedar_on_all_policies_at_once(
    cents: int, operation: str, changes: dict[str, object]
) -> None:
    engine = ENGINE
    effect = refund(cents).model_copy(update={"operation": operation})
    verdict = judged(
        engine, plan().model_copy(update={"effects": (effect,), "facts": {**facts(), **changes}})
    )
    kept = Verdict.model_validate_json(verdict.model_dump_json())
    assert engine.judge_again(CASE, kept) == verdict
    whole = "\n".join(policy.text for policy in engine.policies.values())
    answers = [_plain_cedar(whole, question, kept) for question in ("do", "unattended")]
    expected = "deny" if not answers[0] else "allow" if answers[1] else "ask"
    assert verdict.outcome == expected


ENGINE = CedarEngine.from_office(ROOT / "office", fact_types())
SCHEMA = cedarpy.Schema.from_str(schema_text(ENGINE.book.words))


def _plain_cedar(policies: str, question: str, verdict: Verdict) -> bool:
    """Ask Cedar without slices: every policy of the office, unparsed, in one request."""
    effect = verdict.facts["effect"]
    assert isinstance(effect, dict)
    request = {
        "principal": {"type": "Desk", "id": "returns"},
        "action": {"type": "returns::Action", "id": question},
        "resource": {"type": "Operation", "id": effect["operation"]},
        "context": verdict.facts,
    }
    answer = cedarpy.is_authorized(request, policies, "[]", SCHEMA)
    return bool(answer.allowed and not answer.diagnostics.errors)


def test_every_field_of_the_fact_types_is_in_the_schema() -> None:
    text = schema_text(ENGINE.book.words)
    for desk, fields in ENGINE.book.words.facts.items():
        part = text.split(f"namespace {desk} ")[1].split("namespace")[0]
        assert all(f"{name}: {kind}" in part for name, kind in fields.items())


def test_a_fact_type_that_cedar_does_not_have_is_refused_when_the_schema_is_made() -> None:
    class Weighed(UndoFacts):
        kilos: float

    with pytest.raises(TypeError, match="kilos"):
        cedar_types(Weighed)


def test_optional_sets_and_records_have_their_cedar_types() -> None:
    class Rich(UndoFacts):
        note: str | None = None
        tags: tuple[str, ...] = ()

    class Nested(UndoFacts):
        inner: Rich

    assert cedar_types(Rich)["note?"] == "String"
    assert cedar_types(Rich)["tags"] == "Set<String>"
    assert cedar_types(Nested)["inner"].startswith("{desk: String, ")


def test_an_engine_is_not_built_from_an_unsound_office(tmp_path: Path) -> None:
    with pytest.raises(OfficeInvalid, match="litre"):
        CedarEngine.from_office(
            office(tmp_path, PAINT.replace("resource);", "resource) when { context.litre > 1 };")),
            fact_types(),
        )
