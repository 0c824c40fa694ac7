"""An allocation to a run: shape, batch and rate, hardware, time, money, memory."""
