"""Who answers a question: local classifiers, Gemini, or a person; with budgets and a cache."""
