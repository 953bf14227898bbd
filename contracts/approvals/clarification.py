"""What a desk did not understand: its questions to a person, each with what may be meant."""

from collections.abc import Sequence

from contracts.base import Frozen
from contracts.bounds import LONGEST_NAME_CHARS, Text

Picked = dict[Text, tuple[Text, ...]]
"""What somebody picks: of each question that they answer, the choices' ids."""
MOST_PICKED = 100
"""Questions, or choices of one, that an answer may name."""


class MachineChoice(Frozen):
    """One thing that may be meant.

    Attributes:
        id: what stands for it at the desk: an intent, an order line, a SKU.
        text: as a person reads it.
    """

    id: str
    text: str


class MachineQuestion(Frozen):
    """A question of the machine's to a person.

    Attributes:
        id: which fact is missing, in the desk's word for it: `intent`, `lines`.
        text: the question in a line.
        choices: what may be meant.
        several: whether more than one may be picked.
        needed: whether nobody can go on without its answer.
        task: the task that did not settle it; after review the answer is an example for it. Empty if none.
    """

    id: str
    text: str
    choices: tuple[MachineChoice, ...]
    several: bool = False
    needed: bool = False
    task: str = ""

    def words(self, picked: Sequence[str]) -> str:
        """Return what was picked as a person reads it."""
        return ", ".join(choice.text for choice in self.choices if choice.id in picked)


def mispicked(questions: Sequence[MachineQuestion], picked: Picked) -> str:
    """Say why this answers none of the questions; empty if it does."""
    known = {question.id: question for question in questions}
    for name, ids in picked.items():
        if name not in known:
            return f"there is no question {name!r}; asked is: {', '.join(known) or 'nothing'}"
        question, there = known[name], [choice.id for choice in known[name].choices]
        if strange := [each for each in ids if each not in there]:
            return f"{name} has no choice {strange[0]!r}; there is: {', '.join(there)}"
        if len(set(ids)) != len(ids) or not ids:
            return f"{name} names each choice once, and at least one"
        if len(ids) > 1 and not question.several:
            return f"{name} takes one choice"
    open_ = next((question.id for question in questions if question.needed and question.id not in picked), "")
    return f"{open_} is not answered" if open_ else ""


def oversized(picked: Picked) -> str:
    """Say what makes a pick larger than any record of ours takes; empty if nothing does."""
    texts = [*picked, *(each for ids in picked.values() for each in ids)]
    if len(picked) > MOST_PICKED or any(len(ids) > MOST_PICKED for ids in picked.values()):
        return f"picked names more than {MOST_PICKED}"
    if any(len(text) > LONGEST_NAME_CHARS for text in texts):
        return f"a pick is longer than {LONGEST_NAME_CHARS} characters"
    return ""
