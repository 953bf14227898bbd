"""The content desk: what it knows of a text. Reads no file, no clock; searches an index that is given."""
