"""What is promised to whoever writes, and how much of it is used: reckoned from events, never stored."""
