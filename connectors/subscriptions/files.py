"""Subscriptions from `office/subscriptions.toml`, and every complaint with its table and line."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import TypeAdapter, ValidationError

from connectors.extraction import Extraction, ExtractionInvalid
from connectors.manifest import NAME
from connectors.secrets import SECRET_NAME
from connectors.subscriptions.addresses import is_public
from contracts.office import OfficeInvalid, Problem, read_text
from contracts.subscription import Subscription
from contracts.toml_lines import Path as Place
from contracts.toml_lines import TomlLines, parse_toml, toml_problem, toml_problems

FILE = "subscriptions.toml"
"""Of an office; one without it tells nobody anything."""
FIELDS = "see the fields in docs/gateway.md"
_NAMED = TypeAdapter(dict[str, Subscription])
"""Read under its name, so that a complaint names its table's line."""


class SubscriptionsFile:
    """An office's subscriptions, as far as they could be read, with every problem of the file."""

    def __init__(self, office: Path) -> None:
        """Read the file, if there is one."""
        self.subscriptions: dict[str, Subscription] = {}
        self.problems: list[Problem] = []
        path = office / FILE
        text = read_text(path) if path.exists() else ""
        self._lines = TomlLines(text)
        try:
            tables = parse_toml(text, FILE)
        except OfficeInvalid as invalid:
            self.problems += invalid.problems
            return
        for name, table in tables.items():
            self.problems += self._read(name, table)

    def problem(self, at: Place, what: str, fix: str = "") -> Problem:
        """Return a finding at a table or field of the file."""
        return toml_problem(FILE, self._lines, at, what, fix)

    def _read(self, name: str, table: object) -> Iterator[Problem]:
        if not NAME.fullmatch(name) or not isinstance(table, dict):
            what = f"{name!r} is no subscription"
            yield self.problem((name,), what, "write [NAME] in small letters, then its fields")
            return
        try:
            found = _NAMED.validate_python({name: table | {"name": name}})[name]
        except ValidationError as error:
            yield from toml_problems(error, self._lines, FILE, FIELDS)
            return
        self.subscriptions[name] = found
        for secret in found.secrets:
            if not SECRET_NAME.fullmatch(secret):
                fix = "write a name such as 'erp.webhook'; the value stays in the store of secrets"
                yield self.problem((name, "secrets"), "is not the name of a secret", fix)
        if found.url:
            yield from self._address(name, found)
        for at, path in _paths(found):
            try:
                Extraction(path)
            except ExtractionInvalid as invalid:
                yield self.problem((name, "case", *at), str(invalid))

    def _address(self, name: str, found: Subscription) -> Iterator[Problem]:
        """Yield why nothing could be sent to a URL; what its host's name means is seen when it is sent."""
        at = (name, "url")
        try:
            url = urlsplit(found.url)
            host, _ = url.hostname or "", url.port
        except ValueError as unfit:
            yield self.problem(at, f"is no URL: {unfit}", "write https://HOST/PATH")
            return
        allowed = host in {each.lower() for each in found.allow}
        if url.scheme not in ("https", "http") or not host:
            yield self.problem(at, "is no URL that anything can be sent to", "write https://HOST/PATH")
        elif url.scheme == "http" and not allowed:
            fix = f"write https, or allow = ['{host}'] for a host of your own"
            yield self.problem(at, "would be sent without TLS", fix)
        if url.username or url.password or url.fragment:
            fix = "what is sent is signed: the receiver needs no password"
            yield self.problem(at, "has a user, a password or a fragment in it", fix)
        if not allowed and _is_private(host):
            yield self.problem(at, f"{host} is not public", f"if it is meant: allow = ['{host}']")


def _is_private(host: str) -> bool:
    try:
        return not is_public(host)
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local", ".internal"))


def _paths(found: Subscription) -> Iterator[tuple[Place, str]]:
    """Yield each JMESPath of a subscription with its place."""
    if found.case is not None:
        for table in ("request", "where"):
            for name, path in getattr(found.case, table).items():
                yield (table, name), path


def sound_subscriptions(office: Path) -> dict[str, Subscription]:
    """Return the office's subscriptions by name, if nothing is wrong with the file.

    Raises:
        OfficeInvalid: with every problem.
    """
    file = SubscriptionsFile(office)
    if file.problems:
        raise OfficeInvalid(file.problems)
    return file.subscriptions
