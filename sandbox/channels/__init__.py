"""The small outside world: three sales channels over one stock."""
