"""Manifests that contradict themselves, each with file, line and fix, before anything is sent."""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from connectors.checks.findings import Finding
from connectors.checks.operations import check_failures, check_operation
from connectors.extraction import Extraction, ExtractionInvalid
from connectors.manifest import ManifestFile, read_manifests
from connectors.prepared import PreparedRequest
from connectors.secrets import SECRET_NAME
from connectors.templates import TemplateInvalid
from contracts.connector import Auth, Manifest
from contracts.office import OfficeInvalid, Problem

_SCHEMES = {
    "http": ("http", "https"),
    "graphql": ("http", "https"),
    "smtp": ("smtp", "smtps", "smtp+starttls"),
    "file": ("file",),
    "desk": ("desk",),
}
_SECRET_HEADER = re.compile(r"authorization|cookie|.*(token|secret|api-?key|password).*", re.IGNORECASE)


def check_connectors(office: Path, variables: Mapping[str, str] | None = None) -> list[Problem]:
    """Return everything that is wrong with the office's manifests; an empty list means nothing is.

    Args:
        office: the office's folder.
        variables: what `${NAME}` stands for; the environment if left out.
    """
    return _check_all(office, os.environ if variables is None else variables)[1]


def sound_manifests(office: Path, variables: Mapping[str, str]) -> dict[str, Manifest]:
    """Return the office's manifests by name, if nothing is wrong with any of them.

    Raises:
        OfficeInvalid: with every problem.
    """
    files, problems = _check_all(office, variables)
    if problems:
        raise OfficeInvalid(problems)
    return {file.manifest.name: file.manifest for file in files}


def _check_all(office: Path, variables: Mapping[str, str]) -> tuple[list[ManifestFile], list[Problem]]:
    files, problems = read_manifests(office, variables)
    for file in files:
        problems += check_manifest(file)
    return files, sorted(problems, key=lambda problem: (problem.file, problem.line))


def check_manifest(file: ManifestFile) -> list[Problem]:
    """Return what is wrong with one manifest that fits the schema."""
    manifest = file.manifest
    findings = [*_check_reach(manifest), *_check_auth(manifest), *_check_listing(manifest)]
    keyed = any(operation.is_keyed for operation in manifest.operations.values())
    smtp = manifest.transport == "smtp"
    findings += check_failures(manifest.failures, ("failures",), keyed=keyed, smtp=smtp)
    for name in manifest.operations:
        findings += check_operation(manifest, name)
    return [file.problem(finding.at, finding.what, finding.fix) for finding in findings]


def _check_reach(manifest: Manifest) -> Iterator[Finding]:
    url = urlsplit(manifest.base_url)
    if url.scheme not in _SCHEMES[manifest.transport]:
        allowed = " or ".join(f"{scheme}:" for scheme in _SCHEMES[manifest.transport])
        what = f"{manifest.base_url!r} does not fit transport {manifest.transport}"
        yield Finding(("base_url",), what, f"begin it with {allowed}")
    if url.username or url.password:
        yield Finding(("base_url",), "holds a user or password", "name the secret in [auth]")
    if manifest.rate_limit_per_second <= 0:
        yield Finding(("rate_limit_per_second",), "allows no call at all", "write a number above 0")
    if manifest.concurrency < 1:
        yield Finding(("concurrency",), "allows no call at all", "write at least 1")
    for name, value in manifest.headers.items():
        if "{{" in value:
            fix = "put it in the operation's request.headers"
            yield Finding(("headers", name), "is sent as it stands: no template is read here", fix)
        if _SECRET_HEADER.fullmatch(name):
            yield Finding(("headers", name), "looks like a secret in the file", "name a secret in [auth]")


def _check_auth(manifest: Manifest) -> Iterator[Finding]:
    auth = manifest.auth
    if auth.kind == "none":
        if auth.secret:
            what = f"secret {auth.secret!r} is named, but no call is authenticated"
            yield Finding(("auth", "secret"), what, "set kind, or take the secret away")
        return
    if not auth.secret:
        yield Finding(("auth", "kind"), f"{auth.kind} needs a secret", "name it: secret = 'NAME'")
    elif not SECRET_NAME.fullmatch(auth.secret):
        fix = "write a name such as 'shop.token'; the value stays in the store of secrets"
        yield Finding(("auth", "secret"), "is not the name of a secret", fix)
    if auth.kind == "basic" and not auth.user:
        yield Finding(("auth", "kind"), "basic needs a user", "user = 'NAME'")
    if auth.kind == "header" and not auth.header:
        yield Finding(("auth", "kind"), "header needs the header's name", "header = 'X-Api-Key'")
    if manifest.transport in ("file", "desk") or (manifest.transport == "smtp" and auth.kind != "basic"):
        fix = "use kind = 'basic'" if manifest.transport == "smtp" else "use kind = 'none'"
        yield Finding(("auth", "kind"), f"{manifest.transport} knows no {auth.kind}", fix)
    yield from _check_login(auth)


def _check_login(auth: Auth) -> Iterator[Finding]:
    if (auth.kind == "login") != (auth.login is not None):
        yield Finding(("auth", "kind"), "kind = 'login' and the table [auth.login] belong together")
    if auth.login is None:
        return
    at = ("auth", "login", "request")
    try:
        names = PreparedRequest(auth.login.request).names
        if auth.login.token:
            Extraction(auth.login.token)
    except (TemplateInvalid, ExtractionInvalid) as invalid:
        yield Finding(at, str(invalid))
        return
    for name in sorted(names - {"user", "secret"}):
        yield Finding(at, f"unknown name {name}", "a login knows user and secret")
    if "secret" not in names:
        yield Finding(at, "never sends the secret", "write {{ secret }}")


def _check_listing(manifest: Manifest) -> Iterator[Finding]:
    listing = manifest.listing
    if listing is None:
        return
    operation = manifest.operations.get(listing.operation)
    if operation is None or operation.effect != "read":
        what = f"{listing.operation} is not a read operation of this manifest"
        yield Finding(("listing", "operation"), what, "name one that takes cursor and limit")
    else:
        for name in ("cursor", "limit"):
            if name not in operation.arguments:
                fix = f"add it to [operations.{listing.operation}.arguments]"
                yield Finding(("listing", "operation"), f"{listing.operation} takes no {name}", fix)
    matched = manifest.operations.get(listing.matches)
    if matched is None or matched.effect != "write":
        fix = "name the write whose effects are listed"
        yield Finding(("listing", "matches"), f"{listing.matches} is not a write operation", fix)
    for field in ("items", "next_cursor", "reference", "amount_cents", "at", "key", "subject"):
        path = getattr(listing, field)
        try:
            if path or field not in ("key", "subject"):
                Extraction(path)
        except ExtractionInvalid as invalid:
            yield Finding(("listing", field), str(invalid))
