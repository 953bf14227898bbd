"""The checkable claims of a text: what in a sentence can be compared with a source."""
