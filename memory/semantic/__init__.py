"""What is recalled by meaning: text in SQL, vectors beside it, rebuilt from SQL at any time."""
