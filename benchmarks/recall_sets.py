"""Questions with known answers: what recall is tuned on, and what it is judged by."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import frontmatter

from benchmarks.data import data_folder
from memory.semantic.markdown import SENTENCE_END, files, read

BLOG = "content/blog_18f"
LEAST_SENTENCES = 4
SHORT = 6
"""Sentences of so few words say too little to be found by."""


@dataclass(frozen=True)
class RecallSet:
    """Passages, and questions with the indexes of the passages that answer them."""

    passages: tuple[str, ...]
    questions: tuple[tuple[str, frozenset[int]], ...]


def claims(label: str = "") -> RecallSet:
    """Fool Me Twice, development set: each claim must find its gold evidence.

    The corpus is all gold sentences and all distractors of the set, each once.

    Args:
        label: ask only claims of this label, `SUPPORTS` or `REFUTES`.
    """
    places: dict[str, int] = {}
    questions = []
    with (data_folder("fact_check") / "fool_me_twice_dev.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            gold = [text.strip() for text in row["gold"].split(" || ") if text.strip()]
            others = [text.strip() for text in json.loads(row["distractors"]) if text.strip()]
            for text in (*gold, *others):
                places.setdefault(text, len(places))
            if label in ("", row["label"]):
                questions.append((row["claim"], frozenset(places[text] for text in gold)))
    return RecallSet(tuple(places), tuple(questions))


def cut_out(half: int) -> RecallSet:
    """Half of a blog (every second post): a sentence taken out of a passage must find the passage."""
    passages: list[str] = []
    questions = []
    for _, texts in _posts(half):
        for text in texts:
            sentences = SENTENCE_END.split(text)
            if len(sentences) >= LEAST_SENTENCES:
                taken = sentences.pop(len(sentences) // 2)
                questions.append((taken, frozenset({len(passages)})))
            passages.append(" ".join(sentences))
    return RecallSet(tuple(passages), tuple(questions))


def headings(half: int) -> RecallSet:
    """Half of a blog: a post's title and its excerpt must find the post's passages."""
    passages: list[str] = []
    questions = []
    for asked, texts in _posts(half):
        places = frozenset(range(len(passages), len(passages) + len(texts)))
        passages += texts
        questions += [(question, places) for question in asked if places]
    return RecallSet(tuple(passages), tuple(questions))


def neighbours(half: int) -> RecallSet:
    """Half of a blog, sentence by sentence: every fourth, taken out, must find the ones beside it."""
    passages: list[str] = []
    questions = []
    for _, texts in _posts(half):
        sentences = [each for text in texts for each in SENTENCE_END.split(text) if len(each.split()) > SHORT]
        for place, sentence in enumerate(sentences):
            if place % 4 == 1 and place + 1 < len(sentences):
                questions.append((sentence, frozenset({len(passages) - 1, len(passages)})))
            else:
                passages.append(sentence)
    return RecallSet(tuple(passages), tuple(questions))


def blog_posts() -> list[tuple[Path, frontmatter.Post]]:
    """Return the blog's 125 posts in the order of their names: what has a title; its licence has none."""
    read_files = (
        (file, frontmatter.loads(file.read_text(encoding="utf-8"))) for file in files(data_folder(BLOG))
    )
    return [(file, front) for file, front in read_files if front.get("title")]


def _posts(half: int) -> Iterator[tuple[list[str], list[str]]]:
    """Yield each post's title and excerpt, and its passages without the title before them."""
    folder = data_folder(BLOG)
    for file, front in blog_posts()[half::2]:
        asked = [str(front[name]) for name in ("title", "excerpt") if front.get(name)]
        title = " ".join(str(front.get("title") or "").split())
        texts = [memory.text.removeprefix(f"{title}: ") for memory in read(file, folder, "post").passages]
        yield asked, texts


ARCHIVE = {"cut_out": cut_out, "headings": headings, "neighbours": neighbours}
"""Three ways to ask an archive, each of half of the posts."""
