"""Trunks as tasks of a Ray cluster: its nodes, its storage, its one writer of the ledger."""
