"""Run hub cases, given as a JSON list on stdin, in one process; print what came of each as one JSON list.

The libraries read HF_ENDPOINT, HF_HOME and HF_HUB_OFFLINE when they are imported, so each environment needs a process,
and each process costs the 1.5 s of that import: cases share one. Sleeps are not slept but added up. A package named in
the environment variable WITHOUT is as if not installed.
"""

import json
import os
import sys
import time
from typing import Any

from advisor.corpus.hub import client, reading, served
from advisor.corpus.hub.dataset import HubOptions, open_hub
from advisor.errors import AdvisorError
from advisor.untrusted.child import Child

slept = 0.0
if without := os.environ.get("WITHOUT"):
    sys.modules[without] = None  # type: ignore[assignment]


def sleep(seconds: float) -> None:
    global slept
    slept += seconds


class Here(Child):
    """The child's functions, called in this process: where a sleep can be counted, and a limit be short."""

    def __init__(self, module: str, *, most_bytes: int = 0) -> None:
        assert module == served.__name__

    def call(self, function: str, request: Any, files: Any = (), *, seconds: float | None = None) -> Any:
        """Return what the function answers, as it would come through the link."""
        answer, blob = getattr(served, function)(json.loads(json.dumps(request)), [])
        return json.loads(json.dumps(answer)), bytearray(blob)

    def close(self) -> None:
        """Do nothing: there is no process."""

    is_alive = True  # type: ignore[assignment]


def table_of(found: Any) -> list[dict[str, Any]]:
    """Return all rows of a downloaded dataset, as slices of its columns bring them."""
    paths = [(name,) for name in found.schema.names]
    rows = []
    for columns in found.table.values(paths, 0, found.n_rows, 1):
        lists = (column.to_pylist() for column in columns)
        rows += [dict(zip(found.schema.names, row, strict=True)) for row in zip(*lists, strict=True)]
    return rows


def run(case: dict[str, Any]) -> dict[str, Any]:
    """Open the case's dataset and read every shard, then the first row of each again."""
    options = dict(case.get("options", {}))
    options["data_files"] = tuple(options.get("data_files", ()))
    os.environ.pop("HF_TOKEN", None)
    os.environ.update(case.get("environ", {}))
    try:
        found = open_hub(case["source"], HubOptions(**options), column=case.get("column"))
        table = found.table
        return {
            "source": found.source,
            "split": found.split,
            "n_rows": found.n_rows,
            "columns": found.schema.names if found.schema is not None else None,
            "shards": [[dict(row) for row in shard()] for shard in found.shards],
            "again": [next(shard(), None) for shard in found.shards],
            "table": None if table is None else table_of(found),
        }
    except AdvisorError as error:
        return {"error": str(error), "kind": type(error).__name__}


def main() -> None:
    """Run every case."""
    global slept
    real_sleep, time.sleep = time.sleep, sleep
    client.ANSWER_LIMIT = 0.3
    reading.Child = Here  # type: ignore[misc]
    served.bound_memory = lambda most_bytes: None
    results = []
    for case in json.load(sys.stdin):
        slept, start = 0.0, time.perf_counter()
        result = run(case)
        results.append({**result, "seconds": time.perf_counter() - start, "slept": slept})
    time.sleep = real_sleep
    json.dump(results, sys.stdout, default=str)


if __name__ == "__main__":
    main()
