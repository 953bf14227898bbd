"""How a call travels: HTTP, SMTP, a file; and who it is signed by."""
