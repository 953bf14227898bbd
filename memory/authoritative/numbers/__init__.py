"""What the office's numbers mean and how each is read from the books; `catalogue.NUMBERS` lists them."""
