"""Pages that only read: board, books, memory, staff and office; each also while there is nothing to show."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from bootstrap.installation import Installation
from console import remembering
from console.numbers import number_views
from console.places import PAGES, PLACES
from contracts.case import CaseRecord, CaseStatus
from contracts.memory import Forgotten
from contracts.reconciliation.divergence import DivergenceKind
from memory.authoritative.numbers.catalogue import NUMBERS
from memory.authoritative.numbers.number import Reading
from memory.authoritative.staff_episodes import OF_STAFF
from memory.tables.divergences import DivergenceRow
from service.numbers import scope_of
from tests.console.browser import Served
from tests.console.events import NOW, ask, dismiss


def fill(kontor: Installation) -> datetime:
    """Cases of today: 40 settled alone, 10 waiting."""
    now = datetime.now(UTC)
    for number in range(50):
        status = CaseStatus.SETTLED if number < 40 else CaseStatus.WAITING
        record = CaseRecord(
            id=f"returns/webshop/RMA-{number}", desk="returns", channel="webshop", status=status, summary="s",
            opened_at=now - timedelta(hours=1), updated_at=now,
        )  # fmt: skip
        kontor.case_writer.record(record, ())
    return now


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_every_place_can_be_opened_on_an_empty_office_and_by_nobody_who_is_not_in(
    served: Served, place: object
) -> None:
    path = place.path  # type: ignore[attr-defined] # a Place; pytest's ids want an object
    with served.signed_in("ben") as ben, served.browser() as stranger:
        answer = ben.get(path)
        assert (answer.status_code, 'aria-current="page"' in answer.text) == (200, True)
        assert stranger.get(path).headers["location"] == f"/enter?to={path}"


def test_every_page_and_form_is_behind_the_entrance(served: Served) -> None:
    with served.browser() as stranger:
        for page in PAGES:
            path = re.sub(r"\{[^}]+\}", "x", page.path)
            answer = stranger.request(page.method, path)
            assert answer.status_code == (303 if page.method == "GET" else 401), page.path


def test_the_board_shows_each_number_as_it_is_read_with_the_cases_behind_it(served: Served) -> None:
    now = fill(served.kontor)
    [automation] = served.kontor.numbers.read(scope_of(served.kontor, now), NUMBERS[:1])
    with served.signed_in("ben") as ben:
        page = ben.get("/board").text
        behind = re.search(r'href="(/cases\?number=kontor_automation_ratio[^"]*)">([^<]+)', page)
        assert behind is not None
        cases = ben.get(behind[1].replace("&amp;", "&")).text
    assert (automation.hits, automation.n) == (40, 50)
    assert behind[2] == "80.0%"
    assert "67.0% to 88.8%" in page, "Wilson's interval for 40 of 50"
    assert cases.count("does not count") == 10


def test_how_a_call_to_a_system_failed_is_told_in_words_and_leads_to_the_same_cases() -> None:
    labels = {"layer": "connector", "place": "webshop.refund", "mode": "ambiguous/found"}
    [failures] = number_views([Reading(name="kontor_failures", labels=labels, value=2.0, n=2)])
    [line] = failures.lines
    assert line.of == "webshop.refund: no clear answer; looked up, it was done"
    assert "mode=ambiguous%2Ffound" in line.path


def test_of_few_cases_the_board_says_counts_and_no_share(served: Served) -> None:
    ask(served.kontor)
    with served.signed_in("ben") as ben:
        page = ben.get("/board").text
    assert "%</a>" not in page


def test_a_number_that_there_is_not_is_said_so(served: Served) -> None:
    with served.signed_in("ben") as ben:
        assert ben.get("/cases?number=kontor_luck").status_code == 404


@pytest.mark.parametrize("standing", ["open", "case"])
def test_books_show_a_difference_with_money_and_its_next_step(served: Served, standing: str) -> None:
    row = DivergenceRow(
        id="missing-here-1", kind=DivergenceKind.MISSING_HERE.value, connector="webshop", operation="refund",
        reference="refund_9", ours_cents=0, theirs_cents=5490, at_stake_cents=5490, currency="EUR",
        found_at=NOW, standing=standing,
    )  # fmt: skip
    with served.kontor.journal.writing("a test", NOW) as books:
        books.add(row)
    with served.signed_in("ben") as ben:
        page = ben.get("/books").text
    assert "54.90 EUR was done, and not by Kontor" in page
    assert ('href="/cases/books/webshop/missing-here-1"' in page) is (standing == "case")
    assert ("opens a case for it" in page) is (standing == "open")


def test_memory_says_plainly_that_no_worker_can_be_asked(served: Served) -> None:
    served.kontor.settings = served.kontor.settings.model_copy(update={"temporal_address": "127.0.0.1:1"})
    with served.signed_in("ben") as ben:
        page = ben.get("/memory?question=kettle").text
    assert "Nothing can be searched now: no Temporal server answers at 127.0.0.1:1" in page


def test_a_customer_is_forgotten_when_it_is_said_twice_and_it_is_on_record_who_did(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    class Worker:
        def __init__(self, _client: object) -> None: ...

        async def forget(self, customer: str) -> Forgotten:
            asked.append(customer)
            return Forgotten(memories=3, vectors=3, cached=0)

    async def joined(_kontor: object) -> None: ...

    monkeypatch.setattr(remembering, "AskedWorker", Worker)
    monkeypatch.setattr(remembering, "join", joined)
    with served.signed_in("ben") as ben:
        assert ben.post("/memory/forget", data={"customer": " "}).status_code == 422
        once = ben.post("/memory/forget", data={"customer": "cust-4108 <b>"})
        assert ("Forget cust-4108 &lt;b&gt;?" in once.text, asked) == (True, [])
        twice = ben.post("/memory/forget", data={"customer": "cust-4108", "sure": "yes"})
    assert ("3 memories of cust-4108" in twice.text, asked) == (True, ["cust-4108"])
    [told] = [each for each in served.kontor.episodes.of_case(OF_STAFF) if each.kind == remembering.FORGETS]
    assert told.data == {"person": "ben"}


def test_without_a_worker_nothing_is_forgotten_and_it_is_said(served: Served) -> None:
    served.kontor.settings = served.kontor.settings.model_copy(update={"temporal_address": "127.0.0.1:1"})
    with served.signed_in("ben") as ben:
        page = ben.post("/memory/forget", data={"customer": "cust-4108", "sure": "yes"}).text
    assert "Nothing was forgotten" in page


def test_books_that_were_never_compared_do_not_claim_to_agree(served: Served) -> None:
    with served.signed_in("ben") as ben:
        page = ben.get("/books").text
    assert ("Nothing was compared" in page, "None: what our books" in page) == (True, False)


def test_the_office_says_who_works_here_what_policies_say_and_what_changed(served: Served) -> None:
    dismiss(served.kontor, "chris")
    with served.signed_in("ben") as ben:
        page = ben.get("/office").text
    assert "Chris" in page, "this process serves the office that it began with; it begins anew within seconds"
    assert "Refunds over 150.00 EUR need a person." in page
    assert "staff.toml" in page
