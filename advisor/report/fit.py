"""How a fit looks: what its runs want in a sentence, the law, what speaks against it; or the JSON document."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from advisor.caution import Caution
from advisor.json_fields import json_text
from advisor.quantities import format_flops, plural
from advisor.report import terminal
from advisor.report.screen import FIRST_SCREEN, Wanted, print_rows, print_screen
from advisor.report.tables.laws import interval, mark_of, number, print_law, print_optima, print_parameters
from advisor.report.text import echo, nats, percent, print_table, quantity, shortened

_MOST_GROUPS = 10  # of the first screen's table
_MOST_RUNS = 10  # ... of new runs
_MOST_BUDGETS = 4
_NAME = 20  # columns of a group's name


def show(document: Mapping[str, Any], *, asked: Wanted = FIRST_SCREEN, as_json: bool) -> None:
    """Print the document of ``calibration.fit.document``; with JSON the reasons against its laws go to stderr."""
    if as_json:
        terminal.document(json_text(document))
        _note_reasons(document)
        return
    print_screen(
        _answer(document),
        rows=lambda: _print_first(document),
        everything=lambda: _print_everything(document),
        cautions=list(_cautions(document)),
        asked=asked,
        more=("--cautions", "--full", "--json"),
        lines=6,
    )
    sys.stdout.flush()


# --- the reasons against laws


def _note_reasons(document: Mapping[str, Any]) -> None:
    """Print the reasons on stderr, with their codes."""
    for prefix, reason in _reasons(document):
        level = "Refused" if reason["level"] == "refused" else "Caution"
        terminal.note(f"{level}: {prefix}{reason['message']} [{reason['code']}]")
    if document["no_regression"] is not None:
        terminal.note(f"No regression: {document['no_regression']}")


def _reasons(document: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Yield each reason behind what it is of."""
    laws = document["laws"]
    for group, law in laws.items():
        for reason in law["diagnostics"]["reasons"]:
            yield "" if len(laws) == 1 else f"{group}: ", reason
    for reason in (document["regression"] or {"reasons": ()})["reasons"]:
        yield "regression: ", reason


def _cautions(document: Mapping[str, Any]) -> Iterator[Caution]:
    """Yield the reasons as cautions, those for which a law is refused first."""
    reasons = sorted(_reasons(document), key=lambda each: each[1]["level"] != "refused")
    for prefix, reason in reasons:
        said = f"{prefix}{'refused: ' if reason['level'] == 'refused' else ''}{reason['message']}"
        yield Caution(code=reason["code"], message=said[0].upper() + said[1:] if not prefix else said)
    if document["no_regression"] is not None:
        yield Caution(code="no-regression", message=f"No regression: {document['no_regression']}")


# --- the answer


def _answer(document: Mapping[str, Any]) -> list[str]:
    laws = document["laws"]
    if not laws:
        return _answer_of_new_runs(document["predictions"])
    if len(laws) == 1:
        (law,) = laws.values()
        return _refusal(law) if law["E"] is None else _of_law(law)
    return _of_groups(laws)


def _answer_of_new_runs(predictions: Mapping[str, Any]) -> list[str]:
    first, *others = predictions.values()
    return first["in_words"][:1] if not others else [f"{name}: {c['in_words'][0]}" for name, c in predictions.items()]


def _refusal(law: Mapping[str, Any]) -> list[str]:
    return [f"The law of these {law['n_runs']} runs is refused: they cannot carry one.", "The reasons are below."]


def _of_law(law: Mapping[str, Any]) -> list[str]:
    """Return what the runs want of the last budget, and what is thought of their law."""
    mark, best = mark_of(law), law["frontier"][-1]
    n, d = quantity(best["n_params"]) + mark, quantity(best["n_tokens"]) + mark
    sure = interval(best["ci95"]["n_params"], quantity, mark)
    return [
        f"For {format_flops(best['flops'])} FLOPs these {law['n_runs']} runs want {n} parameters (95 % {sure}) on {d} "
        f"tokens, loss {nats(best['loss_nats_per_token'])}{mark} nats/token.",
        _verdict(law),
    ]


def _verdict(law: Mapping[str, Any]) -> str:
    counts = f"N counts {law['count']} parameters"
    if law["forced"]:
        return f"REFUSED, printed because of --force: no number marked {mark_of(law)} is to be used; {counts}."
    said = {"ok": "nothing speaks against it", "caution": "read it with care"}[law["verdict"]]
    return f"Verdict on their law: {law['verdict']}, {said}; {counts}."


def _of_groups(laws: Mapping[str, Any]) -> list[str]:
    """Return between which N the groups lie, and how many laws are what."""
    fitted = {name: law for name, law in laws.items() if law["E"] is not None}
    verdicts = Counter(law["verdict"] for law in laws.values())
    counts = ", ".join(f"{verdicts[verdict]} {verdict}" for verdict in ("ok", "caution", "refused"))
    runs = f"{plural(len(laws), 'group')} of {sum(law['n_runs'] for law in laws.values()):,} runs"
    if not fitted:
        return [f"{runs} give no law: {counts}."]
    ends = [_wanted(name, fitted[name]) for name in sorted(fitted, key=lambda each: _best(fitted[each])["n_params"])]
    flops = format_flops(_best(next(iter(fitted.values())))["flops"])
    between = ends[0] if len(ends) == 1 else f"from {ends[0]} to {ends[-1]}"
    return [f"For {flops} FLOPs the laws of {len(laws)} groups want {between} parameters.", f"{runs}: {counts}."]


def _best(law: Mapping[str, Any]) -> Mapping[str, Any]:
    last: Mapping[str, Any] = law["frontier"][-1]
    return last


def _wanted(name: str, law: Mapping[str, Any]) -> str:
    return f"{quantity(_best(law)['n_params'])}{mark_of(law)} ({shortened(name, _NAME)})"


# --- the rows


def _print_first(document: Mapping[str, Any]) -> None:
    laws, predictions = document["laws"], document["predictions"] or {}
    if len(laws) == 1:
        (law,) = laws.values()
        _print_one(law, brief=bool(predictions))
    elif laws:
        _print_groups(laws)
    if document["regression"] is not None:
        print_rows([("By group", _regression(document["regression"]))])
    if laws:
        print_rows([("New runs" if len(laws) == 1 else name, c["in_words"][0]) for name, c in predictions.items()])
    elif len(predictions) == 1:
        from advisor.report.tables.new_runs import print_runs

        (c,) = predictions.values()
        print_rows([("", sentence) for sentence in c["in_words"][1:]])
        print_runs(c, most=_MOST_RUNS)


def _print_one(law: Mapping[str, Any], *, brief: bool) -> None:
    if law["E"] is None:
        return
    mark = mark_of(law)
    print_parameters(law, mark)
    if not brief:
        print_optima(law["frontier"][-_MOST_BUDGETS:], mark)
    print_rows(list(_about(law, mark)))


def _about(law: Mapping[str, Any], mark: str) -> Iterator[tuple[str, str]]:
    """Yield how well the law describes the runs, what IsoFLOP profiles say, and what lies beyond them."""
    d, iso = law["diagnostics"], law["isoflop"]
    if d["residual_scale"] is not None and d["se_log_n"] is not None:
        known = f"ln N at {format_flops(d['flops'])} has a standard error of {d['se_log_n']:.3f}{mark}"
        yield "Fit", f"residuals are {percent(d['residual_scale'])}{mark} of the loss; {known}"
    if iso is not None:
        a = f"{number(iso['exponent_a'])}{mark} (95 % {interval(iso['exponent_a_ci95'], number, mark)})"
        yield "IsoFLOP", f"the optima of {plural(len(iso['flops']), 'budget')} give a = {a}"
    if law["extrapolation"] is not None and law["drift"] is not None:
        largest, drift = format_flops(law["extrapolation"]["largest_flops"]), law["drift"]
        yield (
            "Beyond",
            f"{largest} FLOPs intervals are wider, by {percent(drift['n_params'])} of N and {percent(drift['loss'])} "
            "of the loss for each factor e of budget",
        )


def _print_groups(laws: Mapping[str, Any]) -> None:
    rows = [_group_cells(name, law) for name, law in list(laws.items())[:_MOST_GROUPS]]
    print_table(("group", "runs", "E", "alpha", "beta", "a", "N", "95 %", "verdict"), rows)
    if len(laws) > _MOST_GROUPS:
        echo(f"{len(laws) - _MOST_GROUPS} more groups: --full.", "dim")


def _group_cells(name: str, law: Mapping[str, Any]) -> tuple[str, ...]:
    mark, shown = mark_of(law), shortened(name, _NAME)
    if law["E"] is None:
        return (shown, str(law["n_runs"]), "", "", "", "", "", "", law["verdict"])
    best = _best(law)
    values = [f"{law[key]:.3f}{mark}" for key in ("E", "alpha", "beta", "exponent_a")]
    n, sure = quantity(best["n_params"]) + mark, interval(best["ci95"]["n_params"], quantity, mark)
    return (shown, str(law["n_runs"]), *values, n, sure, law["verdict"])


def _regression(r: Mapping[str, Any]) -> str:
    """Return whether the covariate says anything of N."""
    line, h, at = r["dlnN_dH"], r["covariate"], format_flops(r["flops"])
    one = next(one for one in r["at_budgets"] if one["flops"] == r["flops"])
    mark = "?" if r["refused_groups"] else ""
    slope = f"ln N moves by {line['slope']:.3g}{mark} (95 % {interval(line['slope_ci95'], _short, mark)})"
    helps = f"with a group left out {h} {'helps' if one['helps'] else 'does not help'}"
    return f"{slope} for each unit of {h} at {at} FLOPs, p = {line['p_value']:.2g}{mark}; {helps}"


def _short(value: float) -> str:
    return f"{value:.3g}"


def _print_everything(document: Mapping[str, Any]) -> None:
    """Print every law, the regression and the new runs."""
    parts: Sequence[Any] = [*document["laws"].items()]
    for i, (name, law) in enumerate(parts):
        if i:
            echo()
        print_law(name, law)
    if document["regression"] is not None:
        from advisor.report.tables.regression import show_regression

        show_regression(document["regression"])
    for i, (name, comparison) in enumerate((document["predictions"] or {}).items()):
        from advisor.report.tables.new_runs import print_comparison

        if i or parts:
            echo()
        print_comparison(name, comparison)
