"""Gemini as a candidate: asked with the office's prompt, answering in the task's contract or not at all."""

import asyncio
import re
import time
import unicodedata
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from google.genai import types
from google.genai.client import AsyncClient

from contracts.base import content_hash
from contracts.decision import Question
from contracts.evidence import Evidence
from models.gemini.answer import Read, read, usage_of
from models.gemini.client import GeminiDoor, Secrets, timed_out
from models.gemini.prompts import Form, Forms, Prompt, Rendered, form_of
from models.gemini.rate_limit import Pace
from models.routing.candidate import Answers, Asked, CandidateFailed, CandidateReply, Readiness
from models.routing.catalogue import ModelSpec, TaskSpec
from models.routing.choice import dollars
from models.routing.cost import Budgets, Spending, Usage, cost_microusd, most_microusd, tier_of
from models.routing.health import ModelMeter

_SPACE = re.compile(r"\s+")
SHAPE_TOKENS = 600
"""A bound on what the form's schema and the roles add to a prompt."""

INNER_SHARE = 0.97
"""The call gives up a little before the router does, so that it can say that it was the time."""


@dataclass(frozen=True)
class Turn:
    """One call's response, read, with its price."""

    read: Read
    cost_microusd: int
    version: str


class GeminiCandidate:
    """Satisfies `models.candidate.Candidate`.

    Invalid output is sent back once, with what is wrong with it, and then refused. Money is reserved
    before each call and settled after it; answers that may be reused are kept.
    """

    by: Literal["gemini"] = "gemini"

    def __init__(
        self,
        name: str,
        spec: ModelSpec,
        prompts: Mapping[str, Prompt],
        door: GeminiDoor,
        secrets: Secrets,
        *,
        budgets: Budgets | None = None,
        answers: Answers | None = None,
        policy_version: Callable[[], str] = lambda: "",
        meter: ModelMeter | None = None,
        forms: Forms | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the parts.

        Args:
            name: the model's name in `models.toml`.
            spec: its id, price, limits.
            prompts: the office's, by file name.
            door: what calls the SDK.
            secrets: where the key is read from, at each call.
            budgets: None keeps none.
            answers: None reuses none.
            policy_version: part of an answer's key: under other policies it is asked again.
            meter: where outcomes are counted.
            forms: the desks', for tasks that have one of their own.
            now: wall clock, for budgets and the answers' age.
            monotonic: seconds, for the pace.
        """
        self._name = name
        self._spec = spec
        self._prompts = prompts
        self._door = door
        self._secrets = secrets
        self._budgets = budgets
        self._answers = answers
        self._policy_version = policy_version
        self._meter = meter or ModelMeter()
        self._forms = forms or {}
        self._now = now
        self._pace = Pace(spec.requests_per_minute, spec.tokens_per_minute, monotonic)

    async def prepare(self, name: str, task: TaskSpec) -> Readiness:
        """Say whether there is a key and a prompt; neither is used yet."""
        if task.prompt not in self._prompts:
            return Readiness(unavailable=f"task {name} has no prompt for it")
        try:
            await self._key()
        except CandidateFailed as missing:
            return Readiness(unavailable=missing.why)
        return Readiness()

    async def answer(self, asked: Asked) -> CandidateReply:
        """Answer in the task's contract, or with a named failure; raises CandidateFailed."""
        try:
            reply = await self._remembered(asked)
        except CandidateFailed as failure:
            self._meter.ended(self._name, asked.name, failure.mode)
            raise
        self._meter.ended(self._name, asked.name, "cache" if reply.cached else reply.outcome)
        return reply

    async def _remembered(self, asked: Asked) -> CandidateReply:
        """Return the kept answer to exactly this question, else ask and keep."""
        answers = None if asked.task.moves_money or asked.task.critical else self._answers
        if answers is None:
            return await self._asked(asked)
        key = self.key_of(asked)
        kept = await asyncio.to_thread(answers.find, key, self._now())
        if kept is not None:
            return kept.model_copy(update={"cached": True, "cost_microusd": 0, "why": f"kept: {kept.why}"})
        reply = await self._asked(asked)
        if reply.outcome == "answered":
            await asyncio.to_thread(answers.keep, key, reply, self._now())
        return reply

    def key_of(self, asked: Asked) -> str:
        """Return what an answer is kept under: exact normalised input, model, prompt, policy version."""
        prompt = self._rendered(asked.task, normalised(asked.question))
        return content_hash(
            {
                "task": asked.name,
                "contract": asked.task.contract,
                "model": self._spec.id,
                "prompt": prompt.hash,
                "policy": self._policy_version(),
            }
        )

    async def _asked(self, asked: Asked) -> CandidateReply:
        try:
            form = form_of(asked.task, asked.question, self._forms)
        except ValueError as nothing:
            return CandidateReply(outcome="unsure", answer=None, why=str(nothing), version=self._spec.id)
        prompt = self._rendered(asked.task, asked.question)
        try:
            async with asyncio.timeout(asked.left_seconds * INNER_SHARE):
                first = await self._turn(asked, prompt, [_said("user", prompt.asked)], form)
                if first.read.outcome != "malformed":
                    return self._reply(first, prompt, first.cost_microusd)
                return await self._repaired(asked, prompt, form, first)
        except TimeoutError:
            raise timed_out(asked.left_seconds) from None

    async def _repaired(
        self, asked: Asked, prompt: Rendered, form: type[Form], first: Turn
    ) -> CandidateReply:
        """Send an answer that does not fit back once, with what is wrong; then it is refused."""
        self._meter.ended(self._name, asked.name, "repaired")
        again = [
            _said("user", prompt.asked),
            _said("model", first.read.text or "(nothing)"),
            _said("user", self._prompts[asked.task.prompt].mend(first.read.why)),
        ]
        try:
            second = await self._turn(asked, prompt, again, form)
        except CandidateFailed as failure:
            # The first call is paid: its cost must reach the decision, so this is an answer, refused.
            why = f"{first.read.why}; asked again: {failure.why}"
            return self._reply(
                Turn(first.read._replace(why=why), 0, first.version), prompt, first.cost_microusd
            )
        return self._reply(second, prompt, first.cost_microusd + second.cost_microusd)

    async def _turn(
        self, asked: Asked, prompt: Rendered, contents: list[types.Content], form: type[Form]
    ) -> Turn:
        """Make one call: within the ceiling, paced, paid for."""
        tier = tier_of(asked.task)
        written = sum(len((part.text or "").encode()) for each in contents for part in each.parts or [])
        tokens = len(prompt.shared.encode()) + written + SHAPE_TOKENS
        most = most_microusd(self._spec, tokens, tier)
        if most > asked.task.cost_ceiling_microusd:
            ceiling = dollars(asked.task.cost_ceiling_microusd)
            why = f"with its evidence it may cost {dollars(most)}, the ceiling is {ceiling}"
            raise CandidateFailed(why, mode="out_of_budget", its_fault=False)
        key = await self._key()
        self._pace.take(tokens)
        config = generation(self._spec, prompt, form)
        config.service_tier = types.ServiceTier.FLEX if tier == "flex" else None
        response, cost = await self._paid(asked, most, key, contents, config)
        return Turn(read(response, form, asked.question), cost, response.model_version or self._spec.id)

    async def _paid(
        self,
        asked: Asked,
        most: int,
        key: str,
        contents: list[types.Content],
        config: types.GenerateContentConfig,
    ) -> tuple[types.GenerateContentResponse, int]:
        spending = Spending(self._budgets, asked.question.desk, asked.question.case_id, self._now)
        held = await spending.reserve(most)

        def ask(client: AsyncClient, options: types.HttpOptions) -> Awaitable[types.GenerateContentResponse]:
            config.http_options = options
            return client.models.generate_content(model=self._spec.id, contents=contents, config=config)

        try:
            response = await self._door.call(key, asked.left_seconds, ask)
        except CandidateFailed as failure:
            # What may have been charged stays reserved, and counts in full when it expires.
            if not failure.billed:
                await spending.settle(held, 0)
            raise
        usage = usage_of(response)
        cost = most if usage is None else cost_microusd(self._spec, usage, tier_of(asked.task))
        await spending.settle(held, cost)
        self._meter.spent(self._name, asked.name, usage or Usage(0, 0), cost)
        return response, cost

    def _reply(self, turn: Turn, prompt: Rendered, cost: int) -> CandidateReply:
        form = turn.read.form
        quote = form.quote.strip() if form else ""
        return CandidateReply(
            outcome=turn.read.outcome,
            answer=form.answer() if form else None,
            why=turn.read.why,
            version=turn.version,
            evidence=(Evidence(source="question", text=quote),) if quote else (),
            prompt_hash=prompt.hash,
            cost_microusd=cost,
        )

    def _rendered(self, task: TaskSpec, question: Question) -> Rendered:
        return self._prompts[task.prompt].render(task, question)

    async def _key(self) -> str:
        """Read the key; a vault is asked in a thread."""
        try:
            if self._secrets.waits:
                return await asyncio.to_thread(self._secrets.read, self._spec.secret)
            return self._secrets.read(self._spec.secret)
        except KeyError as missing:
            raise CandidateFailed(str(missing.args[0]), mode="refused", its_fault=False) from None


def generation(spec: ModelSpec, prompt: Rendered, form: type[Form]) -> types.GenerateContentConfig:
    """Return how an answer is generated: the shared part first, the form as its schema, no luck."""
    thinking = spec.thinking_tokens
    return types.GenerateContentConfig(
        system_instruction=prompt.shared,
        response_mime_type="application/json",
        response_json_schema=form.model_json_schema(),
        temperature=0.0,
        candidate_count=1,
        max_output_tokens=spec.most_output_tokens or None,
        thinking_config=None if thinking is None else types.ThinkingConfig(thinking_budget=thinking),
    )


def normalised(question: Question) -> Question:
    """Return a question whose spelling variants are one: Unicode form and white space, nothing else."""
    return question.model_copy(
        update={
            "text": _plain(question.text),
            "choices": tuple(_plain(each) for each in question.choices),
            "evidence": tuple(
                each.model_copy(update={"text": _plain(each.text)}) for each in question.evidence
            ),
        }
    )


def _plain(text: str) -> str:
    return _SPACE.sub(" ", unicodedata.normalize("NFC", text)).strip()


def _said(role: str, text: str) -> types.Content:
    return types.Content(role=role, parts=[types.Part(text=text)])
