"""Where a text wants an order to go."""

import re

WRITTEN = re.compile(
    r"\d{1,5} [A-ZÀ-Ý][\w.'-]*(?: [A-ZÀ-Ý][\w.'-]*){0,3}(?:,? ?(?:Suite|Apt\.?|Unit|"
    r"Floor) \w+)?[,.]?(?:[^\n;!?]{0,40}?)\b(?:[A-Z]{2} ?)?\d{5}(?: [A-ZÀ-Ý]\w+(?: [A-Z]{2})?)?"
)
_GOES = re.compile(
    r"\b(?:deliver\w*|ship(?:ped|ping)?|send|sent|go(?:es|ing)?|address|come|came|received?|located|"
    r"moved|live|correct it|change that)\b",
    re.I,
)


def address(text: str) -> str:
    """Return the address that an order shall be sent to, as it is written; empty if there is none."""
    found = WRITTEN.search(text)
    if not found:
        return ""
    around = text[max(0, found.start() - 160) : found.end() + 80]
    return found.group().strip() if _GOES.search(around) else ""
