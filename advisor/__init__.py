"""Given this corpus and this compute: how many parameters, how many tokens?

>>> import advisor
>>> answer = advisor.recommend(advisor.Request(flops=1e21))
>>> f"{answer.headline.n_params:.2e} parameters, {answer.headline.n_tokens:.2e} tokens"
'2.78e+09 parameters, 5.99e+10 tokens'
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from advisor.answer.comparison import compare
    from advisor.answer.explained import explain_recommendation
    from advisor.answer.recommendation import recommend
    from advisor.answer.repeat_table import repeat_table
    from advisor.answer.request import Request
    from advisor.answer.table import table
    from advisor.calibrations.coefficients import load_coefficients
    from advisor.compressibility.mixture import score_mixture
    from advisor.compressibility.score import score
    from advisor.compressibility.units import count_tokens
    from advisor.corpus.options import CorpusOptions
    from advisor.corpus.sampling import Sampling
    from advisor.errors import AdvisorError
    from advisor.laws.scaling_law import ScalingLaw
    from advisor.plan.shape import find_architecture
    from calibration.campaign.calibrate import calibrate
    from calibration.campaign.planning import CalibrationRequest
    from calibration.campaign.refit import refit
    from calibration.fit.analysis import fit

__all__ = [
    "AdvisorError",
    "CalibrationRequest",
    "CorpusOptions",
    "Request",
    "Sampling",
    "ScalingLaw",
    "calibrate",
    "compare",
    "count_tokens",
    "explain_recommendation",
    "find_architecture",
    "fit",
    "load_coefficients",
    "recommend",
    "refit",
    "repeat_table",
    "score",
    "score_mixture",
    "table",
]

# Where each public name lives: a name is imported when it is first used (PEP 562), so that `import advisor` is free.
_HOMES = {
    "AdvisorError": "advisor.errors",
    "CalibrationRequest": "calibration.campaign.planning",
    "CorpusOptions": "advisor.corpus.options",
    "Request": "advisor.answer.request",
    "Sampling": "advisor.corpus.sampling",
    "ScalingLaw": "advisor.laws.scaling_law",
    "calibrate": "calibration.campaign.calibrate",
    "compare": "advisor.answer.comparison",
    "count_tokens": "advisor.compressibility.units",
    "explain_recommendation": "advisor.answer.explained",
    "find_architecture": "advisor.plan.shape",
    "fit": "calibration.fit.analysis",
    "load_coefficients": "advisor.calibrations.coefficients",
    "recommend": "advisor.answer.recommendation",
    "refit": "calibration.campaign.refit",
    "repeat_table": "advisor.answer.repeat_table",
    "score": "advisor.compressibility.score",
    "score_mixture": "advisor.compressibility.mixture",
    "table": "advisor.answer.table",
}


def __getattr__(name: str) -> Any:
    """Return a public name, importing the module that has it."""
    if name not in _HOMES:
        raise AttributeError(f"module 'advisor' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """Return the public names beside what is imported already."""
    return sorted({*globals(), *__all__})
