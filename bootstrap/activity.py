"""What a worker serves."""

from collections.abc import Callable

Activity = Callable[..., object]
"""A bound method that is a Temporal activity."""
