"""Tests of ``advisor.pilot``."""
