from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.notation import Ids, Misread, Numbers, Times, whole

BERLIN = Times(zone="Europe/Berlin", day="end")
TEN = datetime(2026, 11, 20, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "rules"),
    [
        ("2026-11-20T10:00:00+01:00", Times()),
        ("2026-11-20T09:00:00Z", Times()),
        ("2026-11-20T10:00:00", BERLIN),
        ("2026-11-20 10:00:00", BERLIN),
        ("20.11.2026 10:00", Times(zone="Europe/Berlin", formats=("iso", "%d.%m.%Y %H:%M"))),
        (TEN.timestamp(), Times()),
        (str(int(TEN.timestamp())), Times()),
        (int(TEN.timestamp() * 1000), Times(unit="milliseconds")),
    ],
)
def test_a_time_is_read_by_the_rules_of_the_manifest(written: object, rules: Times) -> None:
    assert rules.read(written) == TEN


@pytest.mark.parametrize(
    ("written", "fix"),
    [
        ("2026-11-20T10:00:00", r"names no time zone: \[times\] zone ="),
        ("2026-11-20 10:00:00", r"\[times\] zone ="),
        ("2026-11-20", r"is a date alone: \[times\] day ="),
        ("20.11.2026", r"\[times\] formats ="),
        ("yesterday", r"\[times\] formats ="),
        (1763632800000, r"\[times\] unit = 'milliseconds'"),
        ("0001-01-01T00:00:00Z", r"\[times\] .*none lists"),
        (0, "none lists what means no time"),
        (float("nan"), "is no time in seconds"),
        (True, "neither a text nor a number"),
        ({}, "neither a text nor a number"),
    ],
)
def test_a_time_that_no_rule_covers_is_refused_with_what_to_write(written: object, fix: str) -> None:
    with pytest.raises(Misread, match=fix):
        Times().read(written)


@pytest.mark.parametrize("written", [None, "0000-00-00 00:00:00", "0000-00-00", "-"])
def test_what_means_no_time_is_none(written: object) -> None:
    assert Times(none=("-",)).read(written) is None


def test_a_date_alone_is_the_start_or_the_end_of_its_day_where_the_office_lives() -> None:
    assert Times(zone="Europe/Berlin", day="start").read("2026-11-20") == TEN - timedelta(hours=10)
    end = BERLIN.read("2026-11-20")
    assert end is not None
    assert TEN + timedelta(hours=13, minutes=59) < end < TEN + timedelta(hours=14)


@given(st.one_of(st.text(), st.integers(), st.floats(), st.binary(), st.none(), st.lists(st.text())))
def test_a_time_is_aware_or_none_or_refused(written: object) -> None:
    for rules in (Times(), BERLIN, Times(unit="milliseconds", zone="UTC", day="start")):
        try:
            read = rules.read(written)
        except Misread:
            continue
        assert read is None or read.tzinfo is not None


@pytest.mark.parametrize(
    ("written", "rules", "expected"),
    [
        ("1.259,98", Numbers(decimal=",", grouping="."), 125998),
        ("29,99", Numbers(decimal=","), 2999),
        ("1 259,98", Numbers(decimal=",", grouping=" "), 125998),
        ("29.9900", Numbers(), 2999),
        (59.980000000000004, Numbers(), 5998),
        (29.990000000000002, Numbers(), 2999),
        (59.98, Numbers(), 5998),
    ],
)
def test_an_amount_is_read_by_the_rules_of_the_manifest_and_loses_the_noise_of_its_fraction(
    written: str | float, rules: Numbers, expected: int
) -> None:
    assert whole(rules.read(written).scaleb(2), "too fine") == expected


@pytest.mark.parametrize("written", ["1.259,98", "29,99", "1,259.98", "1e99999", "", "€ 5", float("inf")])
def test_an_amount_that_no_rule_covers_is_refused(written: str | float) -> None:
    with pytest.raises(Misread):
        Numbers().read(written)


@pytest.mark.parametrize("written", ["29.975", 29.975, 0.00001])
def test_an_amount_is_never_rounded_beyond_its_noise(written: str | float) -> None:
    with pytest.raises(Misread, match="too fine"):
        whole(Numbers().read(written).scaleb(2), "too fine")


LENIENT = Ids(case="ignored", zeros="ignored", ignored="# ")


@pytest.mark.parametrize("typed", ["#00AB-1", "ab-1", " 00ab-1", "# AB-1", "0AB-1"])
def test_two_spellings_of_one_id_are_compared_by_the_channels_rule(typed: str) -> None:
    assert LENIENT.compared(typed) == LENIENT.compared("AB-1")


@pytest.mark.parametrize(("one", "other"), [("AB-1", "ab-1"), ("00123", "123"), ("#1001", "1001")])
def test_without_a_rule_every_character_of_an_id_counts(one: str, other: str) -> None:
    assert Ids().compared(one) != Ids().compared(other)


def test_an_id_of_zeros_alone_stays_one() -> None:
    assert LENIENT.compared("000") == "0"
