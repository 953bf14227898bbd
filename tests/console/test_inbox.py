"""What waits for a person: theirs alone, with the reason first, and the words that a customer will read."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.console.browser import Served
from tests.console.events import ask
from tests.console.test_cases import MARKUP, keep


def test_the_inbox_holds_what_its_person_may_answer_and_nothing_else(served: Served) -> None:
    for_leads = ask(served.kontor, 1)
    for_owners = ask(served.kontor, 2, roles=("owner",))
    with served.signed_in("ben") as ben, served.signed_in("anna") as anna, served.signed_in("chris") as chris:
        bens, annas, chriss = (browser.get("/inbox").text for browser in (ben, anna, chris))
    assert (f"/inbox/{for_leads.id}" in bens, f"/inbox/{for_owners.id}" in bens) == (True, False)
    assert (f"/inbox/{for_leads.id}" in annas, f"/inbox/{for_owners.id}" in annas) == (True, True)
    assert "Nothing waits for you; 2 wait for others." in chriss


def test_a_request_says_why_first_then_what_happens_with_the_customers_words(served: Served) -> None:
    case_id = keep(served.kontor, 1, message="My kettle leaks.")
    request = ask(served.kontor, 1)
    with served.signed_in("ben") as ben:
        page = ben.get(f"/inbox/{request.id}").text.partition("<article")[2]
    order = [
        "200.00 EUR", "My kettle leaks.", "Refunds over 150.00 EUR need a person.", "It may come back.",
        "Refund at webshop", "Notify at webshop", "We have refunded 200.00 EUR.", "Order is delivered.",
        f'href="/cases/{case_id}"',
    ]  # fmt: skip
    places = [page.index(words) for words in order]
    assert places == sorted(places)
    assert "A sentence of the policies." not in page, "the policies that ask stand above already"


def test_a_request_counts_as_seen_and_looked_at_once_it_is_open(served: Served) -> None:
    request = ask(served.kontor)
    with served.signed_in("ben") as ben:
        ben.get(f"/inbox/{request.id}")
    assert served.kontor.approval_queue.seen_by("ben") == {request.id: request.arguments_hash}


def test_who_may_not_answer_is_told_who_may(served: Served) -> None:
    request = ask(served.kontor, roles=("owner",))
    with served.signed_in("ben") as ben:
        page = ben.get(f"/inbox/{request.id}").text
    assert "Ben answers up to 5000.00 EUR; who may answer: anna" in page


@pytest.mark.parametrize(
    ("left", "words", "tone"),
    [
        (timedelta(hours=30), "1d 5h left", ""),
        (timedelta(hours=5), "4h 59m left", "warn"),
        (timedelta(minutes=90), "1h 29m left", "bad"),
        (timedelta(hours=-1), "time is over", "bad"),
    ],
)
def test_time_that_is_left_is_told_in_words_and_in_colour(
    served: Served, left: timedelta, words: str, tone: str
) -> None:
    ask(served.kontor, left=left)
    with served.signed_in("ben") as ben:
        assert f'<span class="n {tone}">{words}</span>' in ben.get("/inbox").text


def test_a_case_to_handle_by_hand_says_that_nothing_is_done_by_itself(served: Served) -> None:
    request = ask(served.kontor, by_hand=True)
    with served.signed_in("ben") as ben:
        page = ben.get(f"/inbox/{request.id}").text
    assert "Nothing is done by itself" in page


def test_words_with_markup_are_text_wherever_they_stand(served: Served) -> None:
    keep(served.kontor, 1, message=MARKUP)
    request = ask(served.kontor, 1, text=MARKUP)
    with served.signed_in("ben") as ben:
        page = ben.get(f"/inbox/{request.id}").text
    assert "<script>alert" not in page
    assert "\u202e" not in page


def test_a_request_that_is_not_there_says_so(served: Served) -> None:
    with served.signed_in("ben") as ben:
        assert ben.get("/inbox/ask-nothing").status_code == 404


def test_of_many_requests_the_oldest_stand_on_the_page(served: Served) -> None:
    asked = [ask(served.kontor, number).id for number in range(60)]
    with served.signed_in("ben") as ben:
        page = ben.get("/inbox").text
    assert [id_ in page for id_ in asked] == [True] * 50 + [False] * 10
    assert "50+ for you" in page


def test_who_else_is_looking_is_named_in_the_list_and_on_the_page(served: Served) -> None:
    request = ask(served.kontor)
    with served.signed_in("ben") as ben, served.signed_in("anna") as anna:
        anna.get(f"/inbox/{request.id}")
        queue, own, page = (
            ben.get("/inbox").text,
            anna.get("/inbox").text,
            ben.get(f"/inbox/{request.id}").text,
        )
        served.kontor.attention.left(request.id, "anna", datetime.now(UTC))
        after = ben.get("/inbox").text
    assert "Anna is looking at this since " in queue
    assert "Anna is looking at this since " in page
    assert "Anna is looking at this" not in own
    assert "Anna is looking at this" not in after


def test_of_several_that_are_ticked_each_has_its_own_result(served: Served) -> None:
    first, changed, by_hand = (
        ask(served.kontor, 1),
        ask(served.kontor, 2),
        ask(served.kontor, 3, by_hand=True),
    )
    served.kontor.settings = served.kontor.settings.model_copy(update={"temporal_address": "127.0.0.1:1"})
    ticked = [
        f"{first.id} {first.arguments_hash}",
        f"{changed.id} other",
        f"{by_hand.id} {by_hand.arguments_hash}",
    ]
    with served.signed_in("ben") as ben:
        queue = ben.get("/inbox").text
        answer = ben.post("/inbox", data={"ticked": ticked, "choice": "approve"})
    assert f'value="{ticked[0]}" form="several"' in queue
    assert ticked[2] not in queue, "what is handled by hand is answered by itself"
    assert "0 of 3 were taken" in answer.text
    for words in ("not sent", "it is not as it was listed", "it is answered by itself"):
        assert words in answer.text
    for request in (first, changed, by_hand):
        record = served.kontor.approvals.find(request.id)
        assert record is not None
        assert record.answers == ()


@pytest.mark.parametrize("said", [{"choice": "edit"}, {"choice": "approve"}, {}], ids=str)
def test_several_are_answered_with_yes_or_no_and_not_without_any(
    served: Served, said: dict[str, str]
) -> None:
    request = ask(served.kontor)
    ticked = {"ticked": f"{request.id} {request.arguments_hash}"} if said.get("choice") != "approve" else {}
    with served.signed_in("ben") as ben:
        answer = ben.post("/inbox", data={**ticked, **said})
    assert (answer.status_code, "Nothing was answered" in answer.text) == (422, True)
