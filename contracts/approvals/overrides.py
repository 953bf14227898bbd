"""How often people disagree with what model and policy proposed, and how often they take it back."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from contracts.base import Frozen

Grouping = Literal["desk", "policy", "connector", "model"]


class Proposal(Frozen):
    """One thing that was proposed and what became of it.

    Attributes:
        outcome: of the approval; `unattended` when policy let it run without a person.
        proposed_cents: what model and policy proposed to move.
        agreed_cents: what a person agreed to; None unless approved or edited.
        policies: those that asked; for `unattended` those that let it run.
        connectors: name and version of each connector, as `webshop@1.0+2f3c`.
        model: the model behind the proposal, empty if there was none or it is not known.
        undone: a person took it back within the days that are looked at.
    """

    case_id: str
    desk: str
    outcome: str
    proposed_cents: int
    agreed_cents: int | None = None
    policies: tuple[str, ...] = ()
    connectors: tuple[str, ...] = ()
    model: str = ""
    at: datetime
    undone: bool = False

    def keys(self, by: Grouping) -> tuple[str, ...]:
        """Return the groups that this proposal counts in."""
        found = {
            "desk": (self.desk,),
            "policy": self.policies,
            "connector": self.connectors,
            "model": (self.model,),
        }[by]
        return found or ("",)


class Overrides(Frozen):
    """The counts of one group.

    Attributes:
        key: the desk, policy, connector or model; empty for proposals without one.
        unattended: ran without a person.
        cut_cents: by how much edits lowered what was proposed, in all.
        cut_share: the same as a share of what those edits were about, 0 to 1.
        undone: taken back by a person within the days, approved and unattended alike.
        disagreement_share: edited, rejected and undone, as a share of all that was judged or ran.
    """

    key: str
    unattended: int = 0
    approved: int = 0
    edited: int = 0
    cut_cents: int = 0
    cut_share: float = 0.0
    rejected: int = 0
    expired: int = 0
    withdrawn: int = 0
    undone: int = 0
    disagreement_share: float = 0.0


def overrides(proposals: Iterable[Proposal], by: Grouping) -> list[Overrides]:
    """Count proposals by desk, policy, connector version or model, in the order of the keys."""
    groups: dict[str, list[Proposal]] = defaultdict(list)
    for proposal in proposals:
        for key in proposal.keys(by):
            groups[key].append(proposal)
    return [_counted(key, groups[key]) for key in sorted(groups)]


def _counted(key: str, group: list[Proposal]) -> Overrides:
    edits = [proposal for proposal in group if proposal.outcome == "edited"]
    cut = sum(edit.proposed_cents - (edit.agreed_cents or 0) for edit in edits)
    about = sum(edit.proposed_cents for edit in edits)
    times = Counter(proposal.outcome for proposal in group)
    judged = sum(times[outcome] for outcome in ("unattended", "approved", "edited", "rejected"))
    disagreed = sum(proposal.undone or proposal.outcome in ("edited", "rejected") for proposal in group)
    return Overrides(
        key=key,
        unattended=times["unattended"],
        approved=times["approved"],
        edited=times["edited"],
        cut_cents=cut,
        cut_share=cut / about if about else 0.0,
        rejected=times["rejected"],
        expired=times["expired"],
        withdrawn=times["withdrawn"],
        undone=sum(proposal.undone for proposal in group),
        disagreement_share=disagreed / judged if judged else 0.0,
    )
