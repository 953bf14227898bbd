"""Answers that a form may not give, or gives to something else; nothing is done on any of them."""

from datetime import timedelta

import pytest

from contracts.approvals.messages import ApprovalClosing
from contracts.approvals.request import ApprovalOutcome, ApprovalRequest
from tests.console.browser import Served
from tests.console.events import NOW, WHAT, ask


def untouched(served: Served, request: ApprovalRequest) -> bool:
    record = served.kontor.approvals.find(request.id)
    assert record is not None
    return record.approval is None and record.answers == ()


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"choice": "burn"}, 400, "This is no answer"),
        ({}, 400, "This is no answer"),
        ({"choice": ["approve", "reject"]}, 400, "This is no answer"),
        ({"choice": "approve", "amount": "20"}, 422, "More was filled in than the button says"),
        ({"choice": "reject", "delegate_to": "anna"}, 422, "More was filled in than the button says"),
        ({"choice": "edit", "amount": "20,50"}, 422, "is not an amount like"),
        ({"choice": "edit", "amount": "20.505"}, 422, "smaller than the smallest"),
        ({"choice": "edit"}, 422, "That is no amount"),
        ({"choice": "delegate", "delegate_to": "nobody"}, 422, "Choose a colleague"),
        ({"choice": "delegate"}, 422, "Choose a colleague"),
    ],
    ids=str,
)
def test_a_form_that_says_nothing_clear_is_turned_away(
    served: Served, fields: dict[str, str], status: int, words: str
) -> None:
    request = ask(served.kontor)
    with served.signed_in("ben") as ben:
        sent = {"arguments_hash": request.arguments_hash, **fields}
        answer = ben.post(f"/inbox/{request.id}", data=sent)
    assert (answer.status_code, words in answer.text) == (status, True), answer.text
    assert untouched(served, request)


def test_fields_that_no_form_of_ours_has_change_nothing(served: Served) -> None:
    request = ask(served.kontor)
    served.kontor.settings = served.kontor.settings.model_copy(update={"temporal_address": "127.0.0.1:1"})
    with served.signed_in("ben") as ben:
        sent = {
            "arguments_hash": request.arguments_hash, "choice": "approve", "person": "anna", "how": "passkey",
            "request_id": "ask-other", "token": "x", "proof": "x",
        }  # fmt: skip
        answer = ben.post(f"/inbox/{request.id}", data=sent)
    assert (answer.status_code, "could not be sent" in answer.text) == (503, True)
    assert untouched(served, request)


def test_an_answer_to_another_amount_than_what_is_asked_is_told_the_difference(served: Served) -> None:
    seen = ask(served.kontor, 1, cents=20_000, text="We have refunded 200.00 EUR.")
    now = ask(served.kontor, 1, cents=18_000, text="We have refunded 180.00 EUR.")
    with served.signed_in("ben") as ben:
        stale = ben.post(
            f"/inbox/{now.id}", data={"arguments_hash": seen.arguments_hash, "choice": "approve"}
        )
        earlier = ben.post(f"/inbox/{seen.id}", data={"arguments_hash": "", "choice": "approve"})
    assert stale.status_code == earlier.status_code == 409
    assert "is not what is asked" in stale.text
    for words in ("200.00 EUR", "180.00 EUR", "We have refunded 180.00 EUR.", f'href="/inbox/{now.id}"'):
        assert words in earlier.text
    assert untouched(served, now)


def test_a_request_that_was_withdrawn_says_why(served: Served) -> None:
    request = ask(served.kontor)
    closing = ApprovalClosing(
        request_id=request.id, outcome=ApprovalOutcome.WITHDRAWN, why="the customer took it back"
    )
    served.kontor.approvals.end(closing, NOW + timedelta(days=1))
    with served.signed_in("ben") as ben:
        stale = ben.post(f"/inbox/{request.id}", data={"arguments_hash": "", "choice": "approve"})
        page = ben.get(f"/inbox/{request.id}").text
    assert "the customer took it back" in stale.text
    assert "nothing is to be answered any more" in page
    assert 'value="approve"' not in page


def test_the_machines_question_is_asked_with_its_choices_and_by_hand_is_the_last(served: Served) -> None:
    request = ask(served.kontor, by_hand=True, questions=(WHAT,))
    with served.signed_in("ben") as ben:
        page = ben.get(f"/inbox/{request.id}").text
    assert "What does the customer want?" in page
    assert "cancel &lt;it&gt; &amp; all" in page
    assert 'name="pick-intent" value="return" form="answer" required' in page
    assert "What is wanted: unsure" in page
    assert page.index('value="clarify"') < page.index("I have handled it by hand")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"choice": "approve", "pick-intent": "return"}, "pressed another button"),
        ({"choice": "clarify", "pick-intent": "burn"}, "intent has no choice"),
        ({"choice": "clarify", "pick-intent": ["return", "cancel"]}, "intent takes one choice"),
        ({"choice": "clarify", "pick-weather": "return"}, "to clarify takes picked"),
        ({"choice": "clarify"}, "to clarify takes picked"),
    ],
    ids=str,
)
def test_a_pick_that_answers_nothing_is_turned_away_before_anything_is_sent(
    served: Served, fields: dict[str, str], words: str
) -> None:
    request = ask(served.kontor, by_hand=True, questions=(WHAT,))
    with served.signed_in("ben") as ben:
        answer = ben.post(f"/inbox/{request.id}", data={"arguments_hash": request.arguments_hash, **fields})
    assert (answer.status_code, words in answer.text) == (422, True), answer.text
    assert untouched(served, request)
