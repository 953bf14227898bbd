"""Drafts made of a blog: its own sentences, told again in other words that say the same, by a seed."""

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.recall_sets import blog_posts
from workflows.content.claims.claim import Kind, claims_in, parts_in
from workflows.content.claims.dates import MONTHS
from workflows.content.evidence import SourceText
from workflows.content.prose import read

MOST_EDITS = 3
"""At most so many edits of one sentence; one in five sentences has none."""
_SMALL = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_LONG = {
    "don't": "do not", "doesn't": "does not", "didn't": "did not", "isn't": "is not", "aren't": "are not",
    "wasn't": "was not", "weren't": "were not",
    "can't": "cannot", "couldn't": "could not", "won't": "will not",
    "wouldn't": "would not", "shouldn't": "should not", "haven't": "have not", "hasn't": "has not",
    "we're": "we are", "we've": "we have", "we'll": "we will", "it's": "it is", "they're": "they are",
    "that's": "that is", "you're": "you are",
}  # fmt: skip
_OTHER_WORDS = {
    "use": "employ", "used": "employed", "help": "assist", "helped": "assisted", "began": "started",
    "begin": "start",
    "make": "create", "made": "created", "built": "developed", "build": "develop", "show": "demonstrate",
    "many": "numerous", "often": "frequently", "also": "additionally",
    "about": "concerning", "important": "significant",
    "people": "persons", "work": "labor", "get": "obtain", "need": "require", "needed": "required",
    "find": "discover", "found": "discovered", "start": "begin", "started": "began", "buy": "purchase",
    "easy": "simple", "easier": "simpler", "quickly": "rapidly", "big": "large", "several": "various",
    "wanted": "wished",
    "ensure": "guarantee", "create": "build", "created": "built", "because": "since", "across": "throughout",
    "team": "group", "website": "site", "talk": "speak", "learn": "discover", "understand": "grasp",
}  # fmt: skip
_FIRST_PERSON = {"we": "they", "our": "their", "us": "them", "We": "They", "Our": "Their"}
_MONTH_NAMES = "|".join(name for name in MONTHS if len(name) > 3 and name != "Sept")

Edit = Callable[[str, random.Random], str]


@dataclass(frozen=True)
class Told:
    """A true sentence of a draft: a post's own, and how the draft tells it."""

    post: str
    original: str
    text: str


def posts(half: int) -> list[SourceText]:
    """Return half of the blog's posts (every second one) as texts to check against."""
    return [SourceText(file.name, read(front.content)) for file, front in blog_posts()[half::2]]


def drafts(texts: Sequence[SourceText], seed: int) -> list[Told]:
    """Return every checkable sentence of the posts, edited; the seed says how."""
    return [
        Told(
            text.name,
            claim.sentence.text,
            edited(claim.sentence.text, random.Random(f"{seed} {claim.sentence.text}")),
        )
        for text in texts
        for claim in claims_in(text.prose)
    ]


def edited(sentence: str, chance: random.Random) -> str:
    """Return a sentence that says the same in other words: up to `MOST_EDITS` of the ways that apply.

    A quotation is kept word for word, or the sentence as it is: other words would misquote.
    """
    quoted = [part.written for part in parts_in(sentence) if part.kind is Kind.QUOTATION]
    original = sentence
    ways = list(EDITS)
    chance.shuffle(ways)
    wanted = chance.choice((0, 1, 1, 2, MOST_EDITS))
    for way in ways:
        if wanted and (changed := way(sentence, chance)) != sentence:
            sentence, wanted = changed, wanted - 1
    return sentence if all(words in sentence for words in quoted) else original


def _contracted(sentence: str, chance: random.Random) -> str:
    del chance
    sentence = sentence.replace("\u2019", "'")
    for short, long in _LONG.items():
        if re.search(rf"\b{short}\b", sentence):
            return re.sub(rf"\b{short}\b", long, sentence)
    for short, long in _LONG.items():
        if re.search(rf"\b{long}\b", sentence):
            return re.sub(rf"\b{long}\b", short, sentence)
    return sentence


def _numbers_respelled(sentence: str, chance: random.Random) -> str:
    del chance
    sentence = re.sub(r"(\d)\s?%", r"\1 percent", sentence)
    sentence = re.sub(r"(?<![\d,.$])(\d{1,3}),(\d{3})(?![\d,])", r"\1\2", sentence)
    for number, word in enumerate(_SMALL, start=2):
        sentence = re.sub(
            rf"(?<!-)\b{word}\b(?![- ](?:hundred|thousand|million|of the))", str(number), sentence
        )
    return sentence


def _dates_respelled(sentence: str, chance: random.Random) -> str:
    del chance
    return re.sub(rf"\b({_MONTH_NAMES}) (\d{{1,2}}), (\d{{4}})\b", r"\2 \1 \3", sentence)


def _aside_dropped(sentence: str, chance: random.Random) -> str:
    del chance
    return re.sub(r"\s*\([^()]*\)", "", sentence, count=1)


def _clause_dropped(sentence: str, chance: random.Random) -> str:
    """Drop a relative clause at the end, which adds something and bears nothing."""
    del chance
    return re.sub(r",\s+(?:which|who|where)\s[^,;:\"\u201d]+([.!])$", r"\1", sentence)


def _opening_dropped(sentence: str, chance: random.Random) -> str:
    del chance
    changed = re.sub(
        r"^(?:However|Additionally|For example|In addition|Finally|Fortunately|Similarly|And|But|So|Also),?"
        r"\s+(?=\w)",
        "",
        sentence,
    )
    return changed if changed == sentence else changed[0].upper() + changed[1:]


def _opening_moved(sentence: str, chance: random.Random) -> str:
    """Put an opening at the end: `In 2014, we moved.` becomes `We moved in 2014.` there."""
    del chance
    match = re.fullmatch(
        r"((?:In|On|At|During|After|Since|Over|By|For)\s[^,]{3,40}),\s+([^,;:]+)([.!])", sentence
    )
    if not match:
        return sentence
    opening = match[1][0].lower() + match[1][1:]
    return f"{match[2][0].upper()}{match[2][1:]} {opening}{match[3]}"


def _told_of_others(sentence: str, chance: random.Random) -> str:
    del chance
    if "\u201c" in sentence or '"' in sentence:
        return sentence  # inside a quotation it would be another's word
    return re.sub(r"\b(?:we|our|us|We|Our)\b", lambda found: _FIRST_PERSON[found[0]], sentence)


def _other_words(sentence: str, chance: random.Random) -> str:
    if "\u201c" in sentence or '"' in sentence:
        return sentence
    there = [word for word in _OTHER_WORDS if re.search(rf"\b{word}\b", sentence)]
    for word in chance.sample(there, min(2, len(there))):
        sentence = re.sub(rf"\b{word}\b", _OTHER_WORDS[word], sentence, count=1)
    return sentence


EDITS: tuple[Edit, ...] = (
    _contracted, _numbers_respelled, _dates_respelled, _aside_dropped, _clause_dropped, _opening_dropped,
    _opening_moved, _told_of_others, _other_words,
)  # fmt: skip
"""Ways to tell a true sentence in other words."""
