"""Words as they compare: one spelling for sizes and units, one form for numbers and plurals."""

import re
from functools import lru_cache

_NUMBERS = {
    "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9",
    "ten": "10", "twelve": "12", "fourteen": "14", "twenty": "20", "thirty": "30",
}  # fmt: skip
_SPELLINGS = (
    (re.compile(r"(\d),(\d{3})\b"), r"\1\2"),
    (re.compile(r"\b(?:a |one )?thousand (?:pieces?|pcs)"), "1000 pieces"),
    (re.compile(r"(\d),(\d{1,2})(?= ?(?:l\b|litre|liter))"), r"\1.\2"),
    (re.compile(r"\bhalf (?:a )?lit(?:re|er)s?\b"), "500ml"),
    (re.compile(r"\b(?:a|one) lit(?:re|er)\b"), "1l"),
    (re.compile(r"(\d)[\s-]?(?:lit(?:re|er)s?|l)\b"), r"\1l"),
    (re.compile(r"(\d)[\s-]?(?:millilit(?:re|er)s?|ml)\b"), r"\1ml"),
    (re.compile(r"(\d)[\s-]?(?:inch(?:es)?(?!\w)|\"|'')"), r"\1inch"),
    (re.compile(r"(\d)[\s-]?(?:feet|foot|ft)\b"), r"\1ft"),
    (re.compile(r"(\d)[\s-]?(?:hours?|hrs?|h)\b"), r"\1hours"),
    (re.compile(r"(\d)[\s-]?(?:mega ?pixels?|mps?)\b"), r"\1mp"),
    (re.compile(r"(\d)[\s-]?(?:gigs?|gigabytes?|gb)\b"), r"\1gb"),
    (re.compile(r"(\d)[\s-]?(?:terabytes?|tb)\b"), r"\1tb"),
    (re.compile(r"(\d)[\s-]?(?:pieces?|pcs|pc|piecer)\b"), r"\1pieces"),
    (re.compile(r"(\d)[\s-]?(?:lbs?|pounds?)\b"), r"\1lbs"),
    (re.compile(r"(\d)\s?(?:mah)\b"), r"\1mah"),
    (re.compile(r"(\d)\s?(?:bars?)\b"), r"\1bar"),
    (re.compile(r"(\d)\s?(?:mm)\b"), r"\1mm"),
    (re.compile(r"(\d)\s?(?:cups?)\b"), r"\1cups"),
    (re.compile(r"(\d)\s?(?:degrees?|°)"), r"\1degrees"),
    (re.compile(r"\b(\d+)000ml\b"), r"\1l"),
    (re.compile(r"\b1500ml\b"), "1.5l"),
    (re.compile(r"\bgray\b"), "grey"),
    (re.compile(r"\bwi-?fi\b"), "wifi"),
    (re.compile(r"\bv-?neck\b"), "v-neck"),
    (re.compile(r"\bt-?shirts?\b|\btees?\b"), "t-shirt"),
    (re.compile(r"\bmake-?\s?up\b"), "makeup"),
    (re.compile(r"\be-?readers?\b|\bereaders?\b"), "e-reader"),
    (re.compile(r"\bwaterproof\w*|\bwater[- ]?proof\w*"), "waterproof"),
    (re.compile(r"\bextra large\b|\bx-large\b"), "xl"),
    (re.compile(r"\bhard[- ](?:shell|case|cases)\b"), "hardshell"),
    (re.compile(r"\bsoft[- ](?:shell|case|cases)\b"), "softshell"),
)
_TOKEN = re.compile(r"[a-z0-9à-ÿ]+(?:[.'/%-][a-z0-9à-ÿ]+)*%?")


@lru_cache(maxsize=8192)
def compiled(pattern: str) -> re.Pattern[str]:
    """Return a pattern that is made from an order's words; `re` itself keeps too few of them."""
    return re.compile(pattern)


@lru_cache(maxsize=4096)
def normal(text: str) -> str:
    """Return a text in lower case with one spelling for what is written in several ways."""
    lower = text.lower().replace("\u2019", "'").replace("\u201d", '"').replace("\u00d7", "x")
    lower = re.sub(r"\b(" + "|".join(_NUMBERS) + r")\b", lambda found: _NUMBERS[found.group(1)], lower)
    for spelling, written in _SPELLINGS:
        lower = spelling.sub(written, lower)
    return lower


@lru_cache(maxsize=4096)
def tokens(text: str) -> tuple[str, ...]:
    """Return the words of a text in order, in the singular."""
    return tuple(singular(found) for found in _TOKEN.findall(normal(text)))


def singular(word: str) -> str:
    """Return a word without the plural's ending, as far as English spelling tells."""
    word = word.removesuffix("'s")
    if len(word) <= 3 or not word.endswith("s") or word.endswith(("ss", "us", "is")):  # noqa: PLR2004
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(("shes", "ches", "sses", "xes")):
        return word[:-2]
    return word[:-1]
