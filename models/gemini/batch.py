"""Gemini's Batch API: the same questions at half the price, answered within a day."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from google.genai import types
from google.genai.client import AsyncClient

from contracts.decision import Decision, Inquiry, Provenance, Question, RouteStep, inputs_hash, undecided
from contracts.failure import AskLater
from contracts.ids import effect_key
from contracts.model_batch import BatchHarvest, BatchStanding, BatchTicket
from models.gemini.answer import read, usage_of
from models.gemini.candidate import SHAPE_TOKENS, generation
from models.gemini.client import GeminiDoor, Made, Secrets
from models.gemini.prompts import Form, Forms, Prompt, Rendered, form_of
from models.routing.candidate import CandidateFailed
from models.routing.catalogue import Catalogue, ModelSpec
from models.routing.cost import Budgets, Usage, cost_microusd, most_microusd
from models.routing.health import ModelMeter

CALL_SECONDS = 60.0
LIFETIME = timedelta(hours=50)
"""Longer than a job may take."""

_TAKEN = frozenset({types.JobState.JOB_STATE_SUCCEEDED, types.JobState.JOB_STATE_PARTIALLY_SUCCEEDED})


class GeminiBatches:
    """Gemini's batch jobs; every method raises AskLater where the provider does not answer."""

    def __init__(
        self,
        catalogue: Catalogue,
        prompts: Mapping[str, Prompt],
        door: GeminiDoor,
        secrets: Secrets,
        *,
        budgets: Budgets | None = None,
        meter: ModelMeter | None = None,
        forms: Forms | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._catalogue = catalogue
        self._prompts = prompts
        self._door = door
        self._secrets = secrets
        self._budgets = budgets
        self._meter = meter or ModelMeter()
        self._forms = forms or {}
        self._now = now

    async def submit(self, inquiry: Inquiry, *, again: bool) -> BatchTicket:
        """Hand a job in, once.

        Args:
            inquiry: the questions.
            again: an earlier attempt may have handed it in: look for it by its name first.

        Raises:
            AskLater: the provider does not take it now.
        """
        model = self._model_of(inquiry)
        if model is None:
            return BatchTicket(job="", why="no model of the office answers all of them")
        name = effect_key(inquiry.case_id, f"batch/{inquiry.step}")
        held = await self._reserve(inquiry, self._catalogue.models[model], name)
        if held is None:
            return BatchTicket(job="", model=model, why="the budget has not enough left for it")
        try:
            job = (await self._find(model, name) if again else None) or await self._create(
                model, name, inquiry
            )
        except CandidateFailed as failure:
            if failure.mode == "refused":
                await self._settle(held, [0] * len(held))
                return BatchTicket(job="", model=model, why=failure.why)
            raise _later(failure) from None
        return BatchTicket(job=job, model=model, reservations=held)

    async def poll(self, ticket: BatchTicket) -> BatchStanding:
        """Say how a job stands; raises AskLater if the provider does not say."""
        job = await self._get(ticket)
        if not job.done and job.state is not types.JobState.JOB_STATE_PARTIALLY_SUCCEEDED:
            return BatchStanding(ended=False)
        state = job.state.value if job.state else "no state"
        return BatchStanding(ended=True, failed="" if job.state in _TAKEN else f"the job ended as {state}")

    async def cancel(self, ticket: BatchTicket) -> None:
        """Give a job up; raises AskLater if the provider cannot be told."""
        await self._call(
            ticket.model,
            lambda client, options: client.batches.cancel(
                name=ticket.job, config=types.CancelBatchJobConfig(http_options=options)
            ),
        )

    async def collect(self, harvest: BatchHarvest) -> tuple[Decision, ...]:
        """Read the answers of a job that ended, in the questions' order, and book what they cost.

        What was not answered, for whatever reason, is `unsure`: a person decides. The money of a job
        that was given up stays set aside until its reservation expires, because it may be charged.
        """
        ticket, questions = harvest.ticket, harvest.inquiry.questions
        asked = ticket.model or "batch"
        if not ticket.job:
            return tuple(undecided(each, asked, ticket.why) for each in questions)
        if harvest.gave_up:
            return tuple(undecided(each, asked, "the batch job took too long") for each in questions)
        job = await self._get(ticket)
        if job.state not in _TAKEN:
            await self._settle(ticket.reservations, [0] * len(questions))
            why = f"the batch job ended as {job.state.value if job.state else 'nothing'}"
            return tuple(undecided(each, asked, why) for each in questions)
        answers = _by_position(job)
        decisions = [
            self._decided(question, ticket.model, answers.get(position))
            for position, question in enumerate(questions)
        ]
        await self._settle(ticket.reservations, [each.provenance.cost_microusd for each in decisions])
        return tuple(decisions)

    def _model_of(self, inquiry: Inquiry) -> str | None:
        """Return the first batch model that every question's task names and may be given its text."""
        tasks = [self._catalogue.tasks[question.task] for question in inquiry.questions]
        return next(
            (
                name
                for name in tasks[0].candidates
                if self._catalogue.models[name].kind == "gemini"
                and all(
                    name in task.candidates and self._catalogue.models[name].may_be_given(task.sensitivity)
                    for task in tasks
                )
            ),
            None,
        )

    async def _reserve(self, inquiry: Inquiry, spec: ModelSpec, name: str) -> tuple[str | None, ...] | None:
        """Set the whole job's money aside, under names of its own, so that a second try finds it."""
        if self._budgets is None:
            return (None,) * len(inquiry.questions)
        held: list[str] = []
        for position, question in enumerate(inquiry.questions):
            most = most_microusd(spec, self._rendered(question).most_tokens + SHAPE_TOKENS, "batch")
            one = await asyncio.to_thread(
                self._budgets.reserve,
                question.desk,
                question.case_id,
                most,
                self._now(),
                lifetime=LIFETIME,
                name=f"{name}#{position}",
            )
            if one is None:
                await self._settle(tuple(held), [0] * len(held))
                return None
            held.append(one)
        return tuple(held)

    async def _settle(self, held: Sequence[str | None], spent: Sequence[int]) -> None:
        if self._budgets is None:
            return
        for reservation, microusd in zip(held, spent, strict=True):
            if reservation is not None:
                await asyncio.to_thread(self._budgets.settle, reservation, microusd, self._now())

    async def _find(self, model: str, name: str) -> str | None:
        """Look for a job that an earlier attempt handed in."""

        async def look(client: AsyncClient, options: types.HttpOptions) -> str | None:
            listed = await client.batches.list(config=types.ListBatchJobsConfig(http_options=options))
            async for job in listed:
                if job.display_name == name:
                    return job.name
            return None

        return await self._door.call(await self._key(model), CALL_SECONDS, look)

    async def _create(self, model: str, name: str, inquiry: Inquiry) -> str:
        requests = [
            self._request(question, self._catalogue.models[model], position)
            for position, question in enumerate(inquiry.questions)
        ]
        job = await self._door.call(
            await self._key(model),
            CALL_SECONDS,
            lambda client, options: client.batches.create(
                model=self._catalogue.models[model].id,
                src=types.BatchJobSource(inlined_requests=requests),
                config=types.CreateBatchJobConfig(display_name=name, http_options=options),
            ),
        )
        if not job.name:
            raise CandidateFailed("it took the job and did not name it", mode="garbled", billed=True)
        return job.name

    def _request(self, question: Question, spec: ModelSpec, position: int) -> types.InlinedRequest:
        prompt = self._rendered(question)
        return types.InlinedRequest(
            contents=prompt.asked,
            metadata={"position": str(position)},
            config=generation(spec, prompt, self._form(question)),
        )

    def _form(self, question: Question) -> type[Form]:
        return form_of(self._catalogue.tasks[question.task], question, self._forms)

    async def _get(self, ticket: BatchTicket) -> types.BatchJob:
        return await self._call(
            ticket.model,
            lambda client, options: client.batches.get(
                name=ticket.job, config=types.GetBatchJobConfig(http_options=options)
            ),
        )

    async def _call(
        self, model: str, ask: Callable[[AsyncClient, types.HttpOptions], Awaitable[Made]]
    ) -> Made:
        try:
            return await self._door.call(await self._key(model), CALL_SECONDS, ask)
        except CandidateFailed as failure:
            raise _later(failure) from None

    def _decided(self, question: Question, model: str, answer: types.InlinedResponse | None) -> Decision:
        if answer is None or answer.response is None:
            return undecided(question, model, "the batch job has no answer to it")
        spec = self._catalogue.models[model]
        found = read(answer.response, self._form(question), question)
        usage = usage_of(answer.response) or Usage(0, 0)
        cost = cost_microusd(spec, usage, "batch")
        self._meter.ended(model, question.task, found.outcome)
        self._meter.spent(model, question.task, usage, cost)
        return Decision(
            task=question.task,
            outcome=found.outcome,
            answer=found.form.answer() if found.form else None,
            provenance=Provenance(
                by="gemini",
                name=f"{question.task}@{model}",
                version=answer.response.model_version or spec.id,
                inputs_hash=inputs_hash(question),
                route=(RouteStep(candidate=model, taken=found.outcome == "answered", why=found.why),),
                prompt_hash=self._rendered(question).hash,
                cost_microusd=cost,
            ),
            critical=self._catalogue.tasks[question.task].critical,
        )

    def _rendered(self, question: Question) -> Rendered:
        task = self._catalogue.tasks[question.task]
        return self._prompts[task.prompt].render(task, question)

    async def _key(self, model: str) -> str:
        try:
            return await asyncio.to_thread(self._secrets.read, self._catalogue.models[model].secret)
        except KeyError as missing:
            raise CandidateFailed(str(missing.args[0]), mode="refused", its_fault=False) from None


def _later(failure: CandidateFailed) -> AskLater:
    return AskLater(failure.why, failure.retry_after_seconds or 0.0)


def _by_position(job: types.BatchJob) -> dict[int, types.InlinedResponse]:
    """Return the answers by their question's place; by their own order if they do not carry it."""
    answers = (job.dest.inlined_responses if job.dest else None) or []
    return {
        int((answer.metadata or {}).get("position", place)): answer for place, answer in enumerate(answers)
    }
