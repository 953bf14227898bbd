"""How a page becomes HTML: one frozen view model, one template, and the frame around all of them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from console.assets import Assets
from contracts.money import number_text
from contracts.printable import harmless
from service.words import age

TEMPLATES = Path(__file__).parent / "templates"
THIN_SPACE = "\u2009"
THOUSANDS = re.compile(r"\d(?=(?:\d{3})+(?!\d))")
TOLD_ELSEWHERE = re.compile(r" \(unstated\)|, [\d.,]+ [A-Z]{3}$")
"""What a case's line ends in that its page says beside it, or that says nothing."""


@dataclass(frozen=True)
class Place:
    """One of the pages that the frame leads to.

    Attributes:
        key: the letter that leads there after `g`.
    """

    name: str
    path: str
    key: str


@dataclass(frozen=True)
class Frame:
    """What stands around a page.

    Attributes:
        person: who is in; empty on pages that anybody sees.
        here: the page's own address, by which it is read anew.
        hears: tables of the books; when one of them changes, the page is read anew.
    """

    title: str
    person: str = ""
    here: str = ""
    places: Sequence[Place] = ()
    hears: Sequence[str] = ()


class Renderer:
    """Fills templates; a name that a view model does not have is an error, never an empty place."""

    def __init__(self, assets: Assets, office: str, zone: ZoneInfo) -> None:
        """Take what all pages share.

        Args:
            assets: what they are drawn with.
            office: the office's name.
            zone: the office's, in which moments are told.
        """
        self._zone = zone
        self._environment = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            # What strangers wrote neither turns a line around nor hides in it.
            finalize=lambda value: harmless(value) if type(value) is str else value,
        )
        self._environment.globals.update(asset=assets.url, office=office)
        self._environment.filters.update(
            when=self.moment,
            day=self.day,
            number=_number,
            ago=age,
            iso=datetime.isoformat,
            headline=headline,
            grouped=grouped,
        )

    def page(
        self, template: str, view: object, frame: Frame, status: int = 200, now: datetime | None = None
    ) -> HTMLResponse:
        """Return the answer with a page."""
        words = self._environment.get_template(template).render(view=view, frame=frame, now=now)
        return HTMLResponse(words, status)

    def moment(self, at: datetime) -> str:
        """Return a moment in the office's time: `Mon 30 Nov, 14:05`."""
        return at.astimezone(self._zone).strftime("%a %-d %b, %H:%M")

    def time(self, at: datetime) -> str:
        """Return a time of day: `14:05`."""
        return at.astimezone(self._zone).strftime("%H:%M")

    def day(self, at: datetime) -> str:
        """Return a day in the office's time: `30 Nov 2026`."""
        return at.astimezone(self._zone).strftime("%-d %b %Y")


def headline(line: str) -> str:
    """Return a case's line as a headline: its sum stands beside it, and it begins with a capital."""
    short = TOLD_ELSEWHERE.sub("", line)
    return short[:1].upper() + short[1:]


def grouped(money: str) -> str:
    """Return an amount in words with thin spaces between its thousands."""
    whole, point, rest = money.partition(".")
    return THOUSANDS.sub(lambda digit: f"{digit[0]}{THIN_SPACE}", whole) + point + rest


def _number(amount_cents: int, currency: str) -> str:
    """Return an amount without its currency, with thin spaces between thousands."""
    return number_text(amount_cents, currency, grouped=True).replace(",", THIN_SPACE)
