"""What is checkable in a text, and where it stands."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.content.claims.claim import Kind, claims_in, parts_in
from workflows.content.claims.values import Moment, Quantity
from workflows.content.prose import read

POST = """# Twelve things

We moved **12 agencies** to [cloud.gov](https://cloud.gov) in May 2015, Dr. Dan Brown said. It was not cheap.

{% image "a.jpg" %}

- “Design is conflict,” he told the U.S. Senate; it cost $1.5 million.

```
x = 15
```

See [the old post]({{ "/2015/03/04/oasis/" | url }}).
"""


def kinds(sentence: str) -> list[tuple[str, str]]:
    return [(part.kind.value, part.written) for part in parts_in(sentence)]


def amount(sentence: str) -> Quantity:
    [value] = [part.value for part in parts_in(sentence) if isinstance(part.value, Quantity)]
    return value


def test_a_text_is_cut_into_sentences_without_its_markup_and_code() -> None:
    prose = read(POST)
    assert [sentence.text for sentence in prose.sentences] == [
        "Twelve things",
        "We moved 12 agencies to cloud.gov in May 2015, Dr. Dan Brown said.",
        "It was not cheap.",
        "“Design is conflict,” he told the U.S. Senate; it cost $1.5 million.",
        "See the old post.",
    ]
    assert [sentence.line for sentence in prose.sentences] == [1, 3, 3, 7, 13]
    assert [(link.words, link.target) for link in prose.links] == [
        ("cloud.gov", "https://cloud.gov"),
        ("the old post", "/2015/03/04/oasis/"),
    ]


def test_every_checkable_part_is_found_with_its_place_in_the_text() -> None:
    prose = read(POST)
    claims = claims_in(prose)
    found = [
        (part.kind.value, prose.text[slice(*claim.place(part))]) for claim in claims for part in claim.parts
    ]
    assert found == [
        ("number", "12"),
        ("date", "May 2015"),
        ("name", "Dan Brown"),
        ("negation", "not"),
        ("quotation", "Design is conflict,"),
        ("name", "U.S. Senate"),
        ("money", "$1.5 million"),
    ]


@given(st.text(max_size=200))
def test_whatever_the_text_each_part_stands_where_it_says(text: str) -> None:
    for part in parts_in(text):
        assert text[part.start : part.end] == part.written


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=200))
def test_whatever_the_markdown_each_sentence_and_link_stands_where_it_says(markdown: str) -> None:
    prose = read(markdown)
    for sentence in prose.sentences:
        assert prose.text[sentence.start : sentence.end] == sentence.text
    for link in prose.links:
        assert prose.text[link.start : link.start + len(link.words)] == link.words


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("4.2 million people", Quantity(Decimal("4200000"), "", Decimal(100000))),
        ("a dozen people", Quantity(Decimal(12))),
        ("forty-two people", Quantity(Decimal(42))),
        ("two hundred and fifty people", Quantity(Decimal(250))),
        ("half a million people", Quantity(Decimal(500000))),
        ("about 35% of them", Quantity(Decimal(35), "%", Decimal(1), "about")),
        ("35 percent of them", Quantity(Decimal(35), "%")),
        ("more than 1,200 people", Quantity(Decimal(1200), "", Decimal(1), "least")),
        ("$3,500 in all", Quantity(Decimal(3500), "USD")),
        ("a 30-minute talk", Quantity(Decimal(30), "minute")),
        ("the 34th president", Quantity(Decimal(34), "th")),
        ("the second woman", Quantity(Decimal(2), "th")),
        ("half of the posts", Quantity(Decimal("0.5"), "", Decimal("0.01"))),
    ],
)
def test_a_quantity_has_its_amount_unit_scale_and_bound(written: str, value: Quantity) -> None:
    assert amount(written) == value


@given(st.integers(0, 10**9))
def test_separators_of_thousands_change_no_amount(number: int) -> None:
    assert amount(f"it has {number:,} parts").amount == number


@given(st.integers(1, 999), st.sampled_from([("thousand", 3), ("million", 6), ("billion", 9)]))
def test_a_scale_multiplies(number: int, scale: tuple[str, int]) -> None:
    word, zeros = scale
    assert amount(f"it has {number} {word} parts").amount == number * 10**zeros


@pytest.mark.parametrize(
    "text", ["the team of 18F", "at 10:30 we met", "version v2.0 is out", "one may think so"]
)
def test_what_only_looks_like_a_number_is_none(text: str) -> None:
    assert not [part for part in parts_in(text) if part.kind is Kind.NUMBER]


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("16 March 2016", Moment(2016, 3, 16)),
        ("March 16th, 2016", Moment(2016, 3, 16)),
        ("2016-03-16", Moment(2016, 3, 16)),
        ("May 2015", Moment(2015, 5)),
        ("1843", Moment(1843)),
        ("the 1990s", Moment(1990, years=10)),
        ("the 19th century", Moment(1801, years=100)),
        ("in July", Moment(month=7)),
        ("on Friday", Moment(weekday=4)),
    ],
)
def test_a_date_is_as_exact_as_it_was_written(written: str, moment: Moment) -> None:
    [part] = parts_in(f"it began {written}")
    assert part.value == moment


def test_may_is_a_month_only_where_it_can_be_none_else() -> None:
    assert kinds("We may march on in May.") == [("date", "May")]


def test_a_sentence_s_first_word_is_a_name_only_if_it_is_written_like_one() -> None:
    assert kinds("Accessibility is for all.") == []
    assert kinds("FBOpen is for all.") == [("name", "FBOpen")]
    assert kinds("The Department of Commerce agreed.") == [("name", "Department of Commerce")]


def test_superlatives_comparisons_and_negations_are_claims() -> None:
    assert kinds("It is the largest one.") == [("superlative", "largest")]
    assert kinds("It is faster than before.") == [("comparison", "faster than")]
    assert kinds("They don\u2019t work at best practices.") == [("negation", "n\u2019t")]


def test_opinions_questions_and_forecasts_are_told_apart() -> None:
    text = "We think 12 is enough. Are 12 enough? There will be 12 of them. There were 12 of them."
    assert [claim.outlook for claim in claims_in(read(text))] == [True, True, True, False]


def test_the_end_of_a_range_of_counts_is_no_year() -> None:
    assert kinds("Posts of 500 to 1002 words were kept.") == [("number", "500"), ("number", "1002")]
    assert kinds("It ran from 2014 to 2016 across bureaus.") == [("date", "2014"), ("date", "2016")]


def test_a_month_makes_no_forecast() -> None:
    assert not claims_in(read("The team moved 12 agencies in May 2015."))[0].outlook


def test_a_bare_name_or_a_byline_claims_nothing_but_a_number_does() -> None:
    assert claims_in(read("Ventera Corporation\n\nFOIA Modernization (Department of Justice)")) == []
    assert len(claims_in(read("There were 12 of them."))) == 1


def test_an_address_holds_no_claims() -> None:
    assert kinds("See https://example.org/2014/FBOpen-v12 for more.") == []


def test_a_capitalised_function_word_is_no_name() -> None:
    assert kinds("Transparency \u2014 The folks promote it.") == []
    assert kinds("We found that It\u2019s good.") == []
    assert kinds("We asked IT for help.") == [("name", "IT")]
