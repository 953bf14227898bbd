"""A worker follows the office in force, and tells when the office folder is another one."""

import asyncio
import logging
from typing import TYPE_CHECKING

from logs import is_expected
from service.office_changes import compare
from service.office_watch import OfficeWatch

if TYPE_CHECKING:
    from bootstrap.installation import Installation

LOOK_SECONDS = 5.0
HOW = "`kontor office diff` shows it, `kontor office apply` puts it in force"


async def replaced(installation: "Installation", seconds: float = LOOK_SECONDS) -> str:
    """Return once another office than this installation's is in force: its version.

    Args:
        installation: a worker's; it serves one office until it ends.
        seconds: between two looks into the database; one that is away is asked again.
    """
    serving = installation.office_version
    while True:
        await asyncio.sleep(seconds)
        try:
            release = await asyncio.to_thread(installation.offices.in_force)
        except Exception as error:
            if not is_expected(error):  # what is, the work itself tells
                logging.exception("which office is in force cannot be read")
            continue
        if release is not None and release.version != serving:
            return release.version


async def tell_of_folder(installation: "Installation", seconds: float = LOOK_SECONDS) -> None:
    """Log, once a version, that the office folder is not the office in force, and what would change."""
    folder, serving = installation.settings.office, installation.office_version
    watch = OfficeWatch(folder)
    while True:
        version = await asyncio.to_thread(watch.news, serving)
        if version:
            try:
                told = (await asyncio.to_thread(compare, installation, folder)).words()
            except Exception as error:
                # Somebody is writing the folder; what it holds then, the next look shows.
                told = f"what would change cannot be told ({type(error).__name__}: {error})"
            logging.warning(
                "the office folder %s is version %s, in force is %s: %s. %s",
                folder,
                version,
                serving,
                told,
                HOW,
            )
        await asyncio.sleep(seconds)
