import tomllib
from datetime import datetime

import pytest

from policy.staff import Staff

STAFF = Staff.model_validate(
    tomllib.loads("""
    time_zone = "Europe/Berlin"
    [roles]
    clerk = "first"
    lead = "second"
    [people.anna]
    name = "Anna"
    roles = ["lead"]
    limit_cents = 500
    [[people.anna.absent]]
    first = 2026-12-21
    last = 2026-12-24
    stand_in = "ben"
    [people.ben]
    name = "Ben"
    roles = ["clerk"]
    limit_cents = 100
    [[people.ben.absent]]
    first = 2026-12-24
    last = 2026-12-24
    stand_in = "cleo"
    [people.cleo]
    name = "Cleo"
    roles = []
    """)
)


def at(moment: str) -> datetime:
    return datetime.fromisoformat(moment)


@pytest.mark.parametrize(
    ("moment", "roles", "limit"),
    [
        ("2026-12-20T22:59:59+00:00", ("clerk",), 100),
        ("2026-12-20T23:00:00+00:00", ("clerk", "lead"), 500),  # midnight in Berlin
        ("2026-12-24T22:59:59+00:00", ("clerk", "lead"), 500),
        ("2026-12-24T23:00:00+00:00", ("clerk",), 100),
    ],
)
def test_a_stand_in_has_the_absent_ones_roles_and_limit_for_exactly_those_days(
    moment: str, roles: tuple[str, ...], limit: int
) -> None:
    standing = STAFF.standing("ben", at(moment))
    assert (standing.roles, standing.limit_cents) == (roles, limit)


def test_standing_in_is_not_passed_on() -> None:
    christmas_eve = at("2026-12-24T12:00:00+01:00")
    assert STAFF.standing("ben", christmas_eve).absent
    assert STAFF.standing("cleo", christmas_eve).roles == ("clerk",)
    assert STAFF.standing("cleo", christmas_eve).stands_in_for == ("ben",)


def test_nobody_lends_their_role_for_their_own_request() -> None:
    away = at("2026-12-22T12:00:00+01:00")
    assert STAFF.standing("ben", away, asked_by="anna").roles == ("clerk",)


def test_somebody_who_does_not_work_here_has_no_standing() -> None:
    with pytest.raises(KeyError):
        STAFF.standing("mallory", at("2026-12-22T12:00:00+01:00"))


def test_of_limits_in_two_currencies_the_one_that_is_asked_about_counts() -> None:
    away = {"first": "2026-12-21", "last": "2026-12-24", "stand_in": "ben"}
    staff = Staff.model_validate(
        {
            "currency": "EUR",
            "roles": {"clerk": "first"},
            "people": {
                "anna": {
                    "name": "Anna",
                    "roles": ["clerk"],
                    "limit_cents": 90_000,
                    "currency": "JPY",
                    "absent": [away],
                },
                "ben": {"name": "Ben", "roles": ["clerk"], "limit_cents": 100},
            },
        }
    )
    christmas_eve = at("2026-12-24T12:00:00+00:00")
    found = [staff.standing("ben", christmas_eve, currency=each) for each in ("JPY", "EUR", "USD")]
    assert [(each.limit_cents, each.limit_currency) for each in found] == [
        (90_000, "JPY"),
        (100, "EUR"),
        (100, "EUR"),
    ]
