"""Where every printed number comes from: formula, constants and source, as data."""
