"""The attack table: how often each door was tried. `docs/console.md` names the doors."""

from tests.console.test_attacks import ATTEMPTS as AT_THE_CONSOLE
from tests.workflows.kernel.approvals.test_answer_attacks import ATTEMPTS as ANSWERS
from tests.workflows.kernel.approvals.test_word_attacks import ATTEMPTS as WAYS
from tests.workflows.kernel.approvals.test_word_attacks import WORDS
from tests.workflows.returns.test_activities_by_hand import ATTEMPTS as BY_ACTIVITY
from tests.workflows.returns.test_hand_started import ATTEMPTS as BY_WORKFLOW

FEWEST = 40


def test_at_least_forty_attempts_are_made_over_all_doors() -> None:
    """Each of these tables is run where it stands: nothing is applied, and every attempt is on record."""
    by_door = {
        "signals and updates: answers": len(ANSWERS),
        "signals and updates: other words": len(WAYS) * len(WORDS),
        "workflows and activities started by hand": len(BY_WORKFLOW) + len(BY_ACTIVITY),
        "the console": len(AT_THE_CONSOLE),
    }
    assert sum(by_door.values()) >= FEWEST, by_door
    assert min(by_door.values()) >= FEWEST // len(by_door), by_door
