"""Something wrong in an office folder, said so that a person can mend it."""

from contracts.frozen import Frozen


class Problem(Frozen):
    """One finding of `kontor check`: which file, which line (1-based, 0 if unknown), what, the fix."""

    file: str
    line: int
    what: str
    fix: str = ""

    def __str__(self) -> str:
        """Render as `file:line: what (fix)`, the form editors jump to."""
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.what}" + (f" ({self.fix})" if self.fix else "")


class OfficeInvalid(Exception):
    """The office folder cannot be used; carries every problem found, not only the first."""

    def __init__(self, problems: list[Problem]) -> None:
        """Keep the problems and show them one a line."""
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems
