"""How tasks, decisions and cards look on a terminal."""

from rich.markup import escape
from rich.table import Table

from cli.terminal import OUT
from contracts.counted import counted
from contracts.decision import Decision, Question
from models.local.classifier import HeadCard
from models.local.picks import MatcherCard
from models.routing.catalogue import Catalogue, Contract
from models.routing.choice import dollars

ANSWERS: dict[Contract, str] = {
    "label": "a label",
    "picked": "picks among choices",
    "form": "a form of its desk's own",
}


def tasks_table(catalogue: Catalogue) -> Table:
    """Return one line a task."""
    table = Table()
    table.add_column("task", no_wrap=True)
    for title in ("answers", "candidates", "wrong at most", "within", "costs at most", "else"):
        table.add_column(title)
    for name, task in sorted(catalogue.tasks.items()):
        answers = ", ".join(task.labels) or ANSWERS[task.contract]
        table.add_row(
            name,
            answers,
            " → ".join(task.candidates),
            f"{task.target_error:.0%} ({task.target_confidence:.0%} sure)",
            f"{task.latency_ms} ms",
            dollars(task.cost_ceiling_microusd),
            task.otherwise,
        )
    return table


def show_decision(decision: Decision, question: Question) -> None:
    """Print a decision and the route that led to it."""
    provenance = decision.provenance
    sure = "" if provenance.confidence is None else f", confidence {provenance.confidence:.3f}"
    colour = "green" if decision.outcome == "answered" else "yellow"
    said = _answer(decision, question)
    OUT.print(f"[{colour}]{decision.outcome}[/]: [bold]{escape(said)}[/] by {provenance.name}{sure}")
    table = Table("candidate", "taken", "why")
    for step in provenance.route:
        table.add_row(step.candidate, "yes" if step.taken else "no", escape(step.why))
    OUT.print(table)
    cost = dollars(provenance.cost_microusd)
    OUT.print(f"version {provenance.version}, {provenance.latency_ms:.1f} ms, cost {cost}", highlight=False)


def _answer(decision: Decision, question: Question) -> str:
    answer = decision.answer or {}
    if isinstance(picked := answer.get("picked"), list):
        names = [question.choices[index] for index in picked if isinstance(index, int)]
        return "; ".join(names) or "nothing"
    return str(answer.get("label", "nothing"))


def show_head_card(card: HeadCard) -> None:
    """Print what a head is and what it can do."""
    rule = card.accept
    table = Table(show_header=False, box=None)
    for name, value in (
        ("task", card.task),
        ("version", card.weights_sha256[:16]),
        (
            "trained on",
            f"{card.trained_on}, {counted(card.trained_with, 'example')}; {rule.held_out} held out",
        ),
        ("embedder", card.embedder.slug),
        ("data", card.data_hash[:16]),
        ("examples", ", ".join(f"{label} {count}" for label, count in card.per_label.items())),
        ("accuracy", f"{card.accuracy:.1%} of the held-out, if it answered everything"),
        ("calibration", f"confidence is off by {card.calibration_error:.1%} on average"),
        ("accepts", _acceptance(card)),
        ("languages", _languages(card)),
        ("guard", f"similarity under {card.guard:.2f} to its examples is out of scope"),
    ):
        table.add_row(f"[dim]{name}[/]", value)
    OUT.print(table)


def _languages(card: HeadCard) -> str:
    """Say how the head did in each language of the held-out examples."""
    return "; ".join(
        f"{language or 'too short to tell'}: {one.right} of {one.held_out} right, "
        f"{one.wrong} of {one.accepted} accepted wrong"
        for language, one in card.by_language.items()
    )


def _acceptance(card: HeadCard) -> str:
    rule = card.accept
    if rule.threshold is None:
        return f"nothing: no threshold keeps its errors under {rule.target_error:.0%}"
    return (
        f"{rule.coverage:.1%} of the held-out, from confidence {rule.threshold:.3f}: {rule.error:.1%} of "
        f"these were wrong, truly under {rule.error_bound:.1%} ({rule.target_confidence:.0%} sure; "
        f"the target is {rule.target_error:.0%})"
    )


def show_matcher_card(card: MatcherCard) -> None:
    """Print how a matcher does on the examples, rule by rule."""
    OUT.print(
        f"{card.task}: of {counted(card.examples, 'example')} it answers {card.answered}, "
        f"{card.wrong} of them wrongly. "
        "The rules were written with these examples at hand: take it as a test, not as a promise."
    )
    table = Table("", "answered", "wrong")
    languages = {
        f"in {name or 'too few words to tell'}": said for name, said in card.wrong_by_language.items()
    }
    for what, (wrong, answered) in {**card.wrong_by_rule, **languages}.items():
        table.add_row(what, str(answered), str(wrong))
    OUT.print(table)


def show_learned(added: int, waiting: int, before: HeadCard, after: HeadCard) -> None:
    """Print what a reviewed file changed."""
    OUT.print(f"{counted(added, 'example')} added, {counted(waiting, 'line')} still without a label")
    if not added:
        return
    table = Table("", "before", "after")
    table.add_row("accuracy", f"{before.accuracy:.1%}", f"{after.accuracy:.1%}")
    table.add_row("accepts", f"{before.accept.coverage:.1%}", f"{after.accept.coverage:.1%}")
    table.add_row("version", before.weights_sha256[:16], after.weights_sha256[:16])
    OUT.print(table)
