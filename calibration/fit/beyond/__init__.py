"""How a law does beyond the budgets it was fitted to: measured on its own runs, and on new ones."""
