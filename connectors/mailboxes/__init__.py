"""Mailboxes that mail comes in by."""
