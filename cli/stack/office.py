"""The office that `kontor up` and the demo serve, and what they say of it while they run."""

from rich.markup import escape

from bootstrap.installation import Installation
from cli.terminal import OUT
from logs import is_expected
from service.office_watch import OfficeWatch
from service.offices import take
from service.operator import operator

APPLY = "[bold]kontor office diff[/] shows what would change, [bold]kontor office apply[/] puts it in force"


class OfficeNews:
    """Takes the office that is to be served, then says what becomes of it."""

    def __init__(self, kontor: Installation, *, anyway: bool = False) -> None:
        """Take the office.

        Args:
            kontor: whose office; the first start puts its folder in force.
            anyway: serve it with its problems, on record.

        Raises:
            OfficeRefused: it has problems.
            OfficeMissing: there is none.
        """
        self._release = take(kontor, by=operator(), anyway=anyway)
        self._offices = kontor.offices
        self._watch = OfficeWatch(kontor.settings.office)

    def tell(self) -> None:
        """Print what has changed since the last time: another office in force, another folder."""
        try:
            release = self._offices.in_force() or self._release
        except Exception as error:
            if not is_expected(error):
                raise
            return  # the database is away for a while; the worker's log says so
        if release.number != self._release.number:
            OUT.print(f"office {release.version} is in force, by {escape(release.by)}: the worker follows")
            self._release = release
        if version := self._watch.news(release.version):
            OUT.print(f"[yellow]the office folder is not the office in force[/] (it is {version}): {APPLY}")
