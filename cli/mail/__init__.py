"""`kontor mail`: mails in files, and those that are kept."""
