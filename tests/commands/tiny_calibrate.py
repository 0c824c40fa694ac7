"""`advisor calibrate` with one preset more, `tiny`, which trains grammars for a second or two.

Usage: tiny_calibrate.py calibrate --preset tiny ... Its recipe takes the place of the tuned one; TINY_RATE is its rate.
"""

import dataclasses
import os

from advisor.cli import main
from calibration.campaign.planning import RECIPES
from calibration.campaign.presets import PRESETS
from tests.campaign.toy_calibration import GRID, TINY


def register():
    RECIPES["tuned"] = dataclasses.replace(GRID.recipe, rate=float(os.environ.get("TINY_RATE", "0.02")))
    PRESETS["tiny"] = dataclasses.replace(TINY, only=("A1", "A2"))


if __name__ == "__main__":
    register()
    main()
