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
    from advisor.answer.request import Request
    from advisor.calibrations.coefficients import load_coefficients
    from advisor.compressibility.mixture import score_mixture
    from advisor.compressibility.score import score
    from advisor.compressibility.units import count_tokens
    from advisor.laws.scaling_law import ScalingLaw
    from advisor.plan.shape import find_architecture

__all__ = [
    "Request",
    "ScalingLaw",
    "compare",
    "count_tokens",
    "explain_recommendation",
    "find_architecture",
    "load_coefficients",
    "recommend",
    "score",
    "score_mixture",
]

# Where each public name lives: a name is imported when it is first used (PEP 562), so that `import advisor` is free.
_HOMES = {
    "Request": "advisor.answer.request",
    "ScalingLaw": "advisor.laws.scaling_law",
    "compare": "advisor.answer.comparison",
    "count_tokens": "advisor.compressibility.units",
    "explain_recommendation": "advisor.answer.explained",
    "find_architecture": "advisor.plan.shape",
    "load_coefficients": "advisor.calibrations.coefficients",
    "recommend": "advisor.answer.recommendation",
    "score": "advisor.compressibility.score",
    "score_mixture": "advisor.compressibility.mixture",
}


def __getattr__(name: str) -> Any:
    """Return a public name, importing the module that has it."""
    if name not in _HOMES:
        raise AttributeError(f"module 'advisor' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
