"""Corpora that are measured whole."""
