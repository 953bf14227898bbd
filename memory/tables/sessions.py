"""Who may be at the console: sessions, invitations, passkeys, and the challenges that passkeys answer."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, LargeBinary
from sqlmodel import Field, SQLModel

from memory.tables.columns import UtcDateTime


class SessionRow(SQLModel, table=True):
    """One browser of one person; `digest` is the SHA-256 of what its cookie holds."""

    __tablename__ = "sessions"
    __table_args__ = (Index("sessions_by_person", "person"),)

    digest: str = Field(primary_key=True)
    id: str = Field(unique=True)
    person: str
    how: str
    device: str
    started_at: datetime = Field(sa_type=UtcDateTime)
    seen_at: datetime = Field(sa_type=UtcDateTime)
    proved_at: datetime = Field(sa_type=UtcDateTime)


class InvitationRow(SQLModel, table=True):
    """One link; `digest` is the SHA-256 of its secret."""

    __tablename__ = "invitations"

    digest: str = Field(primary_key=True)
    person: str
    made_by: str
    made_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class PasskeyRow(SQLModel, table=True):
    """One passkey; its columns are the fields of `contracts.session.Passkey`."""

    __tablename__ = "passkeys"
    __table_args__ = (Index("passkeys_by_person", "person"),)

    id: str = Field(primary_key=True)
    person: str
    public_key: bytes = Field(sa_type=LargeBinary)
    sign_count: int = Field(sa_type=BigInteger)
    device: str
    made_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ChallengeRow(SQLModel, table=True):
    """What a passkey is asked to sign, once; `person` is empty where anybody may sign in with it."""

    __tablename__ = "passkey_challenges"

    challenge: str = Field(primary_key=True)
    person: str
    made_at: datetime = Field(sa_type=UtcDateTime)
