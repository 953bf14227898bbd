"""Once somebody is enrolled, a name is nobody's word: what answers as ben is kept and changes nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from contracts.approvals.messages import AnswerReply
from contracts.approvals.proof import answered
from contracts.approvals.request import Answer, AnswerStatus, ApprovalRequest
from contracts.authorization import Approved
from contracts.proof import LASTS, Enrolment, How, Said
from memory.database import writing
from memory.tables.proofs import ProofRow
from tests.workflows.kernel.approvals.data_plane import CASE, Clock, DataPlane, question

OTHER = "returns/webshop/RMA-2"
FOREIGN, MALFORMED = AnswerStatus.FOREIGN, AnswerStatus.MALFORMED


@dataclass
class Door:
    """What an attacker has: requests, a clock, and proofs of people who said something else."""

    house: DataPlane
    clock: Clock
    asked: str
    other: str

    def answer(self, **changes: Any) -> Answer:
        """What ben would say."""
        record = self.house.approvals.find(self.asked)
        assert record is not None
        usual = {"person": "ben", "choice": "approve", "request_id": self.asked}
        return Answer.model_validate(usual | {"arguments_hash": record.request.arguments_hash} | changes)

    def proof(self, answer: Answer, *, of: str = "", person: str = "", **changes: Any) -> str:
        """What a door wrote for that answer, or for something a little different."""
        record = self.house.approvals.find(of or self.asked)
        assert record is not None
        said = answered(record.request, answer).model_copy(update=changes)
        return self.issue(said, person or answer.person)

    def issue(self, said: Said, person: str = "ben") -> str:
        return self.house.proofs.issue(person, "os-account", "cli", said, self.clock.now).id

    def proved(self, **changes: Any) -> Answer:
        """What ben said, with its proof."""
        answer = self.answer(**changes)
        return answer.model_copy(update={"proof": self.proof(answer)})


@pytest.fixture
async def door(house: DataPlane, clock: Clock) -> Door:
    """Ben and chris have accounts; two requests wait."""
    for person in ("ben", "chris"):
        house.people.enrol(
            Enrolment(person=person, how="os-account", credential=person, by="root", at=clock.now)
        )
    asked = (await house.draft.open(question())).request.id
    other = (await house.draft.open(question(case_id=OTHER))).request.id
    return Door(house, clock, asked, other)


def with_proof(_door: Door, answer: Answer, proof: str) -> Answer:
    return answer.model_copy(update={"proof": proof})


def for_another_answer(**changes: Any) -> Callable[[Door], Answer]:
    """A proof of what ben said, sent with something else."""
    return lambda door: with_proof(door, door.answer(**changes), door.proof(door.answer()))


def of_something_else(**changes: Any) -> Callable[[Door], Answer]:
    """The very answer, with a proof that is a little different."""
    return lambda door: with_proof(door, door.answer(), door.proof(door.answer(), **changes))


def late(door: Door) -> Answer:
    answer = door.proved()
    door.clock.now += LASTS
    return answer


def after_unknown(door: Door) -> Answer:
    return door.answer(person="mallory", proof=door.proof(door.answer(person="mallory")))


ATTEMPTS: dict[str, Callable[[Door], Answer]] = {
    "no proof": lambda door: door.answer(),
    "no proof, nothing bound": lambda door: Answer(person="ben", choice="approve"),
    "no proof, a lower amount": lambda door: door.answer(choice="edit", amount_cents=100),
    "no proof, a rejection": lambda door: door.answer(choice="reject"),
    "no proof, handed on": lambda door: door.answer(choice="delegate", delegate_to="chris"),
    "an invented proof": lambda door: door.answer(proof="x" * 32),
    "a proof that is a request's id": lambda door: door.answer(proof=door.asked),
    "a proof with a query in it": lambda door: door.answer(proof="' or 1=1 --"),
    "a proof as long as a page": lambda door: door.answer(proof="p" * 5_000),
    "a proof with a line break": lambda door: door.answer(proof="abc\nabc"),
    "another person's proof": lambda door: with_proof(
        door, door.answer(), door.proof(door.answer(), person="chris")
    ),
    "one's own proof for somebody else": lambda door: with_proof(
        door, door.answer(), door.proof(door.answer(person="chris"))
    ),
    "a proof for another request": of_something_else(about="ask-other"),
    "a proof made for the other case": lambda door: with_proof(
        door, door.answer(), door.proof(door.answer(), of=door.other)
    ),
    "a proof for other arguments": of_something_else(arguments_hash="0" * 64),
    "a proof for no arguments": of_something_else(arguments_hash=""),
    "a proof of an undo": lambda door: with_proof(
        door, door.answer(), door.issue(Said(act="undo", about=CASE))
    ),
    "a proof of an undo of the request": of_something_else(act="undo"),
    "a proof of a withdrawal": of_something_else(act="withdraw"),
    "a rejection sent as an approval": lambda door: with_proof(
        door, door.answer(), door.proof(door.answer(choice="reject"))
    ),
    "an approval sent as a rejection": for_another_answer(choice="reject"),
    "an approval handed on": for_another_answer(choice="delegate", delegate_to="chris"),
    "an approval with other words": for_another_answer(note="and all the others, too"),
    "a lower amount raised": lambda door: with_proof(
        door,
        door.answer(choice="edit", amount_cents=19_000),
        door.proof(door.answer(choice="edit", amount_cents=100)),
    ),
    "a lower amount sent as an approval": lambda door: with_proof(
        door, door.answer(), door.proof(door.answer(choice="edit", amount_cents=100))
    ),
    "an approval sent as a lower amount": for_another_answer(choice="edit", amount_cents=19_999),
    "a proof that has expired": late,
    "a proof of somebody who works here no more": after_unknown,
}


@pytest.mark.parametrize("attempt", ATTEMPTS.values(), ids=ATTEMPTS)
async def test_an_answer_that_its_proof_does_not_bear_is_kept_and_changes_nothing(
    door: Door, attempt: Callable[[Door], Answer]
) -> None:
    answer = attempt(door)
    told = len(door.house.told(kind="answered"))

    reply = await door.house.say(door.asked, answer)

    assert reply.standing in (FOREIGN, MALFORMED)
    assert reply.approval is None
    assert len(door.house.told(kind="answered")) == told + 1
    leave = await door.house.judging.authorize_approved(Approved(request_id=door.asked, case_id=CASE))
    assert leave.permits == {}


async def test_what_a_person_proved_counts(door: Door) -> None:
    reply = await door.house.say(door.asked, door.proved(note="saw it"))

    assert reply.standing is AnswerStatus.VALID
    assert reply.approval is not None


async def test_a_proof_is_no_answer_to_a_second_request(door: Door) -> None:
    said = door.proved()
    assert (await door.house.say(door.asked, said)).standing is AnswerStatus.VALID

    again = await door.house.say(door.asked, said, number=2)
    elsewhere = said.model_copy(update={"request_id": door.other, "arguments_hash": ""})
    moved = await door.house.say(door.other, elsewhere, case_id=OTHER)

    assert (again.standing, moved.standing) == (AnswerStatus.DUPLICATE, FOREIGN)


async def test_an_answer_that_was_refused_for_its_proof_can_be_given_with_a_good_one(door: Door) -> None:
    assert (await door.house.say(door.asked, door.answer())).standing is FOREIGN

    assert (await door.house.say(door.asked, door.proved(), number=2)).standing is AnswerStatus.VALID


async def test_while_nobody_is_enrolled_a_name_is_believed(house: DataPlane) -> None:
    asked = (await house.draft.open(question())).request.id

    reply = await house.say(asked, Answer(person="ben", choice="approve"))

    assert reply.standing is AnswerStatus.VALID


DEAR = 150_000


async def said_by(
    house: DataPlane, asked: ApprovalRequest, person: str, how: How, at: datetime
) -> AnswerReply:
    """Somebody approves at a door that they showed who they are at that moment."""
    answer = Answer(person=person, choice="approve", request_id=asked.id, arguments_hash=asked.arguments_hash)
    now = house.clock()
    proof = house.proofs.issue(person, how, "console", answered(asked, answer), now, proved_at=at)
    return await house.say(asked.id, answer.model_copy(update={"proof": proof.id}))


@pytest.mark.parametrize(
    ("how", "minutes", "counts"),
    [("passkey", 0, True), ("passkey", 5, True), ("passkey", 6, False), ("os-account", 0, False)],
)
async def test_over_1000_the_office_wants_a_passkey_that_was_just_touched(
    house: DataPlane, clock: Clock, how: How, minutes: int, counts: bool
) -> None:
    asked = (await house.draft.open(question(DEAR, needed=2))).request
    shown_at = clock.now - timedelta(minutes=minutes)

    replies = [await said_by(house, asked, person, how, shown_at) for person in ("anna", "ben")]

    for reply in replies:
        assert (reply.standing is AnswerStatus.VALID, "passkey" in reply.why) == (counts, not counts)
    leave = await house.judging.authorize_approved(Approved(request_id=asked.id, case_id=CASE))
    assert bool(leave.permits) is counts


async def test_how_somebody_showed_who_they_are_counts_as_of_when_they_spoke(
    house: DataPlane, clock: Clock
) -> None:
    asked = (await house.draft.open(question(DEAR, needed=2))).request
    answer = Answer(person="anna", choice="approve", request_id=asked.id, arguments_hash=asked.arguments_hash)
    proof = house.proofs.issue("anna", "passkey", "console", answered(asked, answer), clock.now)
    clock.forward(hours=0.5)  # no worker runs meanwhile

    reply = await house.say(asked.id, answer.model_copy(update={"proof": proof.id}))

    assert reply.standing is AnswerStatus.VALID


async def test_a_proof_that_another_answer_used_up_shows_nothing_where_an_approval_is_used(
    house: DataPlane, clock: Clock
) -> None:
    asked = (await house.draft.open(question(DEAR, needed=2))).request
    for person in ("anna", "ben"):
        await said_by(house, asked, person, "passkey", clock.now)
    with writing(house.engine) as session:
        session.execute(update(ProofRow).values(redeemed_by="another"))

    leave = await house.judging.authorize_approved(Approved(request_id=asked.id, case_id=CASE))

    assert leave.permits == {}
    assert "passkey" in leave.refused
