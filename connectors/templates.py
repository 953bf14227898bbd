"""What goes out: Jinja2 templates, sandboxed, compiled once, with nothing undefined let through."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any, TypeVar
from urllib.parse import quote

import jinja2
from jinja2 import StrictUndefined, Undefined, meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import JsonValue

from connectors.extraction import Extraction

Scope = Mapping[str, Any]
Compiled = TypeVar("Compiled")
_ONE_EXPRESSION = re.compile(r"^\s*\{\{[-+]?(.*?)[-+]?\}\}\s*$", re.DOTALL)


class TemplateInvalid(ValueError):
    """A template or expression cannot be compiled; the message says where and why."""


class TemplateFailed(ValueError):
    """A template could not be rendered with these values; the message never holds one of them."""


def moment(value: object) -> datetime:
    """Jinja filter: an ISO 8601 text (or a Unix time in seconds) as an aware datetime; naive is UTC."""
    if isinstance(value, datetime):
        parsed = value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        return datetime.fromtimestamp(value, UTC)
    else:
        parsed = datetime.fromisoformat(str(value))
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def minus_seconds(value: object, seconds: float) -> datetime:
    """Jinja filter: a moment so many seconds earlier, for clocks that do not agree."""
    return moment(value) - timedelta(seconds=seconds)


def decimal(cents: int) -> str:
    """Jinja filter: integer cents as a decimal amount, 1234 as `12.34`."""
    return str(Decimal(cents).scaleb(-2))


def extract(value: object, path: str) -> Any:
    """Jinja filter `jmespath`: reshape a value, for instance a list of lines."""
    return Extraction.cached(path).find(value)


def quoted(value: object) -> str:
    """Return a value fit for one segment of a URL path; `/`, `.` and `..` cannot lead elsewhere."""
    text = "" if value is None else str(value)
    if text in ("", ".", ".."):
        raise TemplateFailed("a value in the path is empty or made of dots only")
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
        "jmespath": extract,
    }
    return environment


_PLAIN = _environment(finalize=shown)
_PATH = _environment(finalize=quoted)


class Text:
    """A template whose outcome is text."""

    def __init__(self, source: str, *, path: bool = False) -> None:
        """Compile; with `path` every value is URL-quoted.

        Raises:
            TemplateInvalid: it does not compile.
        """
        environment = _PATH if path else _PLAIN
        self.names: frozenset[str] = frozenset()
        self._template: jinja2.Template | None = None
        self._constant = source
        if "{" in source:
            self.names = _names(environment, source)
            self._template = _template(environment, source)

    def render(self, scope: Scope) -> str:
        """Return the text; raises TemplateFailed."""
        if self._template is None:
            return self._constant
        try:
            return self._template.render(scope)
        except Exception as error:
            failure = _failure(error)
        raise failure


class Expression:
    """One Jinja2 expression, without braces, that keeps its type."""

    def __init__(self, source: str) -> None:
        """Compile; raises TemplateInvalid."""
        self.names = _names(_PLAIN, "{{ (" + source + ") }}")
        self._evaluate = _expression(source)

    def evaluate(self, scope: Scope) -> Any:
        """Return the value; raises TemplateFailed."""
        try:
            value = self._evaluate(scope)
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
    """Return the names a template needs from its scope."""
    tree = _parse(environment, source)
    return _compiled(source, lambda _source: frozenset(meta.find_undeclared_variables(tree)))


def _failure(error: Exception) -> TemplateFailed:
    """Return what to raise in place of `error`, whose text could hold a value of the case."""
    if isinstance(error, TemplateFailed | jinja2.UndefinedError):
        return TemplateFailed(str(error)[:200])
    return TemplateFailed(f"{type(error).__name__} while rendering")
