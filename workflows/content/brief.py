"""A brief: a Markdown file whose front matter says where the text goes, and when."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import frontmatter
from pydantic import JsonValue

from contracts.office import read_text
from memory.semantic.markdown import day_of

PLAIN = ("title", "author", "excerpt", "tags", "channels", "picture", "alt", "wordings")
"""Fields that stand in a request as they stand in the file."""
FIELDS = frozenset({*PLAIN, "plan", "slug", "version", "publish_at", "zone", "sources"})


class BriefInvalid(ValueError):
    """A brief cannot be taken; the message names the field and what to write."""


def from_file(file: Path, known: Collection[str]) -> JsonValue:
    """Return the request that a brief is; texts that it names as `sources` come with it.

    Args:
        file: Markdown with front matter.
        known: the channels of this office.

    Raises:
        BriefInvalid: a field is missing, unknown or wrong; the time is over, does not exist or comes twice.
    """
    said, article = _parted(file)
    if unknown := sorted(set(said) - FIELDS):
        raise BriefInvalid(f"{', '.join(unknown)}: no such field; there are: {', '.join(sorted(FIELDS))}")
    if missing := [name for name in ("plan", "slug", "title", "channels") if not said.get(name)]:
        raise BriefInvalid(f"{', '.join(missing)}: missing in the front matter")
    channels = said["channels"]
    if not isinstance(channels, list) or not channels:
        raise BriefInvalid('channels: write a list, for instance ["blog", "social"]')
    if strange := [str(each) for each in channels if each not in known]:
        raise BriefInvalid(
            f"channels: {', '.join(strange)} publishes nothing here ({', '.join(sorted(known))})"
        )
    version = said.get("version", 1)
    moment = publish_at(said.get("publish_at"), said.get("zone"))
    return {
        **{name: said[name] for name in PLAIN if said.get(name)},
        "id": f"{said['slug']}.{version}" if version != 1 else str(said["slug"]),
        "channel": channels[0],
        "editorial_plan": str(said["plan"]),
        "article": article,
        "publish_at": moment.isoformat() if moment else None,
        "given_sources": [_source(file.parent / str(name)) for name in said.get("sources") or ()],
    }


def publish_at(said: object, zone: object, now: datetime | None = None) -> datetime | None:
    """Return the moment that a wall clock shows in a zone; None if none is said.

    Args:
        said: a date with a time, as YAML reads it or as text; an offset in it makes the zone needless.
        zone: by its name in the time zone database.
        now: what time it is; left out, now.

    Raises:
        BriefInvalid: it is no time, has no zone, is over, or the clock of that place never shows it or
            shows it twice.
    """
    if said is None or said == "":
        return None
    try:
        moment = said if isinstance(said, datetime) else datetime.fromisoformat(str(said))
    except ValueError:
        raise BriefInvalid(f"publish_at: {said} is no time; write 2027-03-01 09:00") from None
    if moment.tzinfo is None:
        moment = _in_zone(moment, zone)
    if moment <= (now or datetime.now(UTC)):
        raise BriefInvalid(
            f"publish_at: {said} is over; give a later time, or leave it out to publish at once"
        )
    return moment


def _in_zone(moment: datetime, zone: object) -> datetime:
    if not zone:
        raise BriefInvalid("zone: missing; say whose clock publish_at is read from, such as Europe/Berlin")
    try:
        there = ZoneInfo(str(zone))
    except (ZoneInfoNotFoundError, ValueError):
        raise BriefInvalid(f"zone: {zone} is no time zone; write one such as Europe/Berlin") from None
    first, second = (moment.replace(tzinfo=there, fold=fold) for fold in (0, 1))
    one, other = first.utcoffset(), second.utcoffset()
    if one != other:
        shown = first.astimezone(UTC).astimezone(there).replace(tzinfo=None) == moment
        what = "twice" if shown else "never"
        offsets = " or ".join(f"{moment.isoformat()}{_offset(each)}" for each in (one, other))
        fix = f"say which: {offsets}" if shown else "the clocks go forward then; choose another time"
        raise BriefInvalid(f"publish_at: the clock of {zone} shows {moment:%Y-%m-%d %H:%M} {what}; {fix}")
    return first


def _offset(offset: timedelta | None) -> str:
    minutes = int((offset or timedelta(0)).total_seconds() // 60)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def _parted(file: Path) -> tuple[Mapping[str, Any], str]:
    try:
        post = frontmatter.loads(read_text(file))
    except Exception as wrong:  # the YAML library raises many kinds
        raise BriefInvalid(f"the front matter is no YAML: {str(wrong).splitlines()[0]}") from wrong
    return post.metadata, post.content


def _source(file: Path) -> JsonValue:
    if not file.is_file():
        raise BriefInvalid(f"sources: there is no file {file.name} beside the brief")
    said, content = _parted(file)
    moment = day_of(said.get("date"), file.name)
    return {"name": file.name, "content": content, "at": moment.date().isoformat() if moment else None}
