"""Sources of events: their files, their signatures, and how an event is read from what they send."""
