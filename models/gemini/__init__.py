"""Answers from Gemini: prompts, the client, and checks that an answer stands in the evidence."""
