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

from advisor.corpus.hub import client
from advisor.corpus.hub.dataset import HubOptions, open_hub
from advisor.errors import AdvisorError

slept = 0.0
if without := os.environ.get("WITHOUT"):
    sys.modules[without] = None  # type: ignore[assignment]


def sleep(seconds: float) -> None:
    global slept
    slept += seconds


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
            "table": None if table is None else table.to_pylist(),
        }
    except AdvisorError as error:
        return {"error": str(error), "kind": type(error).__name__}


def main() -> None:
    """Run every case."""
    global slept
    real_sleep, time.sleep = time.sleep, sleep
    client.ANSWER_LIMIT = 0.3
    results = []
    for case in json.load(sys.stdin):
        slept, start = 0.0, time.perf_counter()
        result = run(case)
        results.append({**result, "seconds": time.perf_counter() - start, "slept": slept})
    time.sleep = real_sleep
    json.dump(results, sys.stdout, default=str)


if __name__ == "__main__":
    main()
