"""The desk's rules as a candidate: which lines, which variant, whether anything is asked for; no training."""

import asyncio
import hashlib
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import JsonValue

from contracts.decision import Question
from contracts.embedding import Embedder
from mail import cleaning
from models.local.language import foreign_in, language_of
from models.routing.candidate import Asked, CandidateReply, Readiness
from models.routing.catalogue import TaskSpec
from workflows.kernel import choice_words
from workflows.returns.matching import items, orders, replies, variants
from workflows.returns.matching import tokens as words
from workflows.returns.matching.items import Match, match_by_meaning, match_items, spoken_of
from workflows.returns.matching.orders import match_orders
from workflows.returns.matching.replies import heard
from workflows.returns.matching.variants import match_variant
from workflows.returns.types import ASKS, WHICH_ORDER, WISHES, Order
from workflows.returns.wishes import acceptance, change_guard, guard
from workflows.returns.wishes.asking import question_of
from workflows.returns.wishes.conditions import CONDITIONAL, conditional
from workflows.returns.wishes.letter import AGAINST_A_CHANGE, Customer, OrderReading
from workflows.returns.wishes.reader import read

ITEMS, VARIANT, REPLY = "returns.items", "returns.variant", "returns.reply"
CONTRACTS = {
    ITEMS: ("picked",),
    VARIANT: ("picked",),
    ASKS: ("label",),
    WISHES: ("form", "label"),
    REPLY: ("picked",),
    WHICH_ORDER: ("picked",),
}
"""By task; an office may still call a letter's reading a label: the rules answer it the same."""


class MatcherCandidate:
    """Answers by rule over words: `returns.asks` and others; `.items` and `.variant`, then by meaning."""

    by: Literal["rule"] = "rule"

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    async def prepare(self, name: str, task: TaskSpec) -> Readiness:
        """Load the embedder, which is asked only when words alone do not settle it."""
        if task.contract not in CONTRACTS.get(name, ()):
            return Readiness(unavailable=f"it knows only {', '.join(CONTRACTS)}")
        if name in (ASKS, WISHES, REPLY):
            await asyncio.to_thread(_loaded)
        return Readiness()

    async def answer(self, asked: Asked) -> CandidateReply:
        """Answer with the indexes picked, or whether it is asked for; or with a best guess."""
        if asked.name == ASKS:
            return await asyncio.to_thread(_asks, asked.question.text)
        if asked.name == WISHES:
            return await asyncio.to_thread(_wishes, asked.question)
        if asked.name == REPLY:
            return await asyncio.to_thread(_reply, asked.question)
        match = await self.match(asked.name, asked.question)
        return CandidateReply(
            outcome="answered" if match.sure else "unsure",
            answer={"picked": list(match.picked)},
            why=match.rule,
            version=rules_version(),
        )

    async def match(self, task: str, question: Question) -> Match:
        """Return what the rules make of a question."""
        if not question.choices:
            return Match(picked=(), rule="there is nothing to choose from", sure=False)
        # Beside the event loop: a text of some pages takes its rules a second.
        if task == VARIANT:
            found = await asyncio.to_thread(match_variant, question.text, question.choices, _bought(question))
            return found or Match(picked=(), rule="no option is named", sure=False)
        if task == WHICH_ORDER:
            return await asyncio.to_thread(match_orders, question.text, question.choices)
        found = await asyncio.to_thread(match_items, question.text, question.choices)
        return found or await self._by_meaning(question)

    async def _by_meaning(self, question: Question) -> Match:
        pieces = spoken_of(question.text)
        vectors = np.array(await self._embedder.embed([*pieces, *question.choices]), dtype=np.float32)
        return match_by_meaning(vectors[: len(pieces)] @ vectors[len(pieces) :].T)


@cache
def _loaded() -> bool:
    """Load what recognises languages and takes mail apart, outside any question's latency budget."""
    guard.doubts("Please send the lamp back, it flickers.")
    return bool(language_of("Please send the lamp back, it flickers."))


def _asks(text: str) -> CandidateReply:
    doubts, cleaned = guard.doubts(text), cleaning.clean(text).text
    return CandidateReply(
        outcome="answered",
        answer={
            "label": "does_not_ask" if doubts else "asks",
            "doubts": list(doubts),
            "language": foreign_in(cleaned, acceptance.MEASURED),
            CONDITIONAL: conditional(cleaned).otherwise is not None,
        },
        why="; ".join(doubts) or "nothing speaks against it",
        version=rules_version(),
    )


def _wishes(question: Question) -> CandidateReply:
    """Read a letter against the orders among the question's choices, as JSON; the first is its own."""
    orders = tuple(Order.model_validate_json(each) for each in question.choices)
    if not orders:
        return CandidateReply(outcome="unsure", answer=None, why="no order is given", version=rules_version())
    language = foreign_in(cleaning.clean(question.text).text, acceptance.MEASURED)
    customer = Customer(orders=orders, methods=orders[0].methods)
    letter = read(question.text, customer, order=orders[0].id, language=language)
    weighed = {
        each.order: each
        for each in acceptance.weighed(letter, local=language in ("", *acceptance.MEASURED)).orders
    }
    one = weighed.pop(orders[0].id, None)
    against = change_guard.against(question.text, one)
    stands = one is not None and not against and acceptance.accepted(one, acceptance.card())
    return CandidateReply(
        outcome="answered" if stands else "unsure",
        answer={
            "label": "stands" if stands else "open",
            "reading": _with_question(one) if one else None,
            "elsewhere": [each.model_dump(mode="json") for each in weighed.values()],
            AGAINST_A_CHANGE: list(change_guard.doubts(question.text)),
        },
        why="all of it stands" if stands else "; ".join(against) or _why_open(one),
        version=rules_version(),
        confidence=one.confidence if one else None,
    )


def _reply(question: Question) -> CandidateReply:
    """Read a reply against the question's choices; the first fact says which kind of question it was."""
    source, about = next(((each.source, each.text) for each in question.evidence), ("", ""))
    found = heard(question.text, question.choices, source.partition(":")[2], about)
    return CandidateReply(
        outcome="unsure" if found.says == "unclear" else "answered",
        answer={"picked": list(found.picked), "says": found.says},
        why=found.why,
        version=rules_version(),
    )


def _with_question(one: OrderReading) -> dict[str, JsonValue]:
    """Return a reading with what its customer is asked, should the desk doubt it."""
    return one.model_copy(update={"question": question_of(one)}).model_dump(mode="json")


def _why_open(one: OrderReading | None) -> str:
    """Say why a reading does not stand by itself."""
    if one is None:
        return "nothing is wished for it"
    return f"not by itself: {', '.join(acceptance.forbidden(one)) or 'not sure enough'}"


def _bought(question: Question) -> str:
    """Return the line as it was bought: the first fact that the question carries."""
    return next((each.text for each in question.evidence), "")


_WISHES = Path(str(acceptance.__file__)).parent


@cache
def rules_version() -> str:
    """Return the hash of the rules' source: the version that decisions record."""
    digest = hashlib.sha256()
    for module in (words, items, orders, variants, replies, choice_words, cleaning):
        digest.update(Path(str(module.__file__)).read_bytes())
    for file in sorted((*_WISHES.glob("*.*"), *_WISHES.glob("glossary/*.txt"))):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
