"""What an edit would change is said before it is applied: files, policies, tests, the last cases."""

from service.office_changes import Judgement, compare
from service.offices import take
from tests.service.shop import Shop


def test_the_office_in_force_differs_from_itself_in_nothing(shop: Shop) -> None:
    take(shop.kontor, by="root")
    shop.judged(1, 4000)

    found = compare(shop.kontor, shop.folder)

    assert (found.same, found.files.words(), found.policies.words()) == (True, "nothing", "nothing")
    assert (found.cases, found.otherwise, found.problems) == (1, (), ())
    assert found.tests is not None
    assert (found.tests.passed, found.tests.failed) == shop.tests


def test_a_changed_policy_is_named_with_the_tests_it_fails_and_both_verdicts_on_each_case(shop: Shop) -> None:
    take(shop.kontor, by="root")
    small, middling = shop.judged(1, 4000), shop.judged(2, 6000)
    shop.break_tests()

    found = compare(shop.kontor, shop.folder)

    assert found.files.changed == ("policies/returns.cedar",)
    assert found.policies.changed == ("returns.refund-over-1000",)
    assert found.tests is not None
    tests, failed = shop.tests
    assert failed == found.tests.failed == len(found.problems) > 0
    assert found.cases == 2
    [one] = found.otherwise
    assert one.case_id == middling != small
    assert one.before == Judgement("allow", ("returns.refund", "returns.unattended"))
    assert (one.after.outcome, one.after.asks, one.after.needed) == ("ask", ("lead", "owner"), 2)
    assert "returns.refund-over-1000" in one.after.policies
    assert found.words() == (
        f"1 file differs, {failed} of {tests} policy tests fail, kontor check finds {failed} problems, "
        "of the last 2 cases, 1 would be judged otherwise"
    )


def test_a_comment_or_another_layout_changes_a_file_and_no_policy(shop: Shop) -> None:
    take(shop.kontor, by="root")
    shop.edit(
        "policies/returns.cedar", '@id("returns.refund-over-1000")', '// why\n@id("returns.refund-over-1000")'
    )

    found = compare(shop.kontor, shop.folder)

    assert found.files.changed == ("policies/returns.cedar",)
    assert found.policies.words() == "nothing"


def test_who_answered_is_judged_again_with_the_other_offices_staff(shop: Shop) -> None:
    take(shop.kontor, by="root")
    case_id = shop.judged(1, 20_000, by="chris")
    shop.edit("staff.toml", "limit_cents = 30_000", "limit_cents = 10_000")

    [one] = compare(shop.kontor, shop.folder).otherwise

    assert (one.case_id, one.step) == (case_id, "answer")
    assert (one.before.outcome, one.after.outcome) == ("allow", "deny")


def test_only_the_last_cases_are_judged_again_and_each_step_once_as_it_was_judged_last(shop: Shop) -> None:
    take(shop.kontor, by="root")
    for number in range(4):
        shop.judged(number, 6000)
    shop.judged(3, 7000)
    shop.break_tests()

    found = compare(shop.kontor, shop.folder, cases=2)

    assert found.cases == 2
    assert sorted(one.case_id[-5:] for one in found.otherwise) == ["RMA-2", "RMA-3"]
    amounts = {one.effect["amount_cents"] for one in found.otherwise if isinstance(one.effect, dict)}
    assert amounts == {6000, 7000}


def test_an_office_whose_policies_cannot_be_read_says_so_and_judges_nothing_again(shop: Shop) -> None:
    take(shop.kontor, by="root")
    shop.judged(1, 4000)
    shop.edit("policies/returns.cedar", "context.amount_cents > 100000", "context.colour > 1")

    found = compare(shop.kontor, shop.folder)

    assert (found.tests, found.cases, found.otherwise) == (None, None, ())
    assert "colour" in str(found.problems[0])


def test_before_anything_is_in_force_every_file_is_new(shop: Shop) -> None:
    found = compare(shop.kontor, shop.folder)

    assert (found.in_force, found.cases) == (None, None)
    assert "office.toml" in found.files.added
