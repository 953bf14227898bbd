"""The console script `kontor`; thin."""

import os
import sys

from cli.app import app
from cli.console import ERR


def main() -> None:
    """Run the command line and leave with its exit code.

    The Temporal SDK's native threads can crash a short Python 3.11 process while the interpreter
    shuts down, after all work is done; leaving directly keeps that from users and scripts.
    """
    code: int | str | None = 0
    try:
        app()
    except SystemExit as leaving:
        code = leaving.code
    except KeyboardInterrupt:
        ERR.print("stopped")
        code = 130
    if isinstance(code, str):
        ERR.print(code)
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code or 0)


if __name__ == "__main__":
    main()
