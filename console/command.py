"""`kontor console`, the command."""

from bootstrap.door import run_door
from console.server import serve


def console() -> None:
    """Serve the web page where people of the staff work, until Ctrl-C.

    Nobody gets in without an invitation (kontor people invite NAME) or a passkey. Several may run behind a
    balancer on one database. `kontor up` runs one; KONTOR_CONSOLE_HOST and KONTOR_CONSOLE_PORT say where, and
    KONTOR_CONSOLE_URL how browsers reach it: anywhere but on this machine, by https.

    Example: KONTOR_CONSOLE_URL=https://kontor.example kontor console
    """
    run_door(serve)
