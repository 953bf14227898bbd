"""Outside listings, divergences and imported accounting lines, in SQL."""
