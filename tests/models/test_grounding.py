"""A fact that was not in the evidence is found, whatever it looks like; one that was is not."""

import pytest

from models.gemini.grounding import ungrounded

GROUNDED = [
    ("They paid 1,299.00 EUR.", "Paid: 1299"),
    ("They paid 1.299,00 €.", "1,299.00 EUR were paid"),
    ("They paid 1 299 euros.", "1,299 EUR"),
    ("It is 34.90.", "1 x Scarf at 34.90 EUR"),
    ("It is 34.9 EUR.", "34,90"),
    ("Delivered on 5 November 2026.", "delivered 2026-11-05"),
    ("Delivered on Nov 5.", "delivered 05.11.2026"),
    ("Delivered on 11/5/2026.", "delivered on the 5th of November 2026"),
    ("Order W-1001 is meant.", "about #W-1001 please"),
    ("They want JEAN-33-32 instead.", "variant JEAN-33-32, 4 in stock"),
    ("The customer is Anna Müller.", "Hello, here is anna müller"),
    ("They write “too tight around the waist”.", "These are too tight   around the waist, sorry"),
    ("A discount of 20% was promised.", "you said 20 percent off"),
    ("They want a refund.", "money back please"),
]
INVENTED = [
    ("They paid 1,299.00 EUR.", "Paid: 12990", "number"),
    ("They paid 129 EUR.", "Order W-129, paid 1290", "number"),
    ("They paid 20 EUR.", "20 % off", "number"),
    ("They paid 20 EUR.", "20 USD", "number"),
    ("It has 1.5 cm.", "15 cm", "number"),
    ("Delivered on 5 November 2026.", "delivered 2026-11-06, 5 pieces, in November 2026", "date"),
    ("Delivered on 5 November 2026.", "delivered 2025-11-05", "date"),
    ("Order W-1001 is meant.", "order W-10011", "id"),
    ("Order W-1001 is meant.", "1001 times", "id"),
    ("They want JEAN-33-32 instead.", "variant JEAN-33-34", "id"),
    ("It was for Anna Müller.", "for Anna Miller", "name"),
    ("They write “too tight around the waist”.", "too tight, and not around the waist", "quote"),
    ("They say \"money\" there.", "moneyback", "quote"),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "evidence"), GROUNDED)
def test_a_fact_that_stands_in_the_evidence_in_another_spelling_is_grounded(
    answer: str, evidence: str
) -> None:
    assert ungrounded(answer, "", [evidence]) == []


@pytest.mark.parametrize(("answer", "evidence", "kind"), INVENTED)
def test_a_fact_that_only_looks_like_one_in_the_evidence_is_not_grounded(
    answer: str, evidence: str, kind: str
) -> None:
    assert [fact.kind for fact in ungrounded(answer, "", [evidence])] == [kind]


def test_a_quote_is_found_word_for_word_in_one_text_and_not_across_two() -> None:
    texts = ["please send it", "back to me"]
    assert ungrounded("", "send it", texts) == []
    assert ungrounded("", "SEND   it!", texts) == []
    assert [fact.kind for fact in ungrounded("", "send it back", texts)] == ["quote"]


def test_nothing_is_grounded_in_nothing() -> None:
    assert len(ungrounded("Anna: order W-1001 of 5 May for 20 EUR.", "", [])) == 3
    assert ungrounded("A reason without any fact.", "", []) == []
