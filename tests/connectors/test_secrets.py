import asyncio
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from connectors.secrets import EnvironmentSecrets, FileSecrets, Secrets, SecretsUnavailable
from connectors.vault import VaultSecrets
from tests.connectors.system import Received, Reply, System

VALUE = "v-5f4e3d-planted"
TOKEN = "hvs.planted-token"


class Vault:
    """Speaks the part of KV version 2 that reads a secret."""

    def __init__(self) -> None:
        self.secrets = {"/v1/secret/data/kontor/shop": {"token": VALUE}}
        self.status = 0

    def __call__(self, request: Received) -> Reply:
        if self.status:
            return Reply({"errors": ["Vault is sealed"]}, status=self.status)
        if request.headers.get("x-vault-token") != TOKEN:
            return Reply({"errors": ["permission denied"]}, status=403)
        found = self.secrets.get(request.target)
        if found is None:
            return Reply({"errors": []}, status=404)
        return Reply({"data": {"data": found, "metadata": {"version": 1}}})


@pytest.fixture
def vault(system: System) -> Vault:
    system.reply = server = Vault()
    return server


async def read(secrets: Secrets, name: str) -> str:
    return await asyncio.to_thread(secrets.read, name)


def secrets_file(folder: Path, mode: int = 0o600) -> Path:
    path = folder / "secrets.toml"
    path.write_text(f'[shop]\ntoken = "{VALUE}"\n')
    path.chmod(mode)
    return path


@pytest.fixture(params=["environment", "file", "vault"])
async def secrets(request: pytest.FixtureRequest, tmp_path: Path, system: System) -> AsyncIterator[Secrets]:
    if request.param == "environment":
        yield EnvironmentSecrets({"KONTOR_SECRET_SHOP_TOKEN": VALUE})
    elif request.param == "file":
        yield FileSecrets(secrets_file(tmp_path))
    else:
        system.reply = Vault()
        yield VaultSecrets(f"http://127.0.0.1:{system.port}", SecretStr(TOKEN))


async def test_a_secret_is_read_by_its_name_wherever_it_is_kept(secrets: Secrets) -> None:
    assert await read(secrets, "shop.token") == VALUE


async def test_a_missing_secret_is_named_and_no_store_shows_what_it_holds(secrets: Secrets) -> None:
    with pytest.raises(KeyError, match=r"shop\.password") as caught:
        await read(secrets, "shop.password")
    assert VALUE not in str(caught.value) + repr(secrets)
    assert TOKEN not in str(caught.value) + repr(secrets)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_a_file_that_others_may_read_is_refused_with_the_command_that_mends_it(
    tmp_path: Path, mode: int
) -> None:
    path = secrets_file(tmp_path, mode)
    with pytest.raises(SecretsUnavailable, match=f"chmod 600 {path}"):
        FileSecrets(path).read("shop.token")


def test_a_broken_secrets_file_is_refused_without_quoting_it(tmp_path: Path) -> None:
    path = tmp_path / "secrets.toml"
    path.write_text(f"token = {VALUE} oops")
    path.chmod(0o600)
    with pytest.raises(SecretsUnavailable) as caught:
        FileSecrets(path).read("token")
    assert VALUE not in str(caught.value)
    assert caught.value.__context__ is None


def test_a_secret_that_changes_is_seen_at_the_next_call(tmp_path: Path) -> None:
    path = secrets_file(tmp_path)
    secrets = FileSecrets(path)
    assert secrets.read("shop.token") == VALUE
    path.write_text('[shop]\ntoken = "rotated"\n')
    assert secrets.read("shop.token") == "rotated"


def test_a_secret_that_changes_in_a_file_that_rested_is_seen_however_alike_the_file_looks(
    tmp_path: Path,
) -> None:
    path = tmp_path / "secrets.toml"
    path.write_text('shop = "one"\n')
    path.chmod(0o600)
    long_ago = path.stat().st_mtime - 3600
    os.utime(path, (long_ago, long_ago))
    secrets = FileSecrets(path)

    assert secrets.read("shop") == "one"
    path.write_text('shop = "two"\n')
    os.utime(path, (long_ago, long_ago))
    assert secrets.read("shop") == "two"
    path.chmod(0o644)
    with pytest.raises(SecretsUnavailable):
        secrets.read("shop")


async def test_vault_is_asked_each_time_with_its_namespace(vault: Vault, system: System) -> None:
    secrets = VaultSecrets(
        f"http://127.0.0.1:{system.port}", SecretStr(TOKEN), mount="kv", prefix="", namespace="team-a"
    )
    vault.secrets = {"/v1/kv/data/gemini": {"value": VALUE}}
    assert await read(secrets, "gemini") == VALUE
    vault.secrets = {"/v1/kv/data/gemini": {"value": "rotated"}}
    assert await read(secrets, "gemini") == "rotated"
    assert system.received[0].headers["x-vault-namespace"] == "team-a"


@pytest.mark.parametrize("status", [403, 500, 503])
async def test_a_vault_that_refuses_or_is_sealed_is_unavailable_not_empty(
    vault: Vault, system: System, status: int
) -> None:
    vault.status = status
    secrets = VaultSecrets(f"http://127.0.0.1:{system.port}", SecretStr(TOKEN))
    with pytest.raises(SecretsUnavailable, match=f"status {status}") as caught:
        await read(secrets, "shop.token")
    assert TOKEN not in json.dumps(caught.value.args)


async def test_a_vault_that_is_not_there_is_unavailable_and_its_token_stays_hidden() -> None:
    secrets = VaultSecrets("http://127.0.0.1:1", SecretStr(TOKEN))
    with pytest.raises(SecretsUnavailable, match="ConnectError") as caught:
        await read(secrets, "shop.token")
    assert caught.value.__context__ is None
