"""How many of a thing there are, as people say it: `1 case`, `2 cases`."""


def counted(number: int, thing: str, things: str = "") -> str:
    """Return the number with the thing's name.

    Args:
        number: how many.
        thing: the name of one.
        things: the name of several, where it is not that with an `s`.
    """
    return f"{number} {thing if number == 1 else things or f'{thing}s'}"
