"""The content desk: what it knows of a text. Pure: no file, no model, no clock is read here."""
