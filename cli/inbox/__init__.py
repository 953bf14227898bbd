"""`kontor inbox`: what mail waits for people, whose it is and why, and what they do about it."""
