"""What a desk is: one kind of work, declared as plain data that the whole office reads."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Generic, Literal, TypeVar, get_args, get_origin

from pydantic import AwareDatetime, BaseModel, BeforeValidator, Field, JsonValue, model_validator

from contracts.admission import OnRecord, PartOf
from contracts.base import Frozen
from contracts.bounds import Name, cleaned
from contracts.case import CaseStatus
from contracts.connector import Manifest
from contracts.embedding import Embedder
from contracts.ids import ExternalId, as_text, require_impersonal, workflow_id
from contracts.offer import Offer, Read
from contracts.told import Told

if TYPE_CHECKING:
    from activities.ports import OwnOffice, Reads, Statements
    from contracts.authorization import Plan
    from models.gemini.prompts import Forms
    from models.routing.candidate import Candidate

_NO_TEXT = (bool, int, float, Decimal, datetime, date, time, timedelta, Enum, type(None))


class Request(Frozen):
    """What asks a desk for something; a desk adds its own fields.

    Attributes:
        id: the channel's own id of the request; it makes the case id, and is no mail address and no
            telephone number.
        channel: the connector that it came from.
        customer: whose it is, where a desk needs to know: the channel's own reference, or a mail address.
            It stays out of ids, logs, search attributes and summaries, and goes when they are forgotten.
        received_at: when it was made, with its zone; by default when the case began.
    """

    id: ExternalId
    channel: Name
    # Left out where it is empty, so that the hash of a request without one is what it always was.
    customer: Annotated[Name, BeforeValidator(as_text)] = Field(
        default="", exclude_if=lambda given: not given
    )
    received_at: AwareDatetime | None = None

    @model_validator(mode="before")
    @classmethod
    def _clean(cls, given: Any) -> Any:
        return cleaned(given)


_PERSONAL = frozenset({"customer"})
"""What of every desk's request goes when its customer is forgotten."""


@dataclass(frozen=True, kw_only=True)
class CaseCount:
    """A fact that our own records add when a plan is judged: how many other cases somebody has.

    It counts the cases that came to `status`, and those under way that were judged before: several at once
    see one another, and a limit holds for all of them together.

    Attributes:
        within: how far back.
        status: what a case came to that counts.
        holder: the plan's fact that says whose cases; it is an opaque reference, and no fact for policies.
    """

    within: timedelta
    status: CaseStatus = CaseStatus.SETTLED
    holder: str = "customer"


Activity = Callable[..., object]
"""A bound method that is a Temporal activity."""

R = TypeVar("R", bound=Request)


@dataclass(frozen=True, kw_only=True)
class Namespace:
    """What policies are written for, and whose cases hold which words of a customer.

    Attributes:
        name: the Cedar namespace; of a desk also the first part of its case ids.
        facts: what its policies may read; the Cedar schema is generated from this type.
        case_counts: facts that our own records add when a plan is judged, by name.
        request: what its cases were opened with; None if it has no cases of its own.
        customer_text: the request's fields with a customer's own words. `memory forget` blanks them,
            and learning from corrections reads them.
        other_text: the request's fields with text that no customer wrote, such as ids and codes.
        belongings: the request's fields that are a customer's own and no words, such as where their photos
            lie: `memory forget` blanks them, and nobody learns from them.
    """

    name: str
    facts: type[BaseModel]
    case_counts: Mapping[str, CaseCount] = field(default_factory=dict)
    request: type[BaseModel] | None = None
    customer_text: tuple[str, ...] = ()
    other_text: tuple[str, ...] = ()
    belongings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a request type whose text is not accounted for.

        Raises:
            TypeError: a field that may hold text is declared neither or both ways, or does not exist.
        """
        fields = stored_fields(self.request) if self.request else {}
        declared = [*self.customer_text, *self.other_text, *self.belongings]
        if unknown := sorted(set(declared) - set(fields)):
            raise TypeError(f"desk {self.name}: the request has no field {', '.join(unknown)}")
        if both := sorted(set(self.customer_text) & set(self.other_text)):
            raise TypeError(f"desk {self.name}: {', '.join(both)} cannot be both customer and other text")
        if self.request and self.request.model_config.get("extra") == "allow":
            raise TypeError(f"desk {self.name}: a request with fields of any name cannot be accounted for")
        known = {*declared, *Request.model_fields}
        unnamed = [name for name in fields if name not in known and may_hold_text(fields[name])]
        if unnamed:
            raise TypeError(
                f"desk {self.name}: {', '.join(unnamed)} may hold a customer's words; name each field in "
                "`customer_text`, in `belongings` if it is theirs and no words, or in `other_text` if no "
                "customer ever writes it"
            )

    @property
    def kept_fields(self) -> frozenset[str]:
        """The fields of a stored request that stay when a customer is forgotten."""
        return (
            frozenset(stored_fields(self.request) if self.request else ())
            - {*self.customer_text, *self.belongings}
            - _PERSONAL
        )


def any_connector(manifest: Manifest) -> bool:
    """Admit requests from every connector."""
    del manifest
    return True


def no_activities(outside: "Reads") -> Sequence[Activity]:
    """Return no activities: the desk needs only those that all desks share."""
    del outside
    return ()


def no_own_activities(own: "OwnOffice") -> Sequence[Activity]:
    """Return no activities: the desk reads no office files and books of its own."""
    del own
    return ()


def no_candidates(embedder: Embedder) -> Mapping[str, "Candidate"]:
    """Return no candidates: the desk's questions are answered by models that all desks share."""
    del embedder
    return {}


def no_forms() -> "Forms":
    """Return no forms: a language model answers the desk's questions by label or by picking."""
    return {}


def no_doubts(told: Told) -> Sequence[str]:
    """Return no doubts: what fits the contract is enough."""
    del told
    return ()


def by_id(request: Request) -> str:
    """Return a request in a few words, without personal data."""
    return f"request {request.id} at {request.channel}"


def by_channel(request: Request) -> str:
    """Return the channel that a request came from."""
    return request.channel


@dataclass(frozen=True, kw_only=True)
class Desk(Namespace, Generic[R]):
    """One kind of work.

    Attributes:
        request: what one line of `kontor submit` must be.
        workflow: the workflow type that a request starts; imported when it is asked for, as what `activities`
            and `candidates` need is: a policy is checked without the SDK of workflows.
        place: what stands between the desk's name and the request's id in a case id.
        from_file: makes a request of a Markdown file, for the connectors of this office that the desk takes
            requests from; raises ValueError. None if a request is a line of JSON only.
        activities: what the desk does at the systems its requests come from; each is served on the
            queue of every connector that `sources` admits.
        own_activities: what the desk reads of our own files and books; served beside its workflow.
        sources: which connectors a request may come from.
        candidates: local answerers of its own, by their name in `models.toml`.
        forms: of tasks that a language model answers in a form of the desk's own: what makes it, by task.
        undecided: outcomes of a denied case that no person and no policy chose, such as an order that its
            channel did not know yet: the same request may be handed in again.
        reads: by read operation, which result field the desk believes, and as what.
        doubts: why it would ask a person about what it read, in words; for who writes a manifest.
        offers: what else it asks of the systems its requests come from; what one lacks is left to people.
        title: a request in one line for the Temporal Web UI; never personal data.
        details: the same in Markdown.
        texts: what its customers are told, by the names of the office's texts, each with values as a case
            may have them: `kontor check` proves that each can be said.
        statements: what reads from the systems its requests come from what they say of what its effects are
            for, for the reconciler to compare; None if nothing is to be compared.
        witness: says what about a plan is not as its case is on record; without one nothing but the case is
            compared.
        part_of: says whether a request is a part of another, whose case may start it.
        waits: what it waits for outside, by the names in `[waits]` of `office.toml`.
        hears: its cases hear what their customer writes later, as the signal and the update `replied`.
        measured: of tasks that its own rules answer without examples: the languages they are measured in.
    """

    request: type[R] = field()  # else the base's default would stand here
    workflow: Callable[[], type[Any]]
    place: Callable[[R], str] = by_channel
    from_file: Callable[[Path, Collection[str]], JsonValue] | None = None
    activities: Callable[["Reads"], Sequence[Activity]] = no_activities
    own_activities: Callable[["OwnOffice"], Sequence[Activity]] = no_own_activities
    sources: Callable[[Manifest], bool] = any_connector
    candidates: Callable[[Embedder], Mapping[str, "Candidate"]] = no_candidates
    forms: Callable[[], "Forms"] = no_forms
    undecided: frozenset[str] = frozenset()
    reads: Mapping[str, Read] = field(default_factory=dict)
    doubts: Callable[[Any], Sequence[str]] = no_doubts
    offers: tuple[Offer, ...] = ()
    title: Callable[[R], str] = by_id
    details: Callable[[R], str] = by_id
    texts: Mapping[str, Mapping[str, JsonValue]] = field(default_factory=dict)
    statements: "Callable[[Reads], Statements] | None" = None
    witness: Callable[["Plan", OnRecord], str] | None = None
    part_of: PartOf | None = None
    waits: frozenset[str] = frozenset()
    hears: bool = False
    measured: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def case_id(self, request: R) -> str:
        """Return the id of the case that a request makes or joins; raises ValueError if it cannot."""
        require_impersonal(request.id)
        return workflow_id(self.name, self.place(request), request.id)

    def summary(self, request: R) -> str:
        """Return the case in a line for the Temporal Web UI: no personal data."""
        return f"{self.name}: {self.title(request)}"


def stored_fields(model: type[BaseModel]) -> dict[str, Any]:
    """Return the fields that a model is stored with, each with its type."""
    computed = {name: one.return_type for name, one in model.model_computed_fields.items()}
    return {name: one.annotation for name, one in model.model_fields.items()} | computed


def may_hold_text(annotation: Any) -> bool:
    """Say whether a value of this type can hold free text; what is not known to be safe can."""
    if get_origin(annotation) is Literal or annotation is Ellipsis:
        return False
    if get_origin(annotation) is Annotated:
        return may_hold_text(get_args(annotation)[0])
    if inner := get_args(annotation):
        return any(may_hold_text(one) for one in inner)
    if not isinstance(annotation, type):
        return True
    if issubclass(annotation, BaseModel):
        open_ended = annotation.model_config.get("extra") == "allow"
        return open_ended or any(may_hold_text(one) for one in stored_fields(annotation).values())
    return not issubclass(annotation, _NO_TEXT)


CustomerText = Mapping[str, tuple[str, ...]]
"""By desk: the fields of its requests with a customer's own words."""
KeptFields = Mapping[str, frozenset[str]]
"""By desk: the fields of its stored requests that stay when a customer is forgotten."""


def to_forget(desk: str, request: Mapping[str, JsonValue], kept: KeptFields) -> dict[str, JsonValue]:
    """Return the part of a stored request that goes when its customer is forgotten.

    Too much is better than too little: a field that the desk does not have any more goes, and of a
    desk that nobody knows any more, all goes but what every request has.
    """
    stays = kept.get(desk, frozenset(Request.model_fields) - _PERSONAL)
    return {name: value for name, value in request.items() if name not in stays}


def texts(value: JsonValue) -> list[str]:
    """Return every text that is not empty in a value, in order."""
    if isinstance(value, str):
        return [value] if value else []
    if isinstance(value, list):
        return [text for each in value for text in texts(each)]
    if isinstance(value, dict):
        return [text for each in value.values() for text in texts(each)]
    return []
