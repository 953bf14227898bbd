"""The reconciler: our cases against Temporal, our books against each outside listing, both ways."""

import asyncio

from temporalio import workflow
from temporalio.common import SearchAttributePair, TypedSearchAttributes, WorkflowIDReusePolicy
from temporalio.exceptions import ActivityError, ApplicationError, WorkflowAlreadyStartedError

with workflow.unsafe.imports_passed_through():
    from activities.case_watch import CaseWatchActivities
    from activities.effects import EffectActivities
    from activities.reconcile import ReconcileActivities
    from activities.statements import StatementActivities
    from contracts.effect import EffectOrder
    from contracts.ids import CONTROL_QUEUE, connector_queue, workflow_id
    from contracts.reconciliation.divergence import DESK, NO_LONGER_DIFFERS, Divergence
    from contracts.reconciliation.messages import (
        LedgerPage,
        Missing,
        Openings,
        PursuedPage,
        ReconcileRequest,
        ReconcileSummary,
        Retried,
        SecondLook,
        Unresolved,
        Walk,
    )
    from contracts.reconciliation.trouble import CasesPage, CasesQuery
    from workflows.kernel import options, search_attributes
    from workflows.kernel.effects import title
    from workflows.reconciliation.divergence import DivergenceWorkflow

WORKFLOW_ID = "kontor-reconcile"
THE_SERVER = "the Temporal server"
"""How a run names it among what did not answer."""
MOST_PAGES_OF_SUBJECTS = 20
"""That one run compares at one connector; the next run goes on behind them."""
AT_ONCE = 10
"""Effects that are taken up again at the same time."""


@workflow.defn(name="ReconcileWorkflow")
class ReconcileWorkflow:
    """One run: open cases, every connector's listing, our ledger, what is left, and orders line by line.

    Cursors are in the books: a run that dies, or continues as new, goes on where it was.
    """

    @workflow.init
    def __init__(self, request: ReconcileRequest) -> None:
        """Start with an empty tally, or with the one that an earlier part of the run left."""
        self.request = request
        self.tally = request.tally or ReconcileSummary()
        self.left: list[str] = list(request.connectors)
        self.pages = 0

    @workflow.run
    async def run(self, request: ReconcileRequest) -> ReconcileSummary:
        """Tell the story of a run: read, compare, heal, judge, and open cases for the rest."""
        if request.tally is None and workflow.patched("cases-at-the-server"):
            try:
                await self.watch_cases()
            except ActivityError as error:
                workflow.logger.warning("open cases were not all looked up: %s", error.cause)
                self.unreached(THE_SERVER)
        if not self.left and request.tally is None:
            self.left = await self.connectors()
        while self.left:
            workflow.set_current_details(f"reconciling {self.left[0]}; {self.tally.words()}")
            await self.reconcile(self.left[0])
            self.left = self.left[1:]
        await self.open_cases()
        await workflow.execute_activity_method(
            ReconcileActivities.anchor,
            **options.with_summary(options.DATABASE, "keep the log's head outside"),
        )
        workflow.set_current_details(self.tally.words())
        return self.tally

    @workflow.query
    def progress(self) -> ReconcileSummary:
        """Return what the run did so far."""
        return self.tally

    async def watch_cases(self) -> None:
        """Look up our open cases at the server: what runs no more is closed, what fails is named."""
        query = CasesQuery(patience=self.request.patience, server_lost=self.request.server_lost)
        more = True
        while more:
            page = await workflow.execute_activity_method(
                CaseWatchActivities.cases,
                query,
                **options.with_summary(options.WATCH, "open cases at the server"),
            )
            self.take(page)
            query, more = query.model_copy(update={"after": page.last}), bool(page.last)
        for step, what in (
            (CaseWatchActivities.workflows, "workflows without a row"),
            (CaseWatchActivities.leftovers, "what ended cases left"),
        ):
            page = await workflow.execute_activity_method(
                step, query, **options.with_summary(options.WATCH, what)
            )
            self.take(page)
            await asyncio.gather(
                *(self.withdraw(case_id, "its case is gone no more") for case_id in page.vanished)
            )

    def take(self, page: CasesPage) -> None:
        """Add a page of cases to the tally."""
        counts = page.model_dump(include={"cases", "gone", "unlisted", "withdrawn", "troubled", "lately"})
        stranger = self.tally.stranger or page.stranger
        self.tally = self.tally.plus(**counts).model_copy(update={"stranger": stranger})

    async def connectors(self) -> list[str]:
        """Return the office's connectors that our books have anything at."""
        return await workflow.execute_activity_method(
            ReconcileActivities.connectors, **options.with_summary(options.DATABASE, "which connectors")
        )

    async def reconcile(self, connector: str) -> None:
        """Reconcile one connector; one that does not answer is left for the next run."""
        walk = Walk(
            connector=connector,
            began_at=workflow.now(),
            patience=self.request.patience,
            run=workflow.info().first_execution_run_id,
        )
        try:
            endless = await self.read_listing(walk)
        except ActivityError as error:
            workflow.logger.warning("the listing of %s was not read: %s", connector, error.cause)
            self.unreached(connector)
            return
        if endless:
            self.unread(connector, endless)
        else:
            await self.compare_ledger(walk)
        await self.pursue_unresolved(walk)
        await self.judge(walk)
        if workflow.patched("line-by-line"):
            await self.compare_subjects(walk)

    def unreached(self, system: str) -> None:
        """Note that a system gave no answer; the next run asks it again."""
        unreachable = (*self.tally.unreachable, system)
        self.tally = self.tally.model_copy(update={"unreachable": unreachable})

    def unread(self, connector: str, why: str) -> None:
        """Note that a listing was not read to where it would have to be; nothing follows from its silence."""
        unread = (*self.tally.unread, f"{connector} ({why})")
        self.tally = self.tally.model_copy(update={"unread": unread})

    async def read_listing(self, walk: Walk) -> str:
        """Page through what the outside system lists; returns why it has no end, empty if it has one."""
        more = True
        while more:
            page = await workflow.execute_activity_method(
                ReconcileActivities.listing,
                walk,
                **options.with_summary(
                    options.LISTING, f"listing of {walk.connector}", connector_queue(walk.connector)
                ),
            )
            self.tally = self.tally.plus(entries=page.entries, healed=page.healed)
            await asyncio.gather(*(self.withdraw(case_id) for case_id in page.vanished))
            walk, more = walk.model_copy(update={"trail": page.trail}), page.more
            if more:
                self.turn_page()
        return page.endless

    async def compare_ledger(self, walk: Walk) -> None:
        """Look for our own changed effects in what was listed; what is not there is looked for again."""
        more = True
        while more:
            page = await workflow.execute_activity_method(
                ReconcileActivities.ledger,
                walk,
                **options.with_summary(options.DATABASE, f"our ledger against {walk.connector}"),
            )
            self.tally = self.tally.plus(effects=page.effects, found=page.found)
            more = page.more
            if page.suspects and not await self.look_again(walk, page):
                return
            if more:
                self.turn_page()

    async def look_again(self, walk: Walk, page: LedgerPage) -> bool:
        """Read the listing again to where each suspect would stand, and name what is missing."""
        why = "where an effect of ours would stand"
        try:
            looked = await workflow.execute_activity_method(
                ReconcileActivities.second_look,
                SecondLook(walk=walk, suspects=page.suspects),
                **options.with_summary(
                    options.SECOND_LOOK,
                    f"{len(page.suspects)} not listed at {walk.connector}: again from the beginning",
                    connector_queue(walk.connector),
                ),
            )
        except ActivityError as error:
            workflow.logger.warning("the listing of %s was not read again: %s", walk.connector, error.cause)
            self.unread(walk.connector, why)
            return False
        self.tally = self.tally.plus(entries=looked.entries)
        await asyncio.gather(*(self.withdraw(case_id) for case_id in looked.vanished))
        if not looked.complete:
            self.unread(walk.connector, why)
            return False
        assert page.position is not None
        found = await workflow.execute_activity_method(
            ReconcileActivities.missing,
            Missing(walk=walk, suspects=page.suspects, position=page.position),
            **options.with_summary(options.DATABASE, f"missing at {walk.connector}"),
        )
        self.tally = self.tally.plus(found=found)
        return True

    async def pursue_unresolved(self, walk: Walk) -> None:
        """Take up again, under their first key, the effects whose end nobody knows."""
        after = ""
        while True:
            page = await workflow.execute_activity_method(
                ReconcileActivities.unresolved,
                Unresolved(walk=walk, after=after),
                **options.with_summary(options.DATABASE, f"unknown at {walk.connector}"),
            )
            for start in range(0, len(page.orders), AT_ONCE):
                await self.pursue_some(page.orders[start : start + AT_ONCE])
            if not page.orders:
                return
            after = page.orders[-1].key

    async def pursue_some(self, orders: tuple[EffectOrder, ...]) -> None:
        """Take some effects up again at once, and write down what it brought."""
        pursued = await asyncio.gather(*(self.pursue(order) for order in orders))
        stuck = await workflow.execute_activity_method(
            ReconcileActivities.pursued,
            PursuedPage(pursued=tuple(pursued)),
            **options.with_summary(options.DATABASE, "what taking them up again brought"),
        )
        self.tally = self.tally.plus(healed=len(orders) - stuck, found=stuck)

    async def pursue(self, order: EffectOrder) -> Retried:
        """Hand one effect to the data plane again; the ledger decides between look-up and sending."""
        connector = order.effect.connector
        try:
            receipt = await workflow.execute_activity_method(
                EffectActivities.perform,
                order,
                **options.with_summary(
                    options.RETRY_EFFECT, f"again: {title(order.effect)}", connector_queue(connector)
                ),
            )
        except ActivityError as error:
            return Retried(key=order.key, why=str(error.cause))
        return Retried(key=order.key, why=receipt.reason or "")

    async def judge(self, walk: Walk) -> None:
        """Name the listed entries that still nothing explains."""
        judgement = await workflow.execute_activity_method(
            ReconcileActivities.judge,
            walk,
            **options.with_summary(options.DATABASE, f"unexplained at {walk.connector}"),
        )
        self.tally = self.tally.plus(found=judgement.found, healed=judgement.healed)

    async def compare_subjects(self, walk: Walk) -> None:
        """Compare orders line by line with what their system says: touched ones, then open ones."""
        for _ in range(MOST_PAGES_OF_SUBJECTS):
            try:
                page = await workflow.execute_activity_method(
                    StatementActivities.subjects,
                    walk,
                    **options.with_summary(
                        options.STATEMENTS,
                        f"line by line at {walk.connector}",
                        connector_queue(walk.connector),
                    ),
                )
            except ActivityError as error:
                workflow.logger.warning("%s was not compared: %s", walk.connector, error.cause)
                self.unread(walk.connector, "its orders, line by line")
                return
            self.tally = self.tally.plus(subjects=page.subjects, found=page.found)
            self.tally = self.tally.model_copy(update={"unread": (*self.tally.unread, *page.unread)})
            await asyncio.gather(*(self.withdraw(case_id, NO_LONGER_DIFFERS) for case_id in page.vanished))
            if not page.more:
                return
            self.pages += 1

    async def open_cases(self) -> None:
        """Open a case for each divergence that nothing healed; the cases outlive this run."""
        while True:
            openings = await workflow.execute_activity_method(
                ReconcileActivities.openings, **options.with_summary(options.DATABASE, "what needs a case")
            )
            if not openings.divergences:
                return
            await asyncio.gather(*(self.open_case(one) for one in openings.divergences))
            await workflow.execute_activity_method(
                ReconcileActivities.opened,
                Openings(divergences=openings.divergences),
                **options.with_summary(options.DATABASE, f"{len(openings.divergences)} cases opened"),
            )
            self.tally = self.tally.plus(opened=len(openings.divergences))
            self.turn_page()

    async def open_case(self, divergence: Divergence) -> None:
        """Start the case, or find it running."""
        try:
            await workflow.start_child_workflow(
                DivergenceWorkflow.run,
                divergence,
                id=workflow_id(DESK, divergence.connector, divergence.id),
                task_queue=CONTROL_QUEUE,
                parent_close_policy=workflow.ParentClosePolicy.ABANDON,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                search_attributes=TypedSearchAttributes(
                    [
                        SearchAttributePair(search_attributes.DESK, DESK),
                        SearchAttributePair(search_attributes.CHANNEL, divergence.connector),
                    ]
                ),
                static_summary=divergence.words()[: options.MAX_SUMMARY_CHARS],
            )
        except WorkflowAlreadyStartedError:
            workflow.logger.info("the case of %s is open already", divergence.id)

    async def withdraw(self, case_id: str, why: str = "it is listed after all") -> None:
        """Tell a case that its divergence is none any more; one that has ended needs no telling."""
        try:
            await workflow.get_external_workflow_handle(case_id).signal(
                "withdraw", {"why": why, "by": "reconciler"}
            )
        except ApplicationError:
            workflow.logger.info("the case %s has ended already", case_id)

    def turn_page(self) -> None:
        """Count a page that another follows, and continue as new before the history grows long."""
        self.pages += 1
        self.tally = self.tally.plus(pages=1)
        if self.pages >= self.request.pages_per_run or workflow.info().is_continue_as_new_suggested():
            workflow.continue_as_new(
                self.request.model_copy(update={"connectors": tuple(self.left), "tally": self.tally})
            )
