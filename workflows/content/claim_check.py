"""A brief's claims against the sources that it names, in the words that a person is shown."""

from contracts.embedding import Embedder
from workflows.content.checking.verdict import PASSES, Verdict, Word
from workflows.content.draft_check import check_draft
from workflows.content.evidence import SourceText
from workflows.content.prose import read
from workflows.content.types import CheckedClaim, CheckedDraft, ClaimsQuery

MOST_SHOWN = 40
"""So many claims are put to a person, those that differ first."""
AGAINST = frozenset({Word.DIFFERS, Word.DISAGREE, Word.NEWER})
"""A source says otherwise."""


class SourcedCheck:
    """`workflows.content.activities.DraftCheck`: by meaning and by words, judged by exact comparison."""

    def __init__(self, embedder: Embedder) -> None:
        """Keep what finds passages."""
        self._embedder = embedder

    async def check(self, query: ClaimsQuery) -> CheckedDraft:
        """Say of each claim what the sources say."""
        texts = [SourceText(each.name, read(each.content), at=each.at) for each in query.given_sources]
        found = [_checked(each) for each in await check_draft(read(query.draft), texts, self._embedder)]
        worst = sorted(found, key=lambda each: (not each.differs, not each.open))
        return CheckedDraft(
            total=len(found),
            differs=sum(each.differs for each in found),
            open=sum(each.open for each in found),
            claims=tuple(worst[:MOST_SHOWN]),
        )


def _checked(verdict: Verdict) -> CheckedClaim:
    passage = verdict.passage
    source = f"{passage.source}:{passage.line}" if passage else ""
    dated = f"{source} ({passage.at.isoformat()})" if passage and passage.at else source
    return CheckedClaim(
        claim=verdict.claim.sentence.text,
        said=str(verdict),
        evidence=verdict.evidence,
        source=dated,
        differs=verdict.word in AGAINST,
        open=verdict.word not in PASSES and verdict.word is not Word.UNCHECKED,
    )
