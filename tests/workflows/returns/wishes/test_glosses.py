"""A German, French or Spanish letter is read by the words that trade needs, and never stands by itself."""

import pytest

from tests.workflows.returns.wishes.letters import CUSTOMER
from workflows.returns.wishes.acceptance import FOREIGN, accepted, card, forbidden, weighed
from workflows.returns.wishes.asking import question_of
from workflows.returns.wishes.glosses import LANGUAGES, in_english
from workflows.returns.wishes.letter import Gap, Kind, OrderReading, Piece
from workflows.returns.wishes.reader import read

RETURNS = {
    "de": "Guten Tag, aus der Bestellung W-90001 möchte ich die Lampe zurückgeben, sie flackert. Die Flasche "
    "behalte ich. Das Geld bitte auf meine Visa. Danke, Anna",
    "fr": "Bonjour, je voudrais vous retourner la lampe de la commande W-90001, elle clignote. La "
    "bouteille, je "
    "la garde. Le remboursement sur ma Visa, merci. Anna",
    "es": "Hola, del pedido W-90001 quiero devolver la lámpara, parpadea mucho. La botella me la quedo. "
    "El dinero "
    "a mi Visa, por favor. Anna",
}
CHANGES = {
    "de": "Hallo, in der Bestellung W-90002 hätte ich die Flasche lieber in Rot statt blau, bitte. Anna",
    "fr": "Bonjour, dans la commande W-90002 je voudrais la bouteille en rouge plutôt que bleue. Merci, Anna",
    "es": "Hola, en el pedido W-90002 quiero la botella en rojo en vez de azul, por favor. Gracias, Anna",
}
CANCELS = {
    "de": "Bitte stornieren Sie die Bestellung W-90002, ich brauche die Flasche nicht mehr.",
    "fr": "Merci d'annuler la commande W-90002, je n'ai plus besoin de la bouteille.",
    "es": "Por favor, cancelen el pedido W-90002, ya no necesito la botella.",
}


def reading(message: str, language: str, order: str) -> OrderReading:
    letter = weighed(read(message, CUSTOMER, language=language), local=False)
    return next(one for one in letter.orders if one.order == order)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_goes_back_and_what_is_kept_is_read(language: str) -> None:
    found = reading(RETURNS[language], language, "W-90001")

    assert [(wish.kind, wish.pieces, wish.method) for wish in found.wishes] == [
        (Kind.RETURN, (Piece(line="L3"),), "card-1")
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_shall_be_otherwise_is_read(language: str) -> None:
    found = reading(CHANGES[language], language, "W-90002")

    assert [wish.pieces for wish in found.wishes] == [(Piece(line="L1", sku="BOTTLE-1000-RED"),)]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("letters", "order"), [(RETURNS, "W-90001"), (CHANGES, "W-90002"), (CANCELS, "W-90002")]
)
def test_the_customer_is_asked_whether_that_is_meant_and_nothing_is_done_without(
    letters: dict[str, str], order: str, language: str
) -> None:
    found = reading(letters[language], language, order)

    assert not accepted(found, card())
    assert FOREIGN in forbidden(found)
    question = question_of(found)
    assert question is not None
    assert question.gap is Gap.CONFIRM


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("de", "Bitte stornieren Sie die Bestellung W-90002 nicht, ich behalte die Flasche."),
        ("fr", "N'annulez pas la commande W-90002, je garde la bouteille."),
        ("es", "No cancelen el pedido W-90002, me quedo la botella."),
    ],
)
def test_what_is_refused_in_another_language_is_not_even_asked_about(language: str, words: str) -> None:
    letter = weighed(read(words, CUSTOMER, language=language), local=False)

    assert not any(accepted(one, card()) for one in letter.orders)
    assert not any(question_of(one) for one in letter.orders)


def test_goods_are_called_as_the_orders_call_them_and_what_they_do_not_know_stays() -> None:
    told = in_english("Die Lampe und der Wasserkocher bitte zurück.", "de", CUSTOMER.orders)

    assert told == "the lamp and the Wasserkocher please back."


def test_an_address_stays_as_it_was_written() -> None:
    told = in_english("Bitte an 12 Rote Straße, Suite 4, Austin, TX 78701 liefern.", "de", CUSTOMER.orders)

    assert told == "please an 12 Rote Straße, Suite 4, Austin, TX 78701 deliver."
