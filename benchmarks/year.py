"""A generated year of an office's books: cases, answers, effects and differences of every kind.

Rows are made at random by a seed and written as they are: what is measured is how they are counted.
"""

import random
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, insert
from sqlmodel import SQLModel

from memory.database import table_of, writing
from memory.tables.approvals import AnswerRow, ApprovalRow, AttentionRow
from memory.tables.cases import CaseRow
from memory.tables.decisions import DecisionRow
from memory.tables.divergences import DivergenceRow
from memory.tables.ledger import EffectCallRow, EffectRow, PermitRow
from memory.tables.verdicts import VerdictRow

Row = dict[str, Any]
BEGIN = datetime(2025, 12, 1, tzinfo=UTC)
END = datetime(2026, 12, 1, tzinfo=UTC)
DESKS = ("alpha", "beta", "books")
CURRENCIES = ("EUR", "CHF")
TASKS = {"alpha.kind": 40.0, "alpha.line": 200.0, "beta.topic": 1500.0}
"""Tasks with their budgets in milliseconds; `beta.tone` has none."""
TABLES: tuple[type[SQLModel], ...] = (
    CaseRow, DecisionRow, VerdictRow, PermitRow, EffectRow, EffectCallRow, ApprovalRow, AnswerRow,
    AttentionRow, DivergenceRow,
)  # fmt: skip
AT_ONCE = 5000


@dataclass
class Year:
    """The rows of a year, by table."""

    rows: dict[type[SQLModel], list[Row]] = field(default_factory=lambda: defaultdict(list))

    def write(self, engine: Engine) -> None:
        """Write them all."""
        with writing(engine) as session:
            for table in TABLES:
                rows = self.rows[table]
                for start in range(0, len(rows), AT_ONCE):
                    session.execute(insert(table_of(table)), rows[start : start + AT_ONCE])


class Generator:
    """Makes a year of so many cases."""

    def __init__(self, seed: int) -> None:
        """Begin from a seed; the same one makes the same year."""
        self._chance = random.Random(seed)
        self._year = Year()
        self._count = 0

    def year(self, cases: int) -> Year:
        """Return the year."""
        for number in range(cases):
            self._case(f"case-{number}")
        return self._year

    def _one_in(self, n: int) -> bool:
        return self._chance.randrange(n) == 0

    def _name(self, prefix: str) -> str:
        self._count += 1
        return f"{prefix}-{self._count}"

    def _add(self, table: type[SQLModel], **row: Any) -> Row:
        self._year.rows[table].append(row)
        return row

    def _later(self, moment: datetime, most: timedelta) -> datetime:
        return moment + timedelta(microseconds=self._chance.randrange(1, most // timedelta(microseconds=1)))

    def _case(self, name: str) -> None:
        desk = self._chance.choices(DESKS, (70, 27, 3))[0]
        opened = self._later(BEGIN, END - BEGIN)
        status = self._chance.choices(
            ("settled", "denied", "rejected", "expired", "undone", "failed", "waiting", "running"),
            (66, 8, 6, 2, 4, 3, 8, 3),
        )[0]
        ended = self._later(opened, timedelta(days=9)) if status not in ("waiting", "running") else None
        if status == "running" and self._one_in(2):
            ended = self._later(opened, timedelta(hours=9))  # it is being undone
        case_id = f"{desk}/web/{name}"
        self._add(
            CaseRow, id=case_id, desk=desk, channel="web", status=status, summary="", outcome="",
            amount_cents=0, currency="EUR", office_version="", opened_at=opened, updated_at=opened,
            request={}, by_person=self._one_in(20), customer="", event=0, waits_for="", opened_under=None,
            ended_at=None if self._one_in(25) else ended,
        )  # fmt: skip
        self._decisions(case_id, opened)
        asked = [
            self._approval(case_id, desk, opened) for _ in range(self._chance.choice((0, 0, 0, 1, 1, 2)))
        ]
        for _ in range(self._chance.choice((0, 1, 1, 2))):
            self._effect(case_id, opened, asked)
        if self._one_in(5):
            self._verdict(case_id, opened, self._chance.choice(("ask", "deny")))
        if self._one_in(12):
            self._divergence(case_id if self._chance.random() < 0.8 else "", opened)

    def _decisions(self, case_id: str, opened: datetime) -> None:
        for place in range(1, self._chance.randrange(2, 4)):
            task = self._chance.choice((*TASKS, "beta.tone"))
            batch = self._one_in(15)
            self._add(
                DecisionRow, case_id=case_id, step=f"read/{task}#{place}{'@batch' if batch else ''}",
                position=place, task=task, decided_by=self._chance.choice(("local", "gemini", "rule")),
                outcome=self._chance.choices(("answered", "unsure", "malformed"), (80, 15, 5))[0],
                name=f"{task}@small", version="1", confidence=None, body={}, inputs_hash=None,
                cost_microusd=self._chance.choice((0, 0, 150, 2_500)),
                latency_ms=None if self._one_in(30) else round(self._chance.expovariate(1 / 60), 3),
                at=None if self._one_in(30) else self._later(opened, timedelta(hours=1)),
            )  # fmt: skip

    def _verdict(self, case_id: str, opened: datetime, outcome: str, because: str = "") -> Row:
        facts = {"because": because} if because else {"amount_cents": 100}
        return self._add(
            VerdictRow, id=self._name("verdict"), case_id=case_id, position=1, step="pay", outcome=outcome,
            policy_version=self._chance.choice("ab") * 64, conflict=self._one_in(6),
            at=None if self._one_in(30) else self._later(opened, timedelta(hours=1)),
            body={"facts": facts, "errors": ["odd"] if self._one_in(10) else []},
        )  # fmt: skip

    def _approval(self, case_id: str, desk: str, opened: datetime, because: str = "") -> Row:
        asked = self._later(opened, timedelta(hours=2))
        status = self._chance.choices(
            ("waiting", "approved", "edited", "rejected", "expired", "withdrawn"), (10, 60, 10, 10, 5, 5)
        )[0]
        closed = self._later(asked, timedelta(days=2)) if status != "waiting" else None
        cents = self._chance.randrange(1_000, 90_000)
        facts = {"because": because} if because else {}
        row = self._add(
            ApprovalRow, id=self._name("ask"), case_id=case_id, desk=desk, step="pay", status=status, what="",
            asked_by="", amount_cents=cents, currency=self._chance.choice(CURRENCIES), arguments_hash="",
            policies=[], roles=[], needed=1, policy_version="", office_version="", by_model="", connectors={},
            requested_at=asked, deadline=asked, reminded_at=None, level=0, closed_at=closed,
            agreed_cents=cents - self._chance.randrange(cents) if status == "edited" else None,
            approval=None, request={"plan": {"facts": facts}},
        )  # fmt: skip
        for person in ("ben", "anna"):
            if self._one_in(2):
                self._look(row, person)
        return row

    def _look(self, asked: Row, person: str) -> None:
        shown = self._later(asked["requested_at"], timedelta(hours=4))
        measured = self._one_in(2)
        left = self._later(shown, timedelta(minutes=12)) if measured or self._one_in(2) else None
        self._add(
            AttentionRow, request_id=asked["id"], person=person, shown_at=shown, left_at=left,
            visible_seconds=round(self._chance.uniform(1, 700), 3) if measured else None,
        )  # fmt: skip
        for _ in range(self._chance.choice((0, 1, 1, 2))):
            self._add(
                AnswerRow, id=self._name("answer"), request_id=asked["id"], position=1,
                case_id=asked["case_id"], person=person, choice="approve", why="", on_behalf_of="",
                standing=self._chance.choices(("valid", "late", "foreign", "conflicting"), (80, 10, 6, 4))[0],
                verdict_id="", token_id=None, answer=None,
                at=self._later(shown - timedelta(minutes=5), timedelta(minutes=20)),
            )  # fmt: skip

    def _effect(self, case_id: str, opened: datetime, asked: list[Row]) -> None:
        granted = [each["id"] for each in asked if each["status"] in ("approved", "edited")]
        basis = granted[0] if granted else self._verdict(case_id, opened, "allow")["id"]
        begun = self._later(opened, timedelta(hours=3))
        done = self._send(case_id, begun, basis)
        if self._one_in(12):
            undone = self._later(begun, timedelta(days=60))
            because = self._chance.choice(("person", "failure"))
            by_people = self._one_in(3)
            desk = case_id.partition("/")[0]
            judged = (
                self._approval(case_id, desk, undone, because)
                if by_people
                else self._verdict(case_id, undone, "allow", because)
            )
            self._send(case_id, undone, judged["id"], compensates=done["key"])

    def _send(self, case_id: str, begun: datetime, basis: str, compensates: str | None = None) -> Row:
        state = self._chance.choices(("applied", "failed", "unknown", "sent", "intended"), (90, 4, 3, 2, 1))[
            0
        ]
        sent = self._later(begun, timedelta(seconds=40)) if state != "intended" else None
        if state == "sent" and self._one_in(2):
            sent = END - timedelta(seconds=self._chance.randrange(600))
        key, permit = self._name("effect"), self._name("permit")
        place = {"connector": self._chance.choice(("shop", "till")), "operation": "pay"}
        self._add(
            PermitRow, id=permit, effect_key=key, case_id=case_id, arguments_hash="", connector_version="",
            policy_version="", office_version="", basis=basis, expires_at=begun, amount_cents=0,
            currency="EUR", redeemed_by=key, redeemed_at=begun, **place,
        )  # fmt: skip
        row = self._add(
            EffectRow, key=key, case_id=case_id, step=key, arguments={}, arguments_hash="", amount_cents=0,
            currency="EUR", permit_id=permit, compensates=compensates, connector_version="", likeness="",
            state=state, outside_reference=None, result={}, attempts=1, last_call=1, looked_up=False,
            reason=None, intended_at=begun, sent_at=sent, settled_at=None, updated_at=begun, **place,
        )  # fmt: skip
        for number in range(1, self._chance.choice((2, 2, 2, 3))):
            outcomes = ("applied", "ambiguous", "not-applied-retry", "not-applied-final")
            outcome = self._chance.choices(outcomes, (85, 6, 6, 3))[0]
            settled = self._chance.choice((None, "found", "absent")) if outcome == "ambiguous" else None
            self._add(
                EffectCallRow, effect_key=key, number=number, kind="send", outcome=outcome, why="",
                started_at=self._later(begun, timedelta(hours=1)), ended_at=None, settled_by=settled,
            )  # fmt: skip
        return row

    def _divergence(self, case_id: str, opened: datetime) -> None:
        self._add(
            DivergenceRow, id=self._name("divergence"), connector=self._chance.choice(("shop", "till")),
            kind=self._chance.choice(("missing_outside", "amount_differs")), operation="pay", reference="",
            effect_key="", effect_case=case_id, ours_cents=0, theirs_cents=0,
            at_stake_cents=self._chance.randrange(90_000), currency=self._chance.choice(CURRENCIES),
            found_at=self._later(opened, timedelta(days=3)), rounds=0, why="", resolution="", closed_at=None,
            standing=self._chance.choice(("open", "case", "healed", "closed")),
        )  # fmt: skip
