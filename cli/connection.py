"""How a command reaches its installation, and Temporal."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bootstrap.installation import Installation
from cli.terminal import EXIT_UNREACHABLE, EXIT_USAGE, fail
from service.cases import AmbiguousCase, NoSuchCase, meant
from settings import settings

if TYPE_CHECKING:
    from temporalio.client import Client

OfficeOption = Annotated[
    Path | None,
    typer.Option("--office", help="The office folder; else the setting KONTOR_OFFICE, or ./office."),
]


def installation(ctx: typer.Context) -> Installation:
    """Return this command's installation, on the office in force; it is closed when the command ends."""
    root = ctx.find_root()
    if root.obj is None:
        root.obj = root.with_resource(Installation(settings()))
    found: Installation = root.obj
    return found


def on_folder(ctx: typer.Context) -> Installation:
    """Return this command's installation on the office folder: for who prepares what is not in force yet."""
    found = installation(ctx)
    folder = office_folder(found)
    return ctx.find_root().with_resource(Installation(found.settings, office=folder))


def office_folder(kontor: Installation, given: Path | None = None) -> Path:
    """Return the office folder that is meant, or leave the command naming what is no folder."""
    folder = given or kontor.settings.office
    if not folder.is_dir():
        fail(f"{folder} is no folder: name the office's, with KONTOR_OFFICE or in the command", EXIT_USAGE)
    return folder


def named_case(kontor: Installation, name: str, *, listed: bool = True) -> str:
    """Return the id of the case that a name means, or leave the command saying what it could be.

    Args:
        kontor: whose cases.
        name: an id, or its last part.
        listed: whether it must stand in the list of cases; else a name that does not is an id itself.
    """
    try:
        return meant(kontor, name)
    except NoSuchCase as none:
        if not listed:
            return name
        fail(str(none))
    except AmbiguousCase as several:
        fail(str(several), EXIT_USAGE)


async def connect_or_leave(kontor: Installation) -> "Client":
    """Connect to the installation's own server, or leave the command saying what to start."""
    from temporalio.service import RPCError  # noqa: PLC0415 (the SDK takes a third of a short command's time)

    from service.ownership import NotOurs, join  # noqa: PLC0415 (see above)

    try:
        return await join(kontor)
    except NotOurs as stranger:
        fail(str(stranger), EXIT_UNREACHABLE)
    except (RuntimeError, RPCError) as error:
        address = kontor.settings.temporal_address
        fail(
            f"no Temporal server answers at {address}; start one with `kontor up` ({error})", EXIT_UNREACHABLE
        )
