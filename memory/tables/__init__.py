"""The authoritative tables, one noun a file; importing this package registers all of them."""
