"""Sequences to H, the compressibility of a corpus, and its profile."""
