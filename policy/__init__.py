"""Verdicts from Cedar policies: two questions, three answers, and a reason a shop owner can read.

An office's policies stand in `office/policies/*.cedar`, its people in `office/staff.toml`. The
schema is generated from the desks' fact types, so that a policy cannot name a fact that does not
exist.
"""
