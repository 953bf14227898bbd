"""A demo that runs, Chromium before it, and people who come in; all of it once for every test here."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.chromium import Missing, chromium
from tests.browser.running_demo import RunningDemo
from tests.browser.screen import PICTURES, Person

PATIENCE_MS = 60_000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs a browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, as it is."""
    try:
        path = chromium()
    except Missing as missing:
        pytest.fail(str(missing), pytrace=False)
    with sync_playwright() as playwright:
        # A container's root has no user namespaces to put a sandbox into.
        opened = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def demo(browser: Browser) -> Iterator[RunningDemo]:
    """The demo after its morning: cases of every kind, and questions that wait for people."""
    with tempfile.TemporaryDirectory(prefix="kontor-browser-", ignore_cleanup_errors=True) as folder:
        running = RunningDemo(Path(folder))
        try:
            running.start()
            yield running
        finally:
            running.end()


@pytest.fixture(scope="session")
def ben(browser: Browser, demo: RunningDemo) -> Iterator[Person]:
    """Somebody who is in, at as many screens as they like."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    person = Person.invited(browser, demo.url, demo.invite("ben"))
    yield person
    found = [*person.heard]
    assert not found, json.dumps(found, indent=2)
