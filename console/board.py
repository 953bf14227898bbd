"""The board: the office's numbers, each with of how many, how sure it is, and the cases behind it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from starlette.responses import Response

from console.numbers import NumberView, number_views
from console.visit import Visit
from service.numbers import UNDO_WITHIN, WINDOW, scope_of

FIRST = (
    "kontor_automation_ratio",
    "kontor_automation_accuracy_ratio",
    "kontor_reversal_ratio",
    "kontor_approval_wait_seconds",
)
"""What stands above the others."""
BACKLOG = (
    "kontor_divergences",
    "kontor_divergence_stake_cents",
    "kontor_divergence_oldest_seconds",
    "kontor_effects_in_doubt",
)
FAILURES = ("kontor_failures",)
WINDOWS = (7, 30, 90)
"""Days."""


@dataclass(frozen=True)
class Part:
    """Numbers that belong together."""

    title: str
    empty: str
    numbers: Sequence[NumberView]


@dataclass(frozen=True)
class BoardView:
    """The board.

    Attributes:
        days: how far back it counts; one of `windows`.
        mature_days: how long after an effect its case is mature.
    """

    days: int
    windows: Sequence[int]
    mature_days: int
    first: Sequence[NumberView]
    parts: Sequence[Part]


def show(visit: Visit) -> Response:
    """Show it."""
    asked = visit.asked("days")
    days = int(asked) if asked in {str(each) for each in WINDOWS} else WINDOW.days
    scope = scope_of(visit.kontor, visit.now, timedelta(days=days))
    views = {view.name: view for view in number_views(visit.kontor.numbers.read(scope))}
    named = {*FIRST, *BACKLOG, *FAILURES}
    rest = tuple(view for name, view in views.items() if name not in named)
    view = BoardView(
        days=days,
        windows=WINDOWS,
        mature_days=UNDO_WITHIN.days,
        first=_of(views, FIRST),
        parts=(
            Part("What is open", "Our books and the outside world agree.", _of(views, BACKLOG)),
            Part("What went wrong", "Nothing went wrong in this time.", _of(views, FAILURES)),
            Part("People, time and cost", "Nothing was counted yet.", rest),
        ),
    )
    return visit.page("board.html", "Board", view, hears=("cases", "approvals", "divergences"))


def _of(views: dict[str, NumberView], names: Sequence[str]) -> tuple[NumberView, ...]:
    return tuple(views[name] for name in names if name in views)
