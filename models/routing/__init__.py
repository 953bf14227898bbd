"""Who is asked a question, in which order, at what cost; and what a candidate is."""
