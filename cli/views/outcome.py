"""The outcome of a verdict, in its colour."""

COLOURS = {"allow": "green", "ask": "yellow", "deny": "red"}


def coloured(outcome: str) -> str:
    """Return the outcome as it looks at a terminal."""
    return f"[{COLOURS[outcome]}]{outcome}[/]"
