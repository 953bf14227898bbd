"""Verdicts from Cedar policies, and who may approve what."""
