"""`kontor demo`: a morning at work, held against the channels' own databases."""
