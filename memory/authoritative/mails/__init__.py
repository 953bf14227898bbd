"""Mails in SQL: kept once, placed, listed, and taken apart again."""
