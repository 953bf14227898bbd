"""The returns desk: from a customer's message to a settled refund."""
