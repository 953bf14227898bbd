"""A candidate that would cost money, shown but not asked."""

from typing import Literal

from models.candidate import Asked, Candidate, CandidateFailed, Readiness, Reply
from models.catalogue import TaskSpec


class NotAsked:
    """Stands in for a paid candidate where a question is only tried out."""

    def __init__(self, candidate: Candidate) -> None:
        self._candidate = candidate

    @property
    def by(self) -> Literal["local", "gemini", "rule"]:
        """What kind of decider the real one is."""
        return self._candidate.by

    async def prepare(self, name: str, task: TaskSpec) -> Readiness:
        """Say what the real one says."""
        return await self._candidate.prepare(name, task)

    async def answer(self, asked: Asked) -> Reply:
        """Say that the real one would be asked here."""
        del asked
        raise CandidateFailed("would be asked now, and cost money", its_fault=False)
