"""Files that people hand in: an office's mapping of columns, and a tolerant reader."""
