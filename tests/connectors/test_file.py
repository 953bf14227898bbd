import asyncio
from pathlib import Path

import pytest

from activities.errors import classify
from connectors.connectors import Connectors
from connectors.manifest import load_manifests
from connectors.secrets import EnvironmentSecrets
from contracts.canonical import Arguments
from contracts.failure import CallFailed, FailureClass
from tests.connectors.system import write_office

MANIFEST = """
name = "books"
version = "1"
transport = "file"
base_url = "file://${FOLDER}"

[operations.export]
effect = "write"
arguments.text = { type = "string" }
arguments.folder = { type = "string", required = false }
request = { method = "WRITE", path = "exports/{{ folder or 'new' }}/{{ key }}.csv", text = "{{ text }}" }
idempotency = { kind = "native_key" }

[operations.post]
effect = "write"
money = "amount_cents"
arguments.order = { type = "string" }
arguments.amount_cents = { type = "cents" }
idempotency = { kind = "native_key" }
[operations.post.request]
method = "APPEND"
path = "journal.csv"
document = "key,order,amount"
text = "{{ key }},{{ order }},{{ amount_cents | decimal }}"

[operations.journal]
effect = "read"
request = { method = "READ", path = "journal.csv" }
result.rows = { type = "list" }
"""


@pytest.fixture
def books(tmp_path: Path) -> Connectors:
    office = write_office(tmp_path, MANIFEST, "books")
    return Connectors(load_manifests(office, {"FOLDER": str(tmp_path / "out")}), EnvironmentSecrets({}))


async def test_a_file_is_written_whole_under_its_key_and_a_second_time_changes_nothing(
    books: Connectors, tmp_path: Path
) -> None:
    for _attempt in range(2):
        sent = await books.send("books", "export", {"text": "a,b\n1,2\n"}, "export-k1")
        assert sent.reference == "exports/new/export-k1.csv#export-k1"
    [written] = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert written.read_text() == "a,b\n1,2\n"


async def test_a_file_of_the_same_name_with_other_content_is_never_overwritten(
    books: Connectors, tmp_path: Path
) -> None:
    await books.send("books", "export", {"text": "first"}, "k")
    with pytest.raises(CallFailed) as caught:
        await books.send("books", "export", {"text": "second"}, "k")
    assert classify(books.manifest("books"), "export", caught.value) is FailureClass.NOT_APPLIED_FINAL
    assert (tmp_path / "out/exports/new/k.csv").read_text() == "first"


async def test_lines_are_appended_once_for_each_key_whoever_appends_at_the_same_time(
    books: Connectors,
) -> None:
    posts: list[tuple[Arguments, str]] = [
        ({"order": f"W-{n}", "amount_cents": n}, f"post-k{n:02}") for n in range(30)
    ]
    await asyncio.gather(*(books.send("books", "post", post, key) for post, key in posts * 3))
    rows = (await books.read("books", "journal", {}))["rows"]
    assert isinstance(rows, list)
    expected = [{"key": k, "order": f"W-{n}", "amount": f"0.{n:02}"} for n, (_, k) in enumerate(posts)]
    assert sorted(rows, key=str) == sorted(expected, key=str)


async def test_a_line_torn_by_a_crash_does_not_swallow_the_next(books: Connectors, tmp_path: Path) -> None:
    await books.send("books", "post", {"order": "W-1", "amount_cents": 1}, "post-k1")
    with (tmp_path / "out/journal.csv").open("a") as journal:
        journal.write("post-k2,W-")
    await books.send("books", "post", {"order": "W-3", "amount_cents": 3}, "post-k3")
    assert (tmp_path / "out/journal.csv").read_text().splitlines()[-1] == "post-k3,W-3,0.03"


async def test_a_journal_that_is_not_there_yet_is_empty(books: Connectors) -> None:
    assert await books.read("books", "journal", {}) == {"rows": []}


async def test_dots_in_an_argument_are_refused(books: Connectors) -> None:
    with pytest.raises(CallFailed) as caught:
        await books.send("books", "export", {"text": "x", "folder": ".."}, "k")
    assert not caught.value.sent


async def test_slashes_in_an_argument_stay_in_the_name(books: Connectors, tmp_path: Path) -> None:
    await books.send("books", "export", {"text": "x", "folder": "../../etc"}, "k")
    assert (tmp_path / "out/exports/..%2F..%2Fetc/k.csv").read_text() == "x"
