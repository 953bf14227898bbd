"""The console script `kontor`; thin."""

import gc
import os
import sys

# Before anything is imported. A command's imports make objects that stay: looking for garbage among them
# is a tenth of its time. Kontor has no plugins for pydantic: looking for some reads every package's metadata.
gc.set_threshold(50_000, 20, 20)
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

from rich.markup import escape  # noqa: E402 (see above)

from cli.app import app  # noqa: E402 (see above)
from cli.terminal import ERR, EXIT_FOUND, EXIT_USAGE  # noqa: E402 (see above)

SAID_PLAINLY = (
    "contracts.office.OfficeInvalid",
    "memory.database.SchemaTooNew",
    "connectors.secrets.SecretsUnavailable",
    "settings.SettingsInvalid",
)
"""What a user can mend: said in its own words, without a traceback. By name, because a command that
needs neither database nor connectors imports neither."""


def main() -> None:
    """Run the command line and leave with its exit code.

    The Temporal SDK's native threads can crash a short Python 3.11 process while the interpreter
    shuts down, after all work is done; leaving directly keeps that from users and scripts.
    """
    code = _run()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _run() -> int:
    try:
        app()
    except SystemExit as leaving:
        if isinstance(leaving.code, str):
            ERR.print(leaving.code)
            return EXIT_FOUND
        return leaving.code or 0
    except KeyboardInterrupt:
        ERR.print("stopped")
        return 130
    except Exception as problem:
        if f"{type(problem).__module__}.{type(problem).__qualname__}" in SAID_PLAINLY:
            ERR.print(f"[bold red]error:[/] {escape(str(problem))}", soft_wrap=True)
        else:
            # A defect of ours: shown whole, and never a crash at exit.
            ERR.print_exception()
        return EXIT_USAGE if type(problem).__name__ == "SettingsInvalid" else EXIT_FOUND
    return 0


if __name__ == "__main__":
    main()
