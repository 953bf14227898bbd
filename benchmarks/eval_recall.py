"""How much of what is known is found by meaning, by words, by both; and what kill -9 leaves behind."""

import os

from benchmarks.memory_crash import crash
from benchmarks.recall_quality import judge, rank
from benchmarks.recall_sets import ARCHIVE, claims
from benchmarks.rows import Row
from models.local.embedder import SentenceEmbedder

JUDGED_ON = 1
"""The half of the archive that the weights were not chosen on."""


async def rows() -> list[Row]:
    """Judge the claims (`recall.*`) and the untouched half of an archive (`recall.archive_*`).

    The floor of the fused rows is the better of the two sides alone.
    """
    embedder = SentenceEmbedder()
    measured: list[Row] = []
    judged = {"recall": claims()} | {
        f"recall.archive_{name}": ask(JUDGED_ON) for name, ask in ARCHIVE.items()
    }
    for prefix, given in judged.items():
        rankings = await rank(given, embedder)
        found = {mode: judge(rankings, mode) for mode in ("dense", "lexical", "fused")}
        best_at5 = max(found["dense"].at5, found["lexical"].at5)
        best_mrr = max(found["dense"].mrr, found["lexical"].mrr)
        for mode, quality in found.items():
            fused = mode == "fused"
            measured += [
                Row(f"{prefix}.at5.{mode}", quality.at5, "share", best_at5 if fused else None),
                Row(f"{prefix}.mrr.{mode}", quality.mrr, "share", best_mrr if fused else None),
            ]
    embedder.close()
    tally = await crash(int(os.environ.get("KONTOR_MEMORY_CRASHES", "20")))
    return [
        *measured,
        Row("memory.crashes.kills", tally.kills, "count"),
        Row("memory.crashes.unsettled_found", tally.found, "count"),
        Row("memory.crashes.disagreements", tally.disagreements, "count", 0.0),
    ]
