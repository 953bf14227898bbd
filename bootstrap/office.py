"""The office's policies, its version, its calendar, its signed links."""

from functools import lru_cache

from bootstrap.outside import secrets
from bootstrap.stores import database
from contracts.approval_token import KEY_NAME as TOKEN_KEY
from memory.approval_tokens import ApprovalTokens
from memory.signing_key import SigningKeyFile
from policy.calendar import OfficeCalendar
from policy.engine import CedarEngine
from policy.office import version_of
from settings import Settings


@lru_cache(maxsize=4)
def policy_engine(settings: Settings) -> CedarEngine:
    """Return the office's policies, parsed once; raises OfficeInvalid with every problem found."""
    return CedarEngine.from_office(settings.office)


@lru_cache(maxsize=4)
def office_version(settings: Settings) -> str:
    """Return the content hash of the office folder, as it was when this process first asked."""
    return version_of(settings.office)


def approval_tokens(settings: Settings) -> ApprovalTokens:
    """Return what makes and checks signed links; with local secrets its key is made when needed."""
    local = settings.secrets == "file"
    keys = SigningKeyFile(settings.secrets_file, TOKEN_KEY) if local else secrets(settings)
    return ApprovalTokens(database(settings), lambda: bytes.fromhex(keys.read(TOKEN_KEY)))


@lru_cache(maxsize=2)
def office_calendar(settings: Settings) -> OfficeCalendar:
    """Return the office's working time and how long people have; raises OfficeInvalid."""
    return OfficeCalendar.from_office(settings.office)
