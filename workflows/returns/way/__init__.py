"""The way of a return: authorised, sent, received, inspected, refunded, told."""
