"""The console script `kontor`; thin."""

import os
import sys

from rich.markup import escape

from cli.app import app
from cli.console import ERR, EXIT_FOUND
from connectors.secrets import SecretsUnavailable
from contracts.problem import OfficeInvalid
from memory.database import SchemaTooNew

SAID_PLAINLY = (OfficeInvalid, SchemaTooNew, SecretsUnavailable)
"""What a user can mend: said in its own words, without a traceback."""


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
    except SAID_PLAINLY as problem:
        ERR.print(f"[bold red]error:[/] {escape(str(problem))}", soft_wrap=True)
        return EXIT_FOUND
    except Exception:
        # A defect of ours: shown whole, and never a crash at exit.
        ERR.print_exception()
        return EXIT_FOUND
    return 0


if __name__ == "__main__":
    main()
