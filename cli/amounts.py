"""Amounts as they are typed: read in their currency, or the command left with what is wrong."""

from bootstrap.installation import Installation
from cli.terminal import EXIT_USAGE, fail
from contracts.money import parse_amount


def office_amount(kontor: Installation, text: str, option: str) -> int | None:
    """Return an amount in the office's currency in its minor units; None where nothing was typed."""
    return amount_typed(text, option, kontor.calendar.file.currency) if text else None


def amount_typed(text: str, option: str, currency: str) -> int:
    """Return the minor units of what was typed for an option."""
    try:
        return parse_amount(text, currency)
    except ValueError as wrong:
        fail(f"{option} {wrong}", EXIT_USAGE)
