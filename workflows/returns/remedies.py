"""What a request stands on, and what it wishes for the goods: withdrawn from, or faulty and put right."""

from pydantic import JsonValue
from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.photo import Photo
    from workflows.returns.facts import Ground, Remedy
    from workflows.returns.reading import Reading, Wanted
    from workflows.returns.types import COME_BACK, FAULTY, SETTLED_AS, Intent


def ground_of(reading: Reading) -> Ground:
    """Return what one wish for goods stands on; it is known only where the reason is."""
    if not reading.reason_known:
        return "unsure"
    return "defect" if reading.reason in FAULTY else "withdrawal"


def remedy_of(reading: Reading) -> Remedy:
    """Return what one wish asks for its goods."""
    if reading.intent not in COME_BACK:
        return "none"
    if reading.intent is Intent.RETURN:
        return "repair" if reading.repair else "refund"
    same = bool(reading.wanted) and all(same_again(item) for item in reading.wanted)
    return "replacement" if same and ground_of(reading) == "defect" else "exchange"


def claim_facts(reading: Reading) -> dict[str, JsonValue]:
    """Return what policies read of both."""
    return {"ground": ground_of(reading), "remedy": remedy_of(reading)}


def wish_word(reading: Reading) -> str:
    """Return what one wish is, in a word for people."""
    return "repair" if reading.repair else reading.intent.value


def settled_as(reading: Reading) -> str:
    """Return the word for a wish that was done."""
    return "in_repair" if reading.repair else SETTLED_AS[reading.intent]


def replaced(reading: Reading, item: Wanted) -> bool:
    """Say whether a faulty piece is put right by the same again, which costs nothing."""
    return reading.claims and same_again(item) and ground_of(reading) == "defect"


def perhaps_replaced(reading: Reading, item: Wanted) -> bool:
    """Say whether the same again is wished, and nobody knows whether the piece is faulty."""
    return reading.claims and same_again(item) and ground_of(reading) == "unsure"


def photographed(reading: Reading, photos: tuple[Photo, ...]) -> Reading:
    """Return the reading with photos that the customer sent, for each of its wishes."""
    if not photos:
        return reading
    also = tuple(photographed(each, photos) for each in reading.also)
    meant = photographed(reading.if_yes, photos) if reading.if_yes else None
    update = {"photos": (*reading.photos, *photos), "also": also, "if_yes": meant}
    return reading.model_copy(update=update)


def same_again(item: Wanted) -> bool:
    """Say whether what is wanted instead is what was bought."""
    return item.variant is not None and item.variant.sku == item.line.sku
