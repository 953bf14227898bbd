"""What a short reply plainly picks among numbered choices, in whatever words: no desk's own rules.

A number, an ordinal, yes or no, both or all, or words that stand in one choice and in no other. English,
German, French and Spanish. What it does not plainly pick, it does not pick.
"""

import re
from collections.abc import Sequence

from contracts.reply import Heard


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_WORD = re.compile(r"[^\W_]+(?:[.,'/%-][^\W_]+)*%?")
_QUOTED = re.compile(r"^\s*(?P<number>\d{1,3})\s*[.):,-]\s+(?P<rest>\S.*)$", re.S)
_NUMBER_SIGN = re.compile(r"(?:\b(?:no|nr)\b\.?|nº|#)\s*(?=\d)", re.I)
_FILLERS = _set(
    """a an the one ones this that these those it its is was are please pls plz thanks thank you thx
    hi hello dear number option choice answer item line product i we mean meant my me want would like to
    prefer take choose pick of them for with in sorry best regards cheers just only then well oh that's it's
    bitte danke hallo nummer ich wir meine meinte den die das der dem ein eine einen es ist nehme nehmen
    möchte hätte gern gerne wähle für mit artikel posten option viele grüße gruß lg nur also dann
    s'il vous plaît svp merci bonjour numéro le la les un une je voudrais veux prends c'est article choix pour
    por favor gracias hola número el los las uno una yo quiero quisiera es artículo opción"""
)
_ORDINALS: dict[str, int] = {
    word: number
    for number, words in enumerate(
        (
            "first 1st erste ersten erstes erster premier première primero primera",
            "second 2nd zweite zweiten zweites zweiter deuxième deuxieme second segundo segunda",
            "third 3rd dritte dritten drittes dritter troisième troisieme tercero tercera",
            "fourth 4th vierte vierten viertes vierter quatrième quatrieme cuarto cuarta",
            "fifth 5th fünfte fünften fünftes fünfter cinquième cinquieme quinto quinta",
        ),
        start=1,
    )
    for word in words.split()
}
_COUNTED: dict[str, int] = {
    word: number
    for number, words in enumerate(
        (
            "eins",
            "two zwei deux dos",
            "three drei trois tres",
            "four vier quatre cuatro",
            "five fünf cinq cinco",
        ),
        start=1,
    )
    for word in words.split()
}
_AND = frozenset({"and", "und", "et", "y", "plus", "&"})
_BOTH = frozenset({"both", "beide", "beiden", "ambos", "ambas"})
_ALL = frozenset({"all", "everything", "alle", "alles", "tout", "tous", "toutes", "todo", "todos", "todas"})
_YES = _set(
    """yes yep yeah yup sure ok okay correct right exactly indeed confirmed confirm definitely absolutely
    go ahead do ja jawohl genau richtig stimmt korrekt einverstanden passt oui exact exactement accord
    sí si correcto exacto vale claro"""
)
_NO = _set("no nope nein nicht non nee")
PAIR = 2
"""So many are both."""
SHORT_WORDS = 6
"""A longer reply that is not understood says something of its own: a person reads it, nobody asks again."""


def plainly(text: str, choices: Sequence[str], *, several: bool = False) -> Heard:
    """Return what a reply plainly picks.

    Args:
        text: the customer's own words, without what they quote.
        choices: each choice as they read it, in its order.
        several: whether more than one may be picked.
    """
    text = _NUMBER_SIGN.sub("", text)
    if quoted := _QUOTED.match(text):
        return _agreeing(int(quoted["number"]), quoted["rest"], choices, several=several)
    words = _words(text)
    left = [word for word in words if word not in _FILLERS]
    if several and left and {*left} <= (_ALL | _BOTH if len(choices) == PAIR else _ALL):
        return Heard(says="chosen", picked=tuple(range(len(choices))), why="all of them")
    numbered = _numbered([word for word in left if word not in _AND], choices)
    if numbered and (several or len(numbered) == 1):
        return Heard(says="chosen", picked=numbered, why="by its number")
    named = _named(left, choices)
    if len(named) == 1:
        return Heard(says="chosen", picked=named, why="by its words")
    return _unread(words)


def yes_or_no(text: str, about: str = "") -> Heard:
    """Return whether a reply is a plain yes (the first choice) or a plain no (the second).

    Args:
        text: the customer's own words, without what they quote.
        about: words that they may repeat of what they were asked.
    """
    words = _words(text)
    if words in (["1"], ["2"]):
        return Heard(says="chosen", picked=(int(words[0]) - 1,), why="by its number")
    repeated = set(_words(about))
    left = [word for word in words if word in _NO or (word not in _FILLERS and word not in repeated)]
    if left and {*left} <= _YES:
        return Heard(says="chosen", picked=(0,), why="a plain yes")
    if left and {*left} <= _NO:
        return Heard(says="chosen", picked=(1,), why="a plain no")
    return _unread(words)


def _agreeing(number: int, rest: str, choices: Sequence[str], *, several: bool) -> Heard:
    """Read a number with words behind it: they must say the same, or nothing."""
    if not 1 <= number <= len(choices):
        return Heard(says="unclear", why=f"there is no choice {number}")
    said = plainly(rest, choices, several=several)
    place = number - 1
    if said.picked == (place,) or all(word in _FILLERS for word in _words(rest)):
        return Heard(says="chosen", picked=(place,), why="by its number")
    return said if said.says == "otherwise" else Heard(says="unclear", why="number and words differ")


def _numbered(left: Sequence[str], choices: Sequence[str]) -> tuple[int, ...]:
    """Return the places that bare numbers name; none where one could be a property of another choice."""
    places = []
    for word in left:
        number = int(word) if word.isdecimal() else _ORDINALS.get(word) or _COUNTED.get(word, 0)
        if not 1 <= number <= len(choices):
            return ()
        holders = {place for place, choice in enumerate(choices) if word in _words_of(choice)}
        if holders - {number - 1}:
            return ()
        places.append(number - 1)
    return tuple(dict.fromkeys(places))


def _named(left: Sequence[str], choices: Sequence[str]) -> tuple[int, ...]:
    """Return the choices that have every word of a reply."""
    if not left:
        return ()
    return tuple(place for place, choice in enumerate(choices) if {*left} <= _words_of(choice))


def _words_of(choice: str) -> set[str]:
    return set(_words(choice))


def _words(text: str) -> list[str]:
    """Return the words of a text; telephones write another apostrophe in `that's`."""
    return [word.lower() for word in _WORD.findall(text.replace("\u2019", "'"))]


def _unread(words: Sequence[str]) -> Heard:
    if len(words) > SHORT_WORDS:
        return Heard(says="otherwise", why="it says more than which of them")
    return Heard(says="unclear", why="it names none of them plainly")
