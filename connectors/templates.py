"""What goes out: Jinja2 templates, sandboxed, compiled once, with nothing undefined let through."""

import hashlib
import json
import re
import unicodedata
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any, TypeVar
from urllib.parse import quote

import jinja2
from jinja2 import StrictUndefined, Undefined, meta, nodes, pass_context
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import JsonValue

from connectors.extraction import Extraction
from contracts.money import number_text
from contracts.notation import Misread, Times

Scope = Mapping[str, Any]
Compiled = TypeVar("Compiled")
_ONE_EXPRESSION = re.compile(r"^\s*\{\{[-+]?(.*?)[-+]?\}\}\s*$", re.DOTALL)
_FORMULA = re.compile(r"\s*[=+@\uff1d\uff0b\uff0d\uff20-]|[\t\r\n]")
_NUMBER = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?")
_NOT_IN_SLUG = re.compile(r"[^a-z0-9]+")
_SLASH = re.compile(r"[/\\]")
_NEEDS_QUOTES = re.compile(r"^\s|\s$|[\",;|\t\r\n]")


class TemplateInvalid(ValueError):
    """A template or expression cannot be compiled; the message says where and why."""


class TemplateFailed(ValueError):
    """A template could not be rendered with these values; the message never holds one of them."""


TIMES = "__times"
"""Where a scope holds how the system writes times; no argument can be called so."""


@pass_context
def moment(context: Context, value: object) -> datetime:
    """Jinja filter: a time of the system's as an aware datetime, by the rules of its manifest."""
    return rules_of(context).required(value)


@pass_context
def minus_seconds(context: Context, value: object, seconds: float) -> datetime:
    """Jinja filter: a moment so many seconds earlier, for clocks that do not agree."""
    return rules_of(context).required(value) - timedelta(seconds=seconds)


def rules_of(scope: Scope | Context) -> Times:
    """Return how times are written in a scope: by the rules of the manifest, else as ISO 8601 with a zone."""
    found = scope.get(TIMES)
    return found if isinstance(found, Times) else Times()


def decimal(cents: int, currency: str = "") -> str:
    """Jinja filter: minor units as a decimal amount, 1234 as `12.34`, or with the currency's digits."""
    return number_text(cents, currency) if currency else str(Decimal(cents).scaleb(-2))


def csv_field(value: object) -> str:
    """Jinja filter `csv`: one field of a CSV record, in quotes where it must be, and never a formula.

    A text that a spreadsheet would run (`=`, `+`, `-`, `@`, a tab or a line break at its beginning) gets an
    apostrophe before it; numbers stay numbers.
    """
    text = "" if value is None else str(value)
    if _FORMULA.match(text) and not _NUMBER.fullmatch(text):
        text = "'" + text
    return '"' + text.replace('"', '""') + '"' if _NEEDS_QUOTES.search(text) else text


def slug(value: object, longest: int = 100) -> str:
    """Jinja filter: a text as a slug of small letters, digits and single dashes, `Größe 38!` as `grosse-38`.

    A text of which nothing is left (`東京`) is refused: two of them would have one address.
    """
    plain = unicodedata.normalize("NFKD", str(value).casefold())
    letters = plain.encode("ascii", "ignore").decode()
    found = _NOT_IN_SLUG.sub("-", letters)[:longest].strip("-")
    if value is None or not found:
        raise TemplateFailed("a value has no letter or digit that a slug can hold")
    return found


def fingerprint(value: object, digits: int = 32) -> str:
    """Jinja filter: the first hexadecimal digits of a text's SHA-256, for keys of a given length."""
    return hashlib.sha256(str(value).encode()).hexdigest()[:digits]


def as_uuid(value: object) -> str:
    """Jinja filter `uuid`: a UUID (version 5) that is the same for the same text."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, str(value)))


def extract(value: object, path: str) -> Any:
    """Jinja filter `jmespath`: reshape a value, for instance a list of lines."""
    return Extraction.cached(path).find(value)


def quoted(value: object) -> str:
    """Return a value fit for one segment of a URL path.

    Many a server and proxy decodes `%2F` before it looks at the path: what would then lead elsewhere is
    refused.
    """
    text = "" if value is None else str(value)
    if any(part in ("", ".", "..") for part in _SLASH.split(text)):
        raise TemplateFailed(
            "a value in the path leads elsewhere: it, or what stands beside a slash in it, is empty or dots"
        )
    return quote(text, safe="")


def shown(value: object) -> object:
    """Return a value as it stands in a text: what was not given is nothing, not the word None."""
    return "" if value is None else value


def _environment(finalize: Callable[[object], object]) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, finalize=finalize, autoescape=False, keep_trailing_newline=True
    )
    environment.globals.clear()
    environment.filters |= {
        "moment": moment,
        "minus_seconds": minus_seconds,
        "decimal": decimal,
        "csv": csv_field,
        "jmespath": extract,
        "slug": slug,
        "fingerprint": fingerprint,
        "uuid": as_uuid,
    }
    return environment


_PLAIN = _environment(finalize=shown)
_PATH = _environment(finalize=quoted)


class Text:
    """A template whose outcome is text."""

    def __init__(self, source: str, *, path: bool = False) -> None:
        """Check that it can be compiled; with `path` every value is URL-quoted.

        Raises:
            TemplateInvalid: it cannot be compiled.
        """
        self._environment = _PATH if path else _PLAIN
        self._source = source
        self._is_constant = "{" not in source
        self.names: frozenset[str] = frozenset()
        if not self._is_constant:
            self.names = _names(self._environment, source)

    def render(self, scope: Scope) -> str:
        """Return the text; raises TemplateFailed."""
        if self._is_constant:
            return self._source
        try:
            return _template(self._environment, self._source).render(scope)
        except Exception as error:
            failure = _failure(error)
        raise failure


class Expression:
    """One Jinja2 expression, without braces, that keeps its type."""

    def __init__(self, source: str) -> None:
        """Check that it can be compiled; raises TemplateInvalid."""
        self.names = _names(_PLAIN, "{{ (" + source + ") }}")
        self._source = source

    def evaluate(self, scope: Scope) -> Any:
        """Return the value; raises TemplateFailed."""
        try:
            value = _expression(self._source)(scope)
            if isinstance(value, Undefined):
                str(value)
            return value
        except Exception as error:
            failure = _failure(error)
        raise failure


class Value:
    """A JSON value whose strings are templates; entries that come out as none are left out."""

    def __init__(self, source: JsonValue) -> None:
        """Compile every string in it; raises TemplateInvalid."""
        self.names: frozenset[str] = frozenset()
        self._render = self._compile(source)

    def render(self, scope: Scope) -> Any:
        """Return the value; raises TemplateFailed."""
        return self._render(scope)

    def _compile(self, source: JsonValue) -> Callable[[Scope], Any]:
        if isinstance(source, dict):
            entries = {name: self._compile(value) for name, value in source.items()}
            return lambda scope: {
                name: value for name, render in entries.items() if (value := render(scope)) is not None
            }
        if isinstance(source, list):
            members = [self._compile(value) for value in source]
            return lambda scope: [render(scope) for render in members]
        if not isinstance(source, str) or "{" not in source:
            return lambda _scope: source
        if inner := _single_expression(source):
            expression = Expression(inner)
            self.names |= expression.names
            return lambda scope: _json(expression.evaluate(scope))
        text = Text(source)
        self.names |= text.names
        return text.render


def _single_expression(source: str) -> str | None:
    """Return the expression if the template is one expression and nothing else."""
    found = _ONE_EXPRESSION.match(source)
    if not found:
        return None
    body = _parse(_PLAIN, source.strip()).body
    single = len(body) == 1 and isinstance(body[0], nodes.Output) and len(body[0].nodes) == 1
    return found[1].strip() if single else None


def _json(value: Any) -> Any:
    """Return a value as it goes into JSON; a moment becomes ISO text, anything foreign is refused."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str | int | float | bool | list | dict) or value is None:
        return value
    raise TemplateFailed(f"a value came out as {type(value).__name__}, which JSON does not know")


def _parse(environment: jinja2.Environment, source: str) -> nodes.Template:
    return _compiled(source, environment.parse)


def _compiled(source: str, compiler: Callable[[str], Compiled]) -> Compiled:
    try:
        return compiler(source)
    except jinja2.TemplateError as error:
        raise TemplateInvalid(f"{error.message} in {json.dumps(source[:120])}") from None


@lru_cache(maxsize=4096)
def _template(environment: jinja2.Environment, source: str) -> jinja2.Template:
    return _compiled(source, environment.from_string)


@lru_cache(maxsize=4096)
def _expression(source: str) -> Callable[..., Any]:
    return _compiled(source, partial(_PLAIN.compile_expression, undefined_to_none=False))


@lru_cache(maxsize=4096)
def _names(environment: jinja2.Environment, source: str) -> frozenset[str]:
    """Return the names a template needs from its scope.

    Finding them generates its code once, so this raises whatever compiling it would raise; the code
    itself is made when it is first rendered, for most operations are never called by a process.
    """
    tree = _parse(environment, source)
    return _compiled(source, lambda _source: frozenset(meta.find_undeclared_variables(tree)))


def _failure(error: Exception) -> TemplateFailed:
    """Return what to raise in place of `error`, whose text could hold a value of the case."""
    if isinstance(error, TemplateFailed | jinja2.UndefinedError):
        return TemplateFailed(str(error)[:200])
    if isinstance(error, Misread):
        return TemplateFailed(f"a time {error}")
    return TemplateFailed(f"{type(error).__name__} while rendering")
