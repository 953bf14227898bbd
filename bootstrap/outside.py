"""The outside systems and the secrets they are called with."""

import os

from connectors.check import sound_manifests
from connectors.connectors import Connectors
from connectors.secrets import EnvironmentSecrets, FileSecrets, Secrets
from connectors.vault import VaultSecrets
from settings import Settings


def secrets(settings: Settings) -> Secrets:
    """Return the place that secret values are read from."""
    if settings.secrets == "environment":
        return EnvironmentSecrets()
    if settings.secrets == "file":
        return FileSecrets(settings.secrets_file)
    return VaultSecrets(
        settings.vault_address,
        settings.vault_token,
        mount=settings.vault_mount,
        prefix=settings.vault_prefix,
        namespace=settings.vault_namespace,
    )


def manifest_variables(settings: Settings) -> dict[str, str]:
    """Return what `${NAME}` in a manifest stands for: the environment, and the sandbox's port."""
    return {"KONTOR_SANDBOX_PORT": str(settings.sandbox_port), **os.environ}


def connectors(settings: Settings) -> Connectors:
    """Return all connectors of the office, compiled; belongs to one event loop.

    Raises:
        OfficeInvalid: a manifest cannot be used.
    """
    return Connectors(sound_manifests(settings.office, manifest_variables(settings)), secrets(settings))


def sales_channels(settings: Settings) -> frozenset[str]:
    """Return the connectors that a request of the returns desk may come from: they know orders."""
    manifests = sound_manifests(settings.office, manifest_variables(settings))
    return frozenset(name for name, manifest in manifests.items() if "get_order" in manifest.operations)
