"""What sources say of a claim: the closed list of words, and what each rests on."""

from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from workflows.content.checking.arithmetic import sums_in
from workflows.content.checking.check import check, earlier_statements, key
from workflows.content.checking.values import Relation, compare_moments, compare_quotation, same_name
from workflows.content.checking.verdict import Origin, Passage, Settled, Verdict, Word
from workflows.content.claims.claim import claims_in
from workflows.content.claims.values import Moment
from workflows.content.prose import read

SOURCE = Passage(
    "In May 2015, the 18F team moved 12 agencies to cloud.gov, and it cost $1.5 million. "
    "Dan Brown gave a talk on design conflict at 18F. We are not hiring designers this year. "
    "“Design is conflict,” Brown has said many times. More than 4,213,000 people visited the site.",
    "post",
)
YEARS = st.integers(1900, 2100)
MONTHS = st.one_of(st.none(), st.integers(1, 12))


def said(draft: str, *passages: Passage) -> str:
    return str(verdict(draft, *passages))


def verdict(draft: str, *passages: Passage) -> Verdict:
    [claim] = claims_in(read(draft))
    return check(claim, passages or (SOURCE,))


@pytest.mark.parametrize(
    ("draft", "words"),
    [
        ("We are not hiring designers this year.", "quoted exactly"),
        ("“Design is conflict,” Brown has said.", "quoted exactly"),
        ("18F moved a dozen agencies to cloud.gov in 2015.",
         "agrees in every checked part (name, number, date)"),
        ("It cost 18F $1,500,000.", "agrees in every checked part (name, money)"),
        ("D. Brown gave a talk on design conflict.", "agrees in every checked part (name)"),
        ("The 18F team moved 15 agencies to cloud.gov.", "differs: source 12, draft 15"),
        ("In May 2016, the team moved 12 agencies to cloud.gov.",
         "differs: source May 2015, draft May 2016"),
        ("In June 2015, the team moved 12 agencies to cloud.gov.",
         "differs: source May 2015, draft June 2015"),
        ("Bob Smith gave a talk on design conflict at 18F.", "differs: source Dan Brown, draft Bob Smith"),
        ("We are hiring designers at 18F this year.", "differs: source not, draft not negated"),
        ("Brown has said “design is a conflict” many times.",
         "differs: source design is conflict, draft design is a conflict"),
        ("Their talk on conflict at 18F had 40 guests.", "source found, not comparable"),
        ("The moon weighs 15 stones.", "no evidence found in 1 sources searched"),
        ("The moon will weigh 15 stones.", "opinion/forecast, not checked"),
    ],
)  # fmt: skip
def test_each_claim_gets_a_word_of_the_closed_list(draft: str, words: str) -> None:
    assert said(draft) == words


def test_a_difference_stands_where_the_draft_says_it_and_shows_the_sentence_it_is_from() -> None:
    found = verdict("The 18F team moved 15 agencies to cloud.gov.")
    [difference] = found.differences
    assert found.claim.sentence.text[difference.start : difference.end] == "15"
    assert found.evidence.startswith("In May 2015, the 18F team moved 12 agencies")
    assert found.passage == SOURCE


def test_another_number_in_another_slot_contradicts_nothing() -> None:
    assert said("The 18F team moved 15 tables to the kitchen.") == "source found, not comparable"


@pytest.mark.parametrize(
    ("draft", "source", "words"),
    [
        ("The team moved 12 agencies in June 2015.", "In May 2015, the team moved 12 agencies.",
         "differs: source May 2015, draft June 2015"),
        ("In May 2015, the team moved 12 agencies.", "The team moved 12 agencies in May 2015.",
         "agrees in every checked part (date, number)"),
        ("Docker asked us for help with 3 forms.", "USCIS asked us for help with 3 forms.",
         "differs: source USCIS, draft Docker"),
        ("They often were on a list of 12 house guests.", "They weren't on a list of 12 house guests.",
         "differs: source n't, draft not negated"),
        ("Holly Allen joined Acme in May 2015 as a lead engineer.",
         "James Scott joined Intel in June 2014 as a lead engineer.", "source found, not comparable"),
        ("We talked of ER within the house and its rooms.", "We talked of every house and its rooms.",
         "source found, not comparable"),
    ],
    ids=["an opening that moved", "an opening in its place", "a first word may be a name",
         "a negation beside another word",         "another matter", "letters of another word"],
)  # fmt: skip
def test_kinds_of_sentences_that_were_judged_wrongly_once(draft: str, source: str, words: str) -> None:
    assert said(draft, Passage(source, "post")) == words


def test_another_unit_contradicts_nothing() -> None:
    passage = Passage("The 18F team moved 12% of agencies to cloud.gov.", "post")
    assert said("The 18F team moved 15 agencies to cloud.gov.", passage) == "source found, not comparable"


@given(st.integers(2, 10**6), st.integers(2, 10**6))
def test_any_other_count_in_the_same_slot_differs_and_the_same_one_never_does(said_: int, true: int) -> None:
    source = Passage(f"The team moved {true} old agencies to the cloud.", "post")
    found = verdict(f"The team moved {said_:,} old agencies to the new cloud.", source)
    assert (found.word is Word.DIFFERS) is (said_ != true)


@given(st.integers(2, 99))
def test_a_sentence_is_no_evidence_against_itself(number: int) -> None:
    draft = f"We have {number} agencies, 18F said in May 2015, and none left."
    assert said(draft, Passage(draft, "post")) == "quoted exactly"


def test_two_sources_with_two_values_disagree_unless_one_is_newer() -> None:
    agrees = Passage("The 18F team moved 12 agencies to the cloud.", "a", at=date(2015, 1, 1))
    against = Passage("The 18F team moved 15 agencies to the safe cloud.", "b", at=date(2015, 1, 1))
    newer = Passage(against.text, "b", at=date(2016, 1, 1))
    draft = "The 18F team moved 12 agencies to the safe cloud."
    assert said(draft, agrees, against) == "sources disagree"
    assert said(draft, agrees, newer) == "newer source"


def test_what_a_person_settled_is_not_asked_again_until_its_words_change() -> None:
    [claim] = claims_in(read("The moon weighs 15 stones."))
    ledger = {key(claim.sentence.text): Settled("anna", date(2026, 11, 20))}
    assert str(check(claim, [SOURCE], settled=ledger)) == "settled by anna 2026-11-20"
    [other] = claims_in(read("The moon weighs 16 stones."))
    assert check(other, [SOURCE], settled=ledger).word is Word.NONE


def test_a_draft_may_contradict_itself_but_bears_nothing_out() -> None:
    claims = claims_in(read("The team moved 12 old agencies. Later the team moved 15 old agencies."))
    own = earlier_statements(claims, 1)
    assert str(check(claims[1], own)) == "differs: earlier in the draft 12, draft 15"
    assert check(claims[0], [Passage(claims[0].sentence.text, "draft", Origin.DRAFT)]).word is Word.NONE


@pytest.mark.parametrize(
    ("sentence", "reckoned"),
    [
        ("We met 12 + 15 = 28 people.", "27"),
        ("Visits doubled from 10 to 30.", "20"),
        ("We asked 3 of 12 teams (30%).", "25"),
    ],
)
def test_a_sum_that_does_not_come_out_differs(sentence: str, reckoned: str) -> None:
    [difference] = verdict(sentence).differences
    assert (difference.source, difference.origin) == (reckoned, Origin.RECKONED)


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_sum_that_comes_out_is_no_difference(one: int, two: int) -> None:
    [found] = sums_in(f"It is {one} + {two} = {one + two} in all.")
    assert found.holds


@given(YEARS, MONTHS, YEARS, MONTHS)
def test_a_date_is_borne_out_by_a_finer_one_and_never_by_another(
    y: int, m: int | None, y2: int, m2: int | None
) -> None:
    relation = compare_moments(Moment(y, m), Moment(y2, m2))
    if y != y2 or (m and m2 and m != m2):
        assert relation is Relation.OTHER
    else:
        assert relation is (Relation.OPEN if m and not m2 else Relation.SAME)


@given(YEARS, st.sampled_from([10, 100]))
def test_a_year_is_in_its_decade_and_century(year: int, years: int) -> None:
    span = Moment(year - year % years, years=years)
    assert compare_moments(span, Moment(year)) is Relation.SAME
    assert compare_moments(Moment(year), span) is Relation.OPEN
    assert compare_moments(span, Moment(year + years)) is Relation.OTHER


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Brown", "Dan Brown"),
        ("D. Eisenhower", "Dwight D. Eisenhower"),
        ("GSA", "General Services Administration"),
        ("Newhouser", "Hewhouser"),
        ("U.S.", "US"),
    ],
)
def test_names_are_one_by_part_initial_acronym_or_one_letter(one: str, other: str) -> None:
    assert same_name(one, other)
    assert same_name(other, one)


@pytest.mark.parametrize(("one", "other"), [("18F", "19F"), ("Smith", "Smyth"), ("Dan Brown", "Dan Smith")])
def test_names_that_may_be_two_are_two(one: str, other: str) -> None:
    assert not same_name(one, other)


def test_a_quotation_is_compared_word_for_word_but_for_its_typography() -> None:
    source = "She said: \u201cIt\u2019s the end\u2014of all things, really.\u201d"
    assert compare_quotation("It's the end-of all things", source)[0] is Relation.SAME
    assert compare_quotation("It's the end \u2026 really", source)[0] is Relation.SAME
    assert compare_quotation("It's the end of most things", source)[0] is Relation.OTHER
    assert compare_quotation("Nobody came to the party", source)[0] is Relation.OPEN


@given(st.text(max_size=80), st.text(max_size=80))
def test_whatever_is_said_and_found_no_verdict_says_true(draft: str, source: str) -> None:
    draft = f"{draft}\n\nThe 3 ships sailed in May 2024."
    claims = claims_in(read(draft))
    assume(claims)
    words = str(check(claims[0], [Passage(source, "a")]))
    assert any(words.startswith(word.value) for word in Word)
    assert "true" not in words.removesuffix(draft) or "true" in draft + source
