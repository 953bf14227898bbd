"""The console's pages, all of them: a new one is one more line here."""

from dataclasses import dataclass

from console import account, answering, board, books, bulk, case, cases, inbox, office, remembering, undoing
from console.rendering import Place
from console.visit import Handler


@dataclass(frozen=True)
class Page:
    """A page, or what a form of it is sent to.

    Attributes:
        path: as Starlette writes it.
        answer: what answers.
        method: `POST` for what changes something.
        place: how the frame leads to it, if it does.
    """

    path: str
    answer: Handler
    method: str = "GET"
    place: Place | None = None


PAGES = (
    Page("/inbox", inbox.show, place=Place("Inbox", "/inbox", "a")),
    Page("/inbox", bulk.answer, "POST"),
    Page("/inbox/{request_id}", inbox.show_request),
    Page("/inbox/{request_id}", answering.answer, "POST"),
    Page("/cases", cases.show, place=Place("Cases", "/cases", "c")),
    Page("/cases/{case_id:path}", case.show),
    Page("/cases/{case_id:path}", undoing.undo, "POST"),
    Page("/board", board.show, place=Place("Board", "/board", "b")),
    Page("/books", books.show, place=Place("Books", "/books", "e")),
    Page("/memory", remembering.show, place=Place("Memory", "/memory", "m")),
    Page("/memory/forget", remembering.forget, "POST"),
    Page("/office", office.show, place=Place("Office", "/office", "o")),
    Page("/me", account.show, place=Place("You", "/me", "y")),
    Page("/me/passkeys/question", account.enrolment, "POST"),
    Page("/me/passkeys", account.enrol, "POST"),
    Page("/me/passkeys/remove", account.remove_passkey, "POST"),
    Page("/me/sessions/end", account.end_session, "POST"),
)
PLACES = tuple(page.place for page in PAGES if page.place is not None)
