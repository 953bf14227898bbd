"""Requests for approval, their answers and links, in SQL."""
