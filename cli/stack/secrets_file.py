"""The local secrets file, made with what the sandbox's channels expect, so that a first evening works."""

import tomllib
from pathlib import Path

import tomlkit

from sandbox.server import token_of
from sandbox.world import CHANNELS

OWNER_ONLY = 0o600


def ensure_sandbox_secrets(file: Path) -> None:
    """Add the sandbox channels' tokens to the secrets file, mode 0600; what is there stays."""
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.exists():
        file.touch(mode=OWNER_ONLY)
    present = tomllib.loads(file.read_text())
    missing = [channel for channel in CHANNELS if "token" not in present.get(channel, {})]
    if not missing:
        return
    document = tomlkit.parse(file.read_text())
    for channel in missing:
        document.setdefault(channel, tomlkit.table())["token"] = token_of(channel)
    file.write_text(tomlkit.dumps(document))
