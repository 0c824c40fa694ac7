"""How a fit looks: the JSON document, or tables with the diagnostics in words. Reasons go to stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from advisor.json_fields import json_text
from advisor.quantities import format_short_quantity
from advisor.report import terminal
from advisor.report.regression import show_regression

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

_UNITS = {"E": "nats/token", "A": "", "B": "", "alpha": "", "beta": "", "exponent_a": "N* ~ C^a"}
_LABELS = {"exponent_a": "a = beta/(alpha+beta)"}
_USUAL = {
    "residual_scale": ("large-residuals", (0.002, 0.0095), ".2 to .95"),
    "condition": ("ill-conditioned", (57.0, 170.0), "57 to 170"),
}
_MOST_RUNS = 20  # of a table of new runs
_MARK = "?"  # behind every number of a refused law that was forced


def show(document: Mapping[str, Any], *, as_json: bool) -> None:
    """Print the document of ``calibration.fit.document`` to stdout, its cautions and refusals to stderr."""
    if as_json:
        terminal.document(json_text(document))
    else:
        _show_tables(document)
        sys.stdout.flush()
    for group, law in document["laws"].items():
        _show_reasons("" if len(document["laws"]) == 1 else f"{group}: ", law["diagnostics"]["reasons"])
    if document["regression"] is not None:
        _show_reasons("regression: ", document["regression"]["reasons"])
    if document["no_regression"] is not None:
        terminal.note(f"No regression: {document['no_regression']}")


def _show_reasons(prefix: str, reasons: Sequence[Mapping[str, str]]) -> None:
    for reason in reasons:
        level = "Refused" if reason["level"] == "refused" else "Caution"
        terminal.note(f"{level}: {prefix}{reason['message']} [{reason['code']}]")


def _show_tables(document: Mapping[str, Any]) -> None:
    console = terminal.console()
    for name, law in document["laws"].items():
        _show_law(console, name, law)
    if document["regression"] is not None:
        show_regression(document["regression"])
    for name, comparison in (document["predictions"] or {}).items():
        _show_comparison(console, name, comparison)


def _show_law(console: Console, name: str, law: Mapping[str, Any]) -> None:
    title = "Law" if name == "all" else f"Law of {name}"
    terminal.line()
    terminal.line(title, "bold", f": {law['n_runs']} runs, N counts {law['count']} parameters")
    if law["forced"]:
        console.print(f"REFUSED, printed because of --force: every number marked {_MARK} is not to be used.")
    mark = _MARK if law["forced"] else ""
    if law["E"] is None:
        console.print("REFUSED: no law is given. The reasons follow on stderr.")
    else:
        console.print(_parameter_table(law, mark))
        console.print(_frontier_table(law["frontier"], mark))
        for line in _other_forms(law, mark):
            console.print(line)
        if law["isoflop"] is not None:
            console.print(_vertex_table(law["isoflop"], mark))
    console.print(_diagnostic_table(law["diagnostics"], mark))
    if law["extrapolation"] is not None:
        console.print("Beyond the budgets of the runs:")
        for sentence in law["extrapolation"]["in_words"]:
            console.print(f"- {sentence}")
    terminal.line(f"Verdict: {law['verdict']}", "bold")


def _table(*columns: str, padding: int = 1) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, padding), collapse_padding=True)
    for i, column in enumerate(columns):
        table.add_column(column, justify="left" if i == 0 else "right", overflow="fold")
    return table


def _parameter_table(law: Mapping[str, Any], mark: str) -> Table:
    table = _table("", "value", "95 % interval", "")
    for name, unit in _UNITS.items():
        table.add_row(
            _LABELS.get(name, name), _number(law[name]) + mark, _interval(law["ci95"][name], _number, mark), unit
        )
    return table


def _frontier_table(frontier: Sequence[Mapping[str, Any]], mark: str) -> Table:
    # Marks make the widest rows longer than a line of 80.
    table = _table("FLOPs", "N*", "95 %", "D*", "95 %", "D/N", "loss", "95 %", padding=0 if mark else 1)
    for row in frontier:
        ci = row["ci95"]
        table.add_row(
            f"{row['flops']:.3g}",
            format_short_quantity(row["n_params"]) + mark,
            _interval(ci["n_params"], format_short_quantity, mark),
            format_short_quantity(row["n_tokens"]) + mark,
            _interval(ci["n_tokens"], format_short_quantity, mark),
            f"{row['tokens_per_param']:.3g}{mark}",
            f"{row['loss_nats_per_token']:.3f}{mark}",
            _interval(ci["loss_nats_per_token"], lambda v: f"{v:.3f}", mark),
        )
    return table


def _vertex_table(iso: Mapping[str, Any], mark: str) -> Table:
    """Return the vertices of IsoFLOP profiles, which no law was fitted to, beside the law along the same runs."""
    table = _table("budget", "vertex N", "95 %", "law's N", "ln(law/vertex)")
    keys = ("flops", "n_params", "n_params_ci95", "law_n_params", "law_minus_vertex_ln_n")
    for flops, vertex, ci, law, apart in zip(*(iso[key] for key in keys), strict=True):
        table.add_row(
            f"{flops:.3g}",
            format_short_quantity(vertex) + mark,
            _interval(ci, format_short_quantity, mark),
            "none" if law is None else format_short_quantity(law) + mark,
            "" if apart is None else f"{apart:+.2f}{mark}",
        )
    return table


def _other_forms(law: Mapping[str, Any], mark: str) -> list[str]:
    """Return a line for each other form: objective, IsoFLOP, Kaplan's laws, repetition."""
    lines = [f"Objective {law['objective']:.10g}{mark} (Huber on ln loss, delta {law['delta']:.3g}, summed)"]
    iso = law["isoflop"]
    if iso is not None:
        ci = _interval(iso["exponent_a_ci95"], _number, mark)
        n, stated = len(iso["flops"]), "stated" if iso["stated"] else "6ND"
        lines.append(f"IsoFLOP cross-check: a = {_number(iso['exponent_a'])}{mark} ({ci}) from {n} {stated} budgets")
    for factor, one in (law["one_factor"] or {}).items():
        if one is None:
            lines.append(f"L({factor}): too few runs are free of the other factors")
            continue
        ci = _interval(one["exponent_ci95"], _number, mark)
        scale = format_short_quantity(10 ** (one["log_scale"] / 2.302585092994046))
        lines.append(
            f"L({factor}) = ({scale}{mark}/{factor})^{_number(one['exponent'])}{mark} ({ci}), {one['n_runs']} runs"
        )
    kaplan = law["kaplan"]
    if kaplan is not None:
        parts = [
            f"{name} {_number(kaplan[name])}{mark} ({_interval(kaplan['ci95'][name], _number, mark)})"
            for name in ("alpha_N", "alpha_D")
        ]
        lines.append(f"Kaplan's joint form: {', '.join(parts)}, objective {kaplan['objective']:.4g}{mark}")
    for name, constant in (law["repetition"] or {}).items():
        if name not in ("R_D", "R_N"):
            continue
        if constant["value"] is None:
            lines.append(f"{name}*: not identified: {constant['not_identified']}")
        else:
            ci = _interval(constant["ci95"], _number, mark)
            lines.append(f"{name}* = {_number(constant['value'])}{mark} ({ci})")
    return lines


def _diagnostic_table(d: Mapping[str, Any], mark: str) -> Table:

    levels = {reason["code"]: reason["level"] for reason in d["reasons"]}
    table: Table = _table("diagnostic", "", "reading")
    table.columns[2].justify = "left"
    for label, value, codes, meaning in _diagnostic_rows(d):
        found = [levels[code] for code in codes if code in levels]
        reading = "refused: " if "refused" in found else "caution: " if found else "fine: " if codes else ""
        table.add_row(label, value + (mark if value != "-" else ""), reading + meaning)
    return table


def _diagnostic_rows(d: Mapping[str, Any]) -> list[tuple[str, str, tuple[str, ...], str]]:
    def shown(key: str, style: str, scale: float = 1.0) -> str:
        return "-" if d[key] is None else format(scale * d[key], style)

    def usual(key: str) -> tuple[tuple[str, ...], str]:
        """Return the code and the range of real runs; outside of it a figure that is no caution is not called fine."""
        code, (low, high), said = _USUAL[key]
        if d[key] is None or low <= d[key] <= high or any(reason["code"] == code for reason in d["reasons"]):
            return (code,), f"real runs {said}"
        return (), f"{'under' if d[key] < low else 'over'} the {said} of real runs"

    if d["se_log_n"] is None:
        return [("usable runs", str(d["n_runs"]), ("few-runs",), "five parameters need 6 or more")]
    profile = d["profile_E"]
    interval = "held" if profile is None else _interval(profile["ci95"], _number, "", open_ends=("0", "min L"))
    wide = ("wide-optimum",)
    bounds = ("e-at-zero", "e-unidentified")
    return [
        ("standard error of ln N*", shown("se_log_n", ".3f"), wide, f"under .25 at {d['flops']:.3g}"),
        ("residual scale, % of loss", shown("residual_scale", ".2f", 100), *usual("residual_scale")),
        ("largest residual, %", shown("largest_residual", ".1f", 100), (), "a few runs may lie far off"),
        ("condition of the Jacobian", shown("condition", ".3g"), *usual("condition")),
        ("profile of E, 95 %", interval, bounds, "both ends must be seen"),
        ("range of the N term, %", shown("n_term_range", ".1f", 100), ("flat-n-term",), "over 3 residual scales"),
        ("range of the D term, %", shown("d_term_range", ".1f", 100), ("flat-d-term",), "over 3 residual scales"),
        ("correlation ln N, ln D", shown("correlation", "z.2f"), ("one-line",), "under .95"),
        ("refits at a bound, %", shown("share_at_bound", ".1f", 100), ("refits-at-bound",), "under 5"),
        ("distance to 2nd optimum", shown("basin_gap", ".2f"), ("second-basin",), "in ln N*; 0 means none"),
        ("starts at the optimum", f"{d['n_reached']}/{d['n_starts']}", (), "the rest dropped or elsewhere"),
    ]


def _show_comparison(console: Console, group: str, c: Mapping[str, Any]) -> None:
    """Print new runs beside a law: the verdict, then the runs, those furthest off where they are many."""
    of = "" if group == "all" else f" of {group}"
    terminal.line()
    terminal.line(f"New runs{of} beside the law {c['law']}", "bold")
    for sentence in c["in_words"]:
        console.print(f"- {sentence}")
    runs = sorted(c["runs"], key=lambda run: -abs(run["sigmas"]))[:_MOST_RUNS]
    if len(runs) < len(c["runs"]):
        console.print(f"The {_MOST_RUNS} runs furthest off:")
    table = _table("FLOPs", "N", "D", "loss", "predicted", "sd, %", "off, %", "sigmas")
    for run in sorted(runs, key=lambda run: (run["flops"], run["n_params"])):
        loss, predicted = run["loss_nats_per_token"], run["predicted_loss_nats_per_token"]
        table.add_row(
            f"{run['flops']:.3g}",
            format_short_quantity(run["n_params"]),
            format_short_quantity(run["n_tokens"]),
            f"{loss:.3f}",
            f"{predicted:.3f}",
            f"{100 * run['sd_of_ln_loss']:.2f}",
            f"{100 * (loss / predicted - 1):+.2f}",
            f"{run['sigmas']:+.1f}",
        )
    console.print(table)


def _interval(
    ends: Sequence[float | None], style: Callable[[float], str], mark: str, open_ends: tuple[str, str] = ("", "")
) -> str:
    low, high = ends
    left = open_ends[0] if low is None else style(low)
    right = open_ends[1] if high is None else style(high)
    return f"{left}{mark} to {right}{mark}" if "-" in left + right else f"{left}{mark}–{right}{mark}"


def _number(value: float) -> str:
    """Four figures, without an exponent where that is short."""
    return f"{value:.4g}"
