"""Making coefficients: grammars, training grids, fits and regressions. ``advisor`` only reads what this writes."""
