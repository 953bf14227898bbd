"""One thing that the doctor looked at, and what to do about it."""

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "off", "bad"]


@dataclass(frozen=True)
class Finding:
    """One part.

    Attributes:
        state: `ok`, `off` (not running, or not wanted now) or `bad` (broken).
        where: where it is, or how it stands.
        advice: the next step; there is one for everything that is not `ok`.
    """

    part: str
    state: State
    where: str
    advice: str = ""
