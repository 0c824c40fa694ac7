"""Readers: documents from one kind of file each, in order and, where the format allows, at given positions."""
