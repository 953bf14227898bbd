"""Requests are read line by line; a bad line is named and the good ones go in."""

import json
import uuid
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from temporalio.client import Client

from contracts.office import decoded, lines_of
from memory.authoritative.admissions import SqlAdmissions
from service.intake import BadLine, GoodLine, NotStarted, Started, parse, start_all
from workflows.registry import DESKS
from workflows.returns.types import ReturnRequest

DESK = DESKS["returns"]
CHANNELS = frozenset({"webshop"})
GOOD = {"id": "RMA-1", "channel": "webshop", "order": "W-1", "message": "too small"}


def line(**changes: Any) -> str:
    return json.dumps({**GOOD, **changes})


def test_a_good_line_becomes_a_request() -> None:
    assert list(parse(DESK, [line()], CHANNELS)) == [GoodLine(1, ReturnRequest(**GOOD))]


def test_a_bad_line_is_named_with_its_number_and_reason_and_the_good_ones_go_in() -> None:
    found = list(parse(DESK, [line(), "{", "", line(id="RMA-2")], CHANNELS))

    assert [type(entry) for entry in found] == [GoodLine, BadLine, GoodLine]
    assert isinstance(found[1], BadLine)
    assert found[1].number == 2
    assert "JSON" in found[1].why


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"message": None}, "message"),
        ({"amount": 3}, "amount"),
        ({"channel": "fax"}, "webshop"),
        ({"id": "a\u0000b"}, "control character"),
        ({"id": ""}, "case id"),
        ({"id": "   "}, "case id"),
        ({"id": "x" * 129}, "128"),
        ({"id": 4.5}, "id"),
        ({"id": True}, "id"),
        ({"order": "W-1\0"}, "order: it holds a control character"),
        ({"order": "W" * 129}, "order: "),
        ({"message": "x" * 20_001}, "message: "),
        ({"message": "x" * 4_800_000}, "message: the line has 4800"),
        ({"items": ["L"] * 5_001}, "items: "),
        ({"items": [10**20]}, "items.0: is a whole number beyond 64 bits"),
        ({"received_at": float("inf")}, "received_at: is no number"),
    ],
)
def test_a_bad_field_is_named(changes: dict[str, Any], said: str) -> None:
    [found] = parse(DESK, [line(**changes)], CHANNELS)

    assert isinstance(found, BadLine)
    assert said in found.why


@pytest.mark.parametrize(
    "personal",
    [
        "anna.schmidt@example.com",
        "RMA-anna@example.com",
        "anna%40example.com",
        "\u0438\u0432\u0430\u043d@\u043f\u043e\u0447\u0442\u0430.\u0440\u0444",
        "+49 171 2345678",
        "+491712345678",
        "tel:+49-171-2345678",
        "0049 171 2345678",
        "0171/2345678",
        "202-555-0143",
        "anna\uff20example.com",
        "anna%EF%BC%A0example.com",
        "anna%2540example.com",
        "anna(at)example.com",
        "RMA anna [at] example.com",
        "015112345678",
        "03012345678",
        "\uff10\uff11\uff15\uff11\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18",
        "\u0660\u0661\u0665\u0661\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668",
        "\uff0b49 171 2345678",
        "0171\u20132345678",
        "R-0151-2345678",
        "RMA-01512345678",
        "RMA +49 171 2345678",
        "R-202-555-0143",
        "call (0171) 234 5678",
    ],
)
def test_a_mail_address_or_telephone_number_is_no_id_and_the_refusal_does_not_repeat_it(
    personal: str,
) -> None:
    [found] = parse(DESK, [line(id=personal)], CHANNELS)

    assert isinstance(found, BadLine)
    assert "RMA number" in found.why
    assert personal not in found.why


@pytest.mark.parametrize(
    ("given_id", "case_id"),
    [
        ("RMA/2026/0007", "returns/webshop/RMA%2F2026%2F0007"),
        ("RMA%2F2026%2F0007", "returns/webshop/RMA%252F2026%252F0007"),
        (4711, "returns/webshop/4711"),
        (5501234567890, "returns/webshop/5501234567890"),
        ("  RMA-1007 \n", "returns/webshop/RMA-1007"),
        ("#1001", "returns/webshop/%231001"),
        ("W 9014 ü", "returns/webshop/W%209014%20%C3%BC"),
        ("0000004711", "returns/webshop/0000004711"),
        ("RMA-0123456789", "returns/webshop/RMA-0123456789"),
        ("RMA-0007-12345", "returns/webshop/RMA-0007-12345"),
        ("2026-0115-1234567", "returns/webshop/2026-0115-1234567"),
        ("702-1234567-1234567", "returns/webshop/702-1234567-1234567"),
        ("100-200-3000-A", "returns/webshop/100-200-3000-A"),
        ("..", "returns/webshop/%2E."),
    ],
)
def test_however_a_channel_numbers_its_requests_each_has_its_own_case(given_id: Any, case_id: str) -> None:
    [found] = parse(DESK, [line(id=given_id)], CHANNELS)

    assert isinstance(found, GoodLine)
    assert DESK.case_id(found.request) == case_id


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\u0085"])
def test_a_separator_that_json_allows_inside_a_message_ends_no_line(separator: str) -> None:
    message = f"Hello,{separator}the sweater is too small"
    text = "\ufeff" + json.dumps({**GOOD, "message": message}, ensure_ascii=False) + "\n{\n"

    good, bad = parse(DESK, lines_of(text), CHANNELS)

    assert isinstance(good, GoodLine)
    assert good.request.message == message
    assert isinstance(bad, BadLine)
    assert bad.number == 2


def test_blanks_around_an_order_are_cut_off_and_an_integer_is_an_order_too() -> None:
    orders = [line(id="RMA-1", order="W-9010 "), line(id="RMA-2", order=9010)]

    found = [entry.request.order for entry in parse(DESK, orders, CHANNELS) if isinstance(entry, GoodLine)]
    assert found == ["W-9010", "9010"]


@settings(deadline=None)
@given(st.lists(st.text(), max_size=8))
def test_whatever_comes_in_every_line_is_a_request_or_named_with_its_number(lines: list[str]) -> None:
    found = list(parse(DESK, lines, CHANNELS))

    filled = [number for number, text in enumerate(lines, start=1) if text.strip()]
    assert [entry.number for entry in found if isinstance(entry, BadLine)] == filled[: len(found)]


def test_half_a_character_in_a_message_is_replaced_and_the_request_goes_in() -> None:
    [found] = parse(DESK, [line(message="too small \ud83d")], CHANNELS)

    assert isinstance(found, GoodLine)
    assert found.request.message == "too small \ufffd"


def test_bytes_that_are_no_utf_8_spoil_their_own_line_which_is_named() -> None:
    text = "\n".join([line(message="zu groß"), line(id="RMA-2"), line(id="RMA-3", message="größer")])
    given = text.replace("\\u00df", "ß").replace("\\u00f6", "ö").encode("cp1252")

    first, second, third = parse(DESK, lines_of(decoded(given, errors="surrogateescape")), CHANNELS)

    assert isinstance(second, GoodLine)
    assert isinstance(first, BadLine)
    assert "it is not UTF-8: byte 0xdf at column" in first.why
    assert isinstance(third, BadLine)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_file_that_a_byte_order_mark_describes_is_read_as_it_says(encoding: str) -> None:
    given = "\r\n".join([line(message="größer"), line(id="RMA-2")]).encode(encoding)

    found = list(parse(DESK, lines_of(decoded(given, errors="surrogateescape")), CHANNELS))

    assert [type(entry) for entry in found] == [GoodLine, GoodLine]


def test_a_name_that_stands_twice_in_a_request_is_not_chosen_between() -> None:
    [found] = parse(DESK, [line()[:-1] + ', "order": "W-2"}'], CHANNELS)

    assert found == BadLine(1, "order: stands there twice")


async def test_a_case_that_cannot_be_started_is_named_and_all_others_start(
    temporal: Client, sqlite_engine: Engine
) -> None:
    def details(request: ReturnRequest) -> str:
        if request.id.startswith("BROKEN"):
            raise ValueError("no details")
        return "x" * (6_000_000 if request.id.startswith("HUGE") else 6)

    desk = replace(DESK, details=details)
    mark = uuid.uuid4().hex[:8]
    ids = [f"{kind}-{mark}" for kind in ("RMA-1", "BROKEN", "RMA-2", "HUGE", "RMA-3")]
    requests = [ReturnRequest(**{**GOOD, "id": one}) for one in ids]

    found = await start_all(temporal, SqlAdmissions(sqlite_engine), desk, requests)

    assert [isinstance(one, NotStarted) for one in found] == [False, True, False, True, False]
    assert "no details" in str(found[1])
    for one in (0, 2, 4):
        assert found[one] is Started.NEW
        await temporal.get_workflow_handle(desk.case_id(requests[one])).terminate()
