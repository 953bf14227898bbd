"""The append-only log of what happened and why: hash-chained, signed, anchored, verified."""
