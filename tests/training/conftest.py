"""Training in tests is on one thread."""

import pytest


@pytest.fixture(autouse=True)
def no_gpu():
    """Tests of this room name their devices, and some need a GPU."""


@pytest.fixture(autouse=True)
def on_one_thread(one_thread):
    """Every test of this room."""
