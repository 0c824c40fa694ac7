"""Making coefficients: grammars, training grids, fits and regressions."""
