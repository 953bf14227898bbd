"""Amounts and counts as an export writes them, read by what its mapping says; nothing here is guessed."""

import re
from collections.abc import Mapping
from decimal import Decimal

from connectors.imports.mapping import ImportMapping
from contracts.bounds import MOST_QUANTITY
from contracts.money import SIGNS, is_sign_of, minor_digits, names_currency
from contracts.notation import MOST_DIGITS

_BLANKS = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u2212": "-"})
_MARK = rf"(?P<mark> *(?P<currency>[{re.escape(SIGNS)}]|(?<![A-Za-z])[A-Za-z]{{3}}(?![A-Za-z])) *)"
_BEFORE = re.compile(rf"[-+(]?{_MARK}")
_BEHIND = re.compile(rf"{_MARK}[-)]?$")
_THOUSAND = 3
"""Digits behind a sign that may stand between thousands."""


class Numbers:
    """Reads the numbers of one export, in the currency of the books."""

    def __init__(self, mapping: ImportMapping, names: Mapping[str, str], currency: str) -> None:
        """Prepare to read.

        Args:
            mapping: what its signs mean.
            names: what the column of each field is called, for messages.
            currency: of its amounts.
        """
        self._mapping = mapping
        self._names = names
        self._currency = currency
        self._number = _number_pattern(mapping)

    def amount(self, field: str, text: str) -> Decimal:
        """Read an amount of money, with or without the sign of the books' currency.

        Raises:
            ValueError: it is none, names another currency, or its only sign may stand between thousands.
        """
        bare = self._bare(text)
        for found in (_BEFORE.match(bare), _BEHIND.search(bare)):
            if found is None or not names_currency(found["currency"]):
                continue
            if not is_sign_of(found["currency"], self._currency):
                other = f"is in {found['currency']}, and the books are in {self._currency}"
                raise ValueError(f"{self._names[field]} {text!r} {other}")
            bare = bare.replace(found["mark"], "", 1)
        amount = self._decimal(field, text, bare, "no number")
        if minor_digits(self._currency) != _THOUSAND:
            self._told_apart(field, text, amount)
        return amount

    def quantity(self, text: str) -> int:
        """Read how many pieces; raises ValueError."""
        name = self._names["quantity"]
        quantity = self._decimal("quantity", text, self._bare(text), "no whole number")
        self._told_apart("quantity", text, quantity)
        if quantity != quantity.to_integral_value():
            raise ValueError(f"{name} {text!r} is no whole number")
        if quantity == 0:
            raise ValueError(f"{name} is 0")
        if abs(quantity) > MOST_QUANTITY:
            raise ValueError(f"{name} {text!r} is more than {MOST_QUANTITY}")
        return int(quantity)

    @staticmethod
    def _bare(text: str) -> str:
        return text.translate(_BLANKS).strip()

    def _told_apart(self, field: str, text: str, number: Decimal) -> None:
        """Refuse a number whose only sign may stand between thousands, where the mapping does not say."""
        if self._mapping.says_decimal:
            return
        whole, _, part = f"{abs(number):f}".partition(".")
        if len(part) == _THOUSAND and whole != "0" and len(whole) <= _THOUSAND:
            hint = (
                f"decimal = '.' in the mapping says that it is {number:f}, and decimal = ',' "
                f"with grouping = '.' that it is {whole}{part}"
            )
            raise ValueError(f"{self._names[field]} {text!r} may be thousands or thousandths: {hint}")

    def _decimal(self, field: str, text: str, bare: str, otherwise: str) -> Decimal:
        """Read a number; a minus behind it and brackets around it mean less than zero."""
        if bare.startswith("(") and bare.endswith(")"):
            bare = f"-{bare[1:-1].strip()}"
        elif bare.endswith("-"):
            bare = f"-{bare[:-1].strip()}"
        if len(bare) > MOST_DIGITS or not self._number.fullmatch(bare):
            raise ValueError(f"{self._names[field]} {text!r} is {otherwise}")
        if self._mapping.grouping:
            bare = bare.replace(self._mapping.grouping, "")
        return Decimal(bare.replace(self._mapping.decimal, "."))


def _number_pattern(mapping: ImportMapping) -> re.Pattern[str]:
    point, group = re.escape(mapping.decimal), re.escape(mapping.grouping)
    whole = rf"(?:\d{{1,3}}(?:{group}\d{{3}})+|\d+)" if mapping.grouping else r"\d+"
    return re.compile(rf"[+-]?(?:{whole}(?:{point}\d*)?|{point}\d+)", re.ASCII)
