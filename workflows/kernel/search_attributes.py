"""The typed search attributes by which the Temporal Web UI finds and sorts cases.

They mirror the books and are never the truth of anything: visibility is eventually consistent.
No personal data stands here: search attributes are stored in the clear.
"""

from temporalio.common import SearchAttributeKey

DESK = SearchAttributeKey.for_keyword("KontorDesk")
CHANNEL = SearchAttributeKey.for_keyword("KontorChannel")
STATUS = SearchAttributeKey.for_keyword("KontorStatus")
AMOUNT_CENTS = SearchAttributeKey.for_int("KontorAmountCents")
WAITING_FOR = SearchAttributeKey.for_keyword("KontorWaitingFor")
DEADLINE = SearchAttributeKey.for_datetime("KontorDeadline")

ALL = (DESK, CHANNEL, STATUS, AMOUNT_CENTS, WAITING_FOR, DEADLINE)
