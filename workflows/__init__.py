"""The desks' stories as deterministic workflows, and the pieces they share."""
