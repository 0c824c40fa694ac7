"""What ``advisor calibrate`` is asked for, and what becomes of what it finds."""
