"""How what repeated runs say looks."""
