"""The record of every effect: intended, sent, applied, failed, unknown, compensated."""
