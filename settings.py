"""Everything that differs from one installation to the next, read once from the environment."""

from functools import lru_cache
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

LAST_PORT = 65_535
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class SettingsInvalid(Exception):
    """A setting cannot be used; the message names its variable and what to write."""


class Settings(BaseSettings):
    """Kontor's settings; each is `KONTOR_` and its name in capitals in the environment.

    Attributes:
        office: the folder with the office's configuration.
        state: where all embedded state lives; deleting it is a fresh start.
        database_url: SQLAlchemy URL; empty means SQLite in the state folder.
        temporal_address: empty means the dev server of `kontor up`; a `temporalio.envconfig`
            profile in the environment wins over both.
        qdrant_url: empty means Qdrant's engine in this process, on disk.
        embedder: a sentence-transformers name; `minilm` means the packaged all-MiniLM-L6-v2.
        secrets: where secret values are read from.
        vault_mount: where Vault's KV version 2 engine is mounted; secrets stand in the folder
            `vault_prefix` below it.
        telemetry: where traces and metrics go; `otlp` reads the standard OTEL variables.
        health_host: the interface that a worker answers `/healthz`, `/readyz` and `/metrics` on.
        health_port: the port; 0 is a free one, which the log, `kontor up` and `kontor doctor` name.
        gateway_host: the interface that sources of events send to.
        gateway_port: the port; 0 is a free one, which the gateway's log names.
        console_host: the interface that the console, where people work, answers on.
        console_port: the port; 0 is a free one, which the console's log names.
        temporal_ui_url: how browsers reach the Temporal Web UI; empty means `http://127.0.0.1` and its port.
        console_url: how browsers reach it, for instance `https://kontor.example`: who signs in elsewhere is
            turned away. Empty means `http://localhost` and the port.
        oidc_issuer: the OpenID provider that people may sign in by, as it names itself; empty means none.
        oidc_client_id: what it knows this Kontor by. The secret `oidc_client_secret`, if it gave one, stands
            where secrets do.
        passwords: whether people may sign in by a password: for hosts without https, which have no passkeys.
        log: how a process writes its log: lines of text, or one JSON object a line.
        audit_anchor: the append-only file that the episode log's signed head is written to; None
            means `audit.anchor` in the state folder. Put it where the database's owner cannot write.
        audit_second_anchor: another file, or a folder, that gets every head as well; None means no second
            place. Let it lie where nobody can write who writes the first: on another machine's disk.
        audit_sink: `module:callable` that makes another place for signed heads, a
            `memory.episodic.anchor.AnchorSink`; empty means the file.
        reconcile_every_minutes: how often the books are compared with the outside world; 0 is never.
        inputs_kept_days: for how long what a decision was made from is kept, redacted; 0 keeps nothing.
    """

    model_config = SettingsConfigDict(env_prefix="KONTOR_", frozen=True, extra="ignore")

    office: Path = Path("office")
    state: Path = Path(".kontor")
    database_url: str = ""
    temporal_address: str = "127.0.0.1:7233"
    temporal_namespace: str = "default"
    temporal_ui_port: int = Field(default=8233, ge=0, le=LAST_PORT)
    sandbox_port: int = Field(default=8400, ge=1, le=LAST_PORT)
    qdrant_url: str = ""
    vector_store: Literal["edge", "server", "pgvector"] = "edge"
    embedder: str = "minilm"
    secrets: Literal["environment", "file", "vault"] = "file"
    secrets_file: Path = Field(default_factory=lambda given: given["state"] / "secrets.toml")
    vault_address: str = ""
    vault_token: SecretStr = SecretStr("")
    vault_mount: str = "secret"
    vault_prefix: str = "kontor"
    vault_namespace: str = ""
    gemini_base_url: str = ""
    telemetry: Literal["off", "file", "otlp"] = "off"
    health_host: str = "127.0.0.1"
    health_port: int = Field(default=0, ge=0, le=LAST_PORT)
    gateway_host: str = "127.0.0.1"
    gateway_port: int = Field(default=8500, ge=0, le=LAST_PORT)
    console_host: str = "127.0.0.1"
    console_port: int = Field(default=8600, ge=0, le=LAST_PORT)
    console_url: str = ""
    temporal_ui_url: str = ""
    oidc_issuer: str = ""
    oidc_client_id: str = Field(default="", validate_default=True)
    passwords: bool = False
    log: Literal["text", "json"] = "text"
    audit_anchor: Path | None = None
    audit_second_anchor: Path | None = None
    audit_sink: str = ""
    reconcile_every_minutes: int = 15
    inputs_kept_days: int = Field(default=180, ge=0)

    @field_validator("temporal_address")
    @classmethod
    def _has_a_port(cls, address: str) -> str:
        host, colon, port = address.rpartition(":")
        if not (host and colon and port.isascii() and port.isdigit() and 0 < int(port) <= LAST_PORT):
            example = f"{address if address and not colon else '127.0.0.1'}:7233"
            raise ValueError(f"{address!r} names no port: write HOST:PORT, for instance {example}")
        return address

    @field_validator("console_url")
    @classmethod
    def _is_an_origin(cls, url: str) -> str:
        parts = urlsplit(url)
        if url and (parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/")):
            raise ValueError("write scheme and host alone, for instance https://kontor.example")
        return url.rstrip("/")

    @field_validator("temporal_ui_url")
    @classmethod
    def _is_an_address(cls, url: str) -> str:
        parts = urlsplit(url)
        if url and (parts.scheme not in ("http", "https") or not parts.hostname or parts.query):
            raise ValueError("write where browsers find it, for instance https://kontor.example/temporal")
        return url.rstrip("/")

    @field_validator("oidc_issuer")
    @classmethod
    def _is_a_provider(cls, url: str) -> str:
        parts = urlsplit(url)
        safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
        if url and (not safe or not parts.hostname or parts.query or parts.fragment):
            raise ValueError("write the provider's issuer, for instance https://login.example/realms/office")
        return url

    @field_validator("oidc_client_id")
    @classmethod
    def _goes_with_a_provider(cls, client_id: str, given: ValidationInfo) -> str:
        # An issuer that was refused is not among what is given: then its own message is enough.
        if bool(client_id) != bool(given.data.get("oidc_issuer", client_id)):
            raise ValueError("KONTOR_OIDC_ISSUER and KONTOR_OIDC_CLIENT_ID go together: write both or none")
        return client_id

    @field_validator("state")
    @classmethod
    def _is_a_folder(cls, state: Path) -> Path:
        for path in (state, *state.absolute().parents):
            if path.exists() and not path.is_dir():
                raise ValueError(f"{path} is a file: name a folder, which need not be there yet")
        return state

    @field_validator("audit_second_anchor")
    @classmethod
    def _is_another_place(cls, second: Path | None, given: ValidationInfo) -> Path | None:
        first = given.data.get("audit_anchor") or given.data.get("state", Path()) / "audit.anchor"
        if second is not None and first.absolute() in (second.absolute(), second.absolute() / first.name):
            raise ValueError("it is the first place: name a file or folder on another disk")
        return second

    @property
    def sql_url(self) -> str:
        """The database that holds the authoritative state."""
        return self.database_url or f"sqlite:///{self.database_file}"

    @property
    def web_ui(self) -> str:
        """Where browsers reach the Temporal Web UI, without a slash at its end."""
        return self.temporal_ui_url or f"http://127.0.0.1:{self.temporal_ui_port}"

    @property
    def console_origin(self) -> str:
        """Scheme, host and port by which browsers reach the console."""
        return self.console_url or f"http://localhost:{self.console_port}"

    @property
    def database_file(self) -> Path:
        """Where SQLite keeps it, unless `database_url` names another database."""
        return self.state / "kontor.db"

    @property
    def audit_anchor_file(self) -> Path:
        """Where the episode log's signed heads are kept outside the database."""
        return self.audit_anchor or self.state / "audit.anchor"


@lru_cache(maxsize=1)
def settings() -> Settings:
    """Return the process's settings.

    Raises:
        SettingsInvalid: one of them cannot be used.
    """
    try:
        return Settings()
    except ValidationError as invalid:
        # Never the value itself: it may be a password or a token.
        problems = [
            f"KONTOR_{'_'.join(str(part) for part in error['loc']).upper()}: "
            + error["msg"].removeprefix("Value error, ")
            for error in invalid.errors(include_input=False)
            if not error["type"].startswith("default_factory")
        ]
    raise SettingsInvalid("\n".join(problems))
