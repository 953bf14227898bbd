"""A provider's batch jobs as activities; on the models' task queue."""

import asyncio
from typing import TYPE_CHECKING

from temporalio import activity

from activities.decisions import asked_later, steps_of
from contracts.decision import Decision, Inquiry
from contracts.failure import AskLater
from contracts.model_batch import BatchHarvest, BatchStanding, BatchTicket

if TYPE_CHECKING:
    from memory.authoritative.decisions import SqlDecisions
    from models.gemini.batch import GeminiBatches


class ModelBatchActivities:
    """Hands jobs in, asks how they stand, brings the answers back."""

    def __init__(self, batches: "GeminiBatches", decisions: "SqlDecisions") -> None:
        self._batches = batches
        self._decisions = decisions

    @activity.defn(name="model_batch.submit")
    async def submit(self, inquiry: Inquiry) -> BatchTicket:
        """Hand a job in; a second attempt looks first whether the first one did."""
        try:
            return await self._batches.submit(inquiry, again=activity.info().attempt > 1)
        except AskLater as later:
            raise asked_later(later) from None

    @activity.defn(name="model_batch.poll")
    async def poll(self, ticket: BatchTicket) -> BatchStanding:
        """Say how a job stands."""
        try:
            return await self._batches.poll(ticket)
        except AskLater as later:
            raise asked_later(later) from None

    @activity.defn(name="model_batch.cancel")
    async def cancel(self, ticket: BatchTicket) -> None:
        """Give a job up."""
        try:
            await self._batches.cancel(ticket)
        except AskLater as later:
            raise asked_later(later) from None

    @activity.defn(name="model_batch.collect")
    async def collect(self, harvest: BatchHarvest) -> tuple[Decision, ...]:
        """Bring the answers back and keep them."""
        try:
            decisions = await self._batches.collect(harvest)
        except AskLater as later:
            raise asked_later(later) from None
        steps = [f"{step}@batch" for step in steps_of(harvest.inquiry)]
        made = dict(zip(steps, decisions, strict=True))
        asked = dict(zip(steps, harvest.inquiry.questions, strict=True))
        await asyncio.to_thread(self._decisions.keep_all, harvest.inquiry.case_id, made, asked)
        return decisions
