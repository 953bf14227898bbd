"""The key of Gemini's sandbox for `kontor demo --gemini sandbox`: put in, and taken out again."""

import tomllib

import tomlkit

from cli.stack.secrets_file import OWNER_ONLY
from models.routing.catalogue import load_catalogue
from sandbox.gemini.server import KEY
from settings import Settings


class NoPlaceForKey(RuntimeError):
    """The sandbox's key cannot be put where this installation reads its secrets."""


def pointed_at_sandbox(found: Settings) -> Settings:
    """Return the settings with Gemini's base URL on the loopback port after the sandbox's."""
    return found.model_copy(update={"gemini_base_url": f"http://127.0.0.1:{found.sandbox_port + 1}"})


def put_key(found: Settings) -> dict[str, str]:
    """Put the sandbox's key where the office's models look for theirs; one that is there stays.

    Returns:
        What to add to the environment of the worker.

    Raises:
        NoPlaceForKey: secrets are read from a vault.
    """
    names = _secret_names(found)
    if found.secrets == "environment":
        return {f"KONTOR_SECRET_{name.upper().replace('.', '_')}": KEY for name in names}
    if found.secrets != "file":
        raise NoPlaceForKey("with a vault, put a key into it and set KONTOR_GEMINI_BASE_URL yourself")
    file = found.secrets_file
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.exists():
        file.touch(mode=OWNER_ONLY)
    document = tomlkit.parse(file.read_text())
    for name in names:
        document.setdefault(name, KEY)
    file.write_text(tomlkit.dumps(document))
    return {}


def take_key(found: Settings) -> None:
    """Take the sandbox's key out again, so that it is never shown to Google; a real one stays."""
    if found.secrets != "file" or not found.secrets_file.exists():
        return
    text = found.secrets_file.read_text()
    stale = [name for name, value in tomllib.loads(text).items() if value == KEY]
    if stale:
        document = tomlkit.parse(text)
        for name in stale:
            del document[name]
        found.secrets_file.write_text(tomlkit.dumps(document))


def _secret_names(found: Settings) -> set[str]:
    models = load_catalogue(found.office).models.values()
    return {model.secret for model in models if model.kind == "gemini"}
