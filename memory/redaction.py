"""What never enters memory or the logs: secrets and personal data are taken out on the way in."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from memory.recognisers import contacts
from memory.recognisers.addresses import addresses
from memory.recognisers.contacts import REGIONS, Phones, emails
from memory.recognisers.numbers import cards, ibans
from memory.recognisers.searchable import Finder, Searchable
from memory.recognisers.secrets import Secrets

LONGEST_LOG_CHARS = 20_000
"""More of one message or traceback is not logged: redacting it holds the event loop up."""


@dataclass(frozen=True)
class Redacted:
    """A text without what must not be kept, and how often each kind of it was found."""

    text: str
    found: dict[str, int]


class Redactor:
    """Replaces each finding by its kind: `[secret]`, `[card]`, `[iban]`, `[email]`, `[phone]`, `[address]`.

    It searches in a plain spelling of the text (NFKC, one kind of space, of hyphen and of digit, nothing
    invisible) and replaces what was written. Names of people are not found: no sound pattern has them.
    """

    def __init__(self, regions: Sequence[str] = REGIONS) -> None:
        """Choose the countries whose national telephone numbers are recognised; loads all there is to load.

        Nothing may be left for the first text: a workflow's log line is redacted in its sandbox, where
        an import fails. libphonenumber then keeps a lock for ever, and every thread that logs a number
        waits for it.
        """
        contacts.load()
        self._finders: tuple[tuple[str, Finder], ...] = (
            ("secret", Secrets()),
            ("card", cards),
            ("iban", ibans),
            ("email", emails),
            ("phone", Phones(regions)),
            ("address", addresses),
        )

    def redact(self, text: str) -> Redacted:
        """Return the text with every finding replaced. A redacted text is left as it is."""
        searchable = Searchable(text)
        for kind, finder in self._finders:
            searchable.take(kind, finder)
        return Redacted(*searchable.replaced())

    def __call__(self, text: str) -> str:
        """Return the text with every finding replaced."""
        return self.redact(text).text


class RedactingFilter(logging.Filter):
    """Redacts log records, with their arguments and their traceback, before any handler has them."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor
        self._formatter = logging.Formatter()

    def filter(self, record: logging.LogRecord) -> bool:
        """Put the redacted message in the record's place; never drops a record."""
        record.msg, record.args = self._redactor(_cut(message_of(record))), None
        if record.exc_info:
            record.exc_text = self._redactor(_cut(self._formatter.formatException(record.exc_info)))
        elif record.exc_text:
            record.exc_text = self._redactor(_cut(record.exc_text))
        return True


def message_of(record: logging.LogRecord) -> str:
    """Return a record's message with its arguments, also where they do not fit it."""
    try:
        return record.getMessage()
    except Exception:  # a log call with the wrong number of arguments must not end its caller
        return f"{record.msg} {record.args}"


def _cut(text: str) -> str:
    """Return a text that is short enough to log: of a long one its beginning and its end."""
    left_out = len(text) - LONGEST_LOG_CHARS
    half = LONGEST_LOG_CHARS // 2
    return text if left_out <= 0 else f"{text[:half]} [{left_out} characters left out] {text[-half:]}"
