"""A complaint about an office's TOML names the line that a person must look at."""

from pathlib import Path

import pytest
from pydantic import Field

from contracts.base import Frozen
from contracts.office import OfficeInvalid
from contracts.toml_lines import TomlLines, parse_toml, read_toml, toml_problem

TEXT = '''name = "Kontor" # an office
[hours]
monday = ["09:00-17:30"]
note = """
[not a table]
key = 1
"""
"a b".c = 1
[[test]]
name = "first"
[test.facts]
deep = { inner = 1 }
[[test]]
name = "second"
[approvals.default]
roles = ["lead"]
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("name",), 1),
        (("hours", "monday", 0), 3),
        (("hours", "note"), 4),
        (("hours", "key"), 2),
        (("hours", "a b", "c"), 8),
        (("test", 0, "name"), 10),
        (("test", 0, "facts", "deep", "inner"), 12),
        (("test", 1, "name"), 14),
        (("test", 1, "facts"), 13),
        (("approvals",), 15),
        (("approvals", "default", "roles", 0), 16),
        (("nowhere",), 0),
    ],
)
def test_the_nearest_thing_on_the_way_has_the_line(path: tuple[str | int, ...], line: int) -> None:
    assert TomlLines(TEXT).line(path) == line


def test_a_table_and_a_field_are_named_as_they_are_written() -> None:
    lines = TomlLines(TEXT)
    assert str(toml_problem("o.toml", lines, ("hours",), "is odd")) == "o.toml:2: [hours]: is odd"
    assert str(toml_problem("o.toml", lines, ("hours", "monday"), "is odd", "mend it")) == (
        "o.toml:3: [hours] monday: is odd (mend it)"
    )


class _Shop(Frozen):
    token: str = Field(pattern="^[a-z]+$")
    count: int


def test_everything_that_does_not_fit_is_told_at_once_and_no_value_is_repeated() -> None:
    with pytest.raises(OfficeInvalid) as caught:
        read_toml('count = "many"\ntoken = "S3CRET"\nextra = 1\n', _Shop, "shop.toml")
    told = sorted(str(problem) for problem in caught.value.problems)
    assert [problem.split(":")[1] for problem in told] == ["1", "2", "3"]
    assert "S3CRET" not in str(caught.value)
    assert told[2] == "shop.toml:3: extra: no such field"


def test_what_is_not_toml_names_its_line() -> None:
    with pytest.raises(OfficeInvalid) as caught:
        parse_toml("a = 1\nb = \n", "policies/tests/x.toml")
    assert str(caught.value).startswith("policies/tests/x.toml:2: not TOML")


def test_every_header_and_key_of_the_example_office_has_its_line(office: Path) -> None:
    for file in sorted(office.rglob("*.toml")):
        text = file.read_text(encoding="utf-8")
        lines, written = TomlLines(text), text.splitlines()
        for path in _paths(parse_toml(text, file.name)):
            line = lines.line(path)
            assert line, (file, path)
            last = next(part for part in reversed(path) if isinstance(part, str))
            assert last in written[line - 1] or len(path) > 2, (file, path, written[line - 1])


def _paths(value: object, above: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    if not isinstance(value, dict):
        return []
    found = [(*above, name) for name in value]
    return found + [deep for name, inner in value.items() for deep in _paths(inner, (*above, name))]
