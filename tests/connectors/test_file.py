import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from activities.errors import classify
from connectors.connectors import Connectors
from connectors.manifest import load_manifests
from connectors.secrets import EnvironmentSecrets
from contracts.base import Arguments
from contracts.failure import CallFailed, FailureClass
from tests.conftest import ROOT
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

[operations.note]
effect = "write"
arguments.note = { type = "string" }
arguments.amount_cents = { type = "cents" }
idempotency = { kind = "native_key" }
[operations.note.request]
method = "APPEND"
path = "notes.csv"
document = "key,amount,note"
text = "{{ key }},{{ amount_cents | decimal }},{{ note | csv }}"

[operations.notes]
effect = "read"
request = { method = "READ", path = "notes.csv" }
result.rows = { type = "list" }

[operations.event]
effect = "write"
arguments.note = { type = "string" }
idempotency = { kind = "native_key" }
[operations.event.request]
method = "APPEND"
path = "events.jsonl"
text = '{"id": {{ key | tojson }}, "note": {{ note | tojson }}}'

[operations.loose]
effect = "write"
idempotency = { kind = "native_key" }
request = { method = "APPEND", path = "loose.txt", text = "posted under {{ key }} today" }

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


async def test_a_key_in_somebody_elses_note_is_not_taken_for_the_record(books: Connectors) -> None:
    told: list[tuple[str, Arguments]] = [
        ("note-k1", {"note": "about note-k2", "amount_cents": 1}),
        ("note-k3", {"note": "x\nnote-k2,0.02,forged\n", "amount_cents": 3}),
        ("note-k2", {"note": "the real one", "amount_cents": 2}),
    ]
    for key, arguments in told * 2:
        await books.send("books", "note", arguments, key)
    rows = (await books.read("books", "notes", {}))["rows"]
    assert isinstance(rows, list)
    assert [(row["key"], row["note"]) for row in rows if isinstance(row, dict)] == [
        (key, arguments["note"]) for key, arguments in told
    ]


async def test_a_key_is_compared_with_the_same_member_of_a_json_line(
    books: Connectors, tmp_path: Path
) -> None:
    for key, note in [("event-k1", "event-k2"), ("event-k2", "event-k1")] * 2:
        await books.send("books", "event", {"note": note}, key)
    assert len((tmp_path / "out/events.jsonl").read_text().splitlines()) == 2


async def test_a_text_that_does_not_hold_its_key_as_a_field_is_refused(books: Connectors) -> None:
    with pytest.raises(CallFailed, match="a field of its own") as caught:
        await books.send("books", "loose", {}, "loose-k1")
    assert not caught.value.sent


async def test_after_a_quote_that_was_never_closed_a_key_is_still_found(
    books: Connectors, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/notes.csv").write_text('key,amount,note\nby-hand,1.00,"never closed\nnote-k1,0.01,a\n')
    await books.send("books", "note", {"note": "a", "amount_cents": 1}, "note-k1")
    assert (tmp_path / "out/notes.csv").read_text().count("note-k1") == 1


@pytest.mark.parametrize(
    ("note", "field"),
    [
        ("plain", "plain"),
        ('say "no", please', '"say ""no"", please"'),
        ("two\nlines", '"two\nlines"'),
        ("=cmd|' /C calc'!A0", "\"'=cmd|' /C calc'!A0\""),
        ("+43 664 1234567", "'+43 664 1234567"),
        ("-12.50", "-12.50"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1+1", '"\'\t=1+1"'),
    ],
)
async def test_what_people_wrote_stays_one_field_and_is_never_a_formula(
    books: Connectors, tmp_path: Path, note: str, field: str
) -> None:
    await books.send("books", "note", {"note": note, "amount_cents": 100}, "note-k1")
    assert (tmp_path / "out/notes.csv").read_text() == f"key,amount,note\nnote-k1,1.00,{field}\n"


FULL_DISK = """
import asyncio, resource, signal, sys
from pathlib import Path
from connectors.connectors import Connectors
from connectors.manifest import load_manifests
from connectors.secrets import EnvironmentSecrets
from contracts.failure import CallFailed

office, folder = Path(sys.argv[1]), Path(sys.argv[2])
books = Connectors(load_manifests(office, {"FOLDER": str(folder)}), EnvironmentSecrets({}))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

def disk(free):
    size = (folder / "notes.csv").stat().st_size
    limit = resource.RLIM_INFINITY if free is None else size + free
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))

async def note(key, amount, text):
    await books.send("books", "note", {"note": text, "amount_cents": amount}, key)

async def main():
    await note("note-k0", 1, "long enough to give a record that is written beside the file its room " * 3)
    for free in range(0, 42, 7):
        disk(free)
        for operation, arguments, key in [
            ("note", {"note": "the disk fills up in this one", "amount_cents": 4900}, "note-k1"),
            ("export", {"text": "x" * 4000}, "export-k1"),
        ]:
            try:
                await books.send("books", operation, arguments, key)
            except CallFailed as failed:
                assert failed.sent and failed.exception == "OSError", failed
            else:
                raise AssertionError("it was not full")
        disk(None)
    await note("note-k1", 4900, "the disk fills up in this one")
    await note("note-k2", 700, "third")

asyncio.run(main())
"""


async def test_a_full_disk_is_a_failure_that_the_retry_mends_and_leaves_nothing_behind(
    tmp_path: Path,
) -> None:
    office, out = write_office(tmp_path, MANIFEST, "books"), tmp_path / "out"
    ran = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", FULL_DISK, str(office), str(out)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert ran.stderr == ""
    assert (out / "notes.csv").read_text().splitlines()[2:] == [
        "note-k1,49.00,the disk fills up in this one",
        "note-k2,7.00,third",
    ]
    assert [path.name for path in out.rglob("*") if path.is_file()] == ["notes.csv"]


async def test_a_record_torn_by_a_crash_is_written_whole_by_the_next_call(
    books: Connectors, tmp_path: Path
) -> None:
    await books.send("books", "post", {"order": "W-1", "amount_cents": 1}, "post-k1")
    journal = tmp_path / "out/journal.csv"
    record = b"post-k2,W-2,0.02\n"
    (tmp_path / "out/.journal.csv.pending").write_bytes(journal.stat().st_size.to_bytes(8, "big") + record)
    with journal.open("ab") as file:
        file.write(record[:9])
    await books.send("books", "post", {"order": "W-3", "amount_cents": 3}, "post-k3")
    await books.send("books", "post", {"order": "W-2", "amount_cents": 2}, "post-k2")
    assert journal.read_text() == "key,order,amount\npost-k1,W-1,0.01\npost-k3,W-3,0.03\npost-k2,W-2,0.02\n"
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["journal.csv"]


async def test_a_journal_that_is_not_there_yet_is_empty(books: Connectors) -> None:
    assert await books.read("books", "journal", {}) == {"rows": []}


async def test_dots_in_an_argument_are_refused(books: Connectors) -> None:
    with pytest.raises(CallFailed) as caught:
        await books.send("books", "export", {"text": "x", "folder": ".."}, "k")
    assert not caught.value.sent


async def test_slashes_in_an_argument_stay_in_the_name(books: Connectors, tmp_path: Path) -> None:
    await books.send("books", "export", {"text": "x", "folder": "2026/07"}, "k")
    assert (tmp_path / "out/exports/2026%2F07/k.csv").read_text() == "x"


async def test_dots_in_an_argument_lead_nowhere_and_nothing_is_written(
    books: Connectors, tmp_path: Path
) -> None:
    with pytest.raises(CallFailed, match="leads elsewhere") as caught:
        await books.send("books", "export", {"text": "x", "folder": "../../etc"}, "k")
    assert not caught.value.sent
    assert not (tmp_path / "out/exports").exists()
