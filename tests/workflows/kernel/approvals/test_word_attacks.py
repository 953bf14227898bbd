"""Once somebody is enrolled, what a case is told in a person's name needs their proof of just this."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.proofs import ATTEMPT
from contracts.approvals.messages import Withdrawal
from contracts.parcel import Inspection, Parcel
from contracts.proof import LASTS, Claim, Enrolment, Said
from contracts.reply import Reply
from tests.workflows.kernel.approvals.data_plane import CASE, Clock, DataPlane

OTHER = "returns/webshop/RMA-2"
CAME = Parcel(person="ben", pieces={"L1": 2})
WORDS: dict[str, Said] = {
    "goods that came": CAME.said(CASE),
    "goods that were looked at": Inspection(person="ben", condition="sellable").said(CASE),
    "a customer's reply": Reply(text="the second one").said(CASE),
    "a withdrawal": Withdrawal(why="they called").said(CASE),
}


@dataclass
class Door:
    """What an attacker has: proofs of people who said something else."""

    house: DataPlane
    clock: Clock

    def proof(self, said: Said, person: str = "ben") -> str:
        return self.house.proofs.issue(person, "os-account", "cli", said, self.clock.now).id

    async def tell(self, said: Said, proof: str, person: str = "ben", use: str = "run-1#0") -> str:
        return await self.house.proving.use(Claim(said=said, person=person, proof=proof, use=use))


@pytest.fixture
def door(house: DataPlane, clock: Clock) -> Door:
    """Ben has an account, and so has mallory, who left."""
    for person in ("ben", "mallory"):
        house.people.enrol(
            Enrolment(person=person, how="os-account", credential=person, by="root", at=clock.now)
        )
    return Door(house, clock)


def late(door: Door, said: Said) -> dict[str, Any]:
    proof = door.proof(said)
    door.clock.now += LASTS
    return {"proof": proof}


ATTEMPTS: dict[str, Callable[[Door, Said], dict[str, Any]]] = {
    "no proof": lambda _door, _said: {"proof": ""},
    "no proof and no name": lambda _door, _said: {"proof": "", "person": ""},
    "an invented proof": lambda _door, _said: {"proof": "x" * 32},
    "another person's proof": lambda door, said: {"proof": door.proof(said, "anna")},
    "one's own proof for somebody else": lambda door, said: {"proof": door.proof(said), "person": "anna"},
    "a proof for another case": lambda door, said: {
        "proof": door.proof(said.model_copy(update={"about": OTHER}))
    },
    "a proof of an undo": lambda door, said: {"proof": door.proof(said.model_copy(update={"act": "undo"}))},
    "a proof of other words": lambda door, said: {
        "proof": door.proof(said.model_copy(update={"words": {"pieces": {"L1": 9}}}))
    },
    "a proof that has expired": late,
    "a proof of somebody who works here no more": lambda door, said: {
        "proof": door.proof(said, "mallory"),
        "person": "mallory",
    },
}


@pytest.mark.parametrize("said", WORDS.values(), ids=WORDS)
@pytest.mark.parametrize("attempt", ATTEMPTS.values(), ids=ATTEMPTS)
async def test_a_word_that_its_proof_does_not_bear_does_not_count_and_is_on_record(
    door: Door, attempt: Callable[[Door, Said], dict[str, Any]], said: Said
) -> None:
    why = await door.tell(said, **attempt(door, said))

    assert why
    [kept] = door.house.told(kind=ATTEMPT)
    assert (kept.data["act"], kept.data["why"]) == (said.act, why)


@pytest.mark.parametrize("said", WORDS.values(), ids=WORDS)
async def test_a_proved_word_counts_once_and_a_second_time_it_is_an_attempt(door: Door, said: Said) -> None:
    proof = door.proof(said)

    assert await door.tell(said, proof) == ""
    assert await door.tell(said, proof) == "", "the activity was tried anew"
    assert "used" in await door.tell(said, proof, use="run-1#1")
    assert "used" in await door.tell(said, proof, use="run-2#0"), "another run of the case hears it again"
    assert len(door.house.told(kind=ATTEMPT)) == 2


async def test_while_nobody_is_enrolled_a_word_is_believed(house: DataPlane) -> None:
    claim = Claim(said=CAME.said(CASE), person="ben", use="run-1#0")

    assert await house.proving.use(claim) == ""


async def test_a_proof_is_used_up_by_nobody_but_the_case_that_it_is_for(door: Door) -> None:
    said = CAME.said(CASE)
    proof = door.proof(said)
    environment = ActivityEnvironment()  # its workflow is another

    with pytest.raises(ApplicationError, match="called, which is not"):
        await environment.run(door.house.proving.use, Claim(said=said, person="ben", proof=proof, use="mine"))

    assert len(door.house.told(kind=ATTEMPT)) == 1
    assert await door.tell(said, proof) == ""
