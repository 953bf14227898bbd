"""How often the returns desk understands, does what the record says, asks, or is wrong.

Four measurements: messages that ask for nothing (`benchmarks.unasked`), letters read into wishes
(`benchmarks.mail`), the demo's own morning, and tau-bench's retail requests, whose free text is given
to the real desk and whose recorded actions are what should have been done. A *unit* is one order of
one request. Nothing of tau is trained or tuned on; the confusion is printed as it is.

Each shop has its own limits: tau's rules know none on amounts, so its requests are judged by our
office's policies without the four that ask about money (`AMOUNT_LIMITS`). With them, set by
`KONTOR_EVAL_TAU_LIMITS=1`, nearly every request of that shop is dear enough to ask about.
"""

import asyncio
import csv
import os
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table
from temporalio.client import Client

from benchmarks.answering import by_passkey
from benchmarks.data import data_folder
from benchmarks.environment import own_settings
from benchmarks.mail import mail_rows
from benchmarks.rows import Row, publish
from benchmarks.tau_shop import Action, Shop, cents, load_actions, load_shop, place
from benchmarks.unasked import unasked_rows
from bootstrap.installation import Installation
from cli.demo.judgement import Verdict
from cli.demo.run import Morning
from cli.stack.processes import ROOT, Children
from contracts.case import CaseStatus
from contracts.effect import EffectState
from sandbox.faults import MORNING
from service.intake import start_all
from service.temporal import connect
from service.timeline import Timeline, timeline
from settings import Settings
from workflows.registry import DESKS
from workflows.returns.reading import own_words
from workflows.returns.types import ReturnRequest

DESK = DESKS["returns"]
CHANNEL = "webshop"
UNITS = int(os.environ.get("KONTOR_EVAL_TAU_UNITS", "0"))
"""How many units to run; 0 means all."""
LONGEST_SECONDS = 900.0
AMOUNT_LIMITS = ("refund-over-150", "refund-over-1000", "charge-over-50", "damaged-over-100")
NOBODY_REPLIES = ("ask-customer", "ask-photos")
"""Who is recorded in tau's requests answers no question of ours; what is missing is asked of people."""
KEEP_LIMITS = bool(os.environ.get("KONTOR_EVAL_TAU_LIMITS"))
INTENTS = {
    "cancel_pending_order": "cancel",
    "return_delivered_order_items": "return",
    "exchange_delivered_order_items": "exchange",
}
"""What the desk's single questions call it; for changes of a pending order they have no word but `other`."""
CHANGES = {
    "modify_pending_order_items": "change_items",
    "modify_pending_order_address": "change_address",
    "modify_pending_order_payment": "change_payment",
}
"""By the record's tool: the operation that changes a pending order."""
STATUSES = {"pending", "processed", "delivered", "cancelled"}


@dataclass(frozen=True)
class Unit:
    """One order of one request, with its recorded actions.

    Attributes:
        others: the orders that the request is about besides; each is a unit of its own.
    """

    task: str
    order: str
    text: str
    actions: tuple[Action, ...]
    others: tuple[str, ...] = ()

    @property
    def intent(self) -> str:
        """The desk's word for what the record does."""
        return INTENTS.get(self.actions[0].tool, "other") if len(self.actions) == 1 else "other"

    @property
    def request(self) -> ReturnRequest:
        """The request as the desk gets it: the customer's words about this order, and its number."""
        whole = ReturnRequest(id=self.customer, channel=CHANNEL, order=self.order, message=self.text)
        return own_words(whole, self.others)

    @property
    def customer(self) -> str:
        """A customer of its own: no unit's case starts another unit's."""
        return f"{self.task.replace('/', '-')}-{self.order}"


async def rows() -> list[Row]:
    """Read what asks for nothing; run the morning, then tau's requests, each on a Kontor of its own."""
    with tempfile.TemporaryDirectory() as folder:
        async with Installation(own_settings(Path(folder))) as kontor:
            unasked = await unasked_rows(kontor)
    read = [*unasked, *mail_rows(data_folder("tau_retail"))]
    publish(read, Path("eval.json"))
    morning = await _on_its_own(_morning, ROOT / "office")
    with tempfile.TemporaryDirectory() as folder:
        office = Path(folder) / "office"
        shutil.copytree(ROOT / "office", office)
        lifted = NOBODY_REPLIES if KEEP_LIMITS else (*NOBODY_REPLIES, *AMOUNT_LIMITS)
        _lift(office / "policies" / "returns.cedar", lifted)
        # They say what these policies do, and an office whose tests fail is not served.
        shutil.rmtree(office / "policies" / "tests")
        measured = await _on_its_own(_tau, office)
    return [*read, *measured, *morning]


def _lift(policies: Path, names: Sequence[str]) -> None:
    """Drop policies, each from its `@id` to its closing semicolon."""
    text = policies.read_text()
    for name in names:
        text, found = re.subn(rf'@id\("returns\.{name}"\).*?\}};\n', "", text, flags=re.DOTALL)
        if not found:
            raise ValueError(f"no policy returns.{name}")
    policies.write_text(text)


async def _on_its_own(measure: Any, office: Path) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        children = Children(own_settings(Path(folder)).model_copy(update={"office": office}))
        try:
            await asyncio.to_thread(children.start_all)
            async with Installation(children.settings) as kontor:
                found: list[Row] = await measure(kontor, await connect(children.settings))
                return found
        finally:
            children.stop()


async def _morning(kontor: Installation, client: Client) -> list[Row]:
    _put(kontor.settings, "faults", MORNING.model_dump(mode="json"))
    morning = Morning.of(kontor, kontor.settings.office)
    await start_all(client, kontor.admissions, DESK, morning.requests)
    await morning.wait(client, lambda _now: None, LONGEST_SECONDS)
    summary = morning.summary()
    shares = {verdict: summary.share(verdict) for verdict in Verdict}
    return [
        Row("returns.demo.alone", shares[Verdict.ALONE], "share"),
        Row("returns.demo.asked_back", shares[Verdict.ASKED_BACK], "share"),
        Row("returns.demo.people", shares[Verdict.PEOPLE], "share"),
        Row("returns.demo.wrong", shares[Verdict.WRONG], "share", 0.0),
    ]


async def _tau(kontor: Installation, client: Client) -> list[Row]:
    folder = data_folder("tau_retail")
    shop, units = load_shop(folder), list(_units(folder))
    _post(kontor.settings, "load", {"products": [_product(product) for product in shop.products.values()]})
    judged: list[tuple[Unit, str, str]] = []
    for wave in _waves(units[: UNITS or None]):
        orders = [_order(shop, unit) for unit in wave]
        _post(kontor.settings, "load", {"orders": orders, "replace": True})
        await start_all(client, kontor.admissions, DESK, [unit.request for unit in wave])
        judged += [(unit, *_judge(unit, await _ended(kontor, unit))) for unit in wave]
        await _turn_down_what_waits(kontor, client, wave)
    _print(judged)
    verdicts = Counter(verdict for _, _, verdict in judged)
    understood = sum(said == unit.intent for unit, said, _ in judged)
    shares = {"understood": understood, **{name: verdicts[name] for name in ("exact", "asked", "wrong")}}
    return [Row(f"returns.tau.{name}", count / len(judged), "share") for name, count in shares.items()]


def _units(folder: Path) -> Iterator[Unit]:
    with (folder / "tasks_train_dev.csv").open() as lines:
        texts = {f"{row['split']}/{row['task']}": row["instruction"] for row in csv.DictReader(lines)}
    for actions in load_actions(folder):
        ordered = sorted(actions, key=lambda action: action.order)
        for order, ours in groupby(ordered, key=lambda action: action.order):
            task = actions[0].task
            others = {action.order.lstrip("#") for action in actions} - {order.lstrip("#")}
            yield Unit(task, order.lstrip("#"), texts[task], tuple(ours), tuple(sorted(others)))


def _waves(units: list[Unit]) -> Iterator[list[Unit]]:
    """Yield the units so that no order stands twice in a wave: each begins from the database."""
    left = units
    while left:
        taken: dict[str, Unit] = {}
        for unit in left:
            taken.setdefault(unit.order, unit)
        yield list(taken.values())
        left = [unit for unit in left if taken[unit.order] is not unit]


async def _ended(kontor: Installation, unit: Unit) -> Timeline:
    case_id = DESK.case_id(unit.request)
    for _ in range(int(LONGEST_SECONDS * 5)):
        found = kontor.cases.find(case_id)
        if found is not None and found.status is not CaseStatus.RUNNING:
            whole = timeline(kontor, case_id)
            assert whole is not None
            return whole
        await asyncio.sleep(0.2)
    raise RuntimeError(f"{case_id} never ended")


def _judge(unit: Unit, found: Timeline) -> tuple[str, str]:
    """Return what the desk took the request for, and whether it was exact, asked, or wrong."""
    intents = [made for made in found.decisions.values() if made.task == "returns.intent"]
    said = str((intents[0].answer or {}).get("label", "")) if intents else ""
    if found.record.status is CaseStatus.WAITING:
        return said, "asked"
    done = {
        (entry.order.effect.operation, entry.order.effect.step): entry.order.effect.arguments
        for entry in found.effects
        if entry.receipt.state is EffectState.APPLIED
    }
    return said, "exact" if _matches(unit, done) else "wrong"


def _matches(unit: Unit, done: dict[tuple[str, str], dict[str, Any]]) -> bool:
    action, by_operation = unit.actions[0], {operation: given for (operation, _), given in done.items()}
    changes = {operation for operation in by_operation if operation != "notify"}
    match unit.intent:
        case "cancel":
            return changes == {"cancel_order", "refund"}
        case "return":
            refund = by_operation.get("refund", {})
            items = Counter(line["sku"] for line in refund.get("lines", []))
            same_method = refund.get("payment_method") == action.method
            return items == Counter(action.items) and same_method
        case "exchange":
            back = by_operation.get("restock", {}).get("lines", [])
            new = [given["sku"] for (operation, _), given in done.items() if operation == "reserve"]
            same_items = Counter(line["sku"] for line in back) == Counter(action.items)
            return same_items and Counter(new) == Counter(action.new_items)
        case _:
            return all(_changed(action, by_operation) for action in unit.actions)


def _changed(action: Action, by_operation: dict[str, dict[str, Any]]) -> bool:
    """Say whether the desk did what a recorded change of a pending order did."""
    operation = CHANGES.get(action.tool, "")
    given = by_operation.get(operation)
    if given is None:
        return False
    swaps = Counter((line["sku"], line["new_sku"]) for line in given.get("lines", []))
    wanted = Counter(zip(action.items, action.new_items, strict=False))
    method = given.get("payment_method", action.method)
    same_items = operation != "change_items" or swaps == wanted
    return same_items and method == action.method and place(given.get("address", "")) == place(action.address)


async def _turn_down_what_waits(kontor: Installation, client: Client, wave: list[Unit]) -> None:
    for unit in wave:
        case_id = DESK.case_id(unit.request)
        found = kontor.cases.find(case_id)
        if found is not None and found.status is CaseStatus.WAITING:
            handle = client.get_workflow_handle(case_id)
            for question in kontor.approvals.of_case(case_id):
                if question.approval is None:
                    await handle.signal("decide", by_passkey(kontor, question.request, "anna", "reject"))
            await handle.result()


def _product(product: dict[str, Any]) -> dict[str, Any]:
    variants = [
        {
            "sku": item,
            "options": variant["options"],
            "price_cents": cents(variant["price"]),
            "stock": 50 if variant["available"] else 0,
        }
        for item, variant in product["variants"].items()
    ]
    return {
        "product": product["product_id"],
        "name": product["name"],
        "price_cents": variants[0]["price_cents"],
        "variants": variants,
        "channels": [CHANNEL],
    }


def _order(shop: Shop, unit: Unit) -> dict[str, Any]:
    order = shop.orders[f"#{unit.order}"]
    payment = order["payment_history"][0]
    status = order["status"] if order["status"] in STATUSES else "pending"
    return {
        "id": unit.order,
        "channel": CHANNEL,
        "customer": unit.customer,
        "status": status,
        "currency": "USD",
        "member_level": "gold",
        "placed_days_ago": 9,
        "delivered_days_ago": 4 if status == "delivered" else None,
        "payment_method": payment["payment_method_id"],
        "paid_cents": cents(payment["amount"]),
        "lines": [
            {
                "id": f"L{number}",
                "sku": item["item_id"],
                "product": item["product_id"],
                "name": item["name"],
                "options": item["options"],
                "unit_price_cents": cents(item["price"]),
            }
            for number, item in enumerate(order["items"], start=1)
        ],
    }


def _print(judged: list[tuple[Unit, str, str]]) -> None:
    """Print the confusion: what the record says, what the desk took it for, how it ended."""
    counts = Counter((unit.intent, said or "-", verdict) for unit, said, verdict in judged)
    table = Table("recorded", "taken for", "ended", "units")
    for (recorded, said, verdict), count in sorted(counts.items()):
        table.add_row(recorded, said, verdict, str(count))
    Console().print(table)


def _post(settings: Settings, what: str, body: dict[str, Any]) -> None:
    url = f"http://127.0.0.1:{settings.sandbox_port}/admin/{what}"
    httpx.post(url, json=body, timeout=120).raise_for_status()


def _put(settings: Settings, what: str, body: dict[str, Any]) -> None:
    url = f"http://127.0.0.1:{settings.sandbox_port}/admin/{what}"
    httpx.put(url, json=body, timeout=30).raise_for_status()
