"""``list_laws``: every law there is with its constants and source, and the calibrations that ship or are installed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from advisor.calibrations.coefficients import Coefficients
from advisor.calibrations.installed import available
from advisor.laws.parameters import NAMES
from advisor.laws.published import published_laws
from advisor.laws.scaling_law import Law, ScalingLaw
from advisor.laws.text import SIX_CORPORA, SLOPE_H, SLOPE_T, SLOPE_TOKENIZER, TOKENIZERS, WEB_H, WEB_T
from advisor.quantities import plural
from advisor.results.result import Result, Shown

# The laws that have no constants of their own but move with the corpus, in words: from public runs, and from H.
BY_THE_RULE = {
    "data": f"ln N* = chinchilla's + r(C) ({SLOPE_T:g} ln(T_c/{WEB_T:g}) + {SLOPE_H:g} (H - {WEB_H:g}))/2 + "
    f"{SLOPE_TOKENIZER:g} ln(T_t/T_c); T_c, T_t bytes per token of the corpus under the protocol's and the training "
    f"tokenizer, r the share of the gap that the budget shows: {SIX_CORPORA}; {TOKENIZERS}; the default where H or T_t "
    "is known (docs/data_rule.md)",
    "bytes": f"ln N* = chinchilla's + {SLOPE_TOKENIZER:g} ln(T/{WEB_T:g}), as many bytes for each parameter: "
    f"{TOKENIZERS}",
}
BY_CALIBRATION = {
    "anchored": "x' + eps (x(H) - x(H_ref)): x' at H_ref, the H of web text; the headline with --calibration",
    "blend": "(1-eps) x' + eps x(H): Pandey 2024, arXiv:2405.16684, Eq. 6",
    "gzip": "x(H): the calibration alone, Pandey 2024, Eq. 5",
}


@dataclass(frozen=True, kw_only=True, repr=False)
class LawList(Result):
    """The published laws, and the calibrations that the laws of the compressibility draw on."""

    laws: tuple[Law, ...]
    coefficients: Coefficients

    ROWS = "laws"

    @property
    def in_brief(self) -> str:
        """How many there are."""
        return f"{len(self.laws)} published laws and {plural(len(self.coefficients.calibrations), 'calibration')}"

    def shown(self) -> Shown:
        """Return the published laws with their constants."""
        rows = [
            (law.name, *(_constant(law, name) for name in NAMES), f"{law.exponent_a:.4f}", law.count)
            for law in self.laws
        ]
        return Shown(("law", *NAMES, "a", "N counts"), rows)

    def document(self) -> Mapping[str, Any]:
        """Return the document of ``advisor laws --json``."""
        return {
            "laws": [_law(law) for law in self.laws],
            "data_dependent_laws": [
                {"law": name, "form": form} for name, form in (BY_THE_RULE | BY_CALIBRATION).items()
            ],
            "default_calibration": self.coefficients.default,
            "calibrations": [
                {
                    "name": one.name,
                    "installed": one.name in self.coefficients.installed,
                    "n_sources": one.n_sources,
                    "n_laws": one.n_laws,
                    "epsilon": one.dependence.epsilon,
                    "protocol": one.protocol,
                    "count": one.dependence.count,
                }
                for one in self.coefficients.calibrations
            ],
            "unreadable_calibrations": self.coefficients.problems,
        }


def list_laws(coefficients: str | Path | None = None) -> LawList:
    """Return every published law and every calibration: those of a coefficients file, else what ships or is installed.

    >>> list_laws().in_brief.split(" and ")[0]
    '7 published laws'

    Raises:
        CoefficientsError: the file cannot be read.
    """
    found = available(None if coefficients is None else Path(coefficients))
    return LawList(laws=tuple(published_laws().values()), coefficients=found)


def _law(law: Law) -> dict[str, Any]:
    additive = isinstance(law, ScalingLaw)
    return {
        "law": law.name,
        "form": "E + A/N^alpha + B/D^beta, C = 6 N D" if additive else "N = coefficient C^exponent_a, D = C/(6 N)",
        **{name: getattr(law, name, None) for name in (*NAMES, "coefficient")},
        "exponent_a": law.exponent_a,
        "count": law.count,
        "source": law.source,
        "note": law.note,
        "n_draws": len(law.draws) if isinstance(law, ScalingLaw) else 0,
        "ranges": law.ranges,
    }


def _constant(law: Law, name: str) -> str:
    value: float | None = getattr(law, name, None)
    return "" if value is None else f"{value:.4g}"
