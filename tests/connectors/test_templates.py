from datetime import UTC, datetime

import pytest

from connectors.extraction import Extraction, ExtractionFailed, ExtractionInvalid
from connectors.templates import Expression, TemplateFailed, TemplateInvalid, Text, Value


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ cents }}", 1234),
        ("{{- cents -}}", 1234),
        ("{{ cents + 1 }}", 1235),
        ("{{ yes }}", True),
        ("{{ lines }}", [{"line": "1"}]),
        ("{{ lines[0].line }}", "1"),
        ("{{ text }}", "[1, 2]"),
        ("{{ cents }}{{ cents }}", "12341234"),
        ("{{ cents }} ", 1234),
        ("{{ cents | decimal }}", "12.34"),
        ("{{ at }}", "2026-03-01T12:00:00+00:00"),
        ("order {{ missing }}.", "order ."),
        ("{% if yes %}a{% else %}b{% endif %}", "a"),
        ("no template", "no template"),
        (7, 7),
    ],
)
def test_one_expression_keeps_its_type_and_text_stays_text(template: str | int, expected: object) -> None:
    scope = {
        "cents": 1234,
        "yes": True,
        "lines": [{"line": "1"}],
        "text": "[1, 2]",
        "missing": None,
        "at": datetime(2026, 3, 1, 12, tzinfo=UTC),
    }
    rendered = Value(template).render(scope)
    assert rendered == expected
    assert type(rendered) is type(expected)


def test_an_entry_that_comes_out_as_none_is_left_out_and_a_list_keeps_its_places() -> None:
    value = Value({"a": "{{ x }}", "b": {"c": "{{ x }}", "d": 1}, "e": ["{{ x }}", 2]})
    assert value.render({"x": None}) == {"b": {"d": 1}, "e": [None, 2]}
    assert value.names == {"x"}


@pytest.mark.parametrize(
    "source",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ lines.append(1) }}",
        "{{ (lambda: 1)() }}",
        "{{ unknown }}",
        "{{ cents.real.__class__ }}",
        "{{ lines[0].nothing }}",
        "{{ range(3) }}",
    ],
)
def test_nothing_undefined_or_unsafe_gets_through(source: str) -> None:
    scope = {"lines": [{"line": "1"}], "cents": 1}
    with pytest.raises((TemplateFailed, TemplateInvalid)):
        Value(source).render(scope)


def test_a_failing_template_never_quotes_a_value() -> None:
    with pytest.raises(TemplateFailed) as caught:
        Value("{{ text | moment }}").render({"text": "Zoë lives in Linz"})
    assert "Linz" not in str(caught.value)
    assert caught.value.__context__ is None


def test_a_missing_value_in_a_path_is_refused() -> None:
    with pytest.raises(TemplateFailed):
        Text("/orders/{{ order }}", path=True).render({"order": None})


def test_moments_are_compared_whatever_their_spelling() -> None:
    later = Expression("item.at | moment >= sent_at | minus_seconds(2)")
    sent_at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    for at in (
        "2026-03-01T12:00:00Z",
        "2026-03-01T13:00:00+01:00",
        "2026-03-01 11:59:58Z",
        sent_at.timestamp(),
    ):
        assert later.evaluate({"item": {"at": at}, "sent_at": sent_at}) is True
    assert later.evaluate({"item": {"at": "2026-03-01T11:59:57Z"}, "sent_at": sent_at}) is False


@pytest.mark.parametrize(
    ("path", "answer", "expected"),
    [
        ("cents(a)", {"a": "12.34"}, 1234),
        ("cents(a)", {"a": 12.3}, 1230),
        ("cents(a)", {"a": "-0.05"}, -5),
        ("cents(a)", {"a": None}, None),
        ("minor(a, c)", {"a": "1200", "c": "JPY"}, 1200),
        ("minor(a, c)", {"a": "1.234", "c": "KWD"}, 1234),
        ("get({X: 'ours'}, a)", {"a": "X"}, "ours"),
        ("get({X: 'ours'}, a)", {"a": "Y"}, None),
        ("plus(a, `100`)", {"a": "100"}, 200),
        ("a.b[?c > `1`].d | [0]", {"a": {"b": [{"c": 2, "d": "x"}]}}, "x"),
    ],
)
def test_an_answer_is_read_by_its_path(path: str, answer: object, expected: object) -> None:
    assert Extraction(path).find(answer) == expected


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("cents(a)", {"a": "12.345"}),
        ("cents(a)", {"a": "twelve"}),
        ("minor(a, c)", {"a": "12.5", "c": "JPY"}),
        ("minor(a, c)", {"a": "12.5", "c": "ABC"}),
        ("length(a)", {"a": 1}),
        ("plus(a, `1`)", {}),
    ],
)
def test_an_answer_that_does_not_fit_fails_without_quoting_it(path: str, answer: object) -> None:
    with pytest.raises(ExtractionFailed) as caught:
        Extraction(path).find(answer)
    assert "twelve" not in str(caught.value)


@pytest.mark.parametrize("path", ["a[", "a..b", "", "nonsense(("])
def test_a_path_that_is_none_is_refused_when_it_is_compiled(path: str) -> None:
    with pytest.raises(ExtractionInvalid):
        Extraction(path)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ 'Größe 38, again!' | slug }}", "grosse-38-again"),
        ("{{ '  Ça va?  ' | slug }}", "ca-va"),
        ("{{ 'one two three' | slug(8) }}", "one-two"),
        ("{{ 'content/may/hello' | fingerprint(8) }}", "68abf863"),
        ("{{ 'content/may/hello' | uuid }}", "9e1d416f-e0a4-5c00-a9d6-41ccc4e1faa0"),
    ],
)
def test_keys_are_made_as_a_system_wants_them(template: str, expected: str) -> None:
    assert Value(template).render({}) == expected


@pytest.mark.parametrize("text", ["東京", "!?", ""])
def test_no_slug_is_made_of_nothing(text: str) -> None:
    with pytest.raises(TemplateFailed, match="no letter or digit"):
        Value("{{ text | slug }}").render({"text": text})
