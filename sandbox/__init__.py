"""A small outside world for the demo and the tests, with faults on demand."""
