"""Whether the column of N counts what it is taken to count: with embeddings, or without."""

from __future__ import annotations

from collections.abc import Mapping

from advisor.errors import UsageError
from calibration.fit.table.names import says_without_embeddings
from calibration.fit.table.reading import TableReading


def check_count(found: TableReading, named: Mapping[str, str]) -> None:
    """Raise where N's column is named as without embeddings; it is for where nobody said what N counts.

    ``named`` has the names of columns that the user gave.
    """
    column = found.columns["n_params"]
    if column is None or not says_without_embeddings(column):
        return
    what = f"--columns n_params={column}" if "n_params" in named else f"{found.path}: the column {column}"
    raise UsageError(
        f"{what} reads like parameters without embeddings: say --count non-embedding, or --count total if N counts "
        "them all."
    )


def check_count_of_law(found: TableReading, named: Mapping[str, str], count: str) -> None:
    """Raise where N was taken from a column named as without embeddings, for a law that counts them."""
    column = found.columns["n_params"]
    if column is None or "n_params" in named or count != "total" or not says_without_embeddings(column):
        return
    raise UsageError(
        f"{found.path}: the column {column} reads like parameters without embeddings, and the law counts them: "
        f"name the column of all parameters, or say --columns n_params={column} if it counts them all."
    )
