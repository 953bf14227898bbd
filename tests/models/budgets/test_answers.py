"""Answers are kept exactly, within limits of number and age."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from memory.authoritative.response_cache import LONGEST_BYTES, SqlAnswers
from models.routing.candidate import CandidateReply

NOON = datetime(2026, 11, 5, 12, tzinfo=UTC)


def reply(label: str, why: str = "it is sure") -> CandidateReply:
    return CandidateReply(outcome="answered", answer={"label": label}, why=why, version="1", cost_microusd=7)


def test_a_kept_answer_comes_back_as_it_was_until_it_is_too_old(engine: Engine) -> None:
    answers = SqlAnswers(engine, CandidateReply, oldest=timedelta(days=1))
    answers.keep("a", reply("return"), NOON)
    assert answers.find("a", NOON + timedelta(days=1)) == reply("return")
    assert answers.find("a", NOON + timedelta(days=1, seconds=1)) is None
    assert answers.find("b", NOON) is None


def test_a_newer_answer_takes_the_place_of_an_older(engine: Engine) -> None:
    answers = SqlAnswers(engine, CandidateReply)
    answers.keep("a", reply("return"), NOON)
    answers.keep("a", reply("cancel"), NOON + timedelta(hours=1))
    assert answers.find("a", NOON + timedelta(hours=1)) == reply("cancel")


def test_the_oldest_go_when_there_are_too_many_and_a_very_long_one_is_not_kept(engine: Engine) -> None:
    answers = SqlAnswers(engine, CandidateReply, most=2)
    for hours, key in enumerate("abc"):
        answers.keep(key, reply("return"), NOON + timedelta(hours=hours))
    answers.keep("long", reply("return", why="x" * LONGEST_BYTES), NOON + timedelta(hours=4))
    kept = [key for key in ("a", "b", "c", "long") if answers.find(key, NOON + timedelta(hours=4))]
    assert kept == ["b", "c"]
