"""What a person says is meant: it must answer what was asked, grants nothing, and ends the question."""

from datetime import UTC, datetime, timedelta

import pytest

from contracts.approvals.clarification import MOST_PICKED, MachineChoice, MachineQuestion, Picked
from contracts.approvals.proof import answered
from contracts.approvals.request import (
    Answer,
    AnswerStatus,
    ApprovalOutcome,
    ApprovalRecord,
    ApprovalRequest,
    StoredAnswer,
)
from contracts.approvals.rules import Authority, decided, judge
from contracts.authorization import Plan

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
LET = Authority(allowed=True, on_behalf_of="ben")


def asked(*, needed: int = 1) -> ApprovalRequest:
    choices = (MachineChoice(id="return", text="send back"), MachineChoice(id="cancel", text="cancel"))
    lines = (MachineChoice(id="L1", text="a kettle"), MachineChoice(id="L2", text="a lamp"))
    return ApprovalRequest(
        id="ask-1", case_id="returns/webshop/1", desk="returns", step="clarify", what="What is meant?",
        plan=Plan(case_id="returns/webshop/1", desk="returns", summary="s", facts={}, effects=()),
        arguments_hash="h", asked_by="customer", office_version="v", needed=needed,
        questions=(
            MachineQuestion(id="intent", text="What?", choices=choices, needed=True),
            MachineQuestion(id="lines", text="Which?", choices=lines, several=True),
        ),
        requested_at=NOON, deadline=NOON + timedelta(hours=1),
    )  # fmt: skip


def said(picked: Picked, choice: str = "clarify") -> Answer:
    return Answer.model_validate({"person": "ben", "choice": choice, "picked": picked})


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (said({}), "to clarify takes picked"),
        (said({"intent": ("return",)}, choice="approve"), "picked has no place in approve"),
        (said({"intent": ("burn",)}), "intent has no choice 'burn'"),
        (said({"weather": ("return",)}), "there is no question 'weather'"),
        (said({"lines": ("L1",)}), "intent is not answered"),
        (said({"intent": ("return", "cancel")}), "intent takes one choice"),
        (said({"intent": ("return",), "lines": ("L1", "L1")}), "lines names each choice once"),
        (said({"intent": ()}), "intent names each choice once"),
        (said({f"q{number}": ("x",) for number in range(MOST_PICKED + 1)}), "picked names more than"),
        (said({"intent": ("r" * 100_000,)}), "a pick is longer than"),
    ],
)
def test_what_answers_nothing_that_was_asked_is_malformed(answer: Answer, why: str) -> None:
    standing, words = judge(ApprovalRecord(request=asked()), answer, LET, NOON)
    assert (standing, why in words) == (AnswerStatus.MALFORMED, True), words


def test_one_person_says_what_is_meant_and_it_grants_nothing() -> None:
    request, answer = asked(needed=2), said({"intent": ("return",), "lines": ("L1", "L2")})
    assert judge(ApprovalRecord(request=request), answer, LET, NOON)[0] is AnswerStatus.VALID
    kept = StoredAnswer(id="a", answer=answer, standing=AnswerStatus.VALID, on_behalf_of="ben", at=NOON)
    end = decided(request, [kept])
    assert end is not None
    assert (end.outcome, end.granted, end.picked) == (ApprovalOutcome.CLARIFIED, False, answer.picked)


def test_who_says_something_else_after_that_is_late_and_who_says_the_same_is_a_duplicate() -> None:
    request, answer = asked(), said({"intent": ("return",)})
    kept = StoredAnswer(id="a", answer=answer, standing=AnswerStatus.VALID, on_behalf_of="ben", at=NOON)
    record = ApprovalRecord(request=request, answers=(kept,), approval=decided(request, [kept]))
    other = said({"intent": ("cancel",)})
    assert judge(record, answer, LET, NOON)[0] is AnswerStatus.DUPLICATE
    assert judge(record, other, LET, NOON)[0] is AnswerStatus.LATE


def test_a_proof_bears_just_what_was_picked() -> None:
    request = asked()
    one, other = (answered(request, said({"intent": (each,)})) for each in ("return", "cancel"))
    assert one.words["picked"] == {"intent": ["return"]}
    assert one.words != other.words
    assert "picked" not in answered(request, Answer(person="ben", choice="approve")).words


def test_an_answer_without_picks_is_written_as_it_always_was() -> None:
    assert "picked" not in Answer(person="ben", choice="approve").model_dump(mode="json")
