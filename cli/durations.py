"""Lengths of time as they are typed: a plain number of hours, days or seconds, or `90m`, `4h`, `2d`.

Each function is the `parser=` of an option; it also passes the option's default, which is a length already.
"""

import math
import re
from datetime import timedelta

import typer

LONGEST = timedelta(days=36_500)
"""A century: further back, or further ahead, not every clock can tell the moment."""
LONGEST_SECONDS = int(LONGEST.total_seconds())
_SPAN = re.compile(r"([0-9]+(?:\.[0-9]+)?)([mhd])")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


def hours(given: str | timedelta) -> timedelta:
    """Return so many hours, above zero."""
    return _times(given, timedelta(hours=1), "hours")


def days(given: str | timedelta) -> timedelta:
    """Return so many days, above zero."""
    return _times(given, timedelta(days=1), "days")


def seconds(given: str | timedelta) -> timedelta:
    """Return so many seconds, or none."""
    return _times(given, timedelta(seconds=1), "seconds", least=0)


def span(given: str | timedelta) -> timedelta:
    """Return what `90m`, `4h` or `2d` says, above zero."""
    if isinstance(given, timedelta):
        return given
    match = _SPAN.fullmatch(given)
    if match is None:
        raise typer.BadParameter(f"{given!r} is not a time like 90m, 4h or 2d")
    return _times(match[1], _UNITS[match[2]], f"{match[2]}")


def _times(given: str | timedelta, unit: timedelta, name: str, *, least: float | None = None) -> timedelta:
    """Return a number of units; above zero, or from `least` on."""
    if isinstance(given, timedelta):
        return given
    most = LONGEST / unit
    number = _number(given)
    enough = number > 0 if least is None else number >= least
    if not (enough and number <= most):
        begin = "above 0" if least is None else f"from {least:.0f}"
        raise typer.BadParameter(f"{given!r} is not a number of {name} {begin} to {most:.0f}")
    return number * unit


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
