"""What a run of a return hands to the next one, when its history has grown long while people think."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.authorization import Plan
    from contracts.base import Frozen
    from contracts.carry import CaseCarry
    from contracts.reply import QuestionsCarry
    from workflows.returns.letter_cases import LetterCarry, LetterPart
    from workflows.returns.plan import Known
    from workflows.returns.types import ReturnRequest
    from workflows.returns.way.state import Way


class ReturnCarry(Frozen):
    """The case of a return that waits.

    Attributes:
        known: what the desk knows of the request; of the order, only its head: it is read again.
        plan: what it was doing when it stepped back; None where it waits with a question of its own.
        booked: another case did something for the same order.
        postage_kept: policy keeps the postage.
        letter: what it knows of the other cases of its letter.
        way: where the return stands on its way; None in a run of an earlier version.
        questions: what the customer was asked.
    """

    case: CaseCarry
    known: Known
    plan: Plan | None = None
    booked: bool = False
    postage_kept: bool = False
    letter: LetterCarry = LetterCarry()
    way: Way | None = None
    questions: QuestionsCarry = QuestionsCarry()


def request_of(asked: ReturnRequest | LetterPart | ReturnCarry) -> ReturnRequest:
    """Return the request that a case is about, however it was begun."""
    match asked:
        case ReturnCarry():
            return asked.known.request
        case LetterPart():
            return asked.request
        case _:
            return asked
