"""A file with bad lines among good ones, handed in at the command line."""

import json
import uuid

from tests.desks.toy.kontor import Toy


async def test_a_bad_line_is_named_by_its_number_and_field_and_all_others_start(toy: Toy) -> None:
    mark = uuid.uuid4().hex[:8]

    def line(number: int, body: str) -> bytes:
        note = {"id": f"{mark}-{number}", "channel": "board", "customer": f"c-{number}", "body": body}
        return json.dumps(note).encode()

    file = toy.folder / "notes.jsonl"
    lines = [line(1, "Hello."), line(2, "x" * 4_800_000), b"{", line(4, "Half \ud83d."), line(5, "\xff")]
    lines[4] = lines[4].replace(b"\\u00ff", b"\xff")
    file.write_bytes(b"\n".join(lines))

    said = await toy.kontor("submit", "toy", str(file), "--json")

    assert said.exit_code == 1
    found = json.loads(said.stdout)
    assert [one["line"] for one in found["refused"]] == [2, 3, 5]
    assert found["refused"][0]["why"].startswith("body: the line has 4800")
    assert [one["id"] for one in found["cases"]] == [f"toy/board/{mark}-{number}" for number in (1, 4)]
    for number in (1, 4):
        assert await toy.ended(f"toy/board/{mark}-{number}") == "applied"
