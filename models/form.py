"""What a language model must fill in: the task's contract, with what its answer stands on."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, create_model

from contracts.decision import Question
from models.catalogue import TaskSpec


class Form(BaseModel):
    """The part that every contract shares.

    Attributes:
        quote: the words of the message that decide it; may be empty.
        why: one sentence.
        sure: no other answer is possible; otherwise the answer is only a best guess.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    quote: str
    why: str
    sure: bool

    def answer(self) -> dict[str, JsonValue]:
        """Return what the task's contract asks for, without what it stands on."""
        return self.model_dump(mode="json", exclude={"sure", "quote", "why"})


def form_of(task: TaskSpec, question: Question) -> type[Form]:
    """Return the form for one question: its labels, or the numbers of its choices.

    Raises:
        ValueError: there is nothing to choose from.
    """
    # The labels are the office's data, so the type is made when the question is asked.
    if task.contract == "label":
        label: Any = Literal[tuple(task.labels)]
        return create_model("Label", __base__=Form, label=(label, ...))
    if not question.choices:
        raise ValueError(f"{question.task}: there is nothing to choose from")
    index: Any = Annotated[int, Field(ge=0, le=len(question.choices) - 1)]
    return create_model("Picked", __base__=Form, picked=(list[index], ...))
