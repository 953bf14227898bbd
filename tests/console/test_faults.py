"""What goes wrong around a page: two press at once, a page outlives a deploy, the database goes and comes."""

import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from benchmarks.environment import free_port
from bootstrap.installation import Installation
from contracts.approvals.request import AnswerStatus
from contracts.office import office_files
from settings import Settings
from tests.conftest import ROOT
from tests.console.browser import Served, serving
from tests.console.events import NOW, ask
from tests.postgres import PostgresServer, quick_folder


@pytest.mark.usefixtures("at_once")
def test_of_two_who_press_at_once_one_decides_and_the_other_is_told_by_whom(served: Served) -> None:
    for number in range(1, 6):
        request = ask(served.kontor, number)
        with served.signed_in("ben") as ben, served.signed_in("anna") as anna:

            def press(browser: httpx.Client, choice: str, to: str = request.id) -> httpx.Response:
                said = {"arguments_hash": request.arguments_hash, "choice": choice}  # noqa: B023 (of this turn)
                return browser.post(f"/inbox/{to}", data=said)

            with ThreadPoolExecutor(2) as pool:
                answers = list(pool.map(press, (ben, anna), ("approve", "reject")))
        assert sorted(each.status_code for each in answers) == [303, 409]
        lost = next(each for each in answers if each.status_code == 409)
        first = "Ben" if answers[1] is lost else "Anna"
        assert f"by {first}." in lost.text
        record = served.kontor.approvals.find(request.id)
        assert record is not None
        assert [each.standing for each in record.answers].count(AnswerStatus.VALID) == 1


def test_a_page_of_before_a_deploy_draws_itself_anew_and_its_form_is_taken_or_told_that_it_is_stale(
    kontor: Installation,
) -> None:
    request = ask(kontor)
    with serving(kontor) as before, before.signed_in("ben") as ben:
        page = ben.get(f"/inbox/{request.id}").text
        cookies = dict(ben.cookies)
    assert request.arguments_hash in page
    kontor.settings = kontor.settings.model_copy(update={"console_port": free_port()})
    with serving(kontor) as after, after.browser() as again:
        again.cookies.update(cookies)
        assert again.get(f"/inbox/{request.id}").status_code == 200, "who was in stays in"
        path = f"/inbox/{request.id}"
        stale = again.post(path, data={"arguments_hash": "of an older form", "choice": "approve"})
        assert (stale.status_code, "Your answer was not taken" in stale.text) == (409, True)
        older = again.post(path, data={"choice": "approve"})
        assert older.status_code == 409, "a form without what is asked is stale, too"
        assert again.get("/static/0123456789ab/kontor.css").status_code == 404, (
            "it is never another version's"
        )


@pytest.mark.slow
def test_while_postgresql_is_down_every_page_says_so_and_comes_back_by_itself() -> None:
    with tempfile.TemporaryDirectory(dir=quick_folder(), ignore_cleanup_errors=True) as folder:
        server = PostgresServer(Path(folder), free_port())
        server.start()
        own = Settings(
            office=ROOT / "office",
            state=Path(folder) / "state",
            console_port=free_port(),
            database_url=server.new_database(),
        )
        with Installation(own) as kontor:
            kontor.releases.put_in_force(office_files(ROOT / "office"), by="a test", at=NOW)
            request = ask(kontor)
            with serving(kontor) as served, served.signed_in("ben") as ben:
                pages = ("/inbox", f"/inbox/{request.id}", "/cases", "/board", "/books", "/office", "/me")
                assert [ben.get(page).status_code for page in pages] == [200] * len(pages)
                server.stop()
                try:
                    for page in (*pages, "/enter/guessed"):
                        away = ben.get(page)
                        assert (away.status_code, away.headers.get("refresh")) == (503, "5"), page
                        assert "The database does not answer" in away.text
                    said = {"arguments_hash": request.arguments_hash, "choice": "approve"}
                    assert ben.post(f"/inbox/{request.id}", data=said).status_code == 503
                    assert ben.get("/readyz").status_code == 503
                    assert ben.get("/healthz").status_code == 200
                finally:
                    server.serve()
                assert [ben.get(page).status_code for page in pages] == [200] * len(pages)
                assert ben.get("/readyz").json() == {"state": "ready"}
        server.stop()
