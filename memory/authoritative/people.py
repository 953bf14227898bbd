"""How people show who they are, in SQL: the accounts and keys that are bound to them."""

from sqlalchemy import ColumnElement, Engine, delete
from sqlmodel import col, select

from contracts.proof import Enrolment, How
from memory.database import insert_into, reading, writing
from memory.tables.passwords import PasswordRow
from memory.tables.proofs import EnrolmentRow
from memory.tables.sessions import PasskeyRow


class SqlPeople:
    """Who may prove to be whom by what; whoever only reaches the Temporal server can write nothing here."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def enrol(self, enrolment: Enrolment) -> None:
        """Bind a credential to a person; bound already, it stays as it was."""
        with writing(self._engine) as session:
            insert = insert_into(session, EnrolmentRow).values(enrolment.model_dump())
            session.execute(insert.on_conflict_do_nothing())

    def dismiss(self, person: str, how: How, credential: str) -> bool:
        """Let a credential prove nothing any more; False if it was not bound to the person."""
        with writing(self._engine) as session:
            gone = session.execute(
                delete(EnrolmentRow)
                .where(
                    col(EnrolmentRow.person) == person,
                    col(EnrolmentRow.how) == how,
                    col(EnrolmentRow.credential) == credential,
                )
                .returning(col(EnrolmentRow.person))
            )
            return gone.first() is not None

    def of(self, person: str) -> list[Enrolment]:
        """Return what a person's accounts are, the first bound first."""
        return self._found(col(EnrolmentRow.person) == person)

    def bound_to(self, how: How, credential: str) -> list[Enrolment]:
        """Return whom a credential proves to be."""
        return self._found(col(EnrolmentRow.how) == how, col(EnrolmentRow.credential) == credential)

    def anybody(self) -> bool:
        """Say whether anybody has shown who they are: from then on nobody's bare word counts."""
        with reading(self._engine) as session:
            known = (select(EnrolmentRow.person), select(PasskeyRow.person), select(PasswordRow.person))
            return any(session.exec(query.limit(1)).first() is not None for query in known)

    def _found(self, *wanted: ColumnElement[bool] | bool) -> list[Enrolment]:
        query = select(EnrolmentRow).where(*wanted).order_by(col(EnrolmentRow.at), col(EnrolmentRow.person))
        with reading(self._engine) as session:
            return [Enrolment.model_validate(row.model_dump()) for row in session.exec(query)]
