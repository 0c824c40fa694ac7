"""Fit the ledgers in data/calibrations again and write what of them ships: data/fitted_coefficients.json.

python docs/make_coefficients.py

A calibration ships where five of its sources have a law that can be believed; each one's laws are written beside its
ledger. The numbers of a fit differ in their last digits between machines, so a test compares digests of the ledgers.
"""

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))  # the checkout, installed or not

from advisor.calibrations.coefficients import write_coefficients
from advisor.json_fields import SCHEMA_VERSION
from calibration.campaign import refit
from calibration.lines.document import write_calibrated

DATA = Path(__file__).parent.parent / "data"
# The one that answers without --calibration: see docs/calibrations.md.
DEFAULT = "text"


def main() -> None:
    """Write the laws of every ledger, and the coefficients of those that give some."""
    calibrations: list[Any] = []
    for folder in sorted(path.parent for path in (DATA / "calibrations").glob("*/plan.json")):
        found = refit.fit([folder], name=folder.name)
        for path in write_calibrated(found, folder):
            if path.name == "fitted_coefficients.json":
                path.unlink()  # they ship together
        if found.document is None:
            print(f"{folder.name}: {str(found.refusal).splitlines()[0]}")
            continue
        print(f"{folder.name}: {found.regression and found.regression.predictors.verdict}")
        calibrations += found.document["calibrations"]
    names = [one["name"] for one in calibrations]
    default = DEFAULT if DEFAULT in names else names[0] if names else None
    document = {"schema_version": SCHEMA_VERSION, "default": default, "calibrations": calibrations}
    write_coefficients(document, DATA / "fitted_coefficients.json")


if __name__ == "__main__":
    main()
