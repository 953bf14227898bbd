"""What answers customers in conversations, put together from an installation."""

from activities.clock import utc_now
from bootstrap.installation import Installation
from contracts.conversation import Reply
from contracts.desk import Activity
from memory.authoritative.response_cache import SqlAnswers
from workflows.assistant.activities import ConversationActivities
from workflows.assistant.answering import Answerer
from workflows.assistant.assistant_file import assistant_of


def conversation_activities(installation: Installation) -> list[Activity]:
    """Return the steps of conversations; for memory's queue, and beside the workflow where memory is served.

    Raises:
        OfficeInvalid: the office's `assistant.toml` cannot be used.
    """
    steps = ConversationActivities(installation.conversations, answerer(installation))
    return [steps.take_turn, steps.person]


def answerer(installation: Installation) -> Answerer | None:
    """Return who answers at this office; None if it has no assistant."""
    file = assistant_of(installation.office)
    if file is None:
        return None
    return Answerer(
        file,
        installation.memory,
        installation.embedder,
        SqlAnswers(installation.database, Reply),
        installation.texts,
        office_version=installation.office_version,
        clock=utc_now,
    )
