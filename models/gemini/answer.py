"""What came back from Gemini, read: typed outcomes for blocks, truncation and what does not fit the form."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from google.genai import types
from pydantic import ValidationError

from contracts.decision import Question
from models.gemini.client import json_object
from models.gemini.grounding import ungrounded
from models.gemini.prompts import Form
from models.routing.cost import Usage

_BLOCKED = frozenset(
    {
        types.FinishReason.SAFETY,
        types.FinishReason.RECITATION,
        types.FinishReason.BLOCKLIST,
        types.FinishReason.PROHIBITED_CONTENT,
        types.FinishReason.SPII,
        types.FinishReason.ESCALATION,
        types.FinishReason.PUP_LIMITED_DISABLED,
    }
)
LONGEST_PROBLEM = 600


class Read(NamedTuple):
    """One response, read.

    Attributes:
        form: the filled-in form, if there is a valid one.
        text: what the model wrote.
        why: words for the route.
    """

    outcome: Literal["answered", "unsure", "ungrounded", "blocked", "truncated", "malformed"]
    form: Form | None
    text: str
    why: str


def read(response: types.GenerateContentResponse, form: type[Form], question: Question) -> Read:
    """Return the outcome that a response stands for; total over every response."""
    feedback = response.prompt_feedback
    if feedback is not None and feedback.block_reason is not None:
        return Read("blocked", None, "", f"it blocks the text: {feedback.block_reason.value}")
    candidate = response.candidates[0] if response.candidates else None
    if candidate is None:
        return Read("malformed", None, "", "it sent no answer at all")
    reason = candidate.finish_reason or types.FinishReason.STOP
    parts = (candidate.content.parts if candidate.content else None) or []
    text = "".join(part.text or "" for part in parts if not part.thought)
    if reason in _BLOCKED:
        return Read("blocked", None, text, f"it blocks its answer: {reason.value}")
    if reason is types.FinishReason.MAX_TOKENS:
        return Read("truncated", None, text, "its answer was cut off at the most tokens it may write")
    if reason is not types.FinishReason.STOP:
        return Read("malformed", None, text, f"it ended with {reason.value}")
    return _judged(text, form, question)


def usage_of(response: types.GenerateContentResponse) -> Usage | None:
    """Return the tokens as the provider counted them; None if it did not say. Thoughts are paid as output."""
    said = response.usage_metadata
    if said is None or said.prompt_token_count is None:
        return None
    return Usage(
        prompt=said.prompt_token_count,
        output=(said.candidates_token_count or 0) + (said.thoughts_token_count or 0),
        cached=said.cached_content_token_count or 0,
    )


def _judged(text: str, form: type[Form], question: Question) -> Read:
    try:
        filled = form.model_validate(json_object(text))
    except ValidationError as invalid:
        return Read("malformed", None, text, _problem(invalid))
    except ValueError:
        return Read("malformed", None, text, "it is not JSON")
    if not filled.sure:
        return Read("unsure", filled, text, f"it is not sure: {filled.why}")
    invented = ungrounded(filled.why, filled.quote, given_in(question))
    invented += [fact for words in filled.taken_over() for fact in ungrounded("", words, [question.text])]
    if invented:
        named = ", ".join(f"{fact.kind} {fact.written!r}" for fact in invented)
        return Read("ungrounded", filled, text, f"not in what it was given: {named}")
    return Read("answered", filled, text, filled.why or "it is sure")


def given_in(question: Question) -> Sequence[str]:
    """Return every text that an answer to a question may take its facts from."""
    return [question.text, *question.choices, *(each.text for each in question.evidence)]


def _problem(invalid: ValidationError) -> str:
    """Say what does not fit, without repeating what was sent."""
    problems = (
        f"{'.'.join(map(str, error['loc'])) or 'answer'}: {error['msg']}"
        for error in invalid.errors(include_input=False, include_url=False)
    )
    return "; ".join(problems)[:LONGEST_PROBLEM]
