"""The console script `kontor`."""
