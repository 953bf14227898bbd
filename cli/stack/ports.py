"""Ports that `kontor up` needs for itself: what is taken is said at once."""

import socket


class PortTaken(RuntimeError):
    """Something else listens where a child of ours is to listen; the message says where, and what to do."""


def check_free(port: int, what: str, setting: str) -> None:
    """Let a port pass that nothing listens at.

    Args:
        port: at this machine's loopback address.
        what: what is to listen there.
        setting: the variable that moves it elsewhere.

    Raises:
        PortTaken: something does.
    """
    with socket.socket() as probe:
        # What an ended process leaves behind for a while takes no port from us.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise PortTaken(
                f"port {port}, where {what} is to listen, is taken ({error.strerror}): "
                f"stop what listens there, perhaps another Kontor, or set {setting}"
            ) from None
