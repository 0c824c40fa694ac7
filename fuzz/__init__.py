"""Hostile inputs for every reader and parser: what fails on them, where, and what it costs. ``python fuzz/run.py``."""
