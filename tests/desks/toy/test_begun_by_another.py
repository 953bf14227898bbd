"""A desk's case may begin another desk's, as an effect: once for each key, and only a request of its."""

import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from temporalio.testing import ActivityEnvironment

from connectors.checks.manifests import check_connectors
from contracts.base import Arguments
from contracts.failure import Absent, CallFailed
from tests.desks.toy.kontor import OFFICE, Toy

NOTE: Arguments = {"customer": "c-1", "body": "Choir on Monday."}


@pytest.fixture
def worker(toy: Toy) -> Callable[..., Awaitable[object]]:
    """Do something as a worker's activity does."""
    environment = ActivityEnvironment(client=toy.client)

    async def run(call: Callable[..., Awaitable[object]], *given: object) -> object:
        found: object = await environment.run(call, *given)
        return found

    return run


async def test_a_case_begins_once_for_each_key_and_tells_how_it_ended(
    toy: Toy, worker: Callable[..., Awaitable[object]]
) -> None:
    desks = toy.installation.connectors
    first = await worker(desks.send, "desks", "begin_note", NOTE, "route-1")
    again = await worker(desks.send, "desks", "begin_note", NOTE, "route-1")
    other = await worker(desks.send, "desks", "begin_note", NOTE, "route-2")
    case_id = "toy/board/route-1"
    assert await toy.ended(case_id) == "applied"
    found = await worker(desks.read, "desks", "find_case", {"case": case_id})

    assert [getattr(each, "reference") for each in (first, again)] == [case_id, case_id]  # noqa: B009 (mypy: object)
    assert getattr(other, "reference") == "toy/board/route-2"  # noqa: B009 (mypy: object)
    assert found == {"case": case_id, "status": "settled", "outcome": "applied", "ended": True}
    assert toy.on_board("pinned").count("note route-1") == 1


async def test_another_request_under_a_key_is_refused_and_the_first_case_stays(
    toy: Toy, worker: Callable[..., Awaitable[object]]
) -> None:
    desks = toy.installation.connectors
    await worker(desks.send, "desks", "begin_note", NOTE, "route-5")
    with pytest.raises(CallFailed, match="another request made toy/board/route-5 already") as refused:
        await worker(desks.send, "desks", "begin_note", {**NOTE, "body": "Something else."}, "route-5")
    assert not refused.value.sent


async def test_what_is_no_request_of_the_desk_begins_nothing(
    toy: Toy, worker: Callable[..., Awaitable[object]]
) -> None:
    desks = toy.installation.connectors
    refusals: list[tuple[str, Arguments, str]] = [
        ("begin_note", {"customer": "c-1"}, "body"),
        ("begin_elsewhere", {}, "there is no desk 'nowhere'"),
    ]
    for operation, given, words in refusals:
        with pytest.raises(CallFailed, match=words) as refused:
            await worker(desks.send, "desks", operation, given, "route-3")
        assert not refused.value.sent
    with pytest.raises(Absent):
        await worker(desks.read, "desks", "find_case", {"case": "toy/board/route-3"})


async def test_no_case_begins_where_no_worker_is(toy: Toy) -> None:
    with pytest.raises(CallFailed, match="only from a worker"):
        await toy.installation.connectors.send("desks", "begin_note", NOTE, "route-4")


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ('id = "{{ key }}", channel', 'id = "{{ customer }}", channel', "another id than our key"),
        ('method = "FIND"', 'method = "BEGIN"', "does not fit effect read (FIND reads; BEGIN writes)"),
        ('base_url = "desk:"', 'base_url = "http://127.0.0.1"', "does not fit transport desk"),
    ],
)
def test_a_manifest_by_which_a_case_could_begin_twice_is_refused(
    tmp_path: Path, before: str, after: str, words: str
) -> None:
    office = Path(shutil.copytree(OFFICE, tmp_path / "office"))
    file = office / "connectors" / "desks.toml"
    assert before in file.read_text()
    file.write_text(file.read_text().replace(before, after, 1))
    found = [str(problem) for problem in check_connectors(office, {})]
    assert any(words in each for each in found), found
