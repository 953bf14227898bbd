"""A small server that speaks Gemini's REST."""
