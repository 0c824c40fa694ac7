"""Rows of a document as a data frame."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from advisor.errors import AdvisorError, install_command

if TYPE_CHECKING:
    import pandas


def frame_of(rows: Iterable[Mapping[str, Any]]) -> pandas.DataFrame:
    """Return a pandas data frame with a row for each of ``rows``.

    Raises:
        AdvisorError: pandas is not installed.
    """
    if importlib.util.find_spec("pandas") is None:
        raise AdvisorError(f"to_frame() needs the package pandas, which is not installed: {install_command('pandas')}")
    import pandas

    found = [flat(row) for row in rows]
    names = dict.fromkeys(name for row in found for name in row)
    nested = {name[:at] for name in names for at, char in enumerate(name) if char == "."}
    # What is an object in one row and null in another has its columns from the one.
    return pandas.DataFrame(found, columns=[name for name in names if name not in nested])


def flat(row: Mapping[str, Any], within: str = "") -> dict[str, Any]:
    """Return a row without objects in it: their keys have dotted names, and intervals are .low and .high.

    >>> flat({"law": "data", "interval80": {"n_params": [1.0, 2.0]}, "loss": None})
    {'law': 'data', 'interval80.n_params.low': 1.0, 'interval80.n_params.high': 2.0, 'loss': None}
    """
    found: dict[str, Any] = {}
    for key, value in row.items():
        name = f"{within}{key}"
        if isinstance(value, Mapping):
            found |= flat(value, f"{name}.")
        elif _is_interval(value):
            found |= {f"{name}.low": value[0], f"{name}.high": value[1]}
        else:
            found[name] = value
    return found


def _is_interval(value: object) -> bool:
    """Return whether this is a pair of numbers; an end that is not finite is None."""
    return isinstance(value, list) and len(value) == 2 and all(end is None or isinstance(end, float) for end in value)
