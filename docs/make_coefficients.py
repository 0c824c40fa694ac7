"""Fit what is in data/calibrations again and write what of it ships: data/fitted_coefficients.json.

python docs/make_coefficients.py            the ledgers, and the tables of others where they are at hand
python docs/make_coefficients.py --tables   the tables alone; what the ledgers gave stays as it is

A calibration ships where five of its sources have a law that can be believed and it is no control; each one's laws are
written beside its ledger. The numbers of a fit differ in their last digits between machines, so a test compares digests
of the ledgers.
``six-corpora`` is made of other people's runs, which may not be copied (docs/calibrations.md says where they are): what
is kept of them is what the commands of TABLES write, and without the table that stays as it is.
"""

import json
import os
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))  # the checkout, installed or not

from advisor.calibrations.coefficients import write_coefficients
from advisor.cli import group
from advisor.json_fields import SCHEMA_VERSION
from calibration.campaign import refit
from calibration.lines.document import write_calibrated

ROOT = Path(__file__).parent.parent
DATA = ROOT / "data"
# The one that answers without --calibration: see docs/calibrations.md.
DEFAULT = "six-corpora"
# To tell H from the entropy rate, not to answer by: its two grids share one budget.
CONTROLS = ("pcfg-two-way",)
_SIX = "data/calibrations/six-corpora"
_RUNS = "../shared/reference/six_corpora_sweep.csv"
_HOW = (
    f"--group corpus --covariate compressibility --profiles {_SIX}/profiles.json --h-ref .5645 --source "
    "'Brandfonbrener et al. 2024, arXiv:2411.12925: KempnerInstitute/loss-to-loss-notebooks @ 457ce81'"
)
# What each file was made by, from the root of the project.
TABLES = {
    f"{_SIX}/six-corpora.json": f"advisor fit {_RUNS} {_HOW}",
    f"{_SIX}/six-corpora-non-embedding.json": (
        f"advisor fit {_RUNS} {_HOW} --columns n_params=n_non_embedding --count non-embedding"
    ),
}


def main() -> None:
    """Write the laws of every ledger, and the coefficients of those that give some."""
    made = [*(_as_they_are() if "--tables" in sys.argv else _from_ledgers()), *_from_tables()]
    names = [one["name"] for one in made]
    default = DEFAULT if DEFAULT in names else names[0] if names else None
    document = {"schema_version": SCHEMA_VERSION, "default": default, "calibrations": made}
    write_coefficients(document, DATA / "fitted_coefficients.json")


def _as_they_are() -> list[Any]:
    found = json.loads((DATA / "fitted_coefficients.json").read_text(encoding="utf-8"))["calibrations"]
    return [one for one in found if (DATA / "calibrations" / one["name"] / "runs.jsonl").exists()]


def _from_ledgers() -> Iterator[Any]:
    for folder in sorted(path.parent for path in (DATA / "calibrations").glob("*/plan.json")):
        found = refit.fit([folder], name=folder.name)
        for path in write_calibrated(found, folder):
            if path.name == "fitted_coefficients.json":
                path.unlink()  # they ship together
        if found.document is None:
            print(f"{folder.name}: {str(found.refusal).splitlines()[0]}")
            continue
        print(f"{folder.name}: {found.regression and found.regression.predictors.verdict}")
        if folder.name not in CONTROLS:
            yield from found.document["calibrations"]


def _from_tables() -> Iterator[Any]:
    os.chdir(ROOT)
    for name, command in TABLES.items():
        if Path(_RUNS).is_file():
            words = [*shlex.split(command)[1:], "--coefficients", name]
            group.main(words, prog_name="advisor", standalone_mode=False)
        yield from json.loads(Path(name).read_text(encoding="utf-8"))["calibrations"]


if __name__ == "__main__":
    main()
