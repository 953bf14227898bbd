"""What an outside system can do, as declared in `office/connectors/NAME.toml`.

Two small languages are used, each for one direction. What goes *out* is written in Jinja2
(sandboxed; an unknown name is an error). What comes *in* is read with JMESPath, over the answer:
the JSON body for http, the `data` object for graphql. `docs/connectors.md` teaches both.
"""

from typing import Literal

from pydantic import JsonValue, PositiveInt, model_validator

from contracts.base import Arguments, Frozen
from contracts.failure import FailureClass
from contracts.listing import Listing
from contracts.money import Direction
from contracts.notation import Ids, Numbers, Times

FieldType = Literal["string", "integer", "cents", "number", "boolean", "datetime", "object", "list"]


class Field(Frozen):
    """One typed argument or result field.

    Attributes:
        required: an optional argument that is not given is `none` in the templates, and a query
            parameter or body entry that comes out as `none` is left out.
        sensitive: personal data; never shown in an error.
        values: the only values allowed, for strings; empty allows all.
        longest: how many characters at most, as people count them, for strings; a family emoji is one.
        needs: the arguments without which it is not sent: a picture needs its text.
        path: JMESPath into the answer (results only); empty means the field's own name.
    """

    type: FieldType
    required: bool = True
    sensitive: bool = False
    values: tuple[str, ...] = ()
    longest: PositiveInt | None = None
    needs: tuple[str, ...] = ()
    path: str = ""
    note: str = ""


class Request(Frozen):
    """The request template: Jinja2 (sandboxed) over the arguments, and in a write also `key`.

    For http: method, path (each value is URL-quoted), query, headers, body. For graphql: `document`
    is sent as it stands, `body` holds the variables, `path` is optional. For smtp: `headers` (From,
    To, Subject) and `text`. For file: method `WRITE` (a file of its own), `APPEND` (a record at
    the end of a file, with `{{ key }}` as a field of its own) or `READ`, with `path` and `text`. For
    desk: method `BEGIN` with the desk as `path` and its request as `body`, or `FIND` with a case's id.

    A string that is one expression and nothing else keeps the expression's type:
    `"{{ amount_cents }}"` is sent as the integer. `reference` is another name of `key`.
    """

    method: str = "POST"
    path: str = ""
    query: dict[str, str] = {}
    headers: dict[str, str] = {}
    body: JsonValue = None
    encoding: Literal["json", "form"] = "json"
    document: str = ""
    text: str = ""


class FailureMode(Frozen):
    """When this is seen, the failure is of that class; the first match wins.

    Within a list one must match; of the lists that are given all must match.

    Attributes:
        code: the system's own codes; `*` stands for any run of characters.
        exception: class names of the transport's exceptions, for instance `ReadTimeout`.
    """

    status: tuple[int, ...] = ()
    code: tuple[str, ...] = ()
    exception: tuple[str, ...] = ()
    means: FailureClass

    @property
    def names_a_code(self) -> bool:
        """True if a word of the system's own is named, not a status alone."""
        return any(code.strip("*") for code in self.code)

    @model_validator(mode="after")
    def _says_when(self) -> "FailureMode":
        if not (self.status or self.code or self.exception):
            raise ValueError("a failure mode must name a status, a code or an exception")
        return self


class Absence(Frozen):
    """How a system says that what was asked for does not exist; of the fields that are given all must hold.

    A status alone proves nothing: a proxy, a missing route and a shop under repair say 404, too.

    Attributes:
        code: the system's own codes; `*` stands for any run of characters.
        when: JMESPath over the answer that comes out as `true`, and nothing else.
    """

    status: tuple[int, ...] = ()
    code: tuple[str, ...] = ()
    when: str = ""

    @model_validator(mode="after")
    def _proves_it(self) -> "Absence":
        if not self.when and not any(code.strip("*") for code in self.code):
            raise ValueError(
                "a status alone proves no absence, for a proxy or a missing route answers the same: "
                "name the system's own word, code = ['...'], or when = 'JMESPATH'"
            )
        return self


class Latency(Frozen):
    """What the operation usually takes and when it is given up, in seconds.

    Attributes:
        timeout_seconds: the whole call, from connecting to the last byte of the answer.
        settle_seconds: how long after our giving up the system may still commit what it had read;
            a look-up before that proves no absence. None means `timeout_seconds` once more.
    """

    p50_seconds: float = 0.1
    p99_seconds: float = 1.0
    timeout_seconds: float = 10.0
    settle_seconds: float | None = None


class Conflict(Frozen):
    """What a system answers that may mean: it is there already. Of the fields that are given all must hold.

    Attributes:
        code: the system's own codes; `*` stands for any run of characters.
    """

    status: tuple[int, ...] = ()
    code: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _says_when(self) -> "Conflict":
        if not (self.status or self.code):
            raise ValueError("a conflict must name a status or a code")
        return self


class Idempotency(Frozen):
    """What the outside system can do about a retry.

    Attributes:
        kind: `docs/decisions/0012` says what a retry may do with each.
        address: of kind `addressed`, under which the system keeps what is made, for ever and once: a
            template over the arguments and `key`. The other templates of the write and of its look-up know
            it as `address`.
        conflict: answers that may mean that what was sent is there already; it is looked up.
        retention_seconds: how long a `native_key` is honoured; None means for ever.
        lookup: the read operation that finds the effect again.
        told_apart_by: the arguments that the match compares: two calls that agree in them cannot be
            told apart outside. Empty means for kind `lookup` that no two calls can, and for the
            others that our key or reference stands in the match.
    """

    kind: Literal["native_key", "client_reference", "addressed", "lookup", "none"]
    retention_seconds: float | None = None
    address: str = ""
    conflict: tuple[Conflict, ...] = ()
    lookup: str | None = None
    told_apart_by: tuple[str, ...] = ()


class Lookup(Frozen):
    """How the answer of a write's look-up operation is matched; it stands in the *write*.

    Attributes:
        items: JMESPath to the candidates in the answer: a list or one object. Null is never read as
            absence, for it may be a misspelt path: where the system says null, write "|| `[]`".
        match: Jinja2 expression without braces, true for the candidate that is our effect; in
            scope are `item`, the write's arguments, `key` and `sent_at` (an aware datetime; turn
            the item's own with the filter `moment`). Empty means that every candidate is ours,
            because the system itself was asked for our reference.
        reference: JMESPath in a candidate to its outside reference.
        result: JMESPath in a candidate to the write's result fields that it shows.
        arguments: the look-up operation's arguments, as templates over the write's; an argument
            that is not named here takes the write's argument of the same name, or `key`.
        next_cursor: JMESPath in the answer to the next page's `cursor`; empty means one page.
    """

    items: str
    match: str = ""
    reference: str
    result: dict[str, str] = {}
    arguments: dict[str, str] = {}
    next_cursor: str = ""


class Operation(Frozen):
    """One thing the system can be asked to do.

    Attributes:
        reference: JMESPath in the answer to the outside system's id of what was made.
        errors: JMESPath in the answer to an error code; anything but null is a failure even if the
            status says success (GraphQL error unions), and names the code if it says failure.
        absent: how the system says that what a read asks for does not exist; the first that holds.
            Without it no answer is ever read so: what cannot be read is waited for.
        money: the argument of type `cents` that says how much money moves.
        direction: which way it moves: `out` from the office, or `in`.
        compensation: the write operation that undoes this one.
        compensation_arguments: its arguments, each a path: `reference`, `key`, `arguments.NAME` or
            `result.NAME`; one that is not named here takes the argument of the same name.
    """

    effect: Literal["read", "write"]
    sensitivity: Literal["public", "internal", "personal", "money"] = "internal"
    note: str = ""
    arguments: dict[str, Field] = {}
    result: dict[str, Field] = {}
    request: Request
    reference: str = ""
    errors: str = ""
    absent: tuple[Absence, ...] = ()
    money: str = ""
    direction: Direction = "out"
    latency: Latency = Latency()
    failures: tuple[FailureMode, ...] = ()
    idempotency: Idempotency | None = None
    lookup: Lookup | None = None
    compensation: str | None = None
    compensation_arguments: dict[str, str] = {}

    @property
    def is_keyed(self) -> bool:
        """True for a write that sends a key, reference or address of ours which the system knows again."""
        kinds = ("native_key", "client_reference", "addressed")
        return self.idempotency is not None and self.idempotency.kind in kinds


class Login(Frozen):
    """How a session token is obtained, for `kind = "login"`.

    Attributes:
        request: as in an operation; in scope are `user` and `secret`.
        token_header: the answer's header that holds the token.
        token: JMESPath in the answer to the token, where it is not in a header.
        expired_status, expired_code: how the system says that a session has ended. Such a call was
            not applied: the token is dropped and the next attempt logs in again.
    """

    request: Request
    token_header: str = ""
    token: str = ""
    expired_status: tuple[int, ...] = (401,)
    expired_code: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _says_where(self) -> "Login":
        if bool(self.token_header) == bool(self.token):
            raise ValueError("say where the token is: token_header or token, one of them")
        return self


class Auth(Frozen):
    """How calls are authenticated, by the *name* of a secret, never by its value.

    Attributes:
        kind: `bearer` sends `Authorization: Bearer SECRET`; `basic` sends user and secret;
            `header` sends the secret in `header`; `login` trades user and secret for a session.
        header: for `header` and `login`: the header that carries the secret or token.
        prefix: for `header` and `login`: what stands before it, for instance `Bearer `.
    """

    kind: Literal["none", "bearer", "basic", "header", "login"] = "none"
    secret: str = ""
    user: str = ""
    header: str = ""
    prefix: str = ""
    login: Login | None = None


class Manifest(Frozen):
    """One connector.

    Attributes:
        base_url: may hold `${NAME}` or `${NAME:-default}`, taken from the environment or from a
            setting (`KONTOR_SANDBOX_PORT`) when the office is loaded; so may `headers` and
            `auth.user`.
        rate_limit_per_second: enforced by the server on the connector's task queue.
        concurrency: calls under way at once, in each worker.
        times, numbers: how the system writes times, and amounts as text.
        ids: how it compares the ids of what it is asked for.
        digest: hash of everything declared, base URL resolved; comments do not change it. With
            `version` it makes the connector version.
    """

    name: str
    version: str
    transport: Literal["http", "graphql", "smtp", "file", "desk"]
    base_url: str
    note: str = ""
    auth: Auth = Auth()
    rate_limit_per_second: float = 50.0
    concurrency: int = 20
    headers: dict[str, str] = {}
    failures: tuple[FailureMode, ...] = ()
    times: Times = Times()
    numbers: Numbers = Numbers()
    ids: Ids = Ids()
    operations: dict[str, Operation]
    listing: Listing | None = None
    digest: str = ""

    @property
    def connector_version(self) -> str:
        """The version a permit binds: what the file says, and what it holds."""
        return f"{self.version}+{self.digest[:12]}"

    def undo_arguments(
        self, operation: str, arguments: Arguments, key: str, reference: str | None, result: Arguments
    ) -> Arguments:
        """Return the arguments of the compensation of an effect that was applied.

        Args:
            operation: the write that is to be undone.
            arguments: what it was called with.
            key: the key it was called with.
            reference: the outside system's id of what was made.
            result: the declared result fields that came back.

        Raises:
            KeyError: the operation has no compensation, or an argument it needs is not at hand.
        """
        declared = self.operations[operation]
        if declared.compensation is None:
            raise KeyError(f"{self.name}.{operation} cannot be undone: its manifest names no compensation")
        scope: dict[str, JsonValue] = {"reference": reference, "key": key}
        scope |= {f"arguments.{name}": value for name, value in arguments.items()}
        scope |= {f"result.{name}": value for name, value in result.items()}
        undo: Arguments = {}
        for name, field in self.operations[declared.compensation].arguments.items():
            path = declared.compensation_arguments.get(name, f"arguments.{name}")
            if scope.get(path) is not None:
                undo[name] = scope[path]
            elif field.required:
                raise KeyError(f"{self.name}.{declared.compensation} needs {name}, and {path} is not known")
        return undo
