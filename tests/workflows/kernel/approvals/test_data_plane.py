"""What may not answer is refused in the data plane, with the workflow bypassed, and told of."""

import base64
import json
from datetime import timedelta

import pytest

from contracts.approvals.messages import AnswerSubmission, ApprovalClosing, ApprovalDraft
from contracts.approvals.request import Answer, AnswerStatus, Approval, ApprovalOutcome
from contracts.approvals.token import TokenClaims, TokenRefused, sign
from contracts.authorization import Approved
from contracts.failure import PermitRefused
from tests.workflows.kernel.approvals.data_plane import CASE, Clock, DataPlane, question

APPROVE = Answer(person="ben", choice="approve")


async def opened(house: DataPlane, draft: ApprovalDraft | None = None) -> str:
    return (await house.draft.open(draft or question())).request.id


async def authorized(house: DataPlane, request_id: str) -> dict[str, str]:
    found = await house.judging.authorize_approved(Approved(request_id=request_id, case_id=CASE))
    return found.permits


async def assert_refused(
    house: DataPlane, request_id: str, answer: Answer, why: str, number: int = 1
) -> None:
    """The answer counts for nothing, leads to no permit, and leaves an episode that says why."""
    reply = await house.say(request_id, answer, number)
    assert (reply.standing, why in reply.why) == (AnswerStatus.FOREIGN, True), reply
    assert reply.approval is None
    assert await authorized(house, request_id) == {}
    last = house.told(kind="answered")[-1].data
    assert last["standing"] == "foreign"
    assert why in str(last["why"])
    assert last["person"] == answer.person


async def test_an_approver_without_the_role_is_refused(house: DataPlane) -> None:
    request_id = await opened(house, question(roles=("lead", "owner")))
    await assert_refused(house, request_id, Answer(person="chris", choice="approve"), "other roles")


async def test_an_approver_beyond_their_limit_is_refused(house: DataPlane) -> None:
    request_id = await opened(house, question(60_000))
    await assert_refused(house, request_id, Answer(person="dana", choice="approve"), "No policy permits")


async def test_nobody_answers_their_own_request(house: DataPlane) -> None:
    request_id = await opened(house, question(asked_by="ben"))
    await assert_refused(house, request_id, APPROVE, "own request")


async def test_somebody_who_does_not_work_here_is_refused(house: DataPlane) -> None:
    request_id = await opened(house)
    await assert_refused(house, request_id, Answer(person="mallory", choice="approve"), "staff")


async def test_an_answer_for_other_arguments_is_refused(house: DataPlane) -> None:
    request_id = await opened(house)
    stale = APPROVE.model_copy(update={"arguments_hash": "0" * 64})
    await assert_refused(house, request_id, stale, "other arguments")


async def test_an_answer_for_another_request_is_refused(house: DataPlane) -> None:
    request_id = await opened(house)
    astray = APPROVE.model_copy(update={"request_id": "ask-000000000000"})
    await assert_refused(house, request_id, astray, "ask-000000000000")


async def test_an_answer_to_nothing_is_kept_as_foreign(house: DataPlane) -> None:
    reply = await house.say("ask-nothing", APPROVE)
    assert reply.standing == AnswerStatus.FOREIGN
    assert house.told(kind="answered")[-1].data["standing"] == "foreign"


async def test_a_good_token_answers_once(house: DataPlane, clock: Clock) -> None:
    request_id = await opened(house)
    token = house.tokens.make("ben", request_id, clock.now)
    reply = await house.say(request_id, APPROVE.model_copy(update={"token": token}))
    assert reply.standing == AnswerStatus.VALID
    assert reply.approval is not None
    assert set(await authorized(house, request_id)) == {"refund", "notify"}
    assert token not in json.dumps([one.data for one in house.told()])


async def test_looking_at_a_token_changes_nothing(house: DataPlane, clock: Clock) -> None:
    request_id = await opened(house)
    token = house.tokens.make("ben", request_id, clock.now)
    before = house.told()
    for _ in range(3):
        claims, request = house.tokens.inspect(token, clock.now)
        assert (claims.person, request.id) == ("ben", request_id)
    assert house.told() == before
    found = house.approvals.find(request_id)
    assert found is not None
    assert (found.approval, found.answers) == (None, ())
    reply = await house.say(request_id, APPROVE.model_copy(update={"token": token}))
    assert reply.standing == AnswerStatus.VALID
    with pytest.raises(TokenRefused, match="used"):
        house.tokens.inspect(token, clock.now)


async def test_a_forged_token_is_refused(house: DataPlane, clock: Clock) -> None:
    request_id = await opened(house)
    genuine = house.tokens.make("chris", request_id, clock.now)
    version, claims, signature = genuine.split(".")
    said = json.loads(base64.urlsafe_b64decode(claims + "=="))
    bent = base64.urlsafe_b64encode(json.dumps({**said, "person": "ben"}).encode()).rstrip(b"=").decode()
    own = sign(TokenClaims.model_validate({**said, "person": "ben"}), b"another key of 32 bytes ........")
    for number, token in enumerate((f"{version}.{bent}.{signature}", own, "kontor1.", "x" * 5000), 1):
        forged = APPROVE.model_copy(update={"token": token})
        why = "not a token" if len(token) in (8, 5000) else "signature"
        await assert_refused(house, request_id, forged, "oken" if len(token) == 8 else why, number)


async def test_a_genuine_signature_over_a_token_that_was_never_made_is_refused(
    house: DataPlane, clock: Clock
) -> None:
    request_id = await opened(house)
    found = house.approvals.find(request_id)
    assert found is not None
    claims = TokenClaims(
        id="token-1",
        person="ben",
        request_id=request_id,
        arguments_hash=found.request.arguments_hash,
        expires_at=found.request.deadline,
    )
    token = sign(claims, bytes.fromhex("07" * 32))
    await assert_refused(house, request_id, APPROVE.model_copy(update={"token": token}), "never made")


async def test_an_expired_token_is_refused(house: DataPlane, clock: Clock) -> None:
    request_id = await opened(house)
    token = house.tokens.make("ben", request_id, clock.now, life=timedelta(hours=1))
    clock.forward(hours=1)
    await assert_refused(house, request_id, APPROVE.model_copy(update={"token": token}), "expired")


async def test_someone_elses_token_is_refused(house: DataPlane, clock: Clock) -> None:
    request_id = await opened(house)
    token = house.tokens.make("chris", request_id, clock.now)
    await assert_refused(house, request_id, APPROVE.model_copy(update={"token": token}), "someone else's")


async def test_a_token_for_another_request_is_refused(house: DataPlane, clock: Clock) -> None:
    other = await opened(house, question(case_id="returns/webshop/RMA-2"))
    request_id = await opened(house)
    token = house.tokens.make("ben", other, clock.now)
    await assert_refused(house, request_id, APPROVE.model_copy(update={"token": token}), "another request")


async def test_a_token_does_not_lend_a_role(house: DataPlane, clock: Clock) -> None:
    request_id = await opened(house, question(roles=("lead", "owner")))
    token = house.tokens.make("chris", request_id, clock.now)
    with_link = Answer(person="chris", choice="approve", token=token)
    await assert_refused(house, request_id, with_link, "other roles")


async def test_a_replayed_token_is_refused(house: DataPlane, clock: Clock) -> None:
    """Two must agree: the first link is good once, and its replay cannot be the second voice."""
    request_id = await opened(house, question(needed=2))
    token = house.tokens.make("ben", request_id, clock.now)
    linked = APPROVE.model_copy(update={"token": token})
    assert (await house.say(request_id, linked)).standing == AnswerStatus.VALID
    await assert_refused(house, request_id, linked, "used already", number=2)


async def test_an_answer_that_is_retried_is_the_same_answer(house: DataPlane, clock: Clock) -> None:
    """A crash after the commit makes Temporal run the activity again: nothing is counted twice."""
    request_id = await opened(house, question(needed=2))
    token = house.tokens.make("ben", request_id, clock.now)
    linked = APPROVE.model_copy(update={"token": token})
    first = await house.say(request_id, linked)
    assert await house.say(request_id, linked) == first
    assert len(house.told(kind="answered")) == 1


async def test_a_workflow_cannot_claim_an_approval_that_nobody_gave(house: DataPlane) -> None:
    request_id = await opened(house)
    assert await authorized(house, request_id) == {}
    assert "waits" in str(house.told(kind="refused")[-1].data["why"])


async def test_a_workflow_cannot_use_another_cases_approval(house: DataPlane) -> None:
    other = await opened(house, question(case_id="returns/webshop/RMA-2"))
    reply = await house.say(other, APPROVE, case_id="returns/webshop/RMA-2")
    assert reply.approval is not None
    assert await authorized(house, other) == {}


async def test_an_approval_of_forty_cannot_pay_four_hundred(house: DataPlane) -> None:
    request_id = await opened(house, question(20_000))
    edited = Answer(person="ben", choice="edit", amount_cents=4_000)
    reply = await house.say(request_id, edited)
    assert reply.approval is not None
    assert (reply.approval.outcome, reply.approval.amount_cents) == (ApprovalOutcome.EDITED, 4_000)
    permits = await authorized(house, request_id)
    with pytest.raises(PermitRefused, match="arguments"):
        house.begin(question(40_000).plan.effects[0], permits["refund"])
    with pytest.raises(PermitRefused, match="arguments"):
        house.begin(question(20_000).plan.effects[0], permits["refund"])
    house.begin(question(4_000).plan.effects[0], permits["refund"])
    assert house.begun() == [("refund", 4_000, permits["refund"])]


async def test_an_approval_is_checked_when_it_is_used_not_only_when_it_is_given(
    house: DataPlane, clock: Clock
) -> None:
    """Approved on Monday; by Tuesday the order was refunded by hand, so policy forbids it now."""
    request_id = await opened(house)
    assert (await house.say(request_id, APPROVE)).approval is not None
    changed = Approved(request_id=request_id, case_id=CASE, facts={"already_returned": True})
    refused = await house.judging.authorize_approved(changed)
    assert (refused.outcome, refused.permits) == ("deny", {})


async def test_an_answer_after_the_deadline_is_late_even_before_the_workflow_notices(
    house: DataPlane, clock: Clock
) -> None:
    request_id = await opened(house)
    clock.forward(days=10)
    reply = await house.say(request_id, APPROVE)
    assert (reply.standing, reply.approval) == (AnswerStatus.LATE, None)
    end = await house.draft.end(
        ApprovalClosing(request_id=request_id, outcome=ApprovalOutcome.EXPIRED, why="late")
    )
    assert end.outcome == ApprovalOutcome.EXPIRED
    assert await authorized(house, request_id) == {}


async def test_the_first_end_stands_whoever_comes_second(house: DataPlane) -> None:
    request_id = await opened(house)
    approved = (await house.say(request_id, APPROVE)).approval
    ending = ApprovalClosing(request_id=request_id, outcome=ApprovalOutcome.EXPIRED, why="nobody answered")
    assert await house.draft.end(ending) == approved
    contrary = await house.say(request_id, Answer(person="anna", choice="reject"))
    assert contrary.standing == AnswerStatus.CONFLICTING
    concurring = await house.say(request_id, Answer(person="anna", choice="approve"))
    assert concurring.standing == AnswerStatus.LATE
    again = await house.say(request_id, APPROVE, number=2)
    assert again.standing == AnswerStatus.DUPLICATE
    assert [one.kind for one in house.told(kind="approval_closed")] == ["approval_closed"]


async def test_two_of_three_must_be_two_people_on_two_rights(house: DataPlane) -> None:
    request_id = await opened(house, question(needed=2))
    first = await house.say(request_id, Answer(person="ben", choice="delegate", delegate_to="chris"))
    assert first.standing == AnswerStatus.DELEGATED
    for_ben = await house.say(request_id, Answer(person="chris", choice="approve"))
    assert (for_ben.standing, for_ben.approval) == (AnswerStatus.VALID, None)
    house_right = await house.say(request_id, Answer(person="emil", choice="edit", amount_cents=15_000))
    assert house_right.approval is not None
    assert house_right.approval.amount_cents == 15_000
    assert set(await authorized(house, request_id)) == {"refund", "notify"}


async def test_a_delegate_and_the_one_who_delegated_are_one_voice(house: DataPlane) -> None:
    """600.00 is above a clerk's limit: dana answers on ben's right, and ben cannot answer again."""
    request_id = await opened(house, question(60_000, needed=2))
    await house.say(request_id, Answer(person="ben", choice="delegate", delegate_to="dana"))
    lent = await house.say(request_id, Answer(person="dana", choice="approve"))
    assert (lent.standing, lent.why) == (AnswerStatus.VALID, "in place of ben")
    second = await house.say(request_id, APPROVE)
    assert second.standing == AnswerStatus.DUPLICATE
    assert second.approval is None
    assert (await house.say(request_id, Answer(person="anna", choice="approve"))).approval is not None


async def test_nobody_delegates_to_the_one_who_asked_or_to_a_stranger(house: DataPlane) -> None:
    request_id = await opened(house, question(asked_by="chris"))
    for number, (target, why) in enumerate((("chris", "made this request"), ("mallory", "staff")), 1):
        handed = Answer(person="ben", choice="delegate", delegate_to=target)
        await assert_refused(house, request_id, handed, why, number)


async def test_a_veto_counts_until_the_end_and_one_is_enough(house: DataPlane) -> None:
    request_id = await opened(house, question(needed=2))
    await house.say(request_id, APPROVE)
    changed_mind = await house.say(request_id, Answer(person="ben", choice="edit", amount_cents=100))
    assert changed_mind.standing == AnswerStatus.CONFLICTING
    veto = await house.say(request_id, Answer(person="ben", choice="reject", note="wrong lamp"))
    assert veto.approval is not None
    assert (veto.approval.outcome, veto.approval.note) == (ApprovalOutcome.REJECTED, "wrong lamp")
    assert await authorized(house, request_id) == {}


@pytest.mark.parametrize(
    "answer",
    [
        Answer(person=" ", choice="approve"),
        Answer(person="ben", choice="edit"),
        Answer(person="ben", choice="edit", amount_cents=20_000),
        Answer(person="ben", choice="edit", amount_cents=20_001),
        Answer(person="ben", choice="edit", amount_cents=0),
        Answer(person="ben", choice="edit", amount_cents=-5),
        Answer(person="ben", choice="approve", amount_cents=40_000),
        Answer(person="ben", choice="delegate"),
        Answer(person="ben", choice="delegate", delegate_to="ben"),
    ],
    ids=str,
)
async def test_what_widens_or_means_nothing_is_kept_as_malformed(
    sqlite_house: DataPlane, answer: Answer
) -> None:
    request_id = await opened(sqlite_house)
    reply = await sqlite_house.say(request_id, answer)
    assert (reply.standing, reply.approval) == (AnswerStatus.MALFORMED, None)
    assert sqlite_house.told(kind="answered")[-1].data["standing"] == "malformed"


async def test_words_that_are_no_answer_are_kept_too(sqlite_house: DataPlane) -> None:
    request_id = await opened(sqlite_house)
    submission = AnswerSubmission(case_id=CASE, request_id=request_id, answer=None, malformed="yes please")
    reply = await sqlite_house.draft.answer(submission)
    assert reply.standing == AnswerStatus.MALFORMED
    found = sqlite_house.approvals.find(request_id)
    assert found is not None
    assert found.answers == ()


async def test_asking_the_same_again_asks_once_and_asking_anew_withdraws(house: DataPlane) -> None:
    first = await house.draft.open(question(20_000))
    assert (await house.draft.open(question(20_000))).request == first.request
    second = await house.draft.open(question(18_000))
    assert second.request.id != first.request.id
    old = house.approvals.find(first.request.id)
    assert old is not None
    assert isinstance(old.approval, Approval)
    assert old.approval.outcome == ApprovalOutcome.WITHDRAWN
    assert (await house.draft.open(question(18_000))).request == second.request
