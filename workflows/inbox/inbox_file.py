"""`office/inbox.toml`: which topics there are, who does them, and by when."""

from datetime import timedelta
from pathlib import Path

from pydantic import Field, model_validator

from contracts.base import Frozen
from contracts.office import OfficeInvalid, Problem, read_text
from contracts.toml_lines import TomlLines, read_toml
from workflows.inbox.clock.events import Terms

FILE = "inbox.toml"
FIELDS = "see the fields in docs/inbox.md"
_DESTINATIONS = ("desk", "team")


class Promises(Frozen):
    """What is promised, in working hours; what is left out is not promised, or as the clock says.

    Attributes:
        first_answer_hours: from the first mail to the first answer.
        next_answer_hours: from a later mail to its answer.
        resolution_hours: from the first mail until it is resolved, without the time that we wait.
        silent_hours: how long whoever claimed it may do nothing before they lose it.
    """

    first_answer_hours: float | None = Field(default=None, gt=0)
    next_answer_hours: float | None = Field(default=None, gt=0)
    resolution_hours: float | None = Field(default=None, gt=0)
    silent_hours: float | None = Field(default=None, gt=0)


class ClockTable(Promises):
    """`[clocks.NAME]`.

    Attributes:
        warn_share: of a promise that is used when people are warned.
        levels: by level of customers, what is promised them otherwise.
    """

    warn_share: float = Field(default=0.75, gt=0, lt=1)
    levels: dict[str, Promises] = {}

    @model_validator(mode="after")
    def _promises_something(self) -> "ClockTable":
        if not any(getattr(self, name) is not None for name in Promises.model_fields):
            raise ValueError("it promises nothing: say one of " + ", ".join(Promises.model_fields))
        return self

    def terms(self, level: str = "") -> Terms:
        """Return what is promised to customers of a level; of one that it does not name, to all."""
        own = self.levels.get(level, Promises())
        hours = {
            name: getattr(self, name) if getattr(own, name) is None else getattr(own, name)
            for name in Promises.model_fields
        }
        return Terms(
            first_answer=_working(hours["first_answer_hours"]),
            next_answer=_working(hours["next_answer_hours"]),
            resolution=_working(hours["resolution_hours"]),
            owner=_working(hours["silent_hours"]),
            warn_share=self.warn_share,
        )


class Level(Frozen):
    """`[levels.NAME]`: customers who are promised more, by address or `@domain`."""

    note: str = ""
    customers: tuple[str, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _are_addresses(self) -> "Level":
        if wrong := [each for each in self.customers if "@" not in each]:
            raise ValueError(
                f"customers: {', '.join(wrong)}: write a mail address, or @domain for all of one"
            )
        return self

    def covers(self, sender: str) -> bool:
        """Say whether a mail address is one of theirs."""
        address = sender.lower()
        return any(
            address.endswith(each.lower()) if each.startswith("@") else address == each.lower()
            for each in self.customers
        )


class Team(Frozen):
    """`[teams.NAME]`: whose queue it is: everybody in a role of `staff.toml`.

    Attributes:
        escalates_to: the roles that are asked then, each when the one before has not answered for so long
            as `office.toml` gives it.
    """

    note: str = ""
    role: str
    escalates_to: tuple[str, ...] = ()


class Topic(Frozen):
    """`[topics.NAME]`: what is done about a mail of a topic: a desk's case is started, or a team has it.

    Attributes:
        desk: whose case it starts.
        begins: by which operation of which connector, `desks.begin_return`.
        team: whose queue it stands in; beside `desk`, who has what the desk cannot do.
        clock: what is promised.
    """

    note: str = ""
    desk: str = ""
    team: str = ""
    begins: str = Field(default="", pattern=r"^([\w-]+\.[\w-]+)?$")
    clock: str

    @model_validator(mode="after")
    def _goes_somewhere(self) -> "Topic":
        if not any(getattr(self, name) for name in _DESTINATIONS):
            raise ValueError("it goes nowhere: say desk or team")
        if bool(self.desk) != bool(self.begins):
            raise ValueError("desk and begins belong together: begins = 'CONNECTOR.OPERATION'")
        return self


class InboxFile(Frozen):
    """The content of `inbox.toml`.

    Attributes:
        unsure: the team that has what is of no topic, or not surely of one.
        unsure_clock: what is promised until it has a topic.
        levels: in the order in which they are looked up.
    """

    unsure: str
    unsure_clock: str
    clocks: dict[str, ClockTable]
    levels: dict[str, Level] = {}
    teams: dict[str, Team]
    topics: dict[str, Topic]

    def level_of(self, sender: str) -> str:
        """Return the level of a customer by their proved address; empty for everybody else."""
        return next((name for name, level in self.levels.items() if level.covers(sender)), "")

    def team_of(self, topic: str) -> str:
        """Return whose queue a topic's mail stands in when a person is needed."""
        found = self.topics.get(topic)
        return (found.team if found else "") or self.unsure

    def terms(self, topic: str, level: str) -> Terms:
        """Return what is promised about a topic to a level of customers; an unknown topic is unsure."""
        found = self.topics.get(topic)
        return self.clocks[found.clock if found else self.unsure_clock].terms(level)


class InboxOfOffice:
    """The file as it was read, with its places, so that others find fault with it by line."""

    def __init__(self, office: Path) -> None:
        """Read the file; an office without one has no inbox."""
        path = office / FILE
        self.file: InboxFile | None = None
        self.problems: list[Problem] = []
        text = read_text(path) if path.exists() else ""
        self._lines = TomlLines(text)
        if not path.exists():
            return
        try:
            self.file = read_toml(text, InboxFile, FILE, FIELDS)
        except OfficeInvalid as invalid:
            self.problems = invalid.problems

    def missing(self) -> Problem:
        """Return that there is no such file."""
        return Problem(file=FILE, line=0, what="is missing", fix="docs/inbox.md says what stands in it")

    def problem(self, at: tuple[str, ...], what: str, known: list[str], kind: str) -> Problem:
        """Return a finding about a name that is not known, with those that are."""
        place = self._lines.place(at)
        fix = f"{kind} are: {', '.join(sorted(known))}" if known else f"there are no {kind} yet: write one"
        return Problem(file=FILE, line=self._lines.line(at), what=f"{place}: {what}", fix=fix)


def _working(hours: float | None) -> timedelta | None:
    return None if hours is None else timedelta(hours=hours)
