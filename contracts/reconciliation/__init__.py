"""Differences between our records and the outside world: what they are, and what is said about them."""
