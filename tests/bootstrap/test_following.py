"""A worker serves what is in force, refuses what fails its own tests, and follows a release."""

import asyncio
import logging
import os
import re
import subprocess
import sys

import pytest

import worker
from benchmarks.environment import free_port
from bootstrap.following import replaced, tell_of_folder
from bootstrap.installation import Installation
from cli.stack.dev_server import DevServer
from contracts.office import version_of
from service.offices import apply, take
from settings import Settings
from tests.conftest import ROOT
from tests.service.conftest import shop
from tests.service.shop import FAILING, Shop
from worker import SERVING, Role, serve

__all__ = ["shop"]


def process(shop: Shop, *words: str) -> subprocess.CompletedProcess[str]:
    """A command on the shop's office, with nothing else running."""
    own = shop.kontor.settings
    environment = {
        **os.environ,
        "KONTOR_OFFICE": str(own.office),
        "KONTOR_STATE": str(own.state),
        "KONTOR_TEMPORAL_ADDRESS": f"127.0.0.1:{free_port()}",
        "COLUMNS": "200",
    }
    return subprocess.run(
        [sys.executable, "-m", *words], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )


async def logged(caplog: pytest.LogCaptureFixture, beginning: str) -> None:
    async with asyncio.timeout(60):
        while not any(line.startswith(beginning) for line in caplog.messages):  # noqa: ASYNC110 (a log)
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("command", [("worker", "--roles", "control"), ("starter", "up", "--no-sandbox")])
def test_a_worker_and_kontor_up_refuse_an_office_whose_tests_fail_and_name_them(
    shop: Shop, command: tuple[str, ...]
) -> None:
    shop.break_tests()

    refused = process(shop, *command)

    assert refused.returncode == 1
    assert FAILING in refused.stderr
    assert "--anyway" in refused.stderr
    assert not (shop.kontor.settings.state / "temporal.db").exists(), "nothing was started"


def test_anyway_a_worker_takes_it_and_that_is_on_record(shop: Shop) -> None:
    shop.break_tests()

    started = process(shop, "worker", "--roles", "control", "--anyway")

    assert started.returncode == 3, "it went on, to a server that is not there"
    assert re.search(
        rf"the office is served anyway: policies/tests/returns.toml:\d+: {FAILING}", started.stderr
    )
    release = shop.kontor.offices.in_force()
    assert release is not None
    assert (release.anyway, len(release.problems)) == (True, shop.tests[1])


async def test_a_release_of_what_is_served_already_replaces_nothing_another_one_does(shop: Shop) -> None:
    take(shop.kontor, by="root")
    with Installation(shop.kontor.settings) as served:
        following = asyncio.create_task(replaced(served, seconds=0.01))
        apply(shop.kontor, shop.folder, by="anna")
        await asyncio.sleep(0.1)
        assert not following.done()
        shop.edit("office.toml", 'name = "Kontor Shop"', 'name = "Shop"')
        apply(shop.kontor, shop.folder, by="anna")

        async with asyncio.timeout(10):
            assert await following == version_of(shop.folder)


async def test_a_worker_logs_once_that_the_folder_is_another_office_and_what_would_change(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    take(shop.kontor, by="root")
    shop.judged(1, 6000)
    shop.break_tests()
    telling = asyncio.create_task(tell_of_folder(shop.kontor, seconds=0.01))

    with caplog.at_level(logging.WARNING):
        await logged(caplog, "the office folder")
        await asyncio.sleep(0.1)
    telling.cancel()

    [line] = caplog.messages
    assert f"is version {version_of(shop.folder)}" in line
    tests, failed = shop.tests
    assert f"{failed} of {tests} policy tests fail" in line
    assert "of the last 1 case, 1 would be judged otherwise" in line
    assert "`kontor office apply`" in line


async def test_a_worker_hands_over_and_starts_again_when_another_office_is_in_force(
    shop: Shop,
    lent_server: DevServer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(worker, "replaced", lambda served: replaced(served, seconds=0.05))
    own = Settings(
        office=shop.folder,
        state=shop.kontor.settings.state,
        temporal_address=lent_server.address,
        reconcile_every_minutes=0,
    )
    serving = asyncio.create_task(serve(own, [Role.CONTROL]))
    with caplog.at_level(logging.INFO):
        await logged(caplog, SERVING)
    shop.edit("office.toml", 'name = "Kontor Shop"', 'name = "Shop"')
    apply(shop.kontor, shop.folder, by="anna")

    async with asyncio.timeout(60):
        assert await serving is True
