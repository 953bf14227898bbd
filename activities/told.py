"""Asking an outside system for something, and believing only what fits a desk's contract for it."""

import asyncio
from typing import TypeVar

from temporalio.exceptions import ApplicationError

from activities.errors import MISFIT, REFUSED, classify, to_application_error
from activities.ports import Reads
from activities.reads import ReadsOnRecord
from contracts.base import Arguments
from contracts.failure import Absent, CallFailed
from contracts.told import NotTold, Told

T = TypeVar("T", bound=Told)


async def ask(
    outside: Reads,
    connector: str,
    operation: str,
    arguments: Arguments,
    *,
    contract: type[T],
    field: str,
    with_flaws: bool = False,
) -> T | None:
    """Call a read, and return one of its result fields by a contract.

    Args:
        outside: the office's connectors; `ReadsOnRecord` keep what was told.
        connector: the system.
        operation: the read.
        arguments: what it is called with.
        contract: what the field must be.
        field: the result field.
        with_flaws: as in `Told.of`.

    Returns:
        None only if the system says, as its manifest's `absent` declares, that there is no such thing.

    Raises:
        ApplicationError: the system could not be asked, or its answer does not fit; the message names the
            field and what to write in the manifest.
    """
    manifest = outside.manifest(connector)
    try:
        fields = await outside.read(connector, operation, arguments)
    except Absent:
        await _keep(outside, connector, operation, arguments, None)
        return None
    except CallFailed as failure:
        raise to_application_error(failure, classify(manifest, operation, failure)) from None
    try:
        told = contract.of(fields.get(field), manifest.times, with_flaws=with_flaws)
    except NotTold as misfit:
        article = "an" if field.startswith(tuple("aeiou")) else "a"
        where = f"(connectors/{connector}.toml)"
        why = f"{connector}.{operation} does not give {article} {field} {where}: {misfit}"
        final = misfit.too_much
    else:
        await _keep(outside, connector, operation, arguments, told)
        return told
    raise ApplicationError(why, type=REFUSED if final else MISFIT, non_retryable=final)


async def _keep(
    outside: Reads, connector: str, operation: str, arguments: Arguments, told: Told | None
) -> None:
    if isinstance(outside, ReadsOnRecord):
        kept = told.model_dump(mode="json") if told is not None else None
        await asyncio.to_thread(outside.keep, connector, operation, arguments, kept)
