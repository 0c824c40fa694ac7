"""What the command fit shares out: how it reads a table, its coefficients, its files."""
