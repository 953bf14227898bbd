"""The local secrets file, made with what the sandbox's channels expect, so that a first evening works."""

import tomllib
from pathlib import Path

import tomlkit

from sandbox.server import token_of
from sandbox.webhooks import webhook_secret
from sandbox.world import CHANNELS, OUTLETS

OWNER_ONLY = 0o600


def ensure_sandbox_secrets(file: Path) -> None:
    """Add the sandbox channels' tokens and webhook secrets to the file, mode 0600; what is there stays."""
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.exists():
        file.touch(mode=OWNER_ONLY)
    present = tomllib.loads(file.read_text())
    wanted = {
        channel: {"token": token_of(channel), "webhook": webhook_secret(channel)} for channel in CHANNELS
    }
    wanted |= {outlet: {"token": token_of(outlet)} for outlet in OUTLETS}
    missing = [
        (channel, name)
        for channel in wanted
        for name in wanted[channel]
        if name not in present.get(channel, {})
    ]
    if not missing:
        return
    document = tomlkit.parse(file.read_text())
    for channel, name in missing:
        document.setdefault(channel, tomlkit.table())[name] = wanted[channel][name]
    file.write_text(tomlkit.dumps(document))
