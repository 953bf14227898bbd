"""What sharing a forward pass costs one caller and gives sixty-four.

The floors are sentence-transformers' own `encode`, one text a call and all texts in one call; since that
computes in float32, `throughput_64_own` compares with the same forward pass in an ideal batch.
Sizes: `KONTOR_BENCH_TEXTS` (default 1024) texts for each measurement.
"""

import asyncio
import os
import random
import time
from statistics import median, quantiles
from typing import TYPE_CHECKING

from benchmarks.rows import Row
from models.local.embedder import SentenceEmbedder

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

CALLERS = 64
_SAMPLE = (
    "the parcel came late and one of the shoes is too small please send me a label so that I can return "
    "it I ordered blue but you sent black where is my order refund exchange cancel size broken zip"
)


def texts(count: int) -> list[str]:
    """Make `count` different texts of 5 to 45 words, like a morning's messages; always the same."""
    draw, words = random.Random(7), _SAMPLE.split()
    return [" ".join(draw.choices(words, k=draw.randint(5, 45))) for _ in range(count)]


async def callers(embedder: SentenceEmbedder, work: list[str], count: int) -> tuple[float, list[float]]:
    """Let `count` callers embed `work`, one text at a time each.

    Returns:
        Seconds for all, and each call's milliseconds.
    """
    queue = iter(work)
    latencies: list[float] = []

    async def caller() -> None:
        for text in queue:
            began = time.perf_counter()
            await embedder.embed([text])
            latencies.append((time.perf_counter() - began) * 1000)

    began = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(count)))
    return time.perf_counter() - began, latencies


def one_by_one(model: "SentenceTransformer", work: list[str]) -> list[float]:
    """Return the milliseconds of each text when sentence-transformers is called for it alone."""
    latencies = []
    for text in work:
        began = time.perf_counter()
        model.encode(text, normalize_embeddings=True, show_progress_bar=False)
        latencies.append((time.perf_counter() - began) * 1000)
    return latencies


def ideal_batch(model: "SentenceTransformer", work: list[str]) -> float:
    """Return the seconds of one call with all texts, which it sorts by length and slices itself."""
    began = time.perf_counter()
    model.encode(work, batch_size=CALLERS, normalize_embeddings=True, show_progress_bar=False)
    return time.perf_counter() - began


def own_batch(embedder: SentenceEmbedder, work: list[str]) -> float:
    """Return the seconds of the embedder's own forward passes, shortest first, with no callers."""
    encoder, ordered = embedder.load(), sorted(work, key=len)
    began = time.perf_counter()
    for start in range(0, len(ordered), CALLERS):
        encoder.encode(ordered[start : start + CALLERS])
    return time.perf_counter() - began


def centile(values: list[float], percent: int) -> float:
    """Return a percentile of `values`."""
    return quantiles(values, n=100)[percent - 1]


async def rows() -> list[Row]:
    """Measure one caller and 64, against sentence-transformers' own encode."""
    work = texts(int(os.environ.get("KONTOR_BENCH_TEXTS", "1024")))
    few = work[: max(100, len(work) // 4)]
    embedder = SentenceEmbedder()
    await embedder.warm()  # before any other import of torch: the embedder sets how its threads wait
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415 - see the line above

    plain = SentenceTransformer(str(embedder.weights.folder), device="cpu", local_files_only=True)
    one_by_one(plain, few[:10])
    alone = one_by_one(plain, few)
    _, ours = await callers(embedder, few, 1)
    batch_rate = len(work) / min(ideal_batch(plain, work) for _ in range(2))
    measured = [await callers(embedder, work, CALLERS) for _ in range(2)]
    seconds, crowd = min(measured, key=lambda run: run[0])
    added = await added_ms(embedder, few)
    await asyncio.to_thread(embedder.close)
    return [
        Row("batching.throughput_64", len(work) / seconds, "1/s", batch_rate),
        Row("batching.throughput_64_own", len(work) / seconds, "1/s", len(work) / own_batch(embedder, work)),
        Row("batching.p50_64", centile(crowd, 50), "ms"),
        Row("batching.p99_64", centile(crowd, 99), "ms"),
        Row("batching.p50_1", centile(ours, 50), "ms", centile(alone, 50)),
        Row("batching.p99_1", centile(ours, 99), "ms", centile(alone, 99)),
        Row("batching.added_ms_1", added, "ms", 3.0),
    ]


async def added_ms(embedder: SentenceEmbedder, work: list[str]) -> float:
    """Return the median of what a shared call takes over the bare forward pass on the same text.

    The two are timed in turn, text by text, so that a busy machine bears on both alike.
    """
    encoder = embedder.load()
    differences = []
    for text in work:
        began = time.perf_counter()
        encoder.encode([text])
        between = time.perf_counter()
        await embedder.embed([text])
        differences.append((time.perf_counter() - between - (between - began)) * 1000)
    return median(differences)
