"""Every number of a fitted law: its parameters, its optima, other forms beside it, and the diagnostics in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from advisor.quantities import format_flops
from advisor.report.text import echo, nats, print_labelled, print_table, quantity, ratio

_UNITS = {"E": "nats/token", "A": "", "B": "", "alpha": "", "beta": "", "exponent_a": "N* ~ C^a"}
_LABELS = {"exponent_a": "a = beta/(alpha+beta)"}
_USUAL = {
    "residual_scale": ("large-residuals", (0.002, 0.0095), "0.2 to 0.95"),
    "condition": ("ill-conditioned", (57.0, 170.0), "57 to 170"),
}
MARK = "?"  # behind every number of a refused law that was forced


def mark_of(law: Mapping[str, Any]) -> str:
    """Return what stands behind every number of a law: nothing, but where it was refused and forced."""
    return MARK if law["forced"] else ""


def print_law(name: str, law: Mapping[str, Any]) -> None:
    """Print the entry of a group in ``laws`` of the document of a fit."""
    title = "Law" if name == "all" else f"Law of {name}"
    mark = mark_of(law)
    echo(f"{title}: {law['n_runs']} runs, N counts {law['count']} parameters", "bold")
    if law["E"] is None:
        echo("REFUSED: no law is given.")
    else:
        if mark:
            echo(f"REFUSED, printed because of --force: every number marked {mark} is not to be used.")
        _print_fitted(law, mark)
    _print_diagnostics(law["diagnostics"], mark)
    if law["extrapolation"] is not None:
        echo()
        echo("Beyond the budgets of the runs")
        print_labelled([("-", sentence) for sentence in law["extrapolation"]["in_words"]])
    echo(f"Verdict: {law['verdict']}", "bold")


def _print_fitted(law: Mapping[str, Any], mark: str) -> None:
    print_parameters(law, mark)
    echo()
    print_optima(law["frontier"], mark)
    echo()
    _print_losses(law["frontier"], mark)
    echo()
    for line in _other_forms(law, mark):
        echo(line)
    if law["isoflop"] is not None:
        echo()
        _print_vertices(law["isoflop"], mark)
    echo()


def print_parameters(law: Mapping[str, Any], mark: str) -> None:
    """Print E, A, B, alpha, beta and the exponent of the optimum, with their intervals."""
    rows = [
        (_LABELS.get(name, name), number(law[name]) + mark, interval(law["ci95"][name], number, mark), unit)
        for name, unit in _UNITS.items()
    ]
    print_table(("", "value", "95 %", ""), rows)


def print_optima(frontier: Sequence[Mapping[str, Any]], mark: str) -> None:
    """Print the best N and D of each budget with their intervals, and the loss."""
    rows = [
        (
            format_flops(row["flops"]),
            quantity(row["n_params"]) + mark,
            interval(row["ci95"]["n_params"], quantity, mark),
            quantity(row["n_tokens"]) + mark,
            interval(row["ci95"]["n_tokens"], quantity, mark),
            ratio(row["tokens_per_param"]) + mark,
            nats(row["loss_nats_per_token"]) + mark,
        )
        for row in frontier
    ]
    print_table(("FLOPs", "N", "95 %", "D", "95 %", "D/N", "loss"), rows)


def _print_losses(frontier: Sequence[Mapping[str, Any]], mark: str) -> None:
    rows = [
        (
            format_flops(row["flops"]),
            nats(row["loss_nats_per_token"]) + mark,
            interval(row["ci95"]["loss_nats_per_token"], nats, mark),
        )
        for row in frontier
    ]
    print_table(("FLOPs", "loss", "95 %"), rows)


def _print_vertices(iso: Mapping[str, Any], mark: str) -> None:
    """Print the vertices of IsoFLOP profiles, which no law was fitted to, beside the law along the same runs."""
    rows = []
    keys = ("flops", "n_params", "n_params_ci95", "law_n_params", "law_minus_vertex_ln_n")
    for flops, vertex, ci, law, apart in zip(*(iso[key] for key in keys), strict=True):
        rows.append(
            (
                format_flops(flops),
                quantity(vertex) + mark,
                interval(ci, quantity, mark),
                "none" if law is None else quantity(law) + mark,
                "" if apart is None else f"{apart:+.2f}{mark}",
            )
        )
    print_table(("budget", "vertex N", "95 %", "law's N", "ln(law/vertex)"), rows)


def _other_forms(law: Mapping[str, Any], mark: str) -> list[str]:
    """Return a line for each other form: objective, IsoFLOP, Kaplan's laws, repetition."""
    lines = [f"Objective {law['objective']:.10g}{mark} (Huber on ln loss, delta {law['delta']:.3g}, summed)"]
    iso = law["isoflop"]
    if iso is not None:
        ci = interval(iso["exponent_a_ci95"], number, mark)
        n, stated = len(iso["flops"]), "stated" if iso["stated"] else "6ND"
        lines.append(f"IsoFLOP cross-check: a = {number(iso['exponent_a'])}{mark} ({ci}) from {n} {stated} budgets")
    for factor, one in (law["one_factor"] or {}).items():
        if one is None:
            lines.append(f"L({factor}): too few runs are free of the other factors")
            continue
        ci = interval(one["exponent_ci95"], number, mark)
        scale = quantity(10 ** (one["log_scale"] / 2.302585092994046))
        lines.append(
            f"L({factor}) = ({scale}{mark}/{factor})^{number(one['exponent'])}{mark} ({ci}), {one['n_runs']} runs"
        )
    kaplan = law["kaplan"]
    if kaplan is not None:
        parts = [
            f"{name} {number(kaplan[name])}{mark} ({interval(kaplan['ci95'][name], number, mark)})"
            for name in ("alpha_N", "alpha_D")
        ]
        lines.append(f"Kaplan's joint form: {', '.join(parts)}, objective {kaplan['objective']:.4g}{mark}")
    for name, constant in (law["repetition"] or {}).items():
        if name not in ("R_D", "R_N"):
            continue
        if constant["value"] is None:
            lines.append(f"{name}*: not identified: {constant['not_identified']}")
        else:
            ci = interval(constant["ci95"], number, mark)
            lines.append(f"{name}* = {number(constant['value'])}{mark} ({ci})")
    return lines


def _print_diagnostics(d: Mapping[str, Any], mark: str) -> None:
    """Print each diagnostic with its value and how to read it."""
    levels = {reason["code"]: reason["level"] for reason in d["reasons"]}
    rows = []
    for label, value, codes, meaning in _diagnostic_rows(d):
        found = [levels[code] for code in codes if code in levels]
        reading = "refused: " if "refused" in found else "caution: " if found else "fine: " if codes else ""
        rows.append((label, value + (mark if value != "-" else ""), reading + meaning))
    width = max(len(reading) for _, _, reading in rows)
    print_table(("diagnostic", "", "reading".ljust(width)), [(*row[:2], row[2].ljust(width)) for row in rows])


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
    ends = "held" if profile is None else interval(profile["ci95"], number, "", open_ends=("0", "min L"))
    wide = ("wide-optimum",)
    bounds = ("e-at-zero", "e-unidentified")
    return [
        ("standard error of ln N*", shown("se_log_n", ".3f"), wide, f"under 0.25 at {format_flops(d['flops'])}"),
        ("residual scale, % of loss", shown("residual_scale", ".2f", 100), *usual("residual_scale")),
        ("largest residual, %", shown("largest_residual", ".1f", 100), (), "a few runs may lie far off"),
        ("condition of the Jacobian", shown("condition", ".3g"), *usual("condition")),
        ("profile of E, 95 %", ends, bounds, "both ends must be seen"),
        ("range of the N term, %", shown("n_term_range", ".1f", 100), ("flat-n-term",), "over 3 residual scales"),
        ("range of the D term, %", shown("d_term_range", ".1f", 100), ("flat-d-term",), "over 3 residual scales"),
        ("correlation ln N, ln D", shown("correlation", "z.2f"), ("one-line",), "under 0.95"),
        ("refits at a bound, %", shown("share_at_bound", ".1f", 100), ("refits-at-bound",), "under 5"),
        ("distance to 2nd optimum", shown("basin_gap", ".2f"), ("second-basin",), "in ln N*; 0 means none"),
        ("starts at the optimum", f"{d['n_reached']}/{d['n_starts']}", (), "the rest dropped or elsewhere"),
    ]


def interval(
    ends: Sequence[float | None], style: Callable[[float], str], mark: str, open_ends: tuple[str, str] = ("", "")
) -> str:
    """Return an interval in words; an end that is not known is that of ``open_ends``."""
    low, high = ends
    left = open_ends[0] if low is None else style(low)
    right = open_ends[1] if high is None else style(high)
    return f"{left}{mark} to {right}{mark}"


def number(value: float) -> str:
    """Return four figures, without an exponent where that is short."""
    return f"{value:.4g}"
