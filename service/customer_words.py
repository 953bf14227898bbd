"""What a customer wrote, in their own words, as their case keeps it."""

from pydantic import JsonValue

from contracts.case import CaseRecord
from contracts.desk import texts
from workflows import registry


def customer_words(record: CaseRecord) -> tuple[str, ...]:
    """Return the texts of a case's request that are its customer's own; none once they are forgotten."""
    fields = registry.customer_text().get(record.desk, ())
    return tuple(text for name in fields for text in texts(record.request.get(name)))


def other_fields(record: CaseRecord) -> dict[str, JsonValue]:
    """Return what else its request says: numbers, codes, choices."""
    words = registry.customer_text().get(record.desk, ())
    return {
        name: value
        for name, value in record.request.items()
        if name not in words and value not in (None, "", [], {})
    }
