"""Our own records of one installation: the database, the stores on it, the episode log."""

import tomllib
from contextlib import AsyncExitStack, ExitStack
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self
from zoneinfo import ZoneInfo

from contracts.office import read_text
from settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from connectors.secrets import Secrets
    from contracts.budget import Limits
    from contracts.installation import Identity
    from memory.authoritative.approvals.approvals import SqlApprovals
    from memory.authoritative.approvals.attention import SqlAttention
    from memory.authoritative.approvals.overrides import SqlOverrides
    from memory.authoritative.approvals.queue import SqlApprovalQueue
    from memory.authoritative.approvals.tokens import ApprovalTokens
    from memory.authoritative.authorizations import SqlAuthorizations, SqlVerdicts
    from memory.authoritative.budgets import SqlBudgets
    from memory.authoritative.case_writer import SqlCaseWriter
    from memory.authoritative.cases import SqlCases
    from memory.authoritative.decisions import SqlDecisions, SqlReviewQueue
    from memory.authoritative.ledger.ledger import SqlLedger
    from memory.authoritative.numbers.reader import SqlNumbers
    from memory.authoritative.offices import SqlOffices
    from memory.authoritative.reconciliation.accounting import SqlAccounting
    from memory.authoritative.reconciliation.stuck_cases import SqlStuckCases
    from memory.authoritative.releases import SqlReleases
    from memory.authoritative.shares import SqlShares
    from memory.episodic.anchor import Anchor, AnchorSink
    from memory.episodic.chain import Keys, Signer
    from memory.episodic.journal import Journal
    from memory.episodic.log import SqlEpisodes
    from memory.redaction import Redactor


class Records:
    """What an installation keeps, each store opened at first use; the base of `Installation`."""

    def __init__(self, settings: Settings, *, office: Path | None = None) -> None:
        """Keep the settings; nothing is opened yet.

        Args:
            settings: of this process.
            office: the folder to work with; None means the office in force.
        """
        self.settings = settings
        self._office = office
        self._opened = ExitStack()
        self._connected = AsyncExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.disconnect()
        self.close()

    def close(self) -> None:
        """Close everything that is open, the last opened first; what is used after that is opened anew.

        Connections belong to the event loop they were opened in: there, `disconnect` first, or use
        the installation by `async with`.
        """
        self._opened.close()
        self._forget(*(name for kind in type(self).__mro__ for name in vars(kind)))

    @cached_property
    def zone(self) -> ZoneInfo:
        """The office's time zone, read alone: a list of cases needs no calendar. UTC without an office."""
        try:
            stated = tomllib.loads(read_text(self.office / "office.toml"))
            return ZoneInfo(str(stated["time_zone"]))
        except (OSError, ValueError, KeyError):
            return ZoneInfo("UTC")  # `kontor check` says what is wrong with it

    async def disconnect(self) -> None:
        """Close the connections to outside systems and models; used again, they are opened anew."""
        await self._connected.aclose()

    def _forget(self, *names: str) -> None:
        """Let properties be opened anew."""
        for name in names:
            vars(self).pop(name, None)

    # The office: what was put in force, or the folder of the settings while nothing was.

    @cached_property
    def office(self) -> Path:
        """The folder of the office in force, as it was at first use; of each version there is one copy."""
        if self._office is not None:
            return self._office
        release = self.offices.in_force() if self._has_database else None
        return self.unpacked(release.version) if release else self.settings.office

    def unpacked(self, version: str, *, again: bool = False) -> Path:
        """Return the folder of a version that was put in force; with `again`, exactly as it was put."""
        return self.offices.unpacked(version, self.settings.state / "offices", again=again)

    @cached_property
    def offices(self) -> "SqlOffices":
        """The versions of the office, and which one is in force."""
        from memory.authoritative.offices import SqlOffices

        return SqlOffices(self.database)

    @cached_property
    def releases(self) -> "SqlReleases":
        """What puts an office in force."""
        from memory.authoritative.releases import SqlReleases

        return SqlReleases(self.journal)

    @property
    def _has_database(self) -> bool:
        """Whether there is one: to look at an office's files, none need be made."""
        return bool(self.settings.database_url) or self.settings.database_file.exists()

    # The database, and the stores on it.

    @cached_property
    def database(self) -> "Engine":
        """The authoritative database, its schema brought up to date."""
        from memory.database import migrate, open_engine

        engine = open_engine(self.settings.sql_url)
        self._opened.callback(engine.dispose)
        migrate(engine)
        return engine

    @cached_property
    def identity(self) -> "Identity":
        """Which installation this is, as its books say."""
        from memory.authoritative.identity import identity_of

        return identity_of(self.database, datetime.now(UTC))

    @cached_property
    def cases(self) -> "SqlCases":
        """The office's list of cases."""
        from memory.authoritative.cases import SqlCases

        return SqlCases(self.database)

    @cached_property
    def case_writer(self) -> "SqlCaseWriter":
        """A case's row and episodes, written in one commit."""
        from memory.authoritative.case_writer import SqlCaseWriter

        return SqlCaseWriter(self.journal)

    @cached_property
    def stuck_cases(self) -> "SqlStuckCases":
        """The cases that cannot go on."""
        from memory.authoritative.reconciliation.stuck_cases import SqlStuckCases

        return SqlStuckCases(self.database)

    @cached_property
    def decisions(self) -> "SqlDecisions":
        """The record of every decision, and for a while of what it was made from."""
        from memory.authoritative.decision_inputs import DecisionInputs
        from memory.authoritative.decisions import SqlDecisions

        def redact(text: str) -> str:
            return self.redactor(text)  # loaded for a decision, not for a list of them

        kept_for = timedelta(days=self.settings.inputs_kept_days)
        return SqlDecisions(self.database, DecisionInputs(redact, kept_for))

    @cached_property
    def redactor(self) -> "Redactor":
        """What takes secrets and personal data out of a text."""
        from memory.redaction import Redactor

        return Redactor()

    @cached_property
    def review_queue(self) -> "SqlReviewQueue":
        """The decisions that people should look at again."""
        from memory.authoritative.decisions import SqlReviewQueue
        from workflows import registry

        return SqlReviewQueue(self.database, registry.customer_text())

    @cached_property
    def verdicts(self) -> "SqlVerdicts":
        """The record of every verdict."""
        from memory.authoritative.authorizations import SqlVerdicts

        return SqlVerdicts(self.database)

    @cached_property
    def authorizations(self) -> "SqlAuthorizations":
        """Claims, verdicts, permits and shares, written in one commit."""
        from memory.authoritative.authorizations import SqlAuthorizations

        return SqlAuthorizations(self.journal)

    @cached_property
    def shares(self) -> "SqlShares":
        """What effects were done for."""
        from memory.authoritative.shares import SqlShares

        return SqlShares(self.database)

    @cached_property
    def ledger(self) -> "SqlLedger":
        """The authoritative record of every effect."""
        from memory.authoritative.ledger.ledger import SqlLedger

        return SqlLedger(self.journal)

    @cached_property
    def approvals(self) -> "SqlApprovals":
        """What was asked of people and answered."""
        from memory.authoritative.approvals.approvals import SqlApprovals

        return SqlApprovals(self.journal)

    @cached_property
    def approval_queue(self) -> "SqlApprovalQueue":
        """The queue of approvals as lists read it."""
        from memory.authoritative.approvals.queue import SqlApprovalQueue

        return SqlApprovalQueue(self.database)

    @cached_property
    def attention(self) -> "SqlAttention":
        """How long people looked at what they were asked."""
        from memory.authoritative.approvals.attention import SqlAttention

        return SqlAttention(self.database)

    @cached_property
    def approval_overrides(self) -> "SqlOverrides":
        """What people changed, refused and took back."""
        from memory.authoritative.approvals.overrides import SqlOverrides

        return SqlOverrides(self.database)

    @cached_property
    def approval_tokens(self) -> "ApprovalTokens":
        """Signed links to answer from outside; with local secrets their key is made when needed."""
        from contracts.approvals.token import KEY_NAME
        from memory.authoritative.approvals.tokens import ApprovalTokens

        keys = self._made_keys(KEY_NAME)
        return ApprovalTokens(self.database, lambda: bytes.fromhex(keys.read(KEY_NAME)))

    @cached_property
    def accounting(self) -> "SqlAccounting":
        """The imported accounting exports."""
        from memory.authoritative.reconciliation.accounting import SqlAccounting

        return SqlAccounting(self.database)

    @cached_property
    def limits(self) -> "Limits":
        """What models may spend; raises OfficeInvalid if it cannot be read."""
        from models.routing.cost import load_limits

        return load_limits(self.office)

    @cached_property
    def budgets(self) -> "SqlBudgets":
        """What models may still spend; raises OfficeInvalid if the limits cannot be read."""
        from memory.authoritative.budgets import SqlBudgets

        return SqlBudgets(self.database, self.limits)

    @cached_property
    def numbers(self) -> "SqlNumbers":
        """The office's numbers, and the cases behind each."""
        from memory.authoritative.numbers.reader import SqlNumbers

        return SqlNumbers(self.database)

    # The episode log, and the proof that it is whole.

    @cached_property
    def episodes(self) -> "SqlEpisodes":
        """The append-only log."""
        from memory.episodic.log import SqlEpisodes

        return SqlEpisodes(self.journal, self.anchor)

    @cached_property
    def journal(self) -> "Journal":
        """What changes the books, and appends to the log what it changed."""
        from memory.episodic.journal import Journal

        return Journal(self.database, self.audit_signer, self.anchor)

    @cached_property
    def audit_signer(self) -> "Signer":
        """What signs the log's head; with local secrets its key is made when needed."""
        from memory.episodic.chain import Signer

        return Signer(self._made_keys())

    @cached_property
    def anchor_places(self) -> "dict[str, AnchorSink]":
        """The places outside the database that keep the log's heads, by name, the first one first."""
        from pkgutil import resolve_name

        from memory.episodic.anchor import AnchorFile

        own, places = self.settings, dict[str, "AnchorSink"]()
        if own.audit_sink:
            places[own.audit_sink] = resolve_name(own.audit_sink)()
        else:
            places[str(own.audit_anchor_file)] = AnchorFile(own.audit_anchor_file)
        if own.audit_second_anchor is not None:
            second = AnchorFile(own.audit_second_anchor, makes_folder=False)
            places[str(own.audit_second_anchor)] = second
        return places

    @cached_property
    def anchor(self) -> "Anchor":
        """What decides when a head is kept outside."""
        from memory.episodic.anchor import Anchor, AnchorPlaces

        return Anchor(AnchorPlaces(self.anchor_places))

    # Where secret values come from.

    @cached_property
    def secrets(self) -> "Secrets":
        """The place that secret values are read from, at the moment of use."""
        from connectors.secrets import EnvironmentSecrets, FileSecrets

        own = self.settings
        if own.secrets == "environment":
            return EnvironmentSecrets()
        if own.secrets == "file":
            return FileSecrets(own.secrets_file)
        from connectors.vault import VaultSecrets

        return VaultSecrets(
            own.vault_address,
            own.vault_token,
            mount=own.vault_mount,
            prefix=own.vault_prefix,
            namespace=own.vault_namespace,
        )

    def _made_keys(self, *name: str) -> "Keys":
        """Return where a signing key is read from; with local secrets it is made when it is needed."""
        from memory.episodic.signing_key import SigningKeyFile

        if self.settings.secrets != "file":
            return self.secrets
        return SigningKeyFile(self.settings.secrets_file, *name)
