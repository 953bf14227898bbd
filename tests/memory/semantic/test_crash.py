"""Kill -9 while memory is imported, rebuilt and forgotten."""

import os

import pytest

from benchmarks.memory_crash import crash


@pytest.mark.slow
async def test_after_kill_minus_nine_sql_and_vectors_agree_and_no_promise_is_broken() -> None:
    tally = await crash(int(os.environ.get("KONTOR_MEMORY_CRASHES", "3")))
    assert tally.kills > 0
    assert tally.disagreements == 0
