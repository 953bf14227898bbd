"""The manifest by the name that programs outside import it by; `contracts.connector` is where it lives."""

from contracts.connector import Manifest

__all__ = ["Manifest"]
