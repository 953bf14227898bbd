"""Prompts are files of the office: a version, the inputs they take, the contract they ask for."""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from jinja2 import StrictUndefined, Template, TemplateError, meta
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import BaseModel, ConfigDict, Field, JsonValue, create_model

from contracts.base import Frozen, content_hash
from contracts.decision import Question
from contracts.office import OfficeInvalid, Problem, read_text
from contracts.toml_lines import TomlLines, read_toml, toml_problem
from models.routing.catalogue import Catalogue, Contract, TaskSpec

FOLDER = "prompts"
OF_THE_TASK = frozenset({"note", "labels"})
OF_THE_QUESTION = frozenset({"choices", "evidence", "text"})


class Rendered(Frozen):
    """A prompt as it is sent.

    Attributes:
        shared: the same for every question of the task: the system instruction.
        asked: what this question adds.
    """

    shared: str
    asked: str
    version: int

    @property
    def hash(self) -> str:
        """The hash that the decision records."""
        return content_hash(self)

    @property
    def most_tokens(self) -> int:
        """A bound on its tokens: a token is never shorter than one byte of UTF-8."""
        return len(self.shared.encode()) + len(self.asked.encode())


class Prompt(Frozen):
    """One file in `office/prompts/`.

    Attributes:
        inputs: what the templates may read: `note` and `labels` are the task's; `choices`,
            `evidence` and `text` the question's, and may not stand in `shared`.
        shared, asked: Jinja templates.
        repair: what is said about an answer that does not fit the form; may use `problem`.
    """

    version: int = Field(ge=1)
    contract: Contract
    inputs: tuple[str, ...]
    shared: str
    asked: str
    repair: str

    @cached_property
    def templates(self) -> tuple[Template, Template]:
        """The two templates, compiled; raises TemplateError."""
        environment = prompt_environment()
        return environment.from_string(self.shared.strip()), environment.from_string(self.asked.strip())

    def render(self, task: TaskSpec, question: Question) -> Rendered:
        """Fill the prompt in for a question of a task."""
        given = {"note": task.note, "labels": task.labels}
        asked = {
            "text": question.text,
            "choices": question.choices,
            "evidence": [{"source": each.source, "text": each.text} for each in question.evidence],
        }
        known = {name: value for name, value in {**given, **asked}.items() if name in self.inputs}
        shared, rest = self.templates
        return Rendered(shared=shared.render(known), asked=rest.render(known), version=self.version)

    def mend(self, problem: str) -> str:
        """Return what is said about an answer that does not fit the form."""
        return prompt_environment().from_string(self.repair.strip()).render(problem=problem)


def prompt_environment() -> ImmutableSandboxedEnvironment:
    """Return the sandbox in which prompts are rendered: no code, nothing undefined, one own filter.

    `quoted` writes a text from outside as a JSON string, which the text itself cannot leave.
    """
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
    environment.filters["quoted"] = lambda text: json.dumps(str(text), ensure_ascii=False)
    return environment


def load_prompt(office: Path, name: str) -> Prompt:
    """Read a prompt of the office.

    Args:
        office: the office's folder.
        name: the file below it, for instance `prompts/label.toml`.

    Raises:
        OfficeInvalid: with every problem found.
    """
    try:
        text = read_text(office / name)
    except FileNotFoundError:
        raise OfficeInvalid([Problem(file=name, line=0, what="is missing")]) from None
    prompt = read_toml(text, Prompt, name)
    if problems := _problems(name, TomlLines(text), prompt):
        raise OfficeInvalid(problems)
    return prompt


def load_prompts(office: Path, catalogue: Catalogue) -> dict[str, Prompt]:
    """Read every prompt that a task names, by file name.

    Raises:
        OfficeInvalid: with every problem found in all of them.
    """
    found: dict[str, Prompt] = {}
    problems: list[Problem] = []
    for name in sorted({task.prompt for task in catalogue.tasks.values() if task.prompt}):
        try:
            found[name] = load_prompt(office, name)
        except OfficeInvalid as invalid:
            problems += invalid.problems
    for task_name, task in catalogue.tasks.items():
        prompt = found.get(task.prompt)
        if prompt and prompt.contract != task.contract:
            what = f"[tasks.{task_name}] asks for {task.contract!r}, this prompt for {prompt.contract!r}"
            problems.append(Problem(file=task.prompt, line=0, what=what, fix="name another prompt"))
    if problems:
        raise OfficeInvalid(problems)
    return found


def _problems(name: str, lines: TomlLines, prompt: Prompt) -> list[Problem]:
    """Return what is wrong with the templates: syntax, inputs that are unknown, unused or misplaced."""
    problems = []
    used: dict[str, set[str]] = {}
    for part in ("shared", "asked", "repair"):
        try:
            environment = prompt_environment()
            used[part] = meta.find_undeclared_variables(environment.parse(getattr(prompt, part)))
            environment.from_string(getattr(prompt, part))  # compiles: an unknown filter shows only here
        except TemplateError as broken:
            problems.append(toml_problem(name, lines, (part,), str(broken)))
            used[part] = set()
    if strange := used.pop("repair") - {"problem"}:
        problems.append(toml_problem(name, lines, ("repair",), f"it may use only 'problem', not {strange}"))
    declared, known = set(prompt.inputs), OF_THE_TASK | OF_THE_QUESTION
    everywhere = used["shared"] | used["asked"]
    findings = [
        (declared - known, "inputs", "there is no input {}", f"choose from {', '.join(sorted(known))}"),
        (everywhere - declared, "inputs", "{} is used and not among them", "add it to inputs"),
        ((declared & known) - everywhere, "inputs", "{} is never used", "remove it"),
        (
            used["shared"] & OF_THE_QUESTION,
            "shared",
            "{} differs from question to question",
            "move it to asked",
        ),
    ]
    return problems + [
        toml_problem(name, lines, (where,), what.format(repr(each)), fix)
        for names, where, what, fix in findings
        for each in sorted(names)
    ]


class Form(BaseModel):
    """The part that every contract shares.

    Attributes:
        quote: the words of the message that decide it; may be empty.
        why: one sentence.
        sure: no other answer is possible; otherwise the answer is only a best guess.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    quote: str
    why: str
    sure: bool

    def answer(self) -> dict[str, JsonValue]:
        """Return what the task's contract asks for, without what it stands on."""
        return self.model_dump(mode="json", exclude={"sure", "quote", "why"})

    def taken_over(self) -> Sequence[str]:
        """Return what must stand in the question's text word for word, besides the quote."""
        return ()


Forms = Mapping[str, Callable[[Question], type[Form]]]
"""By task with the contract `form`: its desk's form for one question; raises ValueError if it has none."""


def form_of(task: TaskSpec, question: Question, forms: Forms) -> type[Form]:
    """Return the form for one question: its labels, the numbers of its choices, or its desk's own.

    Raises:
        ValueError: there is nothing to choose from, or no form for it.
    """
    if task.contract == "form":
        if question.task not in forms:
            raise ValueError(f"no desk has a form for {question.task}")
        return forms[question.task](question)
    # The labels are the office's data, so the type is made when the question is asked.
    if task.contract == "label":
        label: Any = Literal[tuple(task.labels)]
        return create_model("Label", __base__=Form, label=(label, ...))
    if not question.choices:
        raise ValueError(f"{question.task}: there is nothing to choose from")
    index: Any = Annotated[int, Field(ge=0, le=len(question.choices) - 1)]
    return create_model("Picked", __base__=Form, picked=(list[index], ...))
