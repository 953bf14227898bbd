"""Files of JSON lines that people write: each line is a document; what is wrong is told with its line."""

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from contracts.bounds import read_json
from contracts.field_errors import field_errors_text
from contracts.office import OfficeInvalid, Problem, lines_of, read_text

Document = TypeVar("Document", bound=BaseModel)


def read_json_lines(file: Path, kind: type[Document]) -> tuple[list[tuple[int, Document]], list[Problem]]:
    """Return the documents of a file, each with its line from 1, and the lines that are none.

    An empty line is passed over; an object that says one name twice is refused: which is meant?

    Raises:
        OfficeInvalid: there is no such file, or it is not UTF-8.
    """
    try:
        lines = lines_of(read_text(file))
    except FileNotFoundError:
        raise OfficeInvalid([Problem(file=file.name, line=0, what="is missing")]) from None
    except UnicodeDecodeError as broken:
        at = broken.object.count(b"\n", 0, broken.start) + 1
        what = f"it is not UTF-8: byte 0x{broken.object[broken.start]:02x}"
        problem = Problem(file=file.name, line=at, what=what, fix="save the file as UTF-8")
        raise OfficeInvalid([problem]) from None
    found: list[tuple[int, Document]] = []
    problems: list[Problem] = []
    for number, line in _filled(lines):
        try:
            found.append((number, kind.model_validate(read_json(line, once=True))))
        except ValidationError as invalid:
            problems.append(Problem(file=file.name, line=number, what=field_errors_text(invalid)))
        except ValueError as unreadable:
            problems.append(Problem(file=file.name, line=number, what=str(unreadable)))
    return found, problems


def _filled(lines: list[str]) -> Iterator[tuple[int, str]]:
    return ((number, line) for number, line in enumerate(lines, start=1) if line.strip())
