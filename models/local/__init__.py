"""Answers from this machine: a sentence-transformer, classifier heads, calibration."""
