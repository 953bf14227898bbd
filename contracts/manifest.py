"""What an outside system can do, as declared in `office/connectors/NAME.toml`."""

from typing import Literal

from pydantic import JsonValue

from contracts.failure import FailureClass
from contracts.frozen import Frozen

FieldType = Literal["string", "integer", "cents", "number", "boolean", "datetime", "object", "list"]


class Field(Frozen):
    """One typed argument or result field. `path` is a JMESPath into the answer (results only)."""

    type: FieldType
    required: bool = True
    sensitive: bool = False
    path: str = ""
    note: str = ""


class Request(Frozen):
    """The request template: Jinja2 (sandboxed) over the arguments, `key` and `reference`.

    For http: method, path, query, headers, body (a TOML table whose strings are templates).
    For graphql: `query` document in `document`, variables in `body`.
    For smtp: headers and `text`. For file: `path` and `text`.
    """

    method: str = "POST"
    path: str = ""
    query: dict[str, str] = {}
    headers: dict[str, str] = {}
    body: dict[str, JsonValue] | None = None
    document: str = ""
    text: str = ""


class FailureMode(Frozen):
    """When this is seen, the failure is of that class. The first match wins."""

    status: tuple[int, ...] = ()
    code: tuple[str, ...] = ()
    exception: tuple[str, ...] = ()
    means: FailureClass


class Latency(Frozen):
    """What the operation usually takes and when it is given up, in seconds."""

    p50_seconds: float = 0.1
    p99_seconds: float = 1.0
    timeout_seconds: float = 10.0


class Idempotency(Frozen):
    """What the outside system can do about a retry.

    Attributes:
        kind: see the table in section 4 of the design.
        retention_seconds: how long a `native_key` is honoured.
        lookup: the read operation that finds the effect again.
    """

    kind: Literal["native_key", "client_reference", "lookup", "none"]
    retention_seconds: float | None = None
    lookup: str | None = None


class Lookup(Frozen):
    """How a look-up operation's answer is matched.

    Attributes:
        items: JMESPath to the list of candidates in the answer.
        match: Jinja2 expression, true for the candidate that is our effect (`item`, arguments,
            `key`, `sent_at` are in scope).
        reference: JMESPath in a candidate to its outside reference.
    """

    items: str
    match: str
    reference: str


class Operation(Frozen):
    """One thing the system can be asked to do."""

    effect: Literal["read", "write"]
    sensitivity: Literal["public", "internal", "personal", "money"] = "internal"
    note: str = ""
    arguments: dict[str, Field] = {}
    result: dict[str, Field] = {}
    request: Request
    reference: str = ""
    errors: str = ""
    money: str = ""
    latency: Latency = Latency()
    failures: tuple[FailureMode, ...] = ()
    idempotency: Idempotency | None = None
    lookup: Lookup | None = None
    compensation: str | None = None
    compensation_arguments: dict[str, str] = {}


class Listing(Frozen):
    """How the reconciler pages through what the system itself says happened.

    Attributes:
        operation: a read operation that takes `cursor` and `limit`.
        items, next_cursor: JMESPath into its answer.
        reference, key, amount_cents, at, matches: JMESPath in one item; `matches` names the write
            operation it corresponds to.
    """

    operation: str
    items: str
    next_cursor: str
    reference: str
    amount_cents: str
    at: str
    key: str = ""
    matches: str = "refund"


class Auth(Frozen):
    """How calls are authenticated, by the *name* of a secret, never by its value."""

    kind: Literal["none", "bearer", "basic", "header", "login"] = "none"
    secret: str = ""
    user: str = ""
    header: str = ""


class Manifest(Frozen):
    """One connector.

    Attributes:
        rate_limit_per_second: enforced by the server on the connector's task queue.
        concurrency: calls under way at once, in each worker.
        digest: content hash of the file; with `version` it makes the connector version.
    """

    name: str
    version: str
    transport: Literal["http", "graphql", "smtp", "file"]
    base_url: str
    auth: Auth = Auth()
    rate_limit_per_second: float = 50.0
    concurrency: int = 20
    headers: dict[str, str] = {}
    failures: tuple[FailureMode, ...] = ()
    operations: dict[str, Operation]
    listing: Listing | None = None
    digest: str = ""

    @property
    def connector_version(self) -> str:
        """The version a permit binds: what the file says, and what it holds."""
        return f"{self.version}+{self.digest[:12]}"
