"""The activities that a worker serves, with their adapters."""

from activities.approvals import ApprovalActivities
from activities.cases import CaseActivities
from activities.effects import EffectActivities
from activities.orders import OrderActivities
from activities.policy import PolicyActivities, utc_now
from activities.reconcile import ReconcileActivities
from activities.undo import UndoActivities
from bootstrap.activity import Activity
from bootstrap.office import approval_tokens, office_calendar, office_version, policy_engine
from bootstrap.stores import approvals, authorizations, bookkeeper, books, cases, episodes, ledger
from connectors.connectors import Connectors
from settings import Settings


def approval_asking(settings: Settings, outside: Connectors) -> ApprovalActivities:
    """Return what asks people and judges their answers."""
    return ApprovalActivities(
        approvals=approvals(settings),
        policy=policy_engine(settings),
        tokens=approval_tokens(settings),
        calendar=office_calendar(settings),
        outside=outside,
    )


def approval_activities(settings: Settings, outside: Connectors) -> list[Activity]:
    """Return the activities that ask people and judge their answers."""
    asking = approval_asking(settings, outside)
    return [asking.open, asking.answer, asking.nudge, asking.end]


def policy_activities(settings: Settings, outside: Connectors) -> list[Activity]:
    """Return the activities that judge plans and issue permits."""
    judging = PolicyActivities(
        engine=policy_engine(settings),
        books=authorizations(settings),
        cases=cases(settings),
        approvals=approvals(settings),
        outside=outside,
        episodes=episodes(settings),
        office_version=office_version(settings),
    )
    return [judging.authorize, judging.authorize_approved]


def case_activities(settings: Settings) -> list[Activity]:
    """Return the activities that write a case's row and episodes."""
    return [CaseActivities(bookkeeper(settings)).note]


def connector_activities(settings: Settings, outside: Connectors) -> list[Activity]:
    """Return the activities that reach outside; for the connectors' task queues."""
    orders = OrderActivities(outside)
    effects = effect_activities(settings, outside)
    return [orders.load, effects.perform, reconcile_activities(settings, outside).listing]


def ledger_activities(settings: Settings, outside: Connectors) -> list[Activity]:
    """Return the activities that only need the ledger; for the control task queue."""
    return [effect_activities(settings, outside).give_up, undo_activities(settings, outside).plan]


def effect_activities(settings: Settings, outside: Connectors) -> EffectActivities:
    """Return what executes effects; for the connectors' task queues, and `give_up` for control's."""
    return EffectActivities(outside, ledger(settings), lambda: policy_engine(settings).version, utc_now)


def undo_activities(settings: Settings, outside: Connectors) -> UndoActivities:
    """Return what works out how effects are taken back; for the control task queue."""
    return UndoActivities(outside, ledger(settings))


def reconcile_activities(settings: Settings, outside: Connectors) -> ReconcileActivities:
    """Return the reconciler's work; `listing` for the connectors' task queues, the rest for control's."""
    return ReconcileActivities(
        connectors=[manifest.name for manifest in outside.manifests()],
        outside=outside,
        books=books(settings),
        ledger=ledger(settings),
        log=episodes(settings),
        clock=utc_now,
    )


def books_activities(settings: Settings, outside: Connectors) -> list[Activity]:
    """Return the reconciler's activities that only need our own books; for the control task queue."""
    work = reconcile_activities(settings, outside)
    return [
        work.connectors,
        work.ledger,
        work.unresolved,
        work.pursued,
        work.judge,
        work.openings,
        work.opened,
        work.propose,
        work.settle,
        work.anchor,
    ]
