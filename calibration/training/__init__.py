"""A shape and tokens to losses: small models trained on CPU or GPU."""
