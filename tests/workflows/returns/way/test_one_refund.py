"""One item, one refund: whatever cases, undo, people in the shop and parcels do in between."""

import asyncio
import itertools
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from connectors.connectors import Connectors
from connectors.manifest import load_manifests
from connectors.secrets import EnvironmentSecrets
from contracts.base import Arguments
from contracts.failure import CallFailed
from contracts.parcel import Condition
from memory.database import open_engine
from policy.engine import CedarEngine
from sandbox.channels.shop import Counter
from sandbox.loading import LineIn, Load, OrderIn, ProductIn, VariantIn, load
from sandbox.server import Sandbox, running
from sandbox.world import World
from tests.workflows.returns.way.cases import Case, Desk
from workflows.registry import fact_types
from workflows.returns.types import Goods, Intent

pytestmark = pytest.mark.slow
INTERLEAVINGS = int(os.environ.get("KONTOR_INTERLEAVINGS", "25"))
STEPS = 40
MOST_CASES = 4
CONDITIONS: list[Condition] = ["sellable", "damaged", "missing_parts", "wrong_item"]
WAYS: list[Goods] = ["handed_over", "expected", "awaited"]
CHANNELS = ["webshop", "marketplace"]
BY_HAND = "webshop"
"""The shop that counts refunded pieces: the people of the other may pay for one twice, and are told of it."""
Asked = tuple[list[tuple[Intent, int, int]], Goods, int]
"""What a letter wishes (what, of which line, how many), when its money goes, and the share of the price."""
_numbers = itertools.count(1)


class Bench:
    """What all interleavings share: a shop, connectors and policies, and one event loop."""

    def __init__(self, sandbox: Sandbox, office: Path, database: Path) -> None:
        self.loop = asyncio.new_event_loop()
        self.world = World(sandbox.database)
        manifests = load_manifests(office, {"KONTOR_SANDBOX_PORT": str(sandbox.port)})
        tokens = {f"KONTOR_SECRET_{name.upper()}_TOKEN": token for name, token in sandbox.tokens.items()}
        shops = {channel: manifests[channel] for channel in CHANNELS}
        self.outside = Connectors(shops, EnvironmentSecrets(tokens))
        self.engine = open_engine(f"sqlite:///{database}")
        policy = CedarEngine.from_office(office, fact_types())
        self.desk = Desk(self.engine, self.outside, policy, office)

    def run(self, doing: Any) -> Any:
        """Do something in the loop."""
        return self.loop.run_until_complete(doing)

    def close(self) -> None:
        """Let go of everything."""
        self.run(self.outside.close())
        self.engine.dispose()
        self.world.close()
        self.loop.close()


@pytest.fixture(scope="module")
def bench(office: Path, migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("one-refund")
    shutil.copy(migrated_file, folder / "kontor.db")
    with running(folder / "sandbox.db", seeded=False) as sandbox:
        opened = Bench(sandbox, office, folder / "kontor.db")
        yield opened
        opened.close()


class OneRefund(RuleBasedStateMachine):
    """Two to four cases about one order, stepped in any order, with all else that may happen to it."""

    def __init__(self, bench: Bench) -> None:
        super().__init__()
        self.bench = bench
        self.order = f"P-{next(_numbers)}"
        self.channel = BY_HAND
        self.cases: list[tuple[Case, AsyncIterator[str]]] = []

    @initialize(
        channel=st.sampled_from(CHANNELS),
        prices=st.lists(st.integers(100, 6000), min_size=1, max_size=2),
        quantity=st.integers(1, 3),
        discount=st.just(0) | st.integers(0, 90),
        dearer=st.sampled_from([-90, 0, 90]),
        asked=st.lists(
            st.tuples(
                st.lists(
                    st.tuples(
                        st.sampled_from([Intent.RETURN, Intent.EXCHANGE]),
                        st.integers(0, 1),
                        st.integers(1, 3),
                    ),
                    min_size=1,
                    max_size=2,
                    unique_by=lambda wish: wish[0],
                ),
                st.sampled_from(WAYS),
                st.sampled_from([100, 50, 5]),
            ),
            min_size=2,
            max_size=MOST_CASES,
        ),
    )
    def an_order(
        self,
        *,
        channel: str,
        prices: list[int],
        quantity: int,
        discount: int,
        dearer: int,
        asked: list[Asked],
    ) -> None:
        self.channel, number = channel, self.order
        products = [
            ProductIn(
                product=f"{number}-P{n}",
                name=f"Thing {n}",
                price_cents=price,
                variants=[
                    VariantIn(sku=f"{number}-S{n}", options={"size": "S"}, stock=9),
                    VariantIn(
                        sku=f"{number}-T{n}", options={"size": "T"}, price_cents=price + dearer, stock=9
                    ),
                ],
            )
            for n, price in enumerate(prices)
        ]
        lines = [LineIn(id=f"L{n}", sku=f"{number}-S{n}", quantity=quantity) for n in range(len(prices))]
        order = OrderIn(
            id=self.order,
            channel=channel,
            customer=f"c-{self.order}",
            status="delivered",
            delivered_days_ago=5,
            currency="EUR",
            payment_method="card-1",
            discount_cents=discount,
            lines=lines,
        )
        load(self.bench.world, Load(products=products, orders=[order]))
        self.lines, self.quantity = [line.id for line in lines], quantity
        # The shop says what came off the order: a line's part of it is a fraction of a cent, rounded somehow.
        whole = sum(prices) * quantity
        exact = [Fraction(price * quantity * (whole - discount), whole) for price in prices]
        self.paid = {line: ceil(cents) for line, cents in zip(self.lines, exact, strict=True)}
        self.paid_in_all = whole - discount
        for place, (wishes, goods, share) in enumerate(asked):
            named = [
                (intent, self.lines[line % len(lines)], min(count, quantity))
                for intent, line, count in wishes
            ]
            if goods == "awaited" and not any(intent is Intent.RETURN for intent, _, _ in named):
                goods = "expected"  # noqa: PLW2901  (no money of an exchange waits for its goods)
            case_id = f"returns/{channel}/{number}-{place}"
            case = Case(self.bench.desk, case_id, channel, number, named, goods, share)
            self.cases.append((case, case.story()))

    @property
    def counter(self) -> Counter:
        """The shop, seen by its own people."""
        return Counter(self.bench.world, self.channel)

    @rule(number=st.integers(0, MOST_CASES - 1), steps=st.integers(1, 8))
    def a_case_goes_on(self, number: int, steps: int) -> None:
        for _ in range(steps):
            self.step(*self.cases[number % len(self.cases)])

    @rule(turns=st.lists(st.integers(0, MOST_CASES - 1), min_size=4, max_size=16))
    def cases_go_on_in_turn(self, turns: list[int]) -> None:
        for number in turns:
            self.step(*self.cases[number % len(self.cases)])

    def step(self, case: Case, story: AsyncIterator[str]) -> None:
        """Let a case go on to where others may come in between."""
        if not case.ended:
            self.bench.run(anext(story, None))
            self.no_line_is_refunded_beyond_what_was_paid_for_it()

    def teardown(self) -> None:
        """Let every case come to its end: the goods it waits for come, and are as they were sent."""
        while going := [pair for pair in self.cases if not pair[0].ended]:
            for case, story in going:
                case.inspected(self.quantity, "sellable")
                self.step(case, story)

    @rule(
        number=st.integers(0, MOST_CASES - 1),
        count=st.integers(1, 3),
        condition=st.sampled_from(CONDITIONS),
    )
    def goods_are_inspected(self, number: int, count: int, condition: Condition) -> None:
        self.cases[number % len(self.cases)][0].inspected(count, condition)

    @rule(number=st.integers(0, MOST_CASES - 1))
    def goods_are_given_up(self, number: int) -> None:
        self.cases[number % len(self.cases)][0].given_up = True

    @precondition(lambda self: any(case.ended for case, _ in self.cases))
    @rule(number=st.integers(0, MOST_CASES - 1))
    def a_case_is_undone(self, number: int) -> None:
        ended = [case for case, _ in self.cases if case.ended]
        self.bench.run(self.bench.desk.undo(ended[number % len(ended)].id))

    @precondition(lambda self: self.channel == BY_HAND)
    @rule(line=st.integers(0, 1))
    def somebody_refunds_a_piece_by_hand(self, line: int) -> None:
        name = self.lines[line % len(self.lines)]
        cents = self.counter.paid_for_lines(self.order)[name] // self.quantity
        if not cents:
            return
        arguments: Arguments = {
            "order": self.order,
            "payment_method": "card-1",
            "amount_cents": cents,
            "currency": "EUR",
            "reason": "by hand",
            "lines": [{"line": name, "sku": f"{self.order}-{name.replace('L', 'S')}", "quantity": 1}],
        }
        try:
            self.bench.run(self.bench.outside.send(BY_HAND, "refund", arguments, f"hand-{next(_numbers)}"))
        except CallFailed:
            return  # the shop refuses a piece that was refunded

    @invariant()
    def no_line_is_refunded_beyond_what_was_paid_for_it(self) -> None:
        refunded = dict.fromkeys(getattr(self, "lines", []), 0)
        pieces = dict.fromkeys(refunded, 0)
        for entry in self.bench.world.entries(self.channel, kind="refund", order_id=self.order):
            named = entry.detail["lines"]
            assert isinstance(named, list)
            if entry.undone_by is None:
                [piece] = named
                refunded[piece["line"]] += entry.amount_cents
                pieces[piece["line"]] += piece["quantity"]
        charged = sum(self.bench.world.money(self.channel, self.order, "charge").values())
        paid_in_all = getattr(self, "paid_in_all", 0) + charged
        assert sum(refunded.values()) <= paid_in_all, (refunded, paid_in_all)
        for line, cents in refunded.items():
            assert cents <= self.paid[line], (line, cents, self.paid)
            assert pieces[line] <= self.quantity, (line, pieces)


def test_a_line_is_never_refunded_beyond_what_was_paid_for_it_whatever_comes_in_between(bench: Bench) -> None:
    run_state_machine_as_test(
        lambda: OneRefund(bench),  # type: ignore[arg-type]  # any maker of machines will do
        settings=settings(
            max_examples=INTERLEAVINGS,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
