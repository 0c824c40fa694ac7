"""Scaling laws: the loss they predict, their frontier, the published ones, law files."""
