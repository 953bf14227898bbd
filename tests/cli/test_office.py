"""`kontor office` at the command line: what is in force, what an edit would change, who put it there."""

import json
import shutil
from functools import partial
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.models import app as models
from cli.office import app
from cli.policy import app as policy
from contracts.office import version_of
from service.offices import take
from tests.service.conftest import shop
from tests.service.shop import FAILING, Shop

__all__ = ["shop"]
RUN = CliRunner()


@pytest.fixture(autouse=True)
def at_the_shop(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RUN, "invoke", partial(RUN.invoke, obj=shop.kontor))
    monkeypatch.setenv("KONTOR_PERSON", "anna")


def run(*words: str, code: int = 0) -> str:
    result = RUN.invoke(app, [*words])
    assert result.exit_code == code, result.output
    return result.output


def told(*words: str, code: int = 0) -> Any:
    return json.loads(run(*words, "--json", code=code))


def test_before_the_first_start_status_says_what_puts_an_office_in_force(shop: Shop) -> None:
    assert "no office is in force yet: the first start" in run("status")
    found = told("status")
    assert found["in_force"] is None
    assert found["comparison"]["version"] == version_of(shop.folder)
    assert told("history") == []


def test_status_says_who_put_it_in_force_when_and_whether_the_folder_is_another(shop: Shop) -> None:
    take(shop.kontor, by="root")
    words = run("status")
    assert f"in force: {version_of(shop.folder)}, release 1, since " in words
    assert "by root (the first start)" in words
    assert "is the office in force" in words

    shop.break_tests()

    assert "is another version" in run("status")
    tests, failed = shop.tests
    assert f"{failed} of {tests} policy tests fail" in run("status")
    shutil.rmtree(shop.folder)
    assert "workers serve what is in force" in run("status")


def test_diff_shows_files_policies_tests_and_cases_and_leaves_with_1_if_tests_fail(shop: Shop) -> None:
    take(shop.kontor, by="root")
    case_id = shop.judged(1, 6000)
    assert "1 case judged again, 0 otherwise" in run("diff")
    shop.break_tests()

    words = run("diff", "--text", code=1)
    found = told("diff", code=1)

    assert "files changed: policies/returns.cedar" in words
    assert '+when { context.effect.currency == "EUR" && context.amount_cents > 5000 };' in words
    tests, failed = shop.tests
    assert f"policy tests: {tests - failed} passed, {failed} failed" in words
    assert "allow by returns.refund, returns.unattended" in words
    assert "webshop.refund 60.00 EUR" in words
    assert found["policies"]["changed"] == ["returns.refund-over-1000"]
    [one] = found["otherwise"]
    assert (one["case_id"], one["before"]["outcome"], one["after"]["outcome"]) == (case_id, "allow", "ask")
    assert {each["file"] for each in found["problems"]} == {"policies/tests/returns.toml"}


def test_apply_refuses_a_failing_office_names_the_tests_and_takes_it_anyway_on_record(shop: Shop) -> None:
    take(shop.kontor, by="root")
    shop.break_tests()

    refused = RUN.invoke(app, ["apply"])
    assert refused.exit_code == 1
    assert FAILING in refused.stderr
    assert told("history")[0]["number"] == 1
    run("apply", "--anyway", "--note", "the auditors wait")

    [newest, first] = told("history")
    assert (newest["by"], newest["anyway"], newest["note"]) == ("anna", True, "the auditors wait")
    assert len(newest["problems"]) == shop.tests[1]
    assert newest["changes"]["changed"] == ["policies/returns.cedar"]
    assert (first["by"], first["anyway"]) == ("root", False)
    assert f"{shop.tests[1]} problems" in run("history")


def test_apply_says_when_nothing_is_new_and_goes_back_to_a_version_by_its_beginning(shop: Shop) -> None:
    first = take(shop.kontor, by="root")
    assert told("apply")["new"] is False
    assert "is in force already" in run("apply")
    shop.edit("office.toml", 'name = "Kontor Shop"', 'name = "Shop"')
    assert told("apply", "--as", "ben")["new"] is True

    back = told("apply", first.version[:8])

    assert (back["number"], back["version"], back["by"]) == (3, first.version, "anna")
    assert "no folder, and no version" in RUN.invoke(app, ["apply", "ffff"]).stderr


def test_the_commands_that_read_policies_and_models_read_the_folder_and_no_release(shop: Shop) -> None:
    take(shop.kontor, by="root")
    shop.break_tests()
    shop.edit("models.toml", "typical_latency_ms = 15", "typical_latency_ms = 16")
    tests, failed = shop.tests

    tried = RUN.invoke(policy, ["test"])
    listed = RUN.invoke(models, ["list", "--json"])

    assert (tried.exit_code, f"\n{tests - failed} passed, {failed} failed" in tried.output) == (1, True)
    assert json.loads(listed.stdout)["models"]["head"]["typical_latency_ms"] == 16
