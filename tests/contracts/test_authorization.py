"""Why a plan is denied, in the words of the policies."""

from contracts.authorization import Authorization, Outcome, PolicyReason, Verdict, forbids, why_denied


def verdict(outcome: Outcome, *forbidding: str, errors: tuple[str, ...] = ()) -> Verdict:
    reasons = tuple(
        PolicyReason(id=id_, reason=f"{id_.capitalize()}.", effect="forbid", question="do")
        for id_ in forbidding
    )
    return Verdict(
        id="v", outcome=outcome, step="refund", reasons=reasons, facts={}, policy_version="1", errors=errors
    )


def test_only_verdicts_that_deny_forbid_and_each_policy_speaks_once() -> None:
    verdicts = [verdict("ask", "large"), verdict("deny", "late", "worn"), verdict("deny", "late")]
    assert [reason.id for reason in forbids(verdicts)] == ["late", "worn"]
    assert why_denied(verdicts) == "Late. Worn."
    assert Authorization(outcome="deny", verdicts=tuple(verdicts)).forbidden_by == "late"


def test_a_colleague_reads_what_went_wrong_before_what_forbids_it() -> None:
    assert why_denied([verdict("deny", "late", errors=("no such fact",))]) == "no such fact; Late."


def test_what_nothing_forbids_is_not_permitted() -> None:
    assert why_denied([verdict("deny")]) == ""
    assert Authorization(outcome="deny", verdicts=()).forbidden_by == "not_permitted"
