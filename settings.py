"""Everything that differs from one installation to the next, read once from the environment."""

from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


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
        audit_anchor: the append-only file that the episode log's signed head is written to; None
            means `audit.anchor` in the state folder. Put it where the database's owner cannot write.
        audit_sink: `module:callable` that makes another place for signed heads, a
            `memory.anchor.AnchorSink`; empty means the file.
        reconcile_every_minutes: how often the books are compared with the outside world; 0 is never.
    """

    model_config = SettingsConfigDict(env_prefix="KONTOR_", frozen=True, extra="ignore")

    office: Path = Path("office")
    state: Path = Path(".kontor")
    database_url: str = ""
    temporal_address: str = "127.0.0.1:7233"
    temporal_namespace: str = "default"
    temporal_ui_port: int = 8233
    sandbox_port: int = 8400
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
    audit_anchor: Path | None = None
    audit_sink: str = ""
    reconcile_every_minutes: int = 15

    @property
    def sql_url(self) -> str:
        """The database that holds the authoritative state."""
        return self.database_url or f"sqlite:///{self.state / 'kontor.db'}"

    @property
    def audit_anchor_file(self) -> Path:
        """Where the episode log's signed heads are kept outside the database."""
        return self.audit_anchor or self.state / "audit.anchor"


@lru_cache(maxsize=1)
def settings() -> Settings:
    """Return the process's settings."""
    return Settings()
