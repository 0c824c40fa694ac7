"""Tests of ``advisor.run_tables``."""
