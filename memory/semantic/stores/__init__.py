"""Vector stores behind one Protocol."""
