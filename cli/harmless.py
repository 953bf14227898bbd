"""Everything that a command prints goes through here, so that no stranger's text steers the terminal."""

from collections.abc import Iterator

from rich.console import Console, ConsoleOptions, ConsoleRenderable, RenderableType, RenderHook
from rich.segment import Segment

from contracts.printable import harmless


class _Shown:
    """Something to print, without what a stranger hid in its texts; styles and cursor moves of ours stay."""

    def __init__(self, inside: RenderableType) -> None:
        self._inside = inside

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        for segment in console.render(self._inside, options):
            yield segment if segment.control else segment._replace(text=harmless(segment.text))


class Harmless(RenderHook):
    """What a console prints, without what a stranger hid in it."""

    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        """Return what is to be printed, each thing made harmless."""
        return [_Shown(each) for each in renderables]
