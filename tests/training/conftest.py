"""Training in tests is on one thread."""

import pytest


@pytest.fixture(autouse=True)
def on_one_thread(one_thread):
    """Every test of this room."""
