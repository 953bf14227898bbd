"""Money for models: reserved before a call and settled after it. The books are SQL, elsewhere."""

import asyncio
import math
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

from pydantic import Field

from contracts.base import Frozen
from contracts.budget import Limits
from contracts.office import read_text
from contracts.toml_lines import read_toml
from models.routing.candidate import CandidateFailed
from models.routing.catalogue import ModelSpec, TaskSpec

CALL_LIFETIME = timedelta(minutes=10)
"""Longer than any single call may take."""


class Budgets(Protocol):
    """What may still be spent, by day, desk and case; implemented in `memory/`, wired by bootstrap."""

    def left_microusd(self, desk: str, case_id: str, now: datetime) -> int:
        """Return the smallest of what the day, the desk and the case have left, never below 0."""

    def reserve(
        self,
        desk: str,
        case_id: str,
        most_microusd: int,
        now: datetime,
        *,
        lifetime: timedelta = CALL_LIFETIME,
        name: str = "",
    ) -> str | None:
        """Set the most that a call can cost aside; return the reservation's id, None if it does not fit.

        A reservation that is not settled within its lifetime counts as spent in full: whoever made it
        died, and the call may have been made and charged. Reserving again under the same name changes
        nothing and returns the same id.
        """

    def settle(self, reservation: str, spent_microusd: int, now: datetime) -> None:
        """Replace a reservation by what the call did cost; settling twice changes nothing."""


class Spending:
    """Reserves and settles for one question; a call that vanishes in between is counted in full."""

    def __init__(self, budgets: Budgets | None, desk: str, case_id: str, now: Callable[[], datetime]) -> None:
        """Take the books, and whose money it is.

        Args:
            budgets: None keeps none.
            desk: whose daily budget.
            case_id: whose budget in all.
            now: wall clock.
        """
        self._budgets = budgets
        self._whose = (desk, case_id)
        self._now = now

    async def reserve(self, most_microusd: int) -> str | None:
        """Set money aside; return the reservation, None where no budget is kept.

        Raises:
            CandidateFailed: it does not fit into the day's, the desk's or the case's budget.
        """
        if self._budgets is None:
            return None
        held = await asyncio.to_thread(self._budgets.reserve, *self._whose, most_microusd, self._now())
        if held is None:
            why = f"the budget has no {most_microusd} millionths of a dollar left"
            raise CandidateFailed(why, mode="out_of_budget", its_fault=False)
        return held

    async def settle(self, reservation: str | None, spent_microusd: int) -> None:
        """Book what the call did cost."""
        if self._budgets is not None and reservation is not None:
            await asyncio.to_thread(self._budgets.settle, reservation, spent_microusd, self._now())


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
        text = read_text(office / FILE)
    except FileNotFoundError:
        return Limits(day=0, case=0)
    written = read_toml(text, BudgetsFile, FILE)
    return Limits(
        day=_microusd(written.day),
        case=_microusd(written.case),
        desks={desk: _microusd(dollars) for desk, dollars in written.desks.items()},
    )


def _microusd(dollars: float) -> int:
    return round(dollars * 1_000_000)


Tier = Literal["standard", "flex", "batch"]
FLEX_FROM_MS = 60_000
"""Who can wait a minute can wait for the flex tier, which answers within minutes and not seconds."""


class Usage(NamedTuple):
    """Tokens as the provider counted them; `cached` are among `prompt`."""

    prompt: int
    output: int
    cached: int = 0


def tier_of(task: TaskSpec) -> Tier:
    """Return the service tier for a task's latency class."""
    return "flex" if task.latency_ms >= FLEX_FROM_MS else "standard"


def share_of(model: ModelSpec, tier: Tier) -> float:
    """Return what a tier costs as a share of the price."""
    return {"standard": 1.0, "flex": model.flex_share, "batch": model.batch_share}[tier]


def cost_microusd(model: ModelSpec, usage: Usage, tier: Tier) -> int:
    """Return what a call did cost, rounded up."""
    fresh = (usage.prompt - usage.cached) * model.input_usd_per_million
    kept = usage.cached * model.cached_input_usd_per_million
    spoken = usage.output * model.output_usd_per_million
    return math.ceil((fresh + kept + spoken) * share_of(model, tier))


def most_microusd(model: ModelSpec, prompt_tokens: int, tier: Tier) -> int:
    """Return the most that a call can cost: a full prompt, nothing cached, the longest answer."""
    return cost_microusd(model, Usage(prompt=prompt_tokens, output=model.most_output_tokens), tier)
