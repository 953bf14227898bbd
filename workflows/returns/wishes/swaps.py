"""What a letter wants instead of which lines of an order."""

import re
from collections.abc import Sequence

from workflows.returns.types import Order
from workflows.returns.wishes.addresses import address
from workflows.returns.wishes.going_back import same_thing
from workflows.returns.wishes.letter import Gap, Piece, Question
from workflows.returns.wishes.naming import mentions
from workflows.returns.wishes.parts import EXCHANGE, Part, keeps
from workflows.returns.wishes.paying import REST
from workflows.returns.wishes.targets import Target, target
from workflows.returns.wishes.words import normal, tokens

TO_METHOD = re.compile(
    r"(?:->|\u2192|=>?|>)\s*(?:my |the )?(?:gift ?card|pay ?pal|master ?card|visa|card|credit card)\b.*", re.I
)


_ONE_OF_THEM = re.compile(
    r"\bthe (?P<how>(?:[\w\"'./-]+,? ){1,4})(?:one|pair)\b"
    r"(?:, |\s?\()?(?P<more>(?<=[,(] )[\w\"'.-]+|(?<=\()[\w\"'.-]+)?"
)
"""One of several things of a name, and what stands right behind it: `the long one, 34 inch`."""
_KEPT_AS = (
    r"(?: size| version)?,? (?:as (?:it|they|that) (?:is|are|was|were)|stays?|"
    r"(?:is )?(?:ok|okay|fine|right)|unchanged)\b"
)


class Swaps:
    """What a text asks for instead of which lines."""

    def __init__(self) -> None:
        self.pieces: tuple[Piece, ...] = ()
        self.open_lines: list[str] = []
        self.question: Question | None = None
        self.signs: dict[str, float] = {}


def swaps_of(order: Order, pieces: Sequence[Part]) -> Swaps:
    """Read which lines are wanted otherwise, and how."""
    texts, signs = _about_lines(order, pieces)
    found = Swaps()
    settled: list[Piece] = []
    unclear = 0.0
    fewest = 9.0
    for index, text in texts.items():
        line = order.lines[index]
        goal: Target = target(text, line, order.variants)
        if not goal.skus and goal.named == 0 and not EXCHANGE.search(text):
            continue
        if not goal.skus and not EXCHANGE.search(text) and not goal.named:
            continue
        if len(goal.skus) == 1:
            settled.append(Piece(line=line.id, sku=goal.skus[0]))
            unclear += 0.0 if goal.clear else 1.0
            fewest = min(fewest, float(goal.named))
        elif goal.skus or EXCHANGE.search(text):
            found.open_lines.append(line.id)
            choices = goal.skus or tuple(
                v.sku for v in order.variants if v.product == line.product and v.available > 0
            )
            found.question = found.question or Question(gap=Gap.VARIANT, line=line.id, choices=choices)
    found.pieces = tuple(settled)
    found.signs = {**signs, "unclear": unclear, "open_lines": float(len(found.open_lines)), "fewest": fewest}
    return found


def _about_lines(order: Order, pieces: Sequence[Part]) -> tuple[dict[int, str], dict[str, float]]:
    """Return for each line the text that speaks of it, in the order in which the lines are named."""
    texts: dict[int, list[str]] = {}
    current: list[int] = []
    alike: tuple[int, ...] = ()
    shared = ambiguous = changed = 0.0
    last = -1
    for piece in (each for whole in pieces for each in _by_line(whole, order)):
        paid = bool(REST.search(piece.text)) and not mentions(piece.text, order.lines)
        if paid or address(piece.text):
            continue
        named = mentions(piece.text, order.lines)
        single = list(dict.fromkeys(index for each in named if len(each.lines) == 1 for index in each.lines))
        ambiguous += float(
            any(
                len(each.lines) > 1
                and not same_thing(order.lines, each.lines)
                and not set(each.lines) & set(single)
                for each in named
            )
        )
        alike = next((each.lines for each in named if len(each.lines) > 1), alike)
        if not single and alike and (one := _the_one(piece.text, order, alike)) is not None:
            single = [one]
        if any(len(each.lines) > 1 and same_thing(order.lines, each.lines) for each in named) and not single:
            single = [next(each.lines[0] for each in named if len(each.lines) > 1)]
        if piece.keeps and single:
            inside = _wishes_inside(piece) or _keeps_an_option(piece.text, order, single)
            current = single if inside else []
            if not current:
                changed += sum(
                    bool(target(piece.text, order.lines[index], order.variants).skus) for index in single
                )
                continue
        if single:
            shared += float(len(single) > 1)
            current = single
        elif piece.keeps and piece.sentence != last and not current:
            continue
        for index in current or ([0] if len(order.lines) == 1 else []):
            texts.setdefault(index, []).append(TO_METHOD.sub(" ", piece.text))
        last = piece.sentence
    signs = {"shared": shared, "ambiguous": ambiguous, "kept_changes": float(changed)}
    return {index: ". ".join(found) for index, found in texts.items()}, signs


def _the_one(text: str, order: Order, alike: Sequence[int]) -> int | None:
    """Return which of several things with one name `the green one` is, by what it alone has."""
    found = _ONE_OF_THEM.search(normal(text))
    if found is None:
        return None
    said = set(tokens(f"{found['how']} {found['more'] or ''}"))
    own = [set(tokens(" ".join(order.lines[index].options.values()))) for index in alike]
    scores = [len(said & each) for each in own]
    best = max(scores)
    return alike[scores.index(best)] if best and scores.count(best) == 1 else None


def _by_line(piece: Part, order: Order) -> list[Part]:
    """Cut a piece that tells of several lines what is wanted instead of each."""
    if len({each.lines for each in mentions(piece.text, order.lines)}) < 2:  # noqa: PLR2004 - one line needs no cut
        return [piece]
    found: list[str] = []
    for fragment in re.split(r"(?:,\s*|\s+)(?:and|&|\+)\s+|[,;]\s+", piece.text):
        if not found or mentions(fragment, order.lines):
            found.append(fragment)
        else:
            found[-1] = f"{found[-1]}, {fragment}"
    return [piece.model_copy(update={"text": each}) for each in found]


def _keeps_an_option(text: str, order: Order, lines: Sequence[int]) -> bool:
    """Say whether all that is kept is an option of what is wanted otherwise: `80%, clicky as it is`."""
    values = [re.escape(normal(value)) for index in lines for value in order.lines[index].options.values()]
    rest = re.sub(rf"(?<!\w)(?:{'|'.join(values)}){_KEPT_AS}", " ", normal(text))
    return rest != normal(text) and not keeps(rest)


def _wishes_inside(piece: Part) -> bool:
    """Say whether a piece that keeps something also wants something otherwise: `same size, but in blue`."""
    return bool(
        re.search(
            r"->|\u2192|:|\binstead\b|\bexchange|\bswap|\bcould\b|\bmake it\b|\bi'd (?:like|prefer)|"
            r"\bi want\b|\bshould be\b",
            piece.text,
            re.I,
        )
    ) and not re.search(r"\b(?:no change|unchanged|stays?|keep(?:ing)?|don't|as is)\b", piece.text, re.I)
