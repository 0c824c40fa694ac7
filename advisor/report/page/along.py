"""The recommendation along budgets: what ``advisor recommend`` says at each of them, computed before the page is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from advisor.answer.recommendation import Recommendation
from advisor.answer.recommended import Recommended
from advisor.answer.repetition.affordable import GOOD_EPOCHS, MOST_EPOCHS
from advisor.errors import AdvisorError
from advisor.quantities import format_flops
from advisor.report.page.asked import AskedRequest
from advisor.report.page.blocks import Budgets, Chart, DataTable, Step, table
from advisor.report.page.curves import budgets_chart, colour, named_law, repeated_law_of, sizes_chart
from advisor.report.plan import data_size
from advisor.report.text import amount, nats, quantity, ratio, spread

N_BUDGETS = 41
_WORN = 16.0  # passes, after which a token is worth under half of a new one: exp(-15/15.4), Muennighoff et al. 2023
_PER_DECADE = 20  # so that 41 budgets reach a tenth and ten times the one asked
_ROWS = (
    ("n_params", "Parameters N"),
    ("n_params80", "80 % interval of N"),
    ("n_tokens", "Training tokens D"),
    ("n_tokens80", "80 % interval of D"),
    ("tokens_per_param", "Tokens per parameter"),
    ("n_bytes", "Text"),
    ("loss", "Loss, nats/token"),
    ("epochs", "Passes over the data"),
    ("mind", "Mind"),
)

Found = tuple[Recommendation, Recommended]


def budgets_around(flops: float) -> list[float]:
    """Return 41 budgets from a tenth to ten times ``flops``: that one exactly, the others of three digits.

    >>> budgets_around(1e21)[:2], budgets_around(1e21)[20]
    ([1e+20, 1.12e+20], 1e+21)
    """
    half = N_BUDGETS // 2
    near = [flops * 10 ** ((i - half) / _PER_DECADE) for i in range(N_BUDGETS)]
    return [flops if i == half else float(f"{each:.2e}") for i, each in enumerate(near)]


def along_budgets(asked: AskedRequest, answer: Recommendation) -> tuple[Budgets, tuple[Chart, ...]]:
    """Return the recommendation at budgets around that of ``answer``, and the charts at the one asked.

    Budgets at which the law has no answer, such as one of less than a token, are left out.
    """
    here = answer.headline.flops
    unique = answer.limited[0].unique_tokens if answer.limited else None
    found: list[Found] = []
    for flops in budgets_around(here):
        try:
            found.append(_at(asked, answer, flops, unique))
        except AdvisorError:  # said by the missing step: the slider ends there
            if flops == here:
                raise
    number = [each.headline.flops for each, _ in found].index(here)
    charts = [sizes_chart(each, best, unique) for each, best in found]
    steps = tuple(_step(each, best, chart) for (each, best), chart in zip(found, charts, strict=True))
    rows = tuple((key, label) for key, label in _ROWS if any(step.words[key] for step in steps))
    budgets = Budgets(
        rows=rows, steps=steps, asked=number, note=_note(answer), laws=_laws(answer), still=_still(rows, steps)
    )
    first = charts[number]
    return budgets, (*(() if first is None else (first,)), budgets_chart(found, number))


def _laws(answer: Recommendation) -> tuple[tuple[str, int], ...]:
    return tuple((named_law(row.law), colour(number)) for number, row in enumerate(answer.laws[1:], 1))


def _still(rows: Sequence[tuple[str, str]], steps: Sequence[Step]) -> DataTable | None:
    """Return some of the steps as a table, the first, the last and the one asked among them."""
    shown = steps[:: N_BUDGETS // 4]
    columns = [("FLOPs", [format_flops(step.flops) for step in shown])]
    columns += [(label, [step.words[key] for step in shown]) for key, label in rows]
    return table("The same question at other budgets", columns)


def _at(asked: AskedRequest, answer: Recommendation, flops: float, unique: float | None) -> Found:
    """Return what ``advisor recommend`` says at one budget; at the one asked it is the answer, unless to a choice.

    With limited data all that it weighs besides would take a second for each budget: the optimum alone is sought, as
    it seeks it, and without the interval over draws.
    """
    if flops == answer.headline.flops and answer.choice is None:
        return answer, answer.recommended
    at_budget = asked.at(flops)
    if unique is None:
        found = at_budget.recommendation()
        return found, found.recommended
    from advisor.answer.repetition.affordable import affordable, epochs_of, law_within

    found = at_budget.with_unlimited_data().recommendation()
    law = law_within(repeated_law_of(answer.limited[0].law, found), unique)
    best = affordable(law, flops)
    limited = replace(
        found.recommended,
        of="limited_data",
        law=answer.limited[0].law,
        count=answer.limited[0].count,
        flops=best.flops,
        n_params=best.n_params,
        n_tokens=best.n_tokens,
        n_bytes=_bytes(found, best.n_tokens),
        loss=law.loss(best.n_params, best.n_tokens) if answer.loss_is_of_corpus else None,
        epochs=epochs_of(best, unique),
        interval80=None,
    )
    return found, limited


def _bytes(found: Recommendation, n_tokens: float) -> float | None:
    return None if found.units is None else found.units.bytes_per_token * n_tokens


def _step(answer: Recommendation, best: Recommended, chart: Chart | None) -> Step:
    interval = best.interval80
    return Step(
        words={
            "n_params": quantity(best.n_params),
            "n_params80": spread(None if interval is None else interval.n_params),
            "n_tokens": quantity(best.n_tokens),
            "n_tokens80": spread(None if interval is None else interval.n_tokens),
            "tokens_per_param": ratio(best.tokens_per_param),
            "n_bytes": "" if best.n_bytes is None else data_size(best.n_bytes),
            "loss": "" if best.loss is None else nats(best.loss),
            "epochs": amount(best.epochs),
            "mind": _wear(best),
        },
        flops=answer.headline.flops,
        n_params=best.n_params,
        n_tokens=best.n_tokens,
        chart=chart,
    )


def _wear(best: Recommended) -> str:
    """Return what so many passes over limited data mean; nothing where they are few, or nothing limits the data."""
    if best.of != "limited_data" or best.epochs is None or best.epochs <= GOOD_EPOCHS:
        return ""
    if best.epochs >= MOST_EPOCHS * (1 - 1e-9):
        return f"{MOST_EPOCHS:g} passes: no answer goes beyond"
    if best.epochs > _WORN:
        return f"over {_WORN:g} passes: one more is worth less than half"
    return f"over {GOOD_EPOCHS:g} passes: repeated data lose value"


def _note(answer: Recommendation) -> str:
    """Return what the numbers along the budgets are of."""
    same = "Each is what advisor recommend says with that budget for --flops"
    if answer.choice is not None:
        return f"{same}, without your choice of a size: the best of each budget."
    if answer.limited:
        return f"{same} and the same unique tokens; intervals are given at the budget asked alone."
    if answer.request.budget is None:
        same = "In the middle is the answer to what was asked, beside it what advisor recommend says with --flops"
    if answer.inference is not None:
        return f"{same}: the budget of a model that serves nobody, whose loss the one that serves reaches too."
    return f"{same}."
