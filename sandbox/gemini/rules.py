"""What the sandbox's Gemini thinks: keywords. It reads the prompt, nothing else."""

import json
import re
from typing import Any

_LABELS = {
    "cancel": r"\bcancel|\bstop (?:this|the) (?:order|delivery)|don't send|\bstornier",
    "where_is_it": r"\bwhere (?:is|are)\b|\btracking\b|\bwhen will\b|\bany news\b|find out where|not here",
    "exchange": r"\bswap\b|\bexchange\b|\bchange (?:it|these|this|to)\b|\binstead\b|one size up"
    r"|\btausch|\bcambiar|\béchanger|\bhave it in\b|\bstill have a\b|\bneed [A-Z]{1,2}\b|\bumtausch",
    "return": r"\b(?:send|sending|take|give|bringing|going|go)\b[^.!?]{0,24}\bback\b|\brefund|\bmoney back\b"
    r"|\breturn|zurückgeben|zurückschicken|\bretourner|\bdevolver",
    "size": r"\btoo (?:small|big|large|tight|short|long|snug)\b|\bwrong size\b|doesn't fit",
    "damaged": r"\bbroke|\bcrack|\bleak|\btropft|\bwon't\b|\bdoesn't get\b|\bcame off|\bfell apart|\btear\b"
    r"|\bhums\b|\bsticks\b|\bflicker|\btrips\b|\bcuts out",
    "wrong_item": r"\bsent me\b|\btwo left\b|\bi ordered\b",
    "changed_mind": r"\bchanged my mind\b|\bdon'?t want\b|\bcheaper\b|\balready (?:has|got)\b|\bpresent\b",
    "late": r"\btoo late\b|\bstill not\b",
    "not_as_described": r"\bnothing like\b|\bthinner than\b|\bthan expected\b|\bnot as\b",
}
_KINDS = ("return", "exchange", "cancel")
_WITHOUT_WORDS = "unstated"
_STAYS = re.compile(r"\bkeep|\bstays?\b|\bfine\b|\bfits\b|\bok\b|\bperfect\b", re.IGNORECASE)
_WORD = re.compile(r"[a-zäöüß0-9]+", re.IGNORECASE)
_LINE = re.compile(r"^choice (\d+): (\".*\")$", re.MULTILINE)
_MESSAGE = re.compile(r"^message: (\".*\")$", re.MULTILINE)


def think(schema: dict[str, Any], prompt: str) -> dict[str, Any]:
    """Fill in a form.

    Args:
        schema: the JSON Schema that the request asks for; tells labels from picking.
        prompt: the user's part of the request.

    Returns:
        An object of that schema.
    """
    message = _message(prompt)
    properties = schema.get("properties", {})
    if "wishes" in properties:
        return _letter([json.loads(text) for _, text in _LINE.findall(prompt)], message)
    if "label" in properties:
        return _label(properties["label"].get("enum", []), message)
    return _picked([json.loads(text) for _, text in _LINE.findall(prompt)], message)


def _message(prompt: str) -> str:
    found = _MESSAGE.search(prompt)
    return str(json.loads(found.group(1))) if found else prompt


def _label(labels: list[str], message: str) -> dict[str, Any]:
    hits = {
        label: hit
        for label in labels
        if label in _LABELS and (hit := re.search(_LABELS[label], message, re.IGNORECASE))
    }
    if len(hits) == 1:
        [(label, hit)] = hits.items()
        return {"sure": True, "quote": hit.group(), "why": "these words say it", "label": label}
    if not hits and _WITHOUT_WORDS in labels:
        return {"sure": True, "quote": "", "why": "no reason is given", "label": _WITHOUT_WORDS}
    best = next(iter(hits), labels[-1])
    why = "it asks for several things" if hits else "it does not say"
    return {"sure": False, "quote": "", "why": why, "label": best}


def _picked(choices: list[str], message: str) -> dict[str, Any]:
    """Pick the choices that the message names; the only one there is, it need not name."""
    if len(choices) == 1:
        return {"sure": True, "quote": "", "why": "there is only one", "picked": [0]}
    about = " ".join(part for part in re.split(r"(?<=[.!?])\s+", message) if not _STAYS.search(part))
    said = {word.lower().rstrip("s") for word in _WORD.findall(about)}
    scores = [sum(word in said for word in _own_words(choice)) for choice in choices]
    best = max(scores, default=0)
    picked = [index for index, score in enumerate(scores) if score == best and best > 0]
    sure = len(picked) == 1
    why = "the message names it" if sure else "the message does not say which"
    return {"sure": sure, "quote": "", "why": why, "picked": picked}


def _letter(choices: list[str], message: str) -> dict[str, Any]:
    """Read a letter about one order for one kind of wish; of several orders or kinds it is not sure."""
    order = json.loads(choices[0])
    kinds = {kind: hit for kind in _KINDS if (hit := re.search(_LABELS[kind], message, re.IGNORECASE))}
    if len(kinds) != 1 or len(choices) > 1:
        return {"sure": not kinds, "quote": "", "why": "it asks for one thing, or for none", "wishes": []}
    [(kind, hit)] = kinds.items()
    lines = [] if kind == "cancel" else _lines_meant(order, message)
    pieces = [{"line": line["id"], "sku": _wanted(order, line, message, kind)} for line in lines]
    wish = {"order": order["id"], "kind": kind, "pieces": pieces, "address": "", "payment": ""}
    sure = kind == "cancel" or bool(pieces)
    wishes = [{**wish, "quote": hit.group()}] if sure else []
    return {"sure": sure, "quote": hit.group(), "why": "these words say it", "wishes": wishes}


def _lines_meant(order: dict[str, Any], message: str) -> list[dict[str, Any]]:
    """Return the lines that the message names."""
    names = [" ".join([line["name"], *line["options"].values()]) for line in order["lines"]]
    picked = _picked(names, message)
    return [order["lines"][index] for index in picked["picked"]] if picked["sure"] else []


def _wanted(order: dict[str, Any], line: dict[str, Any], message: str, kind: str) -> str:
    """Return the variant whose options the message names best, if one stands out; only for an exchange."""
    said = {word.lower() for word in _WORD.findall(message)}
    scores = {
        variant["sku"]: sum(value.lower() in said for value in variant["options"].values())
        for variant in order["variants"]
        if variant["product"] == line["product"] and variant["sku"] != line["sku"]
    }
    best = [sku for sku, score in scores.items() if score == max(scores.values()) and score]
    return best[0] if kind == "exchange" and len(best) == 1 else ""


def _own_words(choice: str) -> set[str]:
    """Return a choice's words without the names of its options: of `size: M, colour: red` only `m`, `red`."""
    return {word.lower().rstrip("s") for word in _WORD.findall(re.sub(r"\b[a-zA-Z]+:", " ", choice))}
