"""The laws of several sources to lines in H, and to a coefficients file."""
