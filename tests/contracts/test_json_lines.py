"""What people write in files is taken as it is meant, or told with its line and in words."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import AwareDatetime, ValidationError

from contracts.base import Frozen
from contracts.field_errors import field_errors_text
from contracts.json_lines import read_json_lines
from contracts.office import OfficeInvalid


class Parcel(Frozen):
    number: str
    lines: tuple[int, ...] = ()
    sent: AwareDatetime | None = None


def test_each_bad_line_is_told_and_the_good_ones_are_read(tmp_path: Path) -> None:
    file = tmp_path / "parcels.jsonl"
    file.write_text('{"number": "1"}\n\n{"number": "2", "number": "3"}\n{"number": 4}\n{\n{"number": "5"}\n')

    found, problems = read_json_lines(file, Parcel)

    assert [(line, parcel.number) for line, parcel in found] == [(1, "1"), (6, "5")]
    assert [problem.line for problem in problems] == [3, 4, 5]
    assert "number: stands there twice" in str(problems[0])
    assert "number: must be text" in str(problems[1])


def test_a_file_that_is_not_utf_8_is_told_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "parcels.jsonl"
    file.write_bytes(b'{"number": "1"}\n{"number": "M\xfcller"}\n')

    with pytest.raises(OfficeInvalid) as refused:
        read_json_lines(file, Parcel)

    assert "parcels.jsonl:2: it is not UTF-8: byte 0xfc" in str(refused.value)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([], "must be an object, {…}"),
        ({}, "number: is missing"),
        ({"number": 1}, "number: must be text"),
        ({"number": "1", "colour": "red"}, "colour: no such field"),
        ({"number": "1", "lines": "all"}, "lines: must be a list"),
        ({"number": "1", "lines": ["one"]}, "lines.0: must be a whole number"),
        ({"number": "1", "sent": "yesterday"}, "sent: must be a time, as 2026-11-30T09:00:00+01:00"),
        ({"number": "1", "sent": "2026-11-30T09:00:00"}, "sent: must name its zone, as"),
    ],
)
def test_what_does_not_fit_is_told_in_words_and_never_in_pythons(given: Any, words: str) -> None:
    with pytest.raises(ValidationError) as invalid:
        Parcel.model_validate(given)

    told = field_errors_text(invalid.value)

    assert told.startswith(words)
    for word in ("Input", "tuple", "dict", "instance", "Parcel", "datetime"):
        assert word not in told, json.dumps(given)
