"""How the two sides' weights were chosen: `python -m benchmarks.tune_recall`.

On every second post of `content/blog_18f`, asked in three ways; the other posts and the claims
judge the choice.
"""

import asyncio
from statistics import fmean

from benchmarks.recall_quality import judge, rank
from benchmarks.recall_sets import ARCHIVE
from models.local.embedder import SentenceEmbedder

TUNED_ON = 0
WEIGHTS = tuple(step / 20 for step in range(21))


async def main() -> None:
    """Print recall at 5 and MRR of each way for each weight of the dense side, and their mean."""
    embedder = SentenceEmbedder()
    rankings = [await rank(ask(TUNED_ON), embedder) for ask in ARCHIVE.values()]
    for weight in WEIGHTS:
        found = [judge(each, "fused", weight) for each in rankings]
        told = ", ".join(
            f"{name} {each.at5:.4f} {each.mrr:.4f}" for name, each in zip(ARCHIVE, found, strict=True)
        )
        mean = fmean([value for each in found for value in (each.at5, each.mrr)])
        print(f"dense weight {weight:.2f}: recall@5 and MRR: {told}; mean {mean:.4f}")  # noqa: T201  (a command line)
    embedder.close()


if __name__ == "__main__":
    asyncio.run(main())
