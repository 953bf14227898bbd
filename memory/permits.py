"""Permits in SQL: written when something is allowed, checked and redeemed where it is done."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Engine, update
from sqlmodel import Session, col

from contracts.effect import EffectOrder, Permit
from contracts.failure import PermitRefused
from contracts.manifest import Manifest, Operation
from memory.database import writing
from memory.tables.ledger import EffectRow, PermitRow
from memory.upsert import insert_into


class SqlPermits:
    """Leave to act, on the authoritative database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def issue(self, permits: Sequence[Permit]) -> None:
        """Write permits; one that exists already stays as it was."""
        if not permits:
            return
        with writing(self._engine) as session:
            rows = [permit.model_dump() for permit in permits]
            session.execute(insert_into(session, PermitRow).values(rows).on_conflict_do_nothing())


def write_operation(order: EffectOrder, manifest: Manifest) -> Operation:
    """Return the operation that is ordered.

    Raises:
        PermitRefused: the connector has no such write, or the order's amount is not the argument's.
    """
    effect = order.effect
    operation = manifest.operations.get(effect.operation) if manifest.name == effect.connector else None
    if operation is None or operation.effect != "write":
        raise PermitRefused("operation", f"{effect.connector} has no write operation {effect.operation!r}")
    if operation.money and effect.arguments.get(operation.money) != effect.amount_cents:
        detail = f"{operation.money} is not the {effect.amount_cents} cents the effect says it moves"
        raise PermitRefused("arguments", detail)
    return operation


def check_permit(
    session: Session, order: EffectOrder, manifest: Manifest, policy_version: str, now: datetime
) -> None:
    """Let an order pass whose permit covers it, exactly and now.

    Raises:
        PermitRefused: with the first check that failed; identity is checked before age.
    """
    row = session.get(PermitRow, order.permit_id)
    if row is None:
        raise PermitRefused("missing", "nobody issued it")
    effect = order.effect
    checks = (
        ("redeemed", row.redeemed_by is None, f"already used for {row.redeemed_by}"),
        ("case", row.case_id == order.case_id, f"it was issued to {row.case_id}"),
        ("key", row.effect_key == order.key, f"it was issued for {row.effect_key}"),
        (
            "operation",
            (row.connector, row.operation) == (effect.connector, effect.operation),
            f"it allows {row.connector}.{row.operation}",
        ),
        ("arguments", row.arguments_hash == effect.arguments_hash, "it was issued for other arguments"),
        (
            "connector-version",
            row.connector_version == manifest.connector_version,
            f"issued under {row.connector_version}, now {manifest.connector_version}",
        ),
        (
            "policy-version",
            row.policy_version == policy_version,
            f"issued under {row.policy_version[:12]}, now {policy_version[:12]}",
        ),
        ("expired", now < row.expires_at, f"it ended at {row.expires_at.isoformat()}"),
    )
    for reason, holds, detail in checks:
        if not holds:
            raise PermitRefused(reason, detail)


def redeem(session: Session, order: EffectOrder, now: datetime) -> None:
    """Use the permit up, for this key; compare-and-set, so that it happens once.

    Raises:
        PermitRefused: another order was faster.
    """
    taken = session.execute(
        update(PermitRow)
        .where(col(PermitRow.id) == order.permit_id, col(PermitRow.redeemed_by).is_(None))
        .values(redeemed_by=order.key, redeemed_at=now)
        .returning(col(PermitRow.id))
        .execution_options(synchronize_session=False)
    )
    if taken.first() is None:
        raise PermitRefused("redeemed", "another order was faster")


def check_same(row: EffectRow, order: EffectOrder) -> None:
    """Let an order pass that is the one its key was begun with.

    Raises:
        PermitRefused: the same key with another case, operation, arguments or undone effect.
    """
    effect = order.effect
    same = (
        ("case", row.case_id == order.case_id),
        ("operation", (row.connector, row.operation) == (effect.connector, effect.operation)),
        ("arguments", row.arguments_hash == effect.arguments_hash),
        ("compensates", row.compensates in (None, order.compensates)),
    )
    for reason, holds in same:
        if not holds:
            raise PermitRefused(reason, f"{order.key} was begun with another one")
