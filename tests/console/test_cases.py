"""Cases as people see them: found, listed page by page, told in the order of what happened."""

import re
from datetime import timedelta

import pytest

from bootstrap.installation import Installation
from console.account import browser_words
from contracts.case import CaseRecord, CaseStatus, Episode
from tests.console.browser import Served
from tests.console.events import NOW

MARKUP = "<script>alert('x')</script> & \u202egnirtS"
"""A customer's words that would do something if they were not text."""


def keep(
    kontor: Installation, number: int, *, status: CaseStatus = CaseStatus.SETTLED, message: str = ""
) -> str:
    case_id = f"returns/webshop/RMA-{number}"
    opened = NOW + timedelta(minutes=number)
    record = CaseRecord(
        id=case_id,
        desk="returns",
        channel="webshop",
        status=status,
        summary=f"return of kettle {number}",
        outcome="returned" if status is CaseStatus.SETTLED else "",
        amount_cents=4000 + number,
        currency="EUR",
        opened_at=opened,
        updated_at=opened,
        request={"id": f"RMA-{number}", "channel": "webshop", "order": f"W-{number}", "message": message},
    )
    told = [("opened", {"channel": "webshop"})]
    if status is CaseStatus.SETTLED:
        told.append(("closed", {"status": "settled", "outcome": "returned"}))
    episodes = [
        Episode(id=f"{case_id}#{kind}", case_id=case_id, kind=kind, at=opened, data={**data})
        for kind, data in told
    ]
    kontor.case_writer.record(record, episodes)
    return case_id


def ids(page: str) -> list[str]:
    return re.findall(r'<a href="/cases/(returns/[^"]+)" data-line', page)


def test_cases_are_listed_the_newest_first_page_by_page(served: Served) -> None:
    kept = [keep(served.kontor, number) for number in range(120)]
    with served.signed_in("ben") as ben:
        address, seen = "/cases", []
        while address:
            page = ben.get(address).text
            seen += ids(page)
            found = re.search(r'href="([^"]+)">Older cases', page)
            address = found[1].replace("&amp;", "&") if found else ""
    assert seen == kept[::-1]


def test_a_list_is_narrowed_by_status_and_words_and_a_number_that_is_one_case_leads_there(
    served: Served,
) -> None:
    waiting = keep(served.kontor, 1, status=CaseStatus.WAITING, message="der Wasserkocher tröpfelt")
    keep(served.kontor, 2)
    with served.signed_in("ben") as ben:
        assert ids(ben.get("/cases?status=waiting").text) == [waiting]
        assert ids(ben.get("/cases?words=tröpfelt").text) == [waiting]
        assert ben.get("/cases?words=RMA-2").headers["location"] == "/cases/returns/webshop/RMA-2"
        assert "No case fits" in ben.get("/cases?words=nothing").text
        assert ben.get("/cases?status=odd").status_code == 404


def test_a_case_is_told_with_the_customers_words_as_text_whatever_is_in_them(served: Served) -> None:
    case_id = keep(served.kontor, 1, message=MARKUP)
    with served.signed_in("ben") as ben:
        page = ben.get(f"/cases/{case_id}").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp;" in page
    assert "\u202e" not in page
    assert "40.01 EUR" in page
    assert page.index("Came in from webshop") < page.index("Ended: settled")


def test_a_case_that_is_not_there_says_so(served: Served) -> None:
    with served.signed_in("ben") as ben:
        answer = ben.get("/cases/returns/webshop/RMA-9")
    assert (answer.status_code, "There is no case returns/webshop/RMA-9" in answer.text) == (404, True)


def test_an_open_page_hears_of_a_new_case_by_name_and_nothing_of_its_content(served: Served) -> None:
    with served.signed_in("ben") as ben, ben.stream("GET", "/events") as news:
        lines = news.iter_lines()
        assert next(lines) == "retry: 2000"
        heard = ""
        number = 0
        while "data" not in heard:
            keep(served.kontor, number, message="a secret of a customer")
            number += 1
            heard = next(line for line in lines if line)
            heard = heard if heard.startswith("data") else next(lines)
        assert heard == "data: cases"


def test_who_is_not_in_hears_nothing(served: Served) -> None:
    with served.browser() as stranger:
        assert stranger.get("/events").status_code == 401


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0",
            "Edge on Windows",
        ),
        ("curl/8.1", "curl/8.1"),
    ],
)
def test_a_browser_is_named_in_two_words(told: str, words: str) -> None:
    assert browser_words(told) == words


def test_a_case_links_to_the_web_ui_where_browsers_find_it(served: Served) -> None:
    case_id = keep(served.kontor, 1)
    served.kontor.settings = served.kontor.settings.model_copy(
        update={"temporal_ui_url": "https://kontor.example/temporal"}
    )
    with served.signed_in("ben") as ben:
        page = ben.get(f"/cases/{case_id}").text
    where = "https://kontor.example/temporal/namespaces/default/workflows/returns%2Fwebshop%2FRMA-1"
    assert f'href="{where}"' in page


def test_a_case_that_did_nothing_has_nothing_to_undo_and_none_is_undone_unseen(served: Served) -> None:
    case_id = keep(served.kontor, 1)
    with served.signed_in("ben") as ben:
        assert 'id="undo"' not in ben.get(f"/cases/{case_id}").text
        answer = ben.post(f"/cases/{case_id}", data={"seen": ""})
        unknown = ben.post("/cases/returns/webshop/RMA-9", data={"seen": ""})
    assert (answer.status_code, "Nothing was undone" in answer.text) == (409, True)
    assert unknown.status_code == 404
