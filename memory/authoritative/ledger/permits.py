"""Permits in SQL: written when something is allowed, checked and redeemed where it is done."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, update
from sqlmodel import Session

from contracts.connector import Manifest, Operation
from contracts.effect import EffectOrder
from contracts.failure import PermitRefused
from contracts.money import money_text
from memory.database import table_of
from memory.episodic.journal import Books
from memory.tables.ledger import EffectRow, PermitRow

PERMITS = table_of(PermitRow).c
REDEEM = (
    update(table_of(PermitRow))
    .where(PERMITS.id == bindparam("of_id"), PERMITS.redeemed_by.is_(None))
    .returning(*PERMITS)
)


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
    if row.redeemed_by is not None:
        raise PermitRefused("redeemed", f"already used for {row.redeemed_by}")
    _check_covers(row, order, manifest, policy_version, now)


def redeem(
    session: Books, order: EffectOrder, manifest: Manifest, policy_version: str, now: datetime
) -> None:
    """Use the permit up, for this key, if it covers the order; compare-and-set, so that it happens once.

    Raises:
        PermitRefused: it does not, or another order was faster; the caller's transaction must end.
    """
    redeemed = {"redeemed_by": order.key, "redeemed_at": now}
    row = session.execute(REDEEM, redeemed | {"of_id": order.permit_id}).one_or_none()
    if row is None:
        check_permit(session, order, manifest, policy_version, now)
        raise PermitRefused("redeemed", "another order was faster")
    _check_covers(row, order, manifest, policy_version, now)
    session.wrote(PermitRow, order.case_id, redeemed, order.permit_id)


def _check_covers(
    row: PermitRow | Row[Any], order: EffectOrder, manifest: Manifest, policy_version: str, now: datetime
) -> None:
    effect = order.effect
    checks = (
        ("case", row.case_id == order.case_id, f"it was issued to {row.case_id}"),
        ("key", row.effect_key == order.key, f"it was issued for {row.effect_key}"),
        (
            "operation",
            (row.connector, row.operation) == (effect.connector, effect.operation),
            f"it allows {row.connector}.{row.operation}",
        ),
        ("arguments", row.arguments_hash == effect.arguments_hash, "it was issued for other arguments"),
        (
            "amount",
            row.amount_cents is None
            or (row.amount_cents, row.currency) == (effect.amount_cents, effect.currency),
            f"it was issued for {money_text(row.amount_cents or 0, row.currency or '')}",
        ),
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
