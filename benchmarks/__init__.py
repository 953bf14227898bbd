"""Measurements: `make bench` (speed) and `make eval` (quality), each beside a floor.

One module is one area; it offers `async def rows() -> list[Row]`.
"""
