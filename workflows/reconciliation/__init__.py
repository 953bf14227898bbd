"""Our records against the outside world: found by schedule, each difference a case."""
