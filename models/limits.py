"""`office/budgets.toml`: what models may spend, in dollars for people, millionths of one inside."""

import tomllib
from pathlib import Path

from pydantic import Field, ValidationError

from contracts.budget import Limits
from contracts.frozen import Frozen
from contracts.problem import OfficeInvalid, Problem
from models.catalogue import line_in

FILE = "budgets.toml"


class BudgetsFile(Frozen):
    """The file as it is written, in US dollars."""

    day: float = Field(ge=0)
    case: float = Field(ge=0)
    desks: dict[str, float] = {}


def load_limits(office: Path) -> Limits:
    """Read an office's budgets; without the file nothing may be spent.

    Raises:
        OfficeInvalid: with every problem found.
    """
    try:
        written = BudgetsFile.model_validate(tomllib.loads((office / FILE).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return Limits(day=0, case=0)
    except tomllib.TOMLDecodeError as broken:
        raise OfficeInvalid([Problem(file=FILE, line=line_in(str(broken)), what=str(broken))]) from None
    except ValidationError as invalid:
        raise OfficeInvalid(
            [
                Problem(file=FILE, line=0, what=f"{'.'.join(map(str, error['loc']))}: {error['msg']}")
                for error in invalid.errors()
            ]
        ) from None
    return Limits(
        day=_microusd(written.day),
        case=_microusd(written.case),
        desks={desk: _microusd(dollars) for desk, dollars in written.desks.items()},
    )


def _microusd(dollars: float) -> int:
    return round(dollars * 1_000_000)
