"""How the regression of a fit on a covariate looks: its lines, what they are worth at each budget, N* of new groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from advisor.quantities import format_flops
from advisor.report import terminal
from advisor.report.text import echo, print_table, quantity

_MARK = "?"  # behind every number that refused laws take part in


def show_regression(r: Mapping[str, Any]) -> None:
    """Print the entry ``regression`` of the document of ``calibration.fit.document``."""
    mark = _MARK if r["refused_groups"] else ""
    echo()
    echo(f"Regression on {r['covariate']} ({r['form']}): {len(r['values'])} groups", "bold")
    if mark:
        echo(f"It takes in refused laws ({', '.join(r['refused_groups'])}): numbers marked {mark}.")
    _show_lines(r, mark)
    _show_budgets(r, mark)
    _show_left_out(r, mark)
    if r["new_groups"]:
        _show_new_groups(r, mark)
    if r["joint"] is not None:
        _show_joint(r["joint"], r["covariate"], mark)


def _show_lines(r: Mapping[str, Any], mark: str) -> None:
    rows = [
        (
            name,
            _number(line["slope"]) + mark,
            _interval(line["slope_ci95"], _number, mark),
            _number(line["intercept"]) + mark,
            f"{line['p_value']:.3g}{mark}",
        )
        for name, line in [*r["lines"].items(), ("ln N*", r["dlnN_dH"])]
    ]
    print_table(("", f"slope in {r['covariate']}", "95 %", "intercept", "p"), rows)
    p = r["dlnN_dH"]["p_value"]
    n = len(r["values"])
    echo(f"Does N* at {format_flops(r['flops'])} FLOPs depend on {r['covariate']}? p = {p:.3g}{mark} (t, {n - 2} df)")


def _show_budgets(r: Mapping[str, Any], mark: str) -> None:
    echo()
    rows = []
    for one in r["at_budgets"]:
        line, missed = one["dlnN_dH"], one["missed_by_ln_n"]
        rows.append(
            (
                f"{format_flops(one['flops'])}{mark}",
                f"{line['slope']:.3g}{mark}",
                _interval(line["slope_ci95"], lambda v: f"{v:.3g}", mark),
                f"{line['p_value']:.2g}{mark}",
                f"{one['permutation']['p_value']:.2g}{mark}",
                *("-" if size is None else f"{size:.3f}{mark}" for size in missed.values()),
            )
        )
    print_table(("FLOPs", "dlnN*/dH", "95 %", "p", "perm. p", "line", "mean", "nearest"), rows)
    if r["fitted_to_flops"] is not None and r["flops"] > r["fitted_to_flops"]:
        echo(f"Beyond {format_flops(r['fitted_to_flops'])} FLOPs a group's own N* is what its law extrapolates to.")
    h, permutation = r["covariate"], r["at_budgets"][-1]["permutation"]
    echo(
        f"line, mean, nearest: by how much ln N* of a group left out is missed, the mean |error| over the groups, by "
        f"lines in {h}, the mean of the other groups, and the group nearest in {h}."
    )
    orders = f"all {permutation['n_orders']}" if permutation["exact"] else f"{permutation['n_orders']} random"
    echo(
        f"perm. p: the share of {orders} orders of {h} over the groups with as steep a slope. It is unreliable where "
        "groups are not exchangeable, as when several are corpora of one kind."
    )


def _show_left_out(r: Mapping[str, Any], mark: str) -> None:
    one = next(one for one in r["at_budgets"] if one["flops"] == r["flops"])
    errors = one["left_out_error_ln_n"]
    for group, error in errors["line"].items():
        words = "the lines give no law there" if error is None else f"ln N* is off by {error:+.3f}{mark}"
        others = f"mean {errors['mean'][group]:+.3f}{mark}, nearest {errors['nearest'][group]:+.3f}{mark}"
        terminal.line(f"  without {group}: {words} ({others})")
    verdict = "helps" if one["helps"] else "does not help"
    echo(f"At {format_flops(r['flops'])} FLOPs knowing {r['covariate']} {verdict} with a group left out.")


def _show_new_groups(r: Mapping[str, Any], mark: str) -> None:
    echo()
    rows = []
    for group in r["new_groups"]:
        for one in group["optima"]:
            known = one["n_params"] is not None
            rows.append(
                (
                    f"{group['value']:.4g}",
                    f"{format_flops(one['flops'])}",
                    quantity(one["n_params"]) + mark if known else "no law",
                    _interval(one["n_params_ci95"], quantity, mark) if known else "",
                )
            )
    print_table((r["covariate"], "FLOPs", "N*", "95 %"), rows, title="A new group")
    echo("95 %: a new observation about the line of ln N*, wider beyond the fitted budgets.")


def _show_joint(joint: Mapping[str, Any], covariate: str, mark: str) -> None:
    echo()
    slopes = ", ".join(f"{name} {_number(value)}{mark}" for name, value in joint["slopes"].items())
    echo(f"Slopes of the fit of all runs at once: {slopes}")
    echo(
        f"Its objective, E of each group free, is {joint['times_separate']:.3g}{mark} times that of the separate fits; "
        f"with E on a line in {covariate} too it would be {joint['e_on_line_times_separate']:.3g}{mark} times."
    )


def _interval(ends: Sequence[float], style: Callable[[float], str], mark: str) -> str:
    low, high = map(style, ends)
    return f"{low}{mark} to {high}{mark}"


def _number(value: float) -> str:
    return f"{value:.4g}"
