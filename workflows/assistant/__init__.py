"""The assistant desk: conversations with customers."""
