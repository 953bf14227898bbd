"""Values and moments as people write them, the same at a terminal and on a page."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from pydantic import JsonValue

from contracts.money import money_text

HOURS_OF_DAY = 24


def age(now: datetime, then: datetime) -> str:
    """Return how long ago in the largest two units: `2d 3h`, `5h 10m`, `2m`, `8s`."""
    seconds = max(0, int((now - then).total_seconds()))
    minutes, hours = seconds // 60 % 60, seconds // 3600
    if hours >= HOURS_OF_DAY:
        return f"{hours // HOURS_OF_DAY}d {hours % HOURS_OF_DAY}h"
    if hours:
        return f"{hours}h {minutes}m"
    return f"{minutes}m" if minutes else f"{seconds}s"


def when(moment: datetime, zone: ZoneInfo, style: str = "%Y-%m-%d %H:%M") -> str:
    """Return a moment in the office's time, with the zone's name."""
    return moment.astimezone(zone).strftime(f"{style} %Z")


def in_words(value: JsonValue, currency: str = "") -> str:
    """Return a value as people write it: no braces, no quotes, yes and no, money with its currency.

    Args:
        value: what is shown.
        currency: of the amounts in it, where they do not stand beside one.
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{name} {words}" for name, words in fields_in_words(value, currency))
    if isinstance(value, list):
        return ", ".join(in_words(each, currency) for each in value) or "none"
    return "-" if value is None or value == "" else str(value)


def fields_in_words(values: Mapping[str, JsonValue], currency: str = "") -> Iterator[tuple[str, str]]:
    """Yield each field's name and value as people write them; `amount_cents` 4000 is an amount, 40.00 EUR."""
    own = str(values.get("currency") or currency)
    for name, value in values.items():
        if name.endswith("_cents") and isinstance(value, int) and not isinstance(value, bool):
            yield name.removesuffix("_cents").replace("_", " "), money_text(value, own)
        else:
            yield name.replace("_", " "), in_words(value, own)
