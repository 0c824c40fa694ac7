"""Every node of every document that advisor writes, replaced by what nobody expects there: our error, or success."""

from __future__ import annotations

import copy
import json
import math
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from advisor.calibrations.coefficients import load_coefficients
from advisor.compressibility.group_profiles import read_group_profiles
from advisor.compressibility.profile_file import read_profile
from advisor.errors import AdvisorError
from advisor.json_fields import json_text
from advisor.laws.law_file import law_document, read_law
from advisor.laws.published import chinchilla
from advisor.laws.scaling_law import Decay
from advisor.pilot.pilot_file import read_pilot_file
from advisor.run_tables.rows import read_rows
from calibration.fit.runs import read_run_table
from tests.calibrations import hand_made

LEFT_OUT = object()
VALUES = [
    None,
    True,
    -1,
    0,
    1e308,
    10**399,
    "",
    "x\0",
    [],
    {},
    [[[[[1]]]]],
    math.nan,
    -math.inf,
    -0.0,
    5e-324,
    LEFT_OUT,
]
N_DRAWN = 400  # of a document's mutations, the same in each run; all of them take minutes

Path_ = tuple[str | int, ...]


def nodes(value: Any, path: Path_ = ()) -> Iterator[Path_]:
    """Yield where each node is; of a list its first two elements."""
    yield path
    keys = list(value) if isinstance(value, dict) else range(min(len(value), 2)) if isinstance(value, list) else ()
    for key in keys:
        yield from nodes(value[key], (*path, key))


def mutated(document: Any, path: Path_, value: object) -> Any:
    if not path:
        return None if value is LEFT_OUT else value
    found = copy.deepcopy(document)
    at = found
    for key in path[:-1]:
        at = at[key]
    if value is LEFT_OUT:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return found


def law() -> Any:
    whole = chinchilla()
    return law_document(replace(whole, draws=whole.draws[:2], decay=Decay(15.0, 5.0, "made up")))


def coefficients() -> Any:
    found = hand_made.document(hand_made.calibration())
    regression = found["calibrations"][0]["regression"]
    regression["draws"] = regression["draws"][:2]
    return found


def pilot() -> Any:
    corpus = {"name": "code", "compressibility": 0.4, "bytes_per_token": 3.0, "non_ascii_fraction": 0.1}
    numbers = {"ln_n_params": 0.1, "ln_n_params_sd": 0.2, "flops": 1e18}
    head = {"schema_version": 1, "kind": "pilot", **numbers, "source": "pilot.csv", "sha256": "0"}
    return {**head, "corpus": corpus, "reference": {**corpus, "name": "web"}}


def runs() -> Any:
    sizes = [(n, k) for n in (1e7, 3e7, 1e8) for k in (10, 20)]
    losses = [1.7 + 400 * n**-0.34 + 410 * (k * n) ** -0.28 for n, k in sizes]
    return [{"n_params": n, "n_tokens": k * n, "loss": loss} for (n, k), loss in zip(sizes, losses, strict=True)]


def columns() -> Any:
    return {name: [run[name] for run in runs()] for name in runs()[0]}


DOCUMENTS: dict[str, tuple[Callable[[], Any], Callable[[Path], object]]] = {
    "law": (law, read_law),
    "coefficients": (coefficients, load_coefficients),
    "profile": (lambda: {"schema_version": 1, "corpora": [hand_made.profile()]}, read_profile),
    "groups": (lambda: {"schema_version": 1, "corpora": [hand_made.profile()]}, read_group_profiles),
    "groups by hand": (lambda: {"corpora": {"code": {"compressibility": 0.4, "sd": 0.01}}}, read_group_profiles),
    "pilot": (pilot, read_pilot_file),
    "runs": (runs, lambda path: read_run_table(path, columns={}, group=None)),
    "columns": (columns, lambda path: read_run_table(path, columns={}, group=None)),
    "rows": (lambda: {"columns": ["n_params", "loss"], "data": [[1e8, 3.0]]}, read_rows),
}


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_a_document_with_any_node_replaced_is_read_or_refused(kind, tmp_path):
    made, read = DOCUMENTS[kind]
    document = json.loads(json_text(made()) if isinstance(made(), dict) else json.dumps(made()))
    path = tmp_path / "document.json"
    path.write_text(json.dumps(document))
    read(path)  # as it is, it is read
    cases = [(where, value) for where in nodes(document) for value in VALUES]
    refused = []
    for where, value in random.Random(kind).sample(cases, min(N_DRAWN, len(cases))):
        path.write_text(json.dumps(mutated(document, where, value)))
        try:
            read(path)
        except AdvisorError as error:
            refused.append(str(error))
    assert refused
    assert all(str(path) in message and message.isprintable() for message in refused)
