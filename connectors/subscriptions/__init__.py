"""Subscriptions: their file, the message that an episode becomes, and how it is sent, and where it may be."""
