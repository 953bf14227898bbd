"""How well letters are read into wishes: exactly, with the right question, wrongly, or left to people.

A question is answered by the record, in words, and the desk reads the answer (`benchmarks.mail_replies`).

The acceptance is fitted on `train` and judged out of fold: what decides about a letter has not seen it. The
rules were written looking at `train`; `dev` was only counted.
"""

import os
import time
import zlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from benchmarks.mail_replies import Asked, asked_of
from benchmarks.mail_units import Done, Letter, done, letters
from benchmarks.mutations import atoms, mutated
from benchmarks.risk_curve import Curve, write_picture
from benchmarks.rows import Row
from mail.cleaning import clean
from models.local.calibration import risk_coverage
from models.local.language import foreign_in
from workflows.returns.asking_back import FEWEST, MOST
from workflows.returns.wishes import change_guard
from workflows.returns.wishes.acceptance import (
    CARD,
    MEASURED,
    AcceptanceCard,
    accepted,
    forbidden,
    signs,
    weighed,
)
from workflows.returns.wishes.letter import Gap, LetterReading, OrderReading
from workflows.returns.wishes.reader import read

FOLDS = 10
STRENGTH = 0.3
PROMISE = 0.01
MUTATIONS = int(os.environ.get("KONTOR_EVAL_MUTATIONS", "2000"))
PICTURE = Path("docs/pictures/wishes.svg")


@dataclass(frozen=True)
class Read:
    """A letter with what was made of it."""

    letter: Letter
    reading: LetterReading

    @property
    def fold(self) -> int:
        """Which fold it is in."""
        return zlib.crc32(self.letter.task.encode()) % FOLDS

    def right(self, one: OrderReading) -> bool:
        """Say whether a reading is what the record did for its order."""
        return _same(self.made(one), self.letter.wanted.get(one.order, []))

    def made(self, one: OrderReading) -> list[Done]:
        """Return a reading's wishes as actions."""
        return [done(wish, self.letter.customer.order(one.order)) for wish in one.wishes]


def mail_rows(folder: Path) -> list[Row]:
    """Measure on the data's letters, and draw the curve."""
    found = [Read(letter, _read(letter)) for letter in letters(folder)]
    train, dev = (
        [each for each in found if (each.letter.split == "dev") == wanted] for wanted in (False, True)
    )
    rows: list[Row] = []
    counts: Counter[str] = Counter()
    curve: list[tuple[float, bool]] = []
    for number in range(FOLDS):
        model = fitted([each for each in train if each.fold != number])
        for each in (each for each in train if each.fold == number):
            counts += judged(each, model, curve)
    rows += _shares("returns.mail", counts)
    whole = fitted(train)
    on_dev: Counter[str] = Counter()
    for each in dev:
        on_dev += judged(each, whole, [])
    rows += _shares("returns.mail.dev", on_dev)
    _draw(curve, counts)
    rows.append(Row("returns.mail.mangled_effects", float(_mangled(found)), "count", 0.0))
    rows.append(Row("returns.read_p99_ms", _p99(found), "ms", 60.0))
    return rows


def _read(letter: Letter, order: str = "") -> LetterReading:
    """Read a letter as the desk does, in the language that is recognised; with the order, if it is known."""
    language = foreign_in(clean(letter.message).text, MEASURED)
    return read(letter.message, letter.customer, order, language)


def judged(each: Read, model: AcceptanceCard, curve: list[tuple[float, bool]]) -> Counter[str]:
    """Count how each unit of a letter ends, and note each reading's confidence and whether it is right."""
    counts: Counter[str] = Counter()
    letter = each.letter
    reading = weighed(each.reading, model, local=letter.language in MEASURED)
    by_order = {one.order: one for one in reading.orders}
    for one in reading.orders:
        stands = _stands(letter, one, model)
        if one.wishes:
            curve.append(((one.confidence or 0.0) * (0.5 if forbidden(one) else 1.0), each.right(one)))
        if one.order in letter.wanted:
            continue
        if stands:
            counts += Counter(wrong=1, units=1)
        elif (asked := asked_of(letter, one)) and asked.then(asked.heard()):
            counts += Counter(wrong_by_reply=1, units=1)
    for order in letter.wanted:
        counts["units"] += 1
        made = by_order.get(order)
        if made is not None and _stands(letter, made, model):
            counts["exact" if each.right(made) else "wrong"] += 1
        elif made is not None and (asked := asked_of(letter, made)):
            counts += _replied(each, asked)
        elif not reading.orders and _asks_which(reading):
            counts += _which_replied(each, reading, order, model)
        else:
            counts["asked_people"] += 1
    return counts


def _asks_which(reading: LetterReading) -> bool:
    """Say whether the desk asks which order is meant."""
    question = reading.question
    return question is not None and question.gap is Gap.ORDER and FEWEST <= len(question.choices) <= MOST


def _which_replied(each: Read, reading: LetterReading, order: str, model: AcceptanceCard) -> Counter[str]:
    """Count whether the question which order is meant is the right one, and how it ends, read once more."""
    letter, choices = each.letter, reading.question.choices if reading.question else ()
    if order not in choices or len(letter.wanted) > 1:
        return Counter(vain_question=1, asked_order=1)
    counts = Counter(right_question=1, asked_order=1)
    again = weighed(_read(letter, order), model, local=letter.language in MEASURED)
    made = next((one for one in again.orders if one.order == order), None)
    if made is None:
        return counts
    asked = asked_of(letter, made)
    then = made if _stands(letter, made, model) else asked.then(asked.heard()) if asked else None
    if then is not None:
        counts["exact_by_reply" if each.right(then) else "wrong_by_reply"] = 1
    return counts


def _stands(letter: Letter, one: OrderReading, model: AcceptanceCard) -> bool:
    """Say whether the desk stands by a reading."""
    return accepted(one, model) and not change_guard.against(letter.message, one)


def _replied(each: Read, asked: Asked) -> Counter[str]:
    """Count whether a question is the right one, and how it ends once its customer has replied."""
    helps, then = asked.then(asked.meant()), asked.then(asked.heard())
    right = helps is not None and each.right(helps)
    counts = Counter({"right_question" if right else "vain_question": 1})
    counts[f"asked_{asked.question.gap.value}"] = 1
    if then is not None:
        counts["exact_by_reply" if each.right(then) else "wrong_by_reply"] = 1
    return counts


def fitted(reads: list[Read]) -> AcceptanceCard:
    """Fit the acceptance, and choose the threshold that accepts most with its errors under the promise."""
    pairs = [
        (one, each.right(one))
        for each in reads
        if each.letter.language in MEASURED
        for one in each.reading.orders
        if one.wishes
    ]
    names = sorted({name for one, _ in pairs for name in signs(one)})
    points = np.array([[signs(one).get(name, 0.0) for name in names] for one, _ in pairs])
    truth = np.array([right for _, right in pairs])
    model = LogisticRegression(C=STRENGTH, max_iter=5000).fit(points, truth)
    sure = model.predict_proba(points)[:, 1]
    free = np.array([not forbidden(one) for one, _ in pairs])
    order = np.argsort(-np.where(free, sure, 0.0), kind="stable")[: int(free.sum())]
    errors = np.cumsum(~truth[order]) / np.arange(1, len(order) + 1)
    fine = np.flatnonzero(errors <= PROMISE)
    last = order[fine[-1]] if len(fine) else order[0]
    taken = free & (sure >= sure[last])
    return AcceptanceCard(
        weights={name: round(float(weight), 4) for name, weight in zip(names, model.coef_[0], strict=True)},
        bias=round(float(model.intercept_[0]), 4),
        threshold=round(float(sure[last]) - 5e-5, 4),
        units=sum(len(each.letter.wanted) for each in reads),
        accepted=int(taken.sum()),
        wrong=int((~truth[taken]).sum()),
    )


def write_card(folder: Path) -> AcceptanceCard:
    """Fit the acceptance on all of `train` and write it where the desk reads it."""
    reads = [
        Read(letter, _read(letter))
        for letter in letters(folder)
        if letter.split == "train" and letter.language in MEASURED
    ]
    made = fitted(reads)
    CARD.write_text(made.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return made


def _same(one: list[Done], other: list[Done]) -> bool:
    return sorted(map(str, one)) == sorted(map(str, other))


def _shares(name: str, counts: Counter[str]) -> list[Row]:
    units = counts["units"] or 1
    share = {key: count / units for key, count in counts.items()}
    asked_to = ("order", "lines", "variant", "confirm")
    return [
        Row(f"{name}.exact", share.get("exact", 0.0), "share", 0.55),
        Row(f"{name}.right_question", share.get("right_question", 0.0), "share"),
        Row(f"{name}.exact_or_right_question", _sum(share, "exact", "right_question"), "share", 0.80),
        Row(f"{name}.exact_after_reply", _sum(share, "exact", "exact_by_reply"), "share", 0.75),
        Row(f"{name}.wrong", share.get("wrong", 0.0), "share", 0.01),
        Row(f"{name}.wrong_after_reply", _sum(share, "wrong", "wrong_by_reply"), "share", 0.01),
        Row(f"{name}.asked_people", share.get("asked_people", 0.0), "share"),
        Row(f"{name}.vain_question", share.get("vain_question", 0.0), "share"),
        *(Row(f"{name}.asked_{gap}", share.get(f"asked_{gap}", 0.0), "share") for gap in asked_to),
        Row(f"{name}.units", float(units), "count"),
    ]


def _sum(share: dict[str, float], *keys: str) -> float:
    return sum(share.get(key, 0.0) for key in keys)


def _mangled(found: list[Read]) -> int:
    """Count mangled letters that lead to something which they did not propose whole."""
    proposed = [atoms(each.letter.message, each.letter.customer, all_proposed=True) for each in found]
    texts = mutated([each.letter.message for each in found], MUTATIONS, seed=3)
    return sum(not atoms(text, found[index].letter.customer) <= proposed[index] for index, text in texts)


def _p99(found: list[Read]) -> float:
    """Return the 99th percentile of reading a letter of 100 words or more, in ms."""
    long = [each for each in found if len(each.letter.message.split()) >= 100] or found
    times = []
    for each in long * 3:
        began = time.perf_counter()
        read(each.letter.message, each.letter.customer)
        times.append((time.perf_counter() - began) * 1000)
    return float(np.percentile(times, 99))


def _draw(curve: list[tuple[float, bool]], counts: Counter[str]) -> None:
    sure = np.array([confidence for confidence, _ in curve])
    right = np.array([each for _, each in curve])
    coverage, risk = risk_coverage(sure, right)
    taken = (counts["exact"] + counts["wrong"]) / len(curve)
    error = counts["wrong"] / max(1, counts["exact"] + counts["wrong"])
    write_picture(
        PICTURE, [Curve("wishes, out of fold", list(coverage), list(risk), (taken, error))], PROMISE
    )
