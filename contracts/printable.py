"""What strangers wrote is shown, and steers no terminal: messages, names of goods, answers of systems."""

import re

_REORDERS = (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
"""Unicode's embeddings, overrides and isolates: 15.00 is read as 00.51 behind one of them."""
_STEERS = {
    **{code: 0x2400 + code for code in range(0x20) if chr(code) not in "\n\t"},
    0x7F: 0x2421,
    **dict.fromkeys(range(0x80, 0xA0), 0xFFFD),
    **dict.fromkeys((0x2028, 0x2029, *_REORDERS), 0xFFFD),
    **dict.fromkeys(range(0xD800, 0xE000), 0xFFFD),
}
"""Control characters become the signs that Unicode has for them, others its sign for what was lost."""
_IN_JSON = re.compile("[\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def harmless(text: str) -> str:
    """Return a text in which every character can be seen, and none moves the cursor or turns the line."""
    return text.translate(_STEERS)


def harmless_json(document: str) -> str:
    """Return a JSON document that says the same, with what steers a terminal as escapes."""
    return _IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", document)
