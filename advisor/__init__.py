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
    from advisor.architecture import find_architecture
    from advisor.coefficients import load_coefficients
    from advisor.comparison import compare
    from advisor.explain.recommendation import explain_recommendation
    from advisor.mixture import score_mixture
    from advisor.recommendation import recommend
    from advisor.request import Request
    from advisor.scaling_law import ScalingLaw
    from advisor.scoring import score
    from advisor.units import count_tokens

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
    "Request": "advisor.request",
    "ScalingLaw": "advisor.scaling_law",
    "compare": "advisor.comparison",
    "count_tokens": "advisor.units",
    "explain_recommendation": "advisor.explain.recommendation",
    "find_architecture": "advisor.architecture",
    "load_coefficients": "advisor.coefficients",
    "recommend": "advisor.recommendation",
    "score": "advisor.scoring",
    "score_mixture": "advisor.mixture",
}


def __getattr__(name: str) -> Any:
    """Return a public name, importing the module that has it."""
    if name not in _HOMES:
        raise AttributeError(f"module 'advisor' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
