"""`kontor gateway`, the command."""

from bootstrap.door import run_door
from gateway.server import serve


def gateway() -> None:
    """Take in events over HTTP, until Ctrl-C: POST /in/SOURCE for each file of the office's sources/.

    Nothing is accepted before it is in the books, and nothing that was accepted is lost. Several may run
    behind a balancer on one database. `kontor up` runs one; KONTOR_GATEWAY_HOST and KONTOR_GATEWAY_PORT say
    where. It also answers /healthz and /readyz.

    Example: KONTOR_GATEWAY_PORT=8500 kontor gateway
    """
    run_door(serve)
