"""What an answer costs, in millionths of a US dollar; prices stand in `models.toml` with their day."""

import math
from typing import Literal, NamedTuple

from models.catalogue import ModelSpec, TaskSpec

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
