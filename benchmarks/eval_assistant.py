"""What the assistant quotes and what it leaves to people: questions over the example office's documents.

`benchmarks/messages/assistant_questions.jsonl` holds questions of our own in other words than the documents',
each with the source that answers it, empty where none does. `least_score` was set before they were written,
and the part `held` was written before an answer to it was seen: it is for measuring only. Who tunes retrieval
or a threshold looks at the part `fit`, whose rows end in `_fit`.
"""

import json
import tempfile
from pathlib import Path

from benchmarks.environment import own_settings
from benchmarks.rows import Row
from bootstrap.conversing import answerer
from bootstrap.installation import Installation
from contracts.conversation import Reply, TurnPath

QUESTIONS = Path(__file__).parent / "messages" / "assistant_questions.jsonl"


async def rows() -> list[Row]:
    """Return how often the right passage is quoted, and how often nothing is where nothing answers."""
    asked = [json.loads(line) for line in QUESTIONS.read_text().splitlines()]
    with tempfile.TemporaryDirectory() as state:
        async with Installation(own_settings(Path(state))) as kontor:
            await kontor.memory.start()
            answering = answerer(kontor)
            assert answering is not None
            replies = [await answering.answer(each["text"]) for each in asked]
    pairs = list(zip(asked, replies, strict=True))
    held = [pair for pair in pairs if pair[0]["part"] == "held"]
    fit = [pair for pair in pairs if pair[0]["part"] == "fit"]
    return [*_rows_of(held, ""), *_rows_of(fit, "_fit")]


def _rows_of(pairs: list[tuple[dict[str, str], Reply]], suffix: str) -> list[Row]:
    """Return the measures of one part of the questions."""
    ours = [(each, reply) for each, reply in pairs if each["source"]]
    foreign = [reply for each, reply in pairs if not each["source"]]
    right = [reply.source == each["source"] for each, reply in ours]
    wrong = [reply.path is TurnPath.SPAN and reply.source != each["source"] for each, reply in ours]
    refused = [reply.path is TurnPath.UNKNOWN for reply in foreign]
    return [
        Row(f"chat.questions{suffix}", len(pairs), "count"),
        Row(f"chat.right_passage{suffix}", sum(right) / len(right), "share", 0.9),
        Row(f"chat.wrong_passage{suffix}", sum(wrong) / len(wrong), "share"),
        Row(f"chat.refused{suffix}", sum(refused) / len(refused), "share", 0.95),
    ]
