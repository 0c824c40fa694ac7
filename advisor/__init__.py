"""Given this corpus and this compute: how many parameters, how many tokens?

    advisor.recommend("corpus/", flops="1e21")      what to train with a budget, as `advisor recommend`
    advisor.score("corpus/")                        how compressible a corpus is: its profile
    advisor.compare(["prose/", "code/"], flops=...) what several corpora or budgets want
    advisor.repeat("25B", flops="1e22")             what passes over the same tokens are worth
    advisor.table("hoffmann-table3")                a law's optima for sizes or budgets
    advisor.fit("runs.csv")                         the law of your own runs
    advisor.plan_pilot("corpus/", flops="1e22")     the small runs that would narrow an answer
    advisor.calibrate(preset="smoke")               laws of sources of known compressibility, trained here
    advisor.list_laws(), advisor.evidence()         every law there is; what the default rests on
    advisor.plot(answer, "answer.svg")              the picture of a result

Keywords are the commands' options, and numbers may be texts: flops="1e21", params="7B", hours="14d". What comes back is
a frozen dataclass: its repr is one line, str() the screen that the command prints, ``to_dict`` its JSON document,
``to_frame`` a pandas data frame. Every error of a user's is an ``advisor.AdvisorError``, in one sentence; nothing is
printed.

>>> import advisor
>>> answer = advisor.recommend(flops="1e21")
>>> answer
<Recommendation 2.78B parameters on 59.9B tokens for 1e21 FLOPs (chinchilla)>
>>> f"{answer.recommended.n_params:.2e} parameters, {answer.recommended.n_tokens:.2e} tokens"
'2.78e+09 parameters, 5.99e+10 tokens'
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from advisor.answer.comparison import Comparison
    from advisor.answer.explained import explain_recommendation
    from advisor.answer.recommendation import Recommendation
    from advisor.answer.repetition.repeat_table import RepeatTable, repeat_table
    from advisor.answer.request import Request
    from advisor.answer.table import AllocationTable
    from advisor.api.answers import compare, plan_pilot, recommend
    from advisor.api.calibrations import calibrate
    from advisor.api.measurement import score, score_mixture
    from advisor.api.runs import fit
    from advisor.api.tables import evidence, repeat, table
    from advisor.calibrations.coefficients import load_coefficients
    from advisor.calibrations.evidence import Scorecard
    from advisor.calibrations.law_list import LawList, list_laws
    from advisor.compressibility.score import Profile
    from advisor.compressibility.units import count_tokens
    from advisor.corpus.options import CorpusOptions
    from advisor.corpus.sampling import Sampling
    from advisor.errors import AdvisorError
    from advisor.laws.scaling_law import ScalingLaw
    from advisor.pilot.pilot import Pilot
    from advisor.pilot.pilot_file import PilotResult
    from advisor.plan.shape import find_architecture
    from advisor.report.pictures.plot import plot
    from calibration.campaign.planning import CalibrationRequest
    from calibration.campaign.refit import CalibrationOutcome, refit
    from calibration.fit.analysis import Analysis
    from calibration.fit.decay.decay_fit import DecayFit

    __version__: str

__all__ = [
    "AdvisorError",
    "AllocationTable",
    "Analysis",
    "CalibrationOutcome",
    "CalibrationRequest",
    "Comparison",
    "CorpusOptions",
    "DecayFit",
    "LawList",
    "Pilot",
    "PilotResult",
    "Profile",
    "Recommendation",
    "RepeatTable",
    "Request",
    "Sampling",
    "ScalingLaw",
    "Scorecard",
    "calibrate",
    "compare",
    "count_tokens",
    "evidence",
    "explain_recommendation",
    "find_architecture",
    "fit",
    "list_laws",
    "load_coefficients",
    "plan_pilot",
    "plot",
    "recommend",
    "refit",
    "repeat",
    "repeat_table",
    "score",
    "score_mixture",
    "table",
]

# Where each public name lives: a name is imported when it is first used (PEP 562), so that `import advisor` is free.
_HOMES = {
    "AdvisorError": "advisor.errors",
    "AllocationTable": "advisor.answer.table",
    "Analysis": "calibration.fit.analysis",
    "CalibrationOutcome": "calibration.campaign.refit",
    "CalibrationRequest": "calibration.campaign.planning",
    "Comparison": "advisor.answer.comparison",
    "CorpusOptions": "advisor.corpus.options",
    "DecayFit": "calibration.fit.decay.decay_fit",
    "LawList": "advisor.calibrations.law_list",
    "Pilot": "advisor.pilot.pilot",
    "PilotResult": "advisor.pilot.pilot_file",
    "Profile": "advisor.compressibility.score",
    "Recommendation": "advisor.answer.recommendation",
    "RepeatTable": "advisor.answer.repetition.repeat_table",
    "Request": "advisor.answer.request",
    "Sampling": "advisor.corpus.sampling",
    "ScalingLaw": "advisor.laws.scaling_law",
    "Scorecard": "advisor.calibrations.evidence",
    "calibrate": "advisor.api.calibrations",
    "compare": "advisor.api.answers",
    "count_tokens": "advisor.compressibility.units",
    "evidence": "advisor.api.tables",
    "explain_recommendation": "advisor.answer.explained",
    "find_architecture": "advisor.plan.shape",
    "fit": "advisor.api.runs",
    "list_laws": "advisor.calibrations.law_list",
    "load_coefficients": "advisor.calibrations.coefficients",
    "plan_pilot": "advisor.api.answers",
    "plot": "advisor.report.pictures.plot",
    "recommend": "advisor.api.answers",
    "refit": "calibration.campaign.refit",
    "repeat": "advisor.api.tables",
    "repeat_table": "advisor.answer.repetition.repeat_table",
    "score": "advisor.api.measurement",
    "score_mixture": "advisor.api.measurement",
    "table": "advisor.api.tables",
}


def __getattr__(name: str) -> Any:
    """Return a public name, importing the module that has it; ``__version__`` is what is installed."""
    if name == "__version__":
        return _version()
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    from advisor.errors import did_you_mean

    raise AttributeError(f"module 'advisor' has no attribute {name!r}{did_you_mean(name, __all__)}")


def _version() -> str:
    """Return the version of the installed distribution, or of the checkout where none is installed."""
    from importlib import metadata
    from pathlib import Path

    try:
        return metadata.version("data-scaling-advisor")
    except metadata.PackageNotFoundError:
        from configparser import ConfigParser

        found = ConfigParser()
        found.read(Path(__file__).parent.parent / "setup.cfg", encoding="utf-8")
        return found.get("metadata", "version", fallback="unknown")


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted([*__all__, "__version__"])
