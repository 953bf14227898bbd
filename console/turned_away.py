"""Requests that the console turned away, in the log: an attempt that did nothing leaves a line."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus

from sqlalchemy.exc import DBAPIError

from activities.ports import EpisodeLog
from memory.authoritative.staff_episodes import staff_episode
from service.openid import OpenIdProvider

LOGGER = logging.getLogger(__name__)
TURNED_AWAY = "turned_away"
STATUSES = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.METHOD_NOT_ALLOWED,
        HTTPStatus.GONE,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        HTTPStatus.TOO_MANY_REQUESTS,
    }
)
"""Of a change: what no page of ours leads to. A form that somebody filled in wrongly is no attempt."""
LONGEST_PLACE = 40


class TurnedAway:
    """Writes them. Of one kind it is said once a minute: whoever knocks must not fill the log."""

    def __init__(self, log: EpisodeLog, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._log = log
        self._clock = clock

    def counts(self, method: str, path: str, status: int) -> bool:
        """Say whether an answer is one to an attempt."""
        if status == HTTPStatus.MISDIRECTED_REQUEST or ".." in path:
            return True
        changes = method not in ("GET", "HEAD") or path == OpenIdProvider.BACK
        return changes and status in STATUSES

    def tell(self, method: str, path: str, status: int) -> None:
        """Write it; of its path only the first part, as the rest may be a secret."""
        now = self._clock()
        place = "/" + path.lstrip("/").partition("/")[0][:LONGEST_PLACE]
        name = f"{status}-{now:%Y-%m-%dT%H:%M}"
        told = staff_episode(
            TURNED_AWAY, name, now, {"method": method[:LONGEST_PLACE], "place": place, "status": int(status)}
        )
        try:
            self._log.append([told])
        except DBAPIError as away:
            LOGGER.warning("an attempt is not on record: the books do not answer: %s", str(away)[:200])
