"""A law's quantities in formulas: their names, the frontier, the cost of a loss, the worth of repeated data."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from advisor.explanation import Page, used_in
from advisor.laws.parameters import NAMES
from advisor.laws.published import published_laws
from advisor.laws.repetition import SOURCE, decay_of
from advisor.laws.scaling_law import INTERVAL_LEVEL, FrontierLaw, Law, ScalingLaw

FRONTIER = "Hoffmann et al. 2022, arXiv:2203.15556, eq. 4"
SURFACE = "Hoffmann et al. 2022, arXiv:2203.15556, eq. 2"
REPETITION = f"{SOURCE}, eq. 5 to 7"
SEARCH = "bounded search in log N, from several starts, of ln(L - limit), which is least where L is"
_NAMED = (*NAMES, "coefficient", "exponent", "a", "G", "N", "D", "excess", "loss")


@dataclass(frozen=True, kw_only=True)
class LawNames:
    """The names of a law's quantities: plain for the headline law, with the law's name for every other.

    ``constants`` are the parameters that are no results themselves.
    """

    law: Law
    suffix: str
    constants: Mapping[str, float]

    @property
    def decay(self) -> dict[str, float]:
        """R_D* and R_N*, by their names in formulas; none where the law predicts no loss."""
        if not isinstance(self.law, ScalingLaw):
            return {}
        r_d, r_n, _ = decay_of(self.law)
        return {"R_D": r_d, "R_N": r_n}

    def write(self, template: str) -> str:
        """Return a formula: ``{N}`` and the like stand for this law's names."""
        return template.format_map({name: name + self.suffix for name in _NAMED})

    def add(
        self,
        page: Page,
        name: str,
        formula: str,
        source: str,
        *,
        value: float | None,
        key: str | None = None,
        known: Mapping[str, float] | None = None,
        **constants: float,
    ) -> None:
        """Add an explanation as ``Page.add`` does, its name and formula written for this law."""
        formula = self.write(formula)
        known = {**used_in(self.constants, formula), **(known or {})}
        page.add(self.write(name), formula, source, value=value, key=key, known=known, **constants)

    def interval(
        self,
        page: Page,
        name: str,
        ends: tuple[float, float] | None,
        *,
        key: str,
        drawn: str = "",
        known: Mapping[str, float] | None = None,
        level: float = INTERVAL_LEVEL,
    ) -> None:
        """Add the two ends of the central interval of ``name``, or of the formula ``drawn``: 80 % if not told.

        An interval has its point, the value of ``name`` itself, where the draws' quantiles leave it out.

        What the request fixed has none.
        """
        law, name = self.law, self.write(name)
        if not isinstance(law, ScalingLaw) or ends is None or math.isclose(*ends):
            return
        share = f"central {100 * level:g} %"
        source = f"{share} of {len(law.draws)} joint draws of ln A, ln B, ln E, alpha and beta: {_draws_of(law)}"
        shares = ("(1 - level)/2", "(1 + level)/2")
        over = self.write(drawn) or name
        point = name if any(line.name == name for line in page.lines) else over
        for i, (end, value, share) in enumerate(zip(("low", "high"), ends, shares, strict=True)):
            formula = f"{('min', 'max')[i]}({point}, quantile({over}, {share}))"
            page.add(f"{name}_{end}", formula, source, value=value, key=f"{key}[{i}]", known=known, level=level)

    def of(self, equation: str) -> str:
        """Return an equation's source with the law that it is written for."""
        return f"{equation}; the law {self.law.name}: {self.law.source}"


def names_of(law: Law, *, headline: bool, explained: bool = False) -> LawNames:
    """Return the names of a law's quantities; its parameters are constants unless they are ``explained`` themselves."""
    suffix = "" if headline else "_" + re.sub(r"\W", "_", law.name)
    parameters = ("coefficient", "exponent") if isinstance(law, FrontierLaw) else NAMES
    constants = {} if explained else {name + suffix: float(getattr(law, name)) for name in parameters}
    return LawNames(law=law, suffix=suffix, constants=constants)


def _draws_of(law: ScalingLaw) -> str:
    if law.name in ("data", "bytes"):
        return "data/chinchilla_draws.csv, each moved by a draw of the shift, widened beyond the fitted budgets"
    if law.name == "chinchilla":
        return "data/chinchilla_draws.csv, refits to bootstrap samples of the runs"
    return law.source if law.name in published_laws() else f"those that come with {law.name} ({law.source})"


def explain_frontier(page: Page, names: LawNames) -> None:
    """Explain the exponent a of N* in C/6 and the level G; nothing where the law is a frontier itself."""
    law = names.law
    if not isinstance(law, ScalingLaw):
        return
    names.add(page, "{a}", "{beta}/({alpha} + {beta})", names.of(FRONTIER), value=law.exponent_a)
    level = "({alpha}*{A}/({beta}*{B}))**(1/({alpha} + {beta}))"
    names.add(page, "{G}", level, names.of(FRONTIER), value=math.exp(min(law.log_g, 700.0)))


def explain_optimum(page: Page, names: LawNames, n_params: float, n_tokens: float, *, key: str) -> None:
    """Explain N* and D* of the budget C under a law."""
    law = names.law
    explain_frontier(page, names)
    formula, source = "{G}*(C/6)**{a}", names.of(FRONTIER)
    if isinstance(law, FrontierLaw):
        formula, source = "{coefficient}*C**{exponent}", law.source
    names.add(page, "{N}", formula, source, value=n_params, key=f"{key}.n_params")
    names.add(page, "{D}", "C/(6*{N})", "C = 6 N D", value=n_tokens, key=f"{key}.n_tokens")


def tokens_for(law: Law, n_params: str) -> str:
    """Return the formula of the tokens for which ``n_params`` are optimal."""
    if isinstance(law, FrontierLaw):
        return f"({n_params}/{{coefficient}})**(1/{{exponent}})/(6*{n_params})"
    return f"({n_params}/{{G}})**(1/{{a}})/{n_params}"


def params_for(law: Law, n_tokens: str) -> str:
    """Return the formula of the parameters that are optimal for ``n_tokens``."""
    if isinstance(law, FrontierLaw):
        return f"(6*{{coefficient}}*{n_tokens})**(1/(1 - {{exponent}}))/(6*{n_tokens})"
    return f"({{G}}*{n_tokens}**{{a}})**(1/(1 - {{a}}))"


def excess_of(n_params: str, n_tokens: str) -> str:
    """Return the formula of the loss above E."""
    return f"{{A}}/{n_params}**{{alpha}} + {{B}}/{n_tokens}**{{beta}}"


def sizes_of(excess: str) -> tuple[str, str]:
    """Return the formulas of the least N and D whose loss is E + ``excess``.

    On the frontier A/N^alpha is the share beta/(alpha+beta) of the excess, and B/D^beta the rest.
    """
    total = "({alpha} + {beta})"
    n_params = f"({{A}}*{total}/({{beta}}*{excess}))**(1/{{alpha}})"
    return n_params, f"({{B}}*{total}/({{alpha}}*{excess}))**(1/{{beta}})"


def cost_of(excess: str) -> str:
    """Return the formula of the least budget whose loss is E + ``excess``."""
    n_params, n_tokens = sizes_of(excess)
    return f"6*{n_params}*{n_tokens}"


def limited_loss(n_params: str, n_tokens: str, unique: str = "U") -> str:
    """Return the formula of the data-constrained law's loss."""
    terms = excess_of(effective_params(n_params, n_tokens, unique), effective_tokens(n_tokens, unique))
    return f"{{E}} + {terms}"


def loss_limit() -> str:
    """Return the formula of the data-constrained law's loss with N and D without end."""
    return f"{{E}} + {excess_of(most_params(), '((1 + R_D)*U)')}"


def most_params() -> str:
    """Return the formula of N' of parameters without end."""
    return "((1 + R_N)*{G}*({G}*U)**({beta}/{alpha}))"


def effective_tokens(n_tokens: str, unique: str = "U") -> str:
    """Return the formula of D', the unique tokens that ``n_tokens`` are worth."""
    return f"worth({n_tokens}, min({unique}, {n_tokens}), R_D)"


def effective_params(n_params: str, n_tokens: str, unique: str = "U") -> str:
    """Return the formula of N', the parameters that ``n_params`` are worth."""
    return f"worth({n_params}, min({n_params}, {usable_params(n_tokens, unique)}), R_N)"


def usable_params(n_tokens: str, unique: str = "U") -> str:
    """Return the formula of the parameters for which the unique tokens read are optimal in one epoch."""
    return f"{{G}}*({{G}}*min({unique}, {n_tokens}))**({{beta}}/{{alpha}})"


def last_worth(epochs: str) -> str:
    """Return the formula of dD'/dD, what one more token is worth after ``epochs``."""
    return f"exp(-max({epochs} - 1, 0)/R_D)"


def best_size(name: str, unique: str = "U", budget: str = "C") -> str:
    """Return the formula of the N of least loss for a budget."""
    return f"argmin({limited_loss(name, f'({budget}/(6*{name}))', unique)}, {name})"


def cheapest(name: str, loss: str, unique: str = "U") -> str:
    """Return the formula of the budget ``name`` whose least loss is ``loss``, with at most ``epochs_most`` epochs."""
    return f"root(least({limited_loss('n', tokens_within(name, 'n', unique), unique)}, n) - {loss}, {name})"


def tokens_within(flops: str, n_params: str, unique: str = "U") -> str:
    """Return the formula of the tokens that a budget pays for, of ``epochs_most`` epochs at most."""
    return f"min({flops}/(6*{n_params}), epochs_most*{unique})"


def balanced_size(name: str, n_tokens: str, unique: str = "U") -> str:
    """Return the formula of the N for which a FLOP is worth as much in N as in D."""
    return f"root({balance(name, n_tokens, unique)}, {name})"


def balance(name: str, n_tokens: str, unique: str = "U") -> str:
    """Return the formula of what is 0 where a FLOP is worth as much in the parameters ``name`` as in tokens."""
    growth = f"({name}/({usable_params(n_tokens, unique)}) - 1)/R_N"
    left = f"log({{alpha}}*{{A}}*{name}) - (1 + {{alpha}})*log({effective_params(name, n_tokens, unique)}) - {growth}"
    tokens = f"log({{beta}}*{{B}}*{n_tokens}) - (1 + {{beta}})*log({effective_tokens(n_tokens, unique)})"
    return f"{left} - ({tokens} - ({n_tokens}/{unique} - 1)/R_D)"
