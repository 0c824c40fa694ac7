"""How the list of laws looks: what each says of one budget, and behind --full its constants and source."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from advisor.calibrations.coefficients import Calibration, Coefficients
from advisor.calibrations.law_list import BY_CALIBRATION, BY_THE_RULE, LawList
from advisor.laws.scaling_law import FrontierLaw, Law, ScalingLaw
from advisor.quantities import format_flops
from advisor.report.screen import Wanted, print_rows, print_screen
from advisor.report.text import counted, echo, emit, print_labelled, print_table, quantity, ratio, spread

# The laws of the corpus for people: what each does to chinchilla's answer.
_IN_BRIEF = {
    "data": "chinchilla, moved by how the corpus compresses and by bytes per token",
    "bytes": "chinchilla, moved by the bytes per token of the training tokenizer alone",
    "anchored": "chinchilla, moved by as much of a calibration as is believed",
    "blend": "between chinchilla and a calibration (Pandey 2024, eq. 6)",
    "gzip": "a calibration alone (Pandey 2024, eq. 5)",
}
_BUDGET = 1e21  # FLOPs: where the laws are set side by side


def show(found: LawList, *, full: bool = False, as_json: bool, out: Path | None) -> None:
    """Print the laws and the installed calibrations, or their JSON document; write that to ``out`` if given."""

    def render() -> None:
        print_screen(
            _answer(found.laws),
            rows=lambda: _print_laws(found.laws, found.coefficients),
            everything=lambda: _print_everything(found.laws, found.coefficients),
            cautions=(),
            asked=Wanted(full=full),
            more=("--full", "--json"),
        )

    emit(found.document, render, as_json=as_json, out=out)


def _answer(laws: Sequence[Law]) -> list[str]:
    """Return what the laws make of one budget."""
    sizes = [law.frontier(_BUDGET).n_params for law in laws]
    between = spread((min(sizes), max(sizes)))
    default = next(law for law in laws if law.name == "chinchilla").frontier(_BUDGET)
    return [
        f"{len(laws)} published laws want {between} parameters for {format_flops(_BUDGET)} FLOPs.",
        f"For web text chinchilla answers, {quantity(default.n_params)} parameters on {quantity(default.n_tokens)} "
        "tokens; for a corpus data does.",
    ]


def _print_laws(laws: Sequence[Law], coefficients: Coefficients) -> None:
    rows = [_cells(law) for law in laws]
    print_table(("law", "N", "D", "D/N", "N ~ C^a", "N counts", "paper"), rows)
    print_rows(list(_IN_BRIEF.items()))
    echo(_calibrations_in_brief(coefficients))


def _cells(law: Law) -> tuple[str, ...]:
    best, paper = law.frontier(_BUDGET), re.search(r"arXiv:[\d.]*\d", law.source)
    return (
        law.name,
        quantity(best.n_params),
        quantity(best.n_tokens),
        ratio(best.tokens_per_param),
        f"{law.exponent_a:.3f}",
        counted(law.count),
        "" if paper is None else paper.group(),
    )


def _calibrations_in_brief(coefficients: Coefficients) -> str:
    """Return which calibrations these laws can take."""
    names = [one.name + (" (default)" if one.name == coefficients.default else "") for one in coefficients.calibrations]
    broken = f"; {len(coefficients.problems)} cannot be used: --full" if coefficients.problems else ""
    return (f"Calibrations: {', '.join(names)}" if names else "No calibration is installed") + f"{broken}."


def _print_everything(laws: Sequence[Law], coefficients: Coefficients) -> None:
    _surfaces([law for law in laws if isinstance(law, ScalingLaw)])
    echo()
    _frontiers([law for law in laws if isinstance(law, FrontierLaw)])
    echo()
    echo("Sources", "bold")
    print_labelled([(law.name, f"{law.source}; {law.note}") for law in laws], "")
    echo()
    echo("Laws of the corpus and the tokenizer, from public runs", "bold")
    print_labelled([*BY_THE_RULE.items()], "")
    echo()
    echo(
        "Laws of a calibration: x(H) is its law at H, x' its own law of web text or Chinchilla's, eps how much of it "
        "is believed (--epsilon)",
        "bold",
    )
    print_labelled([*BY_CALIBRATION.items(), ("calibrations", _calibrations(coefficients))], "")


def _surfaces(laws: Sequence[ScalingLaw]) -> None:
    rows = [
        (
            law.name,
            f"{law.E:.4f}",
            f"{law.A:.1f}",
            f"{law.B:.1f}",
            f"{law.alpha:.4f}",
            f"{law.beta:.4f}",
            f"{law.exponent_a:.4f}",
            counted(law.count),
        )
        for law in laws
    ]
    header = ("law", "E", "A", "B", "alpha", "beta", "a", "N counts")
    print_table(header, rows, title="L = E + A/N^alpha + B/D^beta nats/token;  N* = G (C/6)^a,  C = 6 N D")


def _frontiers(laws: Sequence[FrontierLaw]) -> None:
    rows = [(law.name, f"{law.coefficient:.4g}", f"{law.exponent:.4f}", counted(law.count)) for law in laws]
    print_table(("law", "k", "a", "N counts"), rows, title="N* = k C^a,  D* = C/(6 N*);  no loss")


def _calibrations(coefficients: Coefficients) -> str:
    found = [_calibration(one, coefficients) for one in coefficients.calibrations]
    found += [f"{name}: cannot be used ({problem.rstrip('.')})" for name, problem in coefficients.problems.items()]
    return "; ".join(found) or "none installed: these laws cannot answer yet"


def _calibration(one: Calibration, coefficients: Coefficients) -> str:
    marks = ["default"] if one.name == coefficients.default else []
    marks += ["installed"] if one.name in coefficients.installed else []
    laws = f"{one.n_laws} of {one.n_sources} sources have a law"
    marked = f" ({', '.join(marks)})" if marks else ""
    return f"{one.name}{marked}: {laws}, epsilon {one.dependence.epsilon:g}"
