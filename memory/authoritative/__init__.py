"""The only source of truth: cases, decisions, permits, budgets, answers, in SQL."""
