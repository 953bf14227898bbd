"""Lengths of time as they are typed and shown: `30s`, `90m`, `4h`, `2d`, or a plain number of a known unit.

What reads them is the `parser=` of an option; it also passes the option's default, a length already.
"""

import math
from datetime import timedelta

import typer

DURATION = "DURATION"
"""What `--help` calls them."""
LONGEST = timedelta(days=36_500)
"""A century: further back, or further ahead, not every clock can tell the moment."""
LONGEST_SECONDS = int(LONGEST.total_seconds())
_UNITS = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}


def span(given: str | timedelta) -> timedelta:
    """Return what is said with its unit, above zero."""
    return _length(given)


def hours(given: str | timedelta) -> timedelta:
    """Return so many hours, or what is said with its unit, above zero."""
    return _length(given, "hours")


def days(given: str | timedelta) -> timedelta:
    """Return so many days, or what is said with its unit, above zero."""
    return _length(given, "days")


def seconds(given: str | timedelta) -> timedelta:
    """Return so many seconds, or what is said with its unit, or none."""
    return _length(given, "seconds", none=True)


def _length(given: str | timedelta, plain: str = "", *, none: bool = False) -> timedelta:
    """Read a length; a plain number counts what `plain` names, and zero passes with `none`."""
    if isinstance(given, timedelta):
        return given
    unit = _UNITS.get(given[-1:])
    number = _number(given[:-1] if unit else given)
    unit = unit or _UNITS.get(plain[:1])
    if unit is None or not (number > 0 or (none and number == 0)) or number * (unit / LONGEST) > 1:
        alone = f", or a number of {plain}" if plain else ""
        bounds = f"{'at least' if none else 'above'} 0 and at most {LONGEST.days}d"
        raise typer.BadParameter(f"{given!r} is no duration: write 30s, 5m, 2h or 3d{alone}, {bounds}")
    return number * unit


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
