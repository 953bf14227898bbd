"""Files of an office as people save them: read where a mark says how, else named with their line."""

import shutil
from pathlib import Path

import pytest

from service.soundness import check_office, language_notes, staff_notes, unservable

EXAMPLES = "examples/returns.items.jsonl"
FILES = ("office.toml", "policies/returns.cedar", "connectors/webshop.toml", EXAMPLES)


@pytest.fixture
def mine(office: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "office"
    shutil.copytree(office, folder)
    return folder


@pytest.mark.parametrize("file", FILES)
def test_bytes_that_are_no_utf_8_are_named_with_file_and_line(mine: Path, file: str) -> None:
    given = (mine / file).read_bytes().split(b"\n")
    (mine / file).write_bytes(b"\n".join([*given[:2], given[2] + b" # gr\xf6\xdfer", *given[3:]]))

    [problem] = check_office(mine)
    assert str(problem).startswith(f"{file}:3: it is not UTF-8: byte 0xf6 at column ")
    assert unservable(mine) == [problem]


def test_a_wrong_line_of_the_office_is_told_once_and_fails_no_policy_test(mine: Path) -> None:
    file = mine / "office.toml"
    file.write_text(file.read_text().replace("end_after_days = 14", "end_after_days = 0"))

    [problem] = check_office(mine)
    assert problem.file == "office.toml"
    assert "end_after_days" in str(problem)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_an_office_saved_with_a_byte_order_mark_is_sound(mine: Path, encoding: str) -> None:
    for file in FILES:
        (mine / file).write_text((mine / file).read_text(), encoding=encoding)
    assert check_office(mine) == []


def test_a_name_that_stands_twice_in_an_example_is_named(mine: Path) -> None:
    first, *rest = (mine / EXAMPLES).read_text().split("\n")
    doubled = first.rstrip("}") + ', "text": "another"}'
    (mine / EXAMPLES).write_text("\n".join([first, doubled, *rest]))

    assert [str(problem) for problem in check_office(mine)] == [f"{EXAMPLES}:2: text: stands there twice"]


def test_a_wait_that_no_desk_knows_is_named_and_not_a_default_in_silence(mine: Path) -> None:
    file = mine / "office.toml"
    file.write_text(file.read_text().replace("[waits.goods]", "[waits.good]"))

    [problem] = check_office(mine)
    assert "no desk waits for 'good' (waits are: goods)" in str(problem)
    assert problem.line == file.read_text().split("\n").index("[waits.good]") + 1


def test_a_language_that_nothing_recognises_is_named(mine: Path) -> None:
    file = mine / "office.toml"
    file.write_text(file.read_text().replace('languages = ["en"]', 'languages = ["en", "xx"]'))

    [problem] = check_office(mine)
    assert "office.toml" in str(problem)
    assert "no text is recognised as 'xx' (languages are: cs, da, de," in str(problem)


def test_a_language_in_which_nothing_was_measured_is_told_with_the_tasks(mine: Path) -> None:
    assert not [note for note in language_notes(mine) if "'de'" in note]
    file = mine / "office.toml"
    file.write_text(file.read_text().replace('languages = ["en"]', 'languages = ["en", "de"]'))

    assert check_office(mine) == []
    [note] = [note for note in language_notes(mine) if "'de'" in note]
    assert note.startswith("no measured quality in 'de': inbox.topic, returns.asks, returns.intent,")


def test_who_has_no_mail_address_of_their_own_is_told_with_the_line_and_is_no_fault(mine: Path) -> None:
    assert staff_notes(mine) == []
    file = mine / "staff.toml"
    text = file.read_text().replace('mail = "ben@shop.example"\n', "")
    file.write_text(text.replace("dana@shop.example", "Chris@shop.example"))
    lines = file.read_text().splitlines()

    assert check_office(mine) == []
    shared = 'mail = "Chris@shop.example"'
    ben, chris, dana = staff_notes(mine)
    assert ben.startswith(f"staff.toml:{lines.index('[people.ben]') + 1}: ben has no mail address")
    assert "chris shares chris@shop.example with dana" in chris
    assert dana.startswith(f"staff.toml:{lines.index(shared) + 1}: dana shares")


def test_an_office_that_names_no_languages_reads_its_own(mine: Path) -> None:
    file = mine / "office.toml"
    file.write_text(
        file.read_text().replace('languages = ["en"]\n', "").replace('language = "en"', 'language = "fr"')
    )

    assert any("in 'fr'" in note for note in language_notes(mine))


def test_a_text_to_customers_that_is_no_utf_8_is_named(mine: Path) -> None:
    file = mine / "texts/en/returns/kept.txt"
    file.write_bytes(file.read_bytes() + b"Gr\xfc\xdfe\n")

    [problem] = unservable(mine)
    assert "texts/en/returns/kept.txt" in str(problem)
    assert "not UTF-8: byte 0xfc" in str(problem)


SOURCE = """
channel = "webshop"
[signature]
scheme = "standard"
secrets = ["webshop.webhook"]
[events."asked"]
desk = "returns"
request = { id = "rma", order = "order", message = "text" }
[events."parcel"]
desk = "returns"
where = { order = "order" }
signal = "facts_changed"
"""


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("webshop.webhook", "Whsec_abc", ":5: [signature] secrets: is not the name of a secret"),
        ('"standard"', '"md5"', ":4: [signature] scheme: "),
        ('"standard"', '"hmac"', ":3: [signature]: shape: "),
        ('channel = "webshop"', 'channel = "market"', ":2: channel: there is no connector 'market'"),
        ('channel = "webshop"', 'channel = "mail"', ":7: [events.asked] desk: the desk returns takes no"),
        ('"returns"\nrequest', '"return"\nrequest', ":7: [events.asked] desk: there is no desk 'return'"),
        ('id = "rma", ', "", ":8: [events.asked] request: without id"),
        (
            'message = "text"',
            'words = "text"',
            ":8: [events.asked.request] words: a request has no field 'words'",
        ),
        ('id = "rma"', 'id = "rma["', ":8: [events.asked.request] id: 'rma[' is not JMESPath"),
        ('where = { order = "order" }', "", ":9: [events.parcel]: where: a signal needs it"),
        ('signal = "facts_changed"', 'signal = "decide"', ":12: [events.parcel] signal: "),
        ("channel", "chanel", ":2: chanel: "),
    ],
)
def test_what_is_wrong_with_a_source_is_named_with_file_line_and_fix(
    mine: Path, old: str, new: str, told: str
) -> None:
    (mine / "sources").mkdir(exist_ok=True)
    for before in (mine / "sources").iterdir():
        before.unlink()
    file = mine / "sources" / "shop.toml"
    file.write_text(SOURCE)
    assert check_office(mine) == []
    assert old in SOURCE
    file.write_text(SOURCE.replace(old, new, 1))

    problems = [str(problem) for problem in check_office(mine)]
    assert any(problem.startswith(f"sources/shop.toml{told}") for problem in problems), problems
