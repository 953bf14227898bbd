"""The content desk's words: a brief, what each channel is given, what was checked, the facts, a result."""

import re
from datetime import date, datetime
from typing import Self

from pydantic import AwareDatetime, JsonValue, field_validator, model_validator

from contracts.base import Arguments, Frozen
from contracts.bounds import Name, Text
from contracts.case import CaseStatus
from contracts.desk import Request
from contracts.proof import Said

DESK = "content"
PUBLISH, POST, READ_PAGE = "publish", "post", "read_page"
"""Operations: an article under an address of ours, a short post, the public page of either."""
LINK = "{link}"
"""In the wording of a short post: the address of the article."""
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[1-9]\d?)?")


class GivenSource(Frozen):
    """A text that the article's claims are checked against."""

    name: Name
    content: Text
    at: date | None = None


class ContentRequest(Request):
    """One article and where it goes.

    Attributes:
        id: the slug: its address at the site. `.2` behind it is the second version of the brief.
        channel: where it appears first.
        editorial_plan: the plan it belongs to.
        author: who wrote it, and so does not approve it.
        channels: every connector it goes to; a site comes before those that only post.
        publish_at: not before then; None as soon as it may be. The offset is that of the place it is for.
        wordings: by channel that posts, what it says; without one it is the title and the address.
        picture: the address of a picture; `alt` says what it shows.
    """

    editorial_plan: Name
    author: Name = ""
    title: Name
    article: Text
    excerpt: Text = ""
    tags: tuple[Name, ...] = ()
    channels: tuple[Name, ...]
    publish_at: AwareDatetime | None = None
    wordings: dict[Name, Text] = {}
    picture: Text = ""
    alt: Text = ""
    given_sources: tuple[GivenSource, ...] = ()

    @property
    def slug(self) -> str:
        """The address at a site, whichever version of the brief it is."""
        return self.id.partition(".")[0]

    @field_validator("id")
    @classmethod
    def _is_slug(cls, given: str) -> str:
        if not _SLUG.fullmatch(given):
            raise ValueError("a slug has small letters, digits and single dashes, for instance size-guide")
        return given

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if not self.title.strip() or not self.article.strip():
            raise ValueError("an article has a title and a text")
        if self.channel not in self.channels:
            raise ValueError(f"channels: {self.channel} is where it appears first, and is not among them")
        if len(set(self.channels)) < len(self.channels):
            raise ValueError("channels: one stands there twice")
        if unknown := sorted(set(self.wordings) - set(self.channels)):
            raise ValueError(f"wordings: {', '.join(unknown)} is no channel of this article")
        return self


class VariantQuery(Frozen):
    """What a channel is asked about before anything is planned.

    Attributes:
        link: the article's address at its site; empty where it has none.
    """

    request: ContentRequest
    connector: Name
    link: Text = ""


class ContentVariant(Frozen):
    """What one channel is given, exactly.

    Attributes:
        page: the public address it will have, if we name it.
        flaw: why the channel would not take it; empty if its manifest says nothing against it.
    """

    connector: str
    operation: str = ""
    arguments: Arguments = {}
    page: str = ""
    flaw: str = ""


class ClaimsQuery(Frozen):
    """A draft with what it is checked against."""

    draft: Text
    given_sources: tuple[GivenSource, ...]


class CheckedClaim(Frozen):
    """One claim with what was found, in the closed list's words.

    Attributes:
        differs: a source holds another value.
        open: a person has to look: nothing bears it out, and it is no opinion.
    """

    claim: Text
    said: Text
    evidence: Text = ""
    source: Text = ""
    differs: bool = False
    open: bool = False


class CheckedDraft(Frozen):
    """What was found of all claims; the worst are `claims`, the first that a person should see.

    Attributes:
        total, differs, open: how many claims there are, differ, are a person's to look at.
    """

    total: int
    differs: int
    open: int
    claims: tuple[CheckedClaim, ...]


class PageQuery(Frozen):
    """What should stand at a public address.

    Attributes:
        known: what may name it: the slug, the channel's own id.
        expected: the arguments it was published with.
    """

    connector: Name
    known: dict[str, str]
    expected: Arguments


class PageFound(Frozen):
    """What stands there; `flaw` is empty if it is what was published."""

    address: str
    flaw: str = ""


class SlotWord(Frozen):
    """A person's word on when an article appears.

    Attributes:
        person: who says so.
        publish_at: from then on; None leaves it.
        paused: True holds it until somebody says otherwise; None leaves that.
        proof: the id of the proof that a door wrote for this word.
    """

    person: Name
    publish_at: AwareDatetime | None = None
    paused: bool | None = None
    proof: Text = ""

    def said(self, case_id: str) -> Said:
        """Return what the person says with it, to a case."""
        at = self.publish_at.isoformat() if self.publish_at else ""
        words: dict[str, JsonValue] = {"publish_at": at, "paused": self.paused}
        return Said(act="scheduled", about=case_id, words=words)


class ContentFacts(Frozen):
    """What the content desk's policies may read.

    Attributes:
        claims: checkable sentences of the text.
        differs: how many of them a source contradicts.
        open_claims: how many nothing bears out.
        channels: how many it goes to.
        hour: of the day it is to appear at, where it is for; 12 if at once.
        late_minutes: how long after its time it would appear.
    """

    claims: int
    differs: int
    open_claims: int
    channels: int
    hour: int = 12
    late_minutes: int = 0
    channel: str


class ContentResult(Frozen):
    """How an article ended.

    Attributes:
        outcome: the word for it.
        pages: by channel, the public address where it was seen.
        published_at: when it was first seen there.
    """

    case_id: str
    status: CaseStatus
    outcome: str
    pages: dict[str, str] = {}
    published_at: datetime | None = None
