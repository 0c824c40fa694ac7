"""Stored bytes of each compression: members of gzip, bzip2 and xz, frames of zstd, and where they stop."""
