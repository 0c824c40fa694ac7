"""A shape and tokens to losses: trunks (a run with a cooldown branch for each D) and stacks (models trained as one)."""
