"""What a customer's message asks for: cleaned, cut into clauses, read into wishes; rules that only refuse."""
