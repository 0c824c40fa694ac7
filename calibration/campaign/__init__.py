"""A request to a full ledger, and to coefficients: everything in one folder, resumable."""
