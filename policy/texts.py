"""What the office says to customers: `texts/LANGUAGE/DESK/NAME.txt`, written in Jinja2 (sandboxed).

The first line is the subject, the lines after the empty one are the text. A name that is not there is an
error, never a gap in a letter. A file whose name begins with `_` is a part that others include.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jinja2 import DictLoader, StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import JsonValue

from contracts.office import Problem, read_text
from contracts.wording import TextFailed, Wording, Written
from policy.calendar import OfficeFile

FOLDER = "texts"
SUFFIX = ".txt"
Samples = Mapping[str, Mapping[str, JsonValue]]
"""The texts that a desk needs, by name, each with values as a case may have them."""


class OfficeTexts:
    """`activities.ports.Texts`: the texts of one office, read once."""

    def __init__(self, texts: Mapping[str, str], file: OfficeFile) -> None:
        """Compile texts when they are first used.

        Args:
            texts: by `LANGUAGE/DESK/NAME`.
            file: the office's own: its language; its name, which a text may say as `office`; how many days it
                waits for something outside, which a text may say as `days("goods")`.
        """
        self.language = file.language
        self.names = frozenset(texts)
        self._jinja = ImmutableSandboxedEnvironment(
            loader=DictLoader(dict(texts)), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        self._jinja.globals["office"] = file.name
        self._jinja.globals["days"] = lambda what: f"{file.waiting(what).end_after_days:g}"

    @classmethod
    def from_office(cls, folder: Path, office: OfficeFile) -> "OfficeTexts":
        """Read the texts of an office folder; one that has none can say nothing."""
        return cls({_name(folder, file): read_text(file) for file in _files(folder)}, office)

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that the office has texts in."""
        return tuple(sorted({name.split("/", 1)[0] for name in self.names}))

    def write(self, desk: str, wording: Wording) -> Written:
        """Return a message in the customer's language, else the office's.

        Raises:
            TextFailed: there is no such text, or it cannot be said with these values.
        """
        wanted = (f"{language}/{desk}/{wording.name}" for language in (wording.language, self.language))
        name = next((name for name in wanted if name in self.names), None)
        if name is None:
            raise TextFailed(f"the office has no text {wording.name!r} for the desk {desk}")
        return self.rendered(name, wording.values)

    def rendered(self, name: str, values: Mapping[str, Any]) -> Written:
        """Return one text with its values; raises TextFailed."""
        try:
            said = self._jinja.get_template(name).render(**values)
        except RecursionError:
            raise TextFailed(f"{FOLDER}/{name}{SUFFIX}: it includes itself") from None
        except (TemplateError, ArithmeticError, TypeError, ValueError) as wrong:
            raise TextFailed(f"{FOLDER}/{name}{SUFFIX}: {wrong}") from None
        subject, _, text = said.strip().partition("\n")
        if not text.startswith("\n") or not text.strip():
            raise TextFailed(f"{FOLDER}/{name}{SUFFIX}: a subject, an empty line, and the text are needed")
        return Written(subject=" ".join(subject.split()), text=text.strip())


def check_wordings(folder: Path, texts: OfficeTexts, needed: Mapping[str, Samples]) -> Iterator[Problem]:
    """Yield what is wrong with an office's texts: each outcome has its text, and each text can be said.

    Args:
        folder: the office.
        texts: its texts.
        needed: by desk, the texts that its outcomes need.
    """
    for desk, samples in needed.items():
        for language in dict.fromkeys((texts.language, *texts.languages)):
            for name, values in samples.items():
                yield from _checked(texts, f"{language}/{desk}/{name}", values)
    for file in _files(folder):
        _, _, rest = _name(folder, file).partition("/")
        desk, _, name = rest.partition("/")
        if not file.name.startswith("_") and name not in needed.get(desk, {}):
            fix = f"texts are: {', '.join(needed.get(desk, {})) or 'of no such desk'}"
            yield Problem(file=str(file.relative_to(folder)), line=0, what="no outcome needs it", fix=fix)


def _checked(texts: OfficeTexts, name: str, values: Mapping[str, JsonValue]) -> Iterator[Problem]:
    file = f"{FOLDER}/{name}{SUFFIX}"
    if name not in texts.names:
        yield Problem(file=file, line=0, what="missing", fix=f"it may say: {', '.join(values)}, office")
        return
    try:
        texts.rendered(name, values)
    except TextFailed as failed:
        what = str(failed).removeprefix(f"{file}: ")
        yield Problem(file=file, line=0, what=what, fix=f"it may say: {', '.join(values)}, office")


def _files(folder: Path) -> list[Path]:
    return sorted((folder / FOLDER).rglob(f"*{SUFFIX}"))


def _name(folder: Path, file: Path) -> str:
    return file.relative_to(folder / FOLDER).with_suffix("").as_posix()
