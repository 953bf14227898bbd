"""The desk's hot path: everything a step has to write, in one commit."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Engine

from contracts.case import CaseRecord
from contracts.decision import Decision
from contracts.episode import Episode
from contracts.verdict import Verdict
from memory.anchor import Anchor
from memory.cases import save_case
from memory.chain import Head, Signer
from memory.database import writing
from memory.decisions import keep_decision
from memory.episodes import append_episodes
from memory.verdicts import keep_verdicts


class SqlRecord:
    """`activities.ports.Bookkeeper`: one transaction, so one wait for the disk instead of four."""

    def __init__(self, engine: Engine, signer: Signer, anchor: Anchor) -> None:
        self._engine = engine
        self._signer = signer
        self._anchor = anchor

    def record(
        self,
        case: CaseRecord,
        episodes: Sequence[Episode],
        decisions: Mapping[str, Decision] | None = None,
        verdicts: Sequence[Verdict] = (),
    ) -> None:
        """Write the case's row, its decisions (by step) and verdicts, and append its episodes."""
        head: Head | None = None
        with writing(self._engine) as session:
            save_case(session, case)
            for step, decision in (decisions or {}).items():
                keep_decision(session, case.id, step, decision)
            keep_verdicts(session, case.id, verdicts)
            if episodes:
                head = append_episodes(session, episodes, self._signer)
        if head is not None:
            self._anchor.saw(head)
