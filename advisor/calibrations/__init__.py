"""Calibrations that ship or are installed: how laws move with H, and how far to believe it."""
