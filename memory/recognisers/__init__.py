"""What finds secrets and personal data in a text, each kind in a module of its own."""
