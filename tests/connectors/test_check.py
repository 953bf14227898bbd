from pathlib import Path

import pytest

from connectors.checks.manifests import check_connectors
from contracts.office import Problem
from tests.connectors.system import SHOP, write_office
from tests.connectors.test_file import MANIFEST as BOOKS
from tests.connectors.test_graphql import MANIFEST as GRAPHQL
from tests.connectors.test_smtp import MANIFEST as MAIL


def problems_of(folder: Path, manifest: str, name: str = "shop") -> list[Problem]:
    return check_connectors(write_office(folder, manifest, name), {"PORT": "1", "FOLDER": "/x"})


@pytest.mark.parametrize(
    ("manifest", "name"), [(SHOP, "shop"), (GRAPHQL, "shop"), (MAIL, "mail"), (BOOKS, "books")]
)
def test_a_sound_manifest_has_no_problems(tmp_path: Path, manifest: str, name: str) -> None:
    assert problems_of(tmp_path, manifest, name) == []


def test_the_example_office_is_sound(office: Path) -> None:
    assert check_connectors(office, {}) == []


IDEMPOTENCY = (
    'idempotency = { kind = "lookup", lookup = "find_refunds", told_apart_by = ["order", "amount_cents"] }'
)
MATCH = 'match = "item.amount == amount_cents and item.at | moment >= sent_at | minus_seconds(2)"'
AUTH = 'auth = { kind = "bearer", secret = "shop.token" }'


@pytest.mark.parametrize(
    ("was", "becomes", "complaint"),
    [
        (IDEMPOTENCY, "", "is a write without idempotency"),
        (IDEMPOTENCY, 'idempotency = { kind = "lookup" }', "is lookup without a look-up operation"),
        ('lookup = "find_refunds"', 'lookup = "find"', "look-up find is no read"),
        ('lookup = "find_refunds"', 'lookup = "void_refund"', "look-up void_refund is no read"),
        ('kind = "native_key" }', 'kind = "native_key", lookup = "get_order" }', "without saying how"),
        ('told_apart_by = ["order"', 'told_apart_by = ["orders"', "told_apart_by names orders"),
        (MATCH, 'match = "item.amount == cents"', "unknown name cents"),
        (MATCH, 'match = "item.amount =="', "lookup] match: "),
        (MATCH, 'match = "amount_cents == 1"', "never looks at the candidate"),
        (MATCH, "", "takes every candidate for ours"),
        ('items = "refunds"\nmatch', 'items = "refunds["\nmatch', "is not JMESPath"),
        ('items = "refunds"\nnext', 'items = "refunds["\nnext', "[listing] items"),
        ('compensation = "void_refund"', 'compensation = "unrefund"', "unrefund is no other write"),
        ('compensation = "void_refund"', 'compensation = "get_order"', "get_order is no other write"),
        ('compensation = "void_refund"\n', "", "without a compensation"),
        ('{ refund = "reference" }', '{ refunds = "reference" }', "refunds is no argument of void_refund"),
        ('{ refund = "reference" }', '{ refund = "result.nr" }', "result.nr is not known"),
        ('money = "amount_cents"', 'money = "order"', "order is no argument of type cents"),
        ('money = "amount_cents"\n', "", "moves money but does not say how much"),
        ('amount = "{{ amount_cents }}"', 'amount = "{{ cents }}"', "names cents, which is no argument"),
        ('amount = "{{ amount_cents }}"', 'amount = "{{ amount_cents "', "unexpected end of template"),
        ('amount = "{{ amount_cents }}"', 'amount = "{{ amount_cents | euros }}"', "No filter named"),
        ('path = "/orders/{{ order }}" }', 'path = "/orders/{{ key }}" }', "names key"),
        (
            'method = "DELETE", path = "/refunds/{{ refund }}", headers = { Idempotency-Key = "{{ key }}" }',
            'method = "DELETE", path = "/refunds/{{ refund }}"',
            "is native_key, but the key is never sent",
        ),
        (
            'request = { method = "DELETE", path = "/refunds/{{ refund }}", headers = '
            '{ Idempotency-Key = "{{ key }}" } }\nidempotency = { kind = "native_key" }',
            'request = { path = "/refunds/{{ refund }}" }\nidempotency = { kind = "client_reference" }',
            "is client_reference, but no reference is ever sent",
        ),
        ('method = "GET", path = "/orders', 'method = "DELETE", path = "/orders', "DELETE in a read"),
        ('method = "GET", path = "/orders', 'method = "FETCH", path = "/orders', "http has no FETCH"),
        (AUTH, 'auth = { secret = "shop.token" }', "no call is authenticated"),
        (AUTH, 'auth = { kind = "bearer" }', "bearer needs a secret"),
        (AUTH, 'auth = { kind = "bearer", secret = "Xy 9!" }', "is not the name of a secret"),
        (AUTH, 'auth = { kind = "basic", secret = "shop.token" }', "basic needs a user"),
        (AUTH, 'auth = { kind = "header", secret = "shop.token" }', "header needs the header's name"),
        (AUTH, 'auth = { kind = "login", secret = "shop.token" }', "belong together"),
        (AUTH, AUTH + '\nheaders = { X-Api-Key = "abc" }', "looks like a secret in the file"),
        ("http://127.0.0.1", "http://me:pw@127.0.0.1", "holds a user or password"),
        ("http://127.0.0.1", "ftp://127.0.0.1", "does not fit transport http"),
        ("timeout_seconds = 0.5", "timeout_seconds = 0.05", "contradicts itself"),
        ('arguments.limit = { type = "integer" }', "", "list_refunds takes no limit"),
        ('operation = "list_refunds"', 'operation = "refund"', "refund is not a read operation"),
        ('result.refund = { type = "string", path = "id" }', "", "sound"),
        (
            'arguments.limit = { type = "integer" }',
            'arguments.limit = { type = "integer", longest = 3 }',
            "has a longest for type integer",
        ),
        (
            'arguments.limit = { type = "integer" }',
            'arguments.limit = { type = "integer", needs = ["page"] }',
            "needs page, which is no argument",
        ),
        ('path = "cents(total)"', 'path = "cents(total"', "is not JMESPath"),
    ],
)
def test_a_contradiction_is_told_with_its_file_and_line(
    tmp_path: Path, was: str, becomes: str, complaint: str
) -> None:
    assert was in SHOP
    problems = problems_of(tmp_path, SHOP.replace(was, becomes, 1))
    if complaint == "sound":
        assert problems == []
        return
    found = [problem for problem in problems if complaint in problem.what]
    assert found, problems
    assert found[0].file == "connectors/shop.toml"
    assert found[0].line > 0


def test_a_manifest_may_not_call_a_cut_connection_safe(tmp_path: Path) -> None:
    wrong = SHOP + '\n[[failures]]\nexception = ["ReadTimeout"]\nmeans = "not-applied-retry"\n'
    [problem] = problems_of(tmp_path, wrong)
    assert problem.what.endswith("ReadTimeout may come after a write was applied")
    assert problem.line == wrong.splitlines().index("[[failures]]") + 1


@pytest.mark.parametrize("statuses", ["401", "400, 403", "407, 422"])
def test_a_manifest_may_not_end_a_case_because_its_token_was_rotated(tmp_path: Path, statuses: str) -> None:
    wrong = SHOP + f'\n[[failures]]\nstatus = [{statuses}]\nmeans = "not-applied-final"\n'
    [problem] = problems_of(tmp_path, wrong)
    assert problem.what.endswith("refuses us, not the effect: a rotated token ends no case")
    assert problem.line == wrong.splitlines().index("[[failures]]") + 1


@pytest.mark.parametrize("means", ["not-applied-final", "not-applied-retry"])
@pytest.mark.parametrize("code", ["", 'code = ["*"]\n'])
def test_a_manifest_may_not_call_a_conflict_about_our_key_not_applied(
    tmp_path: Path, means: str, code: str
) -> None:
    wrong = SHOP + f'\n[[failures]]\nstatus = [409]\n{code}means = "{means}"\n'
    [problem] = problems_of(tmp_path, wrong)
    assert "may mean that what it was sent for is done already" in problem.what


def test_a_manifest_may_name_the_refusals_of_its_system(tmp_path: Path) -> None:
    right = '\n[[failures]]\nstatus = [403, 409]\ncode = ["SOLD_OUT"]\nmeans = "not-applied-final"\n'
    assert problems_of(tmp_path, SHOP + right) == []


@pytest.mark.parametrize("status", [401, 409, 429, 503])
def test_absence_is_not_proved_by_a_look_up_that_was_refused(tmp_path: Path, status: int) -> None:
    wrong = SHOP.replace("absent = [{ status = [404]", f"absent = [{{ status = [404, {status}]")
    [problem] = problems_of(tmp_path, wrong)
    assert f"{status} is no answer about what was asked for" in problem.what


def test_a_status_alone_proves_no_absence(tmp_path: Path) -> None:
    wrong = SHOP.replace('status = [404], code = ["no_such_order"]', "status = [404]")
    [problem] = problems_of(tmp_path, wrong)
    assert "a proxy or a missing route answers the same: name the system's own word" in problem.what


def test_a_look_up_that_goes_by_no_key_says_what_it_goes_by(tmp_path: Path) -> None:
    keyed = IDEMPOTENCY.replace('kind = "lookup"', 'kind = "native_key"')
    path = 'path = "/orders/{{ order }}/refunds"'
    assert path in SHOP
    sends_it = SHOP.replace(path, path.replace("/refunds", "/refunds/{{ key }}"), 1)
    assert problems_of(tmp_path, sends_it.replace(IDEMPOTENCY, keyed)) == []
    silent = keyed.replace(', told_apart_by = ["order", "amount_cents"]', "")
    [problem] = problems_of(tmp_path, sends_it.replace(IDEMPOTENCY, silent))
    assert "nothing says what tells it from another" in problem.what


def test_a_template_in_a_graphql_document_would_not_be_read(tmp_path: Path) -> None:
    [problem] = problems_of(
        tmp_path, GRAPHQL.replace("refundOrder(input: $input)", "refundOrder({{ order }})")
    )
    assert "no template is read here" in problem.what


ADDRESSED = (
    'idempotency = { kind = "addressed", address = "{{ order }}", lookup = "find_refunds", '
    'told_apart_by = ["order", "amount_cents"], conflict = [{ status = [409] }] }'
)


@pytest.mark.parametrize(
    ("was", "becomes", "complaint"),
    [
        ("", "", None),
        ('address = "{{ order }}", ', "", "kind addressed and an address belong together"),
        ('kind = "addressed"', 'kind = "lookup"', "kind addressed and an address belong together"),
        ('address = "{{ order }}"', 'address = "{{ slug }}"', "the address names slug"),
        ('address = "{{ order }}"', 'address = "refund"', "is one address for all effects"),
        ('address = "{{ order }}"', 'address = "{{ order | slugs }}"', "No filter named"),
        ('address = "{{ order }}"', 'address = "{{ lines }}"', "the look-up does not ask at the address"),
        (', lookup = "find_refunds"', "", "is addressed without a look-up operation"),
        (', lookup = "find_refunds"', "", "but no operation looks"),
        (MATCH, "", "takes whatever stands at the address for ours"),
        ("conflict = [{ status = [409] }]", "conflict = [{}]", "must name a status or a code"),
        (', told_apart_by = ["order", "amount_cents"]', "", "nothing says what tells it from another"),
        ("arguments.order = { type", "arguments.address = { type", "hides the effect's address"),
    ],
)
def test_an_address_is_named_sent_and_looked_at(
    tmp_path: Path, was: str, becomes: str, complaint: str | None
) -> None:
    manifest = SHOP.replace(IDEMPOTENCY, ADDRESSED).replace(was, becomes)
    found = [problem.what for problem in problems_of(tmp_path, manifest)]
    assert found == [] if complaint is None else any(complaint in what for what in found), found
