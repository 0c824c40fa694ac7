"""A table of training runs to a law, and whether to believe it."""
