"""How the table of epochs looks: what repeated tokens are worth in a sentence, and a row for each number of epochs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.answer.law_choice import DATA_LAWS
from advisor.answer.repetition.affordable import MOST_EPOCHS
from advisor.answer.repetition.repeat_table import RepeatRow, RepeatTable
from advisor.quantities import format_flops, format_share
from advisor.report.explain import emit_explained, print_derivation
from advisor.report.repetition.advice import print_advice
from advisor.report.screen import FIRST_SCREEN, Wanted, print_answer, print_rows, print_screen
from advisor.report.text import counted, echo, epochs_text, nats, percent, plural, print_table, quantity, spread

if TYPE_CHECKING:
    from advisor.explanation import Explanation

_OPTIMUM = "optimum"
_TOLD = (4.0, 16.0)  # epochs that the sentence speaks of, where the table has them


def show(
    table: RepeatTable,
    *,
    all_advice: bool,
    asked: Wanted = FIRST_SCREEN,
    explain_all: bool = False,
    as_json: bool,
    out: Path | None,
) -> None:
    """Print a table of epochs, or its JSON document; write the document to ``out`` if given.

    ``explain_all`` adds where every number comes from, to the document too.
    """
    emit_explained(
        table,
        lambda: _render(table, asked, all_advice),
        lambda: _explanations(table),
        asked=asked.explain,
        explain_all=explain_all,
        as_json=as_json,
        out=out,
    )


def _explanations(table: RepeatTable) -> tuple[Explanation, ...]:
    from advisor.answer.repetition.repeat_table_explained import explain_repeat

    return explain_repeat(table)


def _render(table: RepeatTable, asked: Wanted, all_advice: bool) -> None:
    if all_advice and not any(asked):
        print_answer(*_answer(table))
        echo()
        print_advice(table.advice, everything=True)
        return
    print_screen(
        _answer(table),
        rows=lambda: _print_rows(table),
        everything=lambda: _print_everything(table, all_advice),
        derivation=lambda: _derive(table),
        cautions=table.cautions,
        asked=asked,
        more=("--advice", "--cautions", "--explain", "--full", "--json"),
        lines=6,
    )


def _derive(table: RepeatTable) -> None:
    """Print how the optimum, or without one the row that the sentence begins with, comes about."""
    from advisor.explanation import leading_to

    tag = "optimum" if table.optimum is not None else str(table.rows.index(_told(table)[0]))
    print_derivation(leading_to(_explanations(table), (f"epochs_{tag}", f"D_eff_{tag}", f"loss_{tag}")))


def _told(table: RepeatTable) -> list[RepeatRow]:
    """Return the rows that the sentence speaks of: 4 and 16 epochs, else the first and the last that repeat data."""
    repeating = [row for row in table.rows if row.epochs > 1] or list(table.rows[-1:])
    usual = [row for row in repeating if row.epochs in _TOLD]
    return usual if len(usual) == len(_TOLD) else list(dict.fromkeys((repeating[0], repeating[-1])))


def _answer(table: RepeatTable) -> list[str]:
    """Return what the data are worth, or the best use of the budget with them."""
    return [_worth(table), _last(table)] if table.optimum is None else _best(table, table.optimum)


def _worth(table: RepeatTable) -> str:
    unique = plural(quantity(table.unique_tokens), "unique token")
    read = [f"{quantity(row.effective_tokens)} when read {_times(row.epochs)}" for row in _told(table)]
    endless = f"{quantity(table.most_effective_tokens)} at most"
    return f"{unique} are worth {', '.join((*read, ''))}and {endless}: that many new tokens would do as much."


def _last(table: RepeatTable) -> str:
    parts = [f"{format_share(row.last_value)} of a new one after {_times(row.epochs)}" for row in _told(table)]
    sizes = "" if table.n_params is None else f" ({quantity(table.n_params)} parameters)"
    losses = [f"{nats(row.loss)} after {_times(row.epochs)}" for row in _told(table)]
    return f"One more token is worth {' and '.join(parts)}; the loss{sizes} is {' and '.join(losses)}."


def _times(epochs: float) -> str:
    return "once" if epochs == 1 else f"{epochs_text(epochs)} times"


def _best(table: RepeatTable, best: RepeatRow) -> list[str]:
    unique = plural(quantity(table.unique_tokens), "unique token")
    run = f"{quantity(best.n_params)} parameters on {quantity(best.n_tokens)} tokens, loss {nats(best.loss)}"
    passes = f"{epochs_text(best.epochs)} epochs of {unique}"
    said = f"Best for {format_flops(table.flops or best.flops)} FLOPs: {passes}, {run} nats/token."
    if _remark(table) == _OPTIMUM:
        return [said, f"They are worth {quantity(best.effective_tokens)} unique tokens."]
    share = percent(best.flops / (table.flops or best.flops))
    return [
        said,
        f"That takes {format_flops(best.flops)} FLOPs, {share} of the budget: the data end there. The law alone would "
        f"go on to {epochs_text(table.law_epochs or 0.0)} epochs.",
    ]


def _print_rows(table: RepeatTable) -> None:
    _print_epochs(table)
    print_rows([("Law", f"{table.law}; {_sizes(table)}")])


def _print_everything(table: RepeatTable, all_advice: bool) -> None:
    _print_epochs(table)
    most, limit = quantity(table.most_effective_tokens), nats(table.loss_limit)
    echo(f"Endless repetition is worth {most} unique tokens; unlimited compute reaches a loss of {limit}.", "dim")
    print_rows([("Law", f"{table.law}: {table.source}"), ("N", f"{counted(table.count)}; {_sizes(table)}")])
    if table.advice:
        echo()
        print_advice(table.advice, everything=all_advice)


def _print_epochs(table: RepeatTable) -> None:
    """Print the rows, the optimum among them, and what the columns mean."""
    rows = [(row, "") for row in table.rows]
    if table.optimum is not None:
        rows = sorted([*rows, (table.optimum, _remark(table))], key=lambda pair: pair[0].epochs)
    bold = [i for i, (_, remark) in enumerate(rows) if remark]
    columns = _columns(table)
    header = [name for name, _ in columns]
    cells = [(*(look(row) for _, look in columns), remark or _blind(row)) for row, remark in rows]
    print_table((*header, ""), cells, bold=bold)
    whose = " Loss: of web text." if table.law in DATA_LAWS else ""
    echo(f"worth: in unique tokens; each, last: of one token, overall and at the end.{whose}", "dim")
    if any(row.epochs > MOST_EPOCHS for row, _ in rows):
        echo("blind: the law knows no overfitting, and is far too hopeful here.", "dim")


def _sizes(table: RepeatTable) -> str:
    """Return which parameters the rows have."""
    if table.n_params is not None:
        return f"{quantity(table.n_params)} parameters in each row"
    if table.flops is not None:
        return f"as many parameters as {format_flops(table.flops)} FLOPs leave"
    return "the best parameters for each row's tokens"


def _columns(table: RepeatTable) -> list[tuple[str, Callable[[RepeatRow], str]]]:
    """Return the columns; what is the same in every row, N or the FLOPs, is said beside the table instead."""
    columns: list[tuple[str, Callable[[RepeatRow], str]]] = [
        ("epochs", lambda row: epochs_text(row.epochs)),
        ("D", lambda row: quantity(row.n_tokens)),
        ("worth", lambda row: quantity(row.effective_tokens)),
        ("each", lambda row: percent(row.average_value)),
        ("last", lambda row: percent(row.last_value)),
    ]
    if table.n_params is None:
        columns.append(("N", lambda row: quantity(row.n_params)))
    if table.flops is None:
        columns.append(("FLOPs", lambda row: format_flops(row.flops)))
    columns.append(("loss", lambda row: nats(row.loss)))
    if any(row.loss_interval80 for row in table.rows):
        columns.append(("80 %", lambda row: spread(row.loss_interval80, nats)))
    return columns


def _remark(table: RepeatTable) -> str:
    """Return what the best row is: the optimum of the budget, or where the data are used up."""
    return "enough" if (table.law_epochs or 0) > MOST_EPOCHS else _OPTIMUM


def _blind(row: RepeatRow) -> str:
    return "blind" if row.epochs > MOST_EPOCHS else ""
