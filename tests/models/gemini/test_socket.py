"""Every way in which Gemini can answer or fail, over a real socket, each with its own count."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from models.gemini.rate_limit import Pace
from models.routing.candidate import CandidateFailed
from sandbox.gemini.server import RunningGemini
from tests.models.gemini.conftest import Asking
from tests.workflows.returns.wishes.letters import CUSTOMER
from workflows.returns.wishes.letter import OrderReading

Strike = Callable[..., None]


def calls(gemini: RunningGemini) -> int:
    return gemini.state.done["calls"]


def spent_and_reserved(asking: Asking) -> tuple[int, int]:
    [line] = [
        line
        for line in asking.budgets.lines("returns", asking.question.case_id, datetime.now(UTC))
        if line.account.startswith("case/")
    ]
    return line.spent, line.reserved


async def test_an_answer_comes_in_the_tasks_contract_with_its_price_and_what_it_stands_on(
    asking: Asking,
) -> None:
    reply = await asking.ask()
    assert (reply.outcome, reply.answer) == ("answered", {"label": "return"})
    assert reply.evidence[0].text == "send it back"
    assert reply.prompt_hash is not None
    assert reply.version == "gemini-2.5-flash"
    assert reply.cost_microusd > 0
    assert spent_and_reserved(asking) == (reply.cost_microusd, 0)
    assert asking.counts.outcomes() == {"answered": 1}


async def test_it_picks_among_the_questions_own_choices(asking: Asking) -> None:
    reply = await asking.ask(
        task="returns.items", text="The scarf goes back.", choices=("Tshirt blue", "Scarf wool")
    )
    assert (reply.outcome, reply.answer) == ("answered", {"picked": [1]})


async def test_a_letter_is_read_once_into_a_list_of_wishes(asking: Asking) -> None:
    order = CUSTOMER.orders[0]
    name = order.lines[0].name
    reply = await asking.ask(
        task="returns.wishes",
        text=f"I want to return the {name}, please refund it.",
        choices=(order.model_dump_json(),),
    )
    assert reply.outcome == "answered"
    reading = OrderReading.model_validate((reply.answer or {})["reading"])
    assert [(wish.kind.value, wish.pieces[0].line) for wish in reading.wishes] == [
        ("return", order.lines[0].id)
    ]
    assert reply.cost_microusd > 0


@pytest.mark.parametrize("fault", ["misfit", "invented", "truncated"])
async def test_a_letter_read_wrongly_is_no_reading(asking: Asking, strike: Strike, fault: str) -> None:
    strike(fault, times=2)
    choices = (CUSTOMER.orders[0].model_dump_json(),)
    reply = await asking.ask(task="returns.wishes", text="I want to return it.", choices=choices)
    assert reply.outcome in ("malformed", "ungrounded", "truncated")


async def test_what_it_is_not_sure_of_is_only_its_best_guess(asking: Asking) -> None:
    reply = await asking.ask(text="Cancel it, or I want my money back.")
    assert (reply.outcome, asking.counts.outcomes()) == ("unsure", {"unsure": 1})
    assert reply.answer is not None


@pytest.mark.parametrize("fault", ["malformed", "misfit", "empty"])
async def test_invalid_output_is_sent_back_once_and_mended(
    asking: Asking, gemini: RunningGemini, strike: Strike, fault: str
) -> None:
    strike(fault)
    reply = await asking.ask()
    assert (reply.outcome, calls(gemini)) == ("answered", 2)
    assert asking.counts.outcomes() == {"repaired": 1, "answered": 1}
    assert spent_and_reserved(asking) == (reply.cost_microusd, 0)
    contents = gemini.state.calls[-1]["body"]["contents"]
    assert [each["role"] for each in contents] == ["user", "model", "user"]


@pytest.mark.parametrize("fault", ["malformed", "misfit", "empty"])
async def test_output_that_is_invalid_again_is_refused_and_both_calls_are_paid(
    asking: Asking, gemini: RunningGemini, strike: Strike, fault: str
) -> None:
    strike(fault, times=9)
    reply = await asking.ask()
    assert (reply.outcome, reply.answer, calls(gemini)) == ("malformed", None, 2)
    assert asking.counts.outcomes() == {"repaired": 1, "malformed": 1}
    assert spent_and_reserved(asking) == (reply.cost_microusd, 0)


async def test_a_repair_that_fails_refuses_the_answer_and_still_says_what_it_cost(
    asking: Asking, strike: Strike
) -> None:
    strike("malformed")
    strike("unavailable")
    reply = await asking.ask()
    assert (reply.outcome, reply.cost_microusd > 0) == ("malformed", True)
    assert spent_and_reserved(asking) == (reply.cost_microusd, 0)


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ("truncated", "truncated"),
        ("blocked", "blocked"),
        ("prompt_blocked", "blocked"),
        ("invented", "ungrounded"),
    ],
)
async def test_what_cannot_be_mended_is_a_named_outcome_after_one_call(
    asking: Asking, gemini: RunningGemini, strike: Strike, fault: str, outcome: str
) -> None:
    strike(fault)
    reply = await asking.ask()
    assert (reply.outcome, calls(gemini)) == (outcome, 1)
    assert asking.counts.outcomes() == {outcome: 1}


async def test_the_facts_that_come_from_nowhere_are_named(asking: Asking, strike: Strike) -> None:
    strike("invented")
    reply = await asking.ask()
    assert "id 'W-9999'" in reply.why
    assert "812.50" in reply.why


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("rate_limited", ("rate_limited", 7.0)),
        ("quota", ("rate_limited", 7.0)),
        ("unavailable", ("unavailable", None)),
        ("cut", ("unreachable", None)),
        ("garbled", ("garbled", None)),
    ],
)
async def test_a_call_that_fails_is_made_once_and_named(
    asking: Asking, gemini: RunningGemini, strike: Strike, fault: str, expected: tuple[str, float | None]
) -> None:
    strike(fault, seconds=7.0)
    with pytest.raises(CandidateFailed) as failed:
        await asking.ask()
    assert (failed.value.mode, failed.value.retry_after_seconds) == expected
    assert calls(gemini) == 1  # the script has one fault only: a hidden retry would have been answered
    assert asking.counts.outcomes() == {expected[0]: 1}
    # What Google surely did not charge is free again; what it may have charged stays set aside.
    spent, reserved = spent_and_reserved(asking)
    assert spent == 0
    assert (reserved > 0) == failed.value.billed


async def test_a_stall_is_given_up_within_the_latency_budget_and_stays_reserved(
    asking: Asking, strike: Strike
) -> None:
    strike("stall", seconds=30)
    began = time.monotonic()
    with pytest.raises(CandidateFailed) as failed:
        await asking.ask(left_seconds=0.4)
    assert time.monotonic() - began < 2
    assert failed.value.mode == "timeout"
    assert asking.counts.outcomes() == {"timeout": 1}
    assert spent_and_reserved(asking)[1] > 0


async def test_nobody_listening_is_named_and_costs_nothing(asking: Asking, gemini: RunningGemini) -> None:
    asking.candidate._door._base_url = "http://127.0.0.1:9"
    with pytest.raises(CandidateFailed) as failed:
        await asking.ask()
    assert failed.value.mode == "unreachable"
    assert spent_and_reserved(asking) == (0, 0)


async def test_a_wrong_key_is_refused_and_never_shown(asking: Asking) -> None:
    asking.secrets.values["gemini_api_key"] = "AIza-planted-and-wrong"
    with pytest.raises(CandidateFailed) as failed:
        await asking.ask()
    assert failed.value.mode == "refused"
    assert "planted" not in f"{failed.value!r} {failed.value.__cause__!r} {failed.value.why}"


async def test_a_key_that_is_rotated_counts_at_the_next_call(asking: Asking, gemini: RunningGemini) -> None:
    assert (await asking.ask()).outcome == "answered"
    gemini.state.key = asking.secrets.values["gemini_api_key"] = "another"
    assert (await asking.ask()).outcome == "answered"


async def test_without_a_key_it_is_passed_over(asking: Asking) -> None:
    asking.secrets.values.clear()
    readiness = await asking.candidate.prepare("returns.intent", asking.task)
    assert "no secret gemini_api_key" in readiness.unavailable
    assert "AIza" not in readiness.unavailable


async def test_with_the_money_out_nothing_is_sent(asking: Asking, gemini: RunningGemini) -> None:
    held = asking.budgets.reserve("returns", "other", 9_999_990, datetime.now(UTC))
    assert held is not None
    with pytest.raises(CandidateFailed) as failed:
        await asking.ask()
    assert (failed.value.mode, failed.value.its_fault, calls(gemini)) == ("out_of_budget", False, 0)
    assert asking.counts.outcomes() == {"out_of_budget": 1}


async def test_a_question_whose_evidence_makes_it_dearer_than_the_ceiling_is_not_sent(
    asking: Asking, gemini: RunningGemini
) -> None:
    long = asking.question.evidence[0].model_copy(update={"text": "word " * 8_000})
    with pytest.raises(CandidateFailed, match="the ceiling is"):
        await asking.ask(evidence=(long,))
    assert calls(gemini) == 0


async def test_an_answer_is_reused_for_the_same_input_and_never_where_money_moves(
    asking: Asking, gemini: RunningGemini
) -> None:
    await asking.ask()
    await asking.ask()
    assert calls(gemini) == 2  # returns.intent moves money
    asking.task = asking.task.model_copy(update={"moves_money": False})
    first = await asking.ask()
    again = await asking.ask(text="I want to  send it back,\nplease.")
    assert calls(gemini) == 3
    assert (again.answer, again.cached, again.cost_microusd) == (first.answer, True, 0)
    await asking.ask(text="I want to send it back, please!")
    assert calls(gemini) == 4
    asking.task = asking.task.model_copy(update={"critical": True})
    await asking.ask()
    assert calls(gemini) == 5


async def test_an_answer_is_asked_again_under_another_policy(asking: Asking, gemini: RunningGemini) -> None:
    asking.task = asking.task.model_copy(update={"moves_money": False})
    await asking.ask()
    asking.candidate._policy_version = lambda: "another"
    await asking.ask()
    assert calls(gemini) == 2


async def test_a_task_that_can_wait_a_minute_goes_to_the_cheaper_tier(
    asking: Asking, gemini: RunningGemini
) -> None:
    standard = await asking.ask()
    asking.task = asking.task.model_copy(update={"latency_ms": 120_000})
    flex = await asking.ask()
    sent = [call["body"].get("serviceTier") for call in gemini.state.calls]
    assert sent == [None, "flex"]
    assert flex.cost_microusd < standard.cost_microusd


async def test_the_shared_part_is_the_same_for_every_question_and_comes_first(
    asking: Asking, gemini: RunningGemini
) -> None:
    await asking.ask()
    await asking.ask(text="Where is my parcel?")
    first, second = (call["body"] for call in gemini.state.calls)
    assert first["systemInstruction"] == second["systemInstruction"]
    assert first["contents"] != second["contents"]
    assert list(first["generationConfig"]["thinkingConfig"].values()) == [0]
    assert first["generationConfig"]["maxOutputTokens"] == 300


async def test_what_the_provider_kept_of_a_long_shared_prompt_is_paid_at_the_lower_price(
    asking: Asking, gemini: RunningGemini
) -> None:
    asking.task = asking.task.model_copy(update={"note": "what the customer asks for, " * 300})
    first = await asking.ask()
    second = await asking.ask()
    prompt = len(asking.task.note) // 4
    saved = prompt * (0.30 - 0.075)
    assert first.cost_microusd - second.cost_microusd == pytest.approx(saved, rel=0.2)


@pytest.mark.parametrize("limits", [(1, 0), (0, 3_000)], ids=["requests", "tokens"])
async def test_more_than_a_minute_takes_waits_without_being_sent(
    asking: Asking, gemini: RunningGemini, limits: tuple[int, int]
) -> None:
    asking.candidate._pace = Pace(*limits, time.monotonic)
    await asking.ask()
    with pytest.raises(CandidateFailed) as failed:
        await asking.ask()
    assert (failed.value.mode, failed.value.its_fault) == ("rate_limited", False)
    assert 55 < (failed.value.retry_after_seconds or 0) <= 60
    assert calls(gemini) == 1
