"""What a service tells systemd (`Type=notify`): that it is ready, that it moves, that it stops."""

import os
import socket


def tell(state: str) -> None:
    """Send one state, such as `READY=1`; without systemd nothing happens.

    The protocol is a datagram to the socket that `NOTIFY_SOCKET` names; see sd_notify(3).
    """
    place = os.environ.get("NOTIFY_SOCKET")
    if not place:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sending:
        sending.connect("\0" + place[1:] if place.startswith("@") else place)
        sending.send(state.encode())
