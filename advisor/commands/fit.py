"""``advisor fit``: laws from a table of runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from advisor.commands.fail_on import Coded, fail_on_option
from advisor.commands.fitting.coefficients import coefficients_of, coefficients_options
from advisor.commands.fitting.coefficients import write as write_coefficients
from advisor.commands.fitting.files import check_files, check_names, write_files
from advisor.commands.fitting.settings import LEAST_REFITS, MOST_REFITS, MOST_VOCABULARY, delta_of, fixed_e
from advisor.commands.fitting.table import TABLE_OPTIONS, WantedReading, say, table_options
from advisor.commands.options import MOST_SEED, PATH, cautions_option, full_option, is_given, json_option, plot_option
from advisor.commands.values import quantity
from advisor.data_files import check_writable, refuse_overwriting
from advisor.errors import RunsError, UsageError
from advisor.quantities import plural
from advisor.report import terminal

if TYPE_CHECKING:
    from advisor.report.screen import Wanted
    from calibration.fit.analysis import Analysis
    from calibration.fit.runs import RunTable

_MANY_RUNS = 2000
_OF_A_COMPARISON = {
    "table",
    "predict",
    *TABLE_OPTIONS,
    "group",
    "cautions",
    "full",
    "as_json",
    "fail_on",
}  # what a law file can be asked with
_OF_EVERY_FIT = ("table", "out", "cautions", "full", "as_json", "fail_on")
_EXAMPLES = """
\b
Examples:
  advisor fit runs.csv
  advisor fit runs.csv --columns n_params=model_size,n_tokens=token_ct,loss=val --flops 1e22
  advisor fit runs.csv --scale n_tokens=1e6 --loss-unit ppl
  advisor fit runs.jsonl --group corpus --covariate compressibility --at .45 --flops 1e21
  advisor fit pilot.csv --pilot --out measured.json
  advisor fit runs.csv --group corpus --covariate compressibility --profiles profiles.json --coefficients mine.json
  advisor fit runs.csv --out law.json && advisor recommend --law law.json --flops 1e22
  advisor fit repeated.csv --repeat-over law.json --out repeated.json
  advisor fit runs.csv --predict larger_runs.csv
  advisor fit law.json --predict larger_runs.csv
"""


@click.command("fit", epilog=_EXAMPLES)
@click.argument("table", type=PATH)
@table_options
@click.option("--group", metavar="COLUMN", help="Fit one law for each value of this column.")
@click.option("--cluster", metavar="COLUMN", help="Resample whole values of this column: checkpoints of one model.")
@click.option("--repeat-over", metavar="LAW", help="Fit R_D* and R_N* of repeated runs over a law: a name or a file.")
@click.option("--covariate", metavar="COLUMN", help="Regress the groups' laws on this column.")
@click.option(
    "--form",
    type=click.Choice(["log", "linear", "joint"]),
    default="log",
    show_default=True,
    help="The regression: lines in ln A and ln B, in A and B (Pandey 2024), or all runs at once, E free per group.",
)
@click.option("--at", type=float, multiple=True, metavar="H", help="A covariate to give N* for; repeatable.")
@click.option(
    "--flops", type=quantity("--flops"), multiple=True, metavar="FLOPS", help="A budget to answer for; repeatable."
)
@click.option("--delta", default="1e-3", show_default=True, metavar="D|auto|l1", help="Huber's delta on ln(loss).")
@click.option("--fix", metavar="E=VALUE", help="Hold E at a value, in nats/token.")
@click.option("--max-e", type=float, metavar="E", help="An upper bound on E, in nats/token.")
@click.option(
    "--count", type=click.Choice(["total", "non-embedding"]), default="total", show_default=True, help="What N counts."
)
@click.option(
    "--vocab-size", type=click.IntRange(2, MOST_VOCABULARY), help="The vocabulary of all runs, to find untrained ones."
)
@click.option(
    "--bootstrap",
    type=click.IntRange(LEAST_REFITS, MOST_REFITS),
    default=4000,
    show_default=True,
    help="Number of refits.",
)
@click.option("--seed", type=click.IntRange(0, MOST_SEED), default=0, show_default=True, help="Seed of the refits.")
@click.option("--out", type=PATH, help="Write the law; with groups, a name with {group} in it.")
@coefficients_options
@plot_option("runs, residuals, contours, E, IsoFLOP curves and the optimum of larger budgets")
@click.option("--pilot", is_flag=True, help="TABLE is a filled one of `advisor pilot`: print the gap that it shows.")
@click.option(
    "--predict",
    type=PATH,
    metavar="RUNS",
    help="Compare a table of new runs with the law; TABLE may then be a law file.",
)
@cautions_option
@full_option
@json_option()
@click.option("--force", is_flag=True, help="Print refused laws too, every number marked.")
@fail_on_option
def command(
    table: Path,
    reading: WantedReading,
    repeat_over: str | None,
    flops: tuple[float, ...],
    delta: str,
    fix: str | None,
    max_e: float | None,
    count: Literal["total", "non-embedding"],
    bootstrap: int,
    seed: int,
    out: Path | None,
    plot: Path | None,
    pilot: bool,
    wanted: Mapping[str, Any],
    predict: Path | None,
    cautions: bool,
    full: bool,
    as_json: bool,
    force: bool,
    **asked: Any,
) -> Sequence[Coded]:
    """Fit L(N, D) = E + A/N^alpha + B/D^beta to a TABLE of runs, and refuse where the runs cannot carry a law.

    TABLE is delimited text, JSON, JSON lines or parquet with the columns n_params, n_tokens and loss (nats/token), also
    under their usual other names, and may have seed, vocab_size, weight, unique_tokens, compressibility and flops (the
    stated budget, where it is not 6 N D, or in place of n_tokens or n_params). What was read as what is said on stderr.
    Intervals are 95 %, and wider beyond the largest budget of the runs. Exit code 1 if any law is refused.

    With --group and --covariate compressibility, --coefficients writes what `advisor recommend --coefficients` takes:
    the groups' laws, their lines in H and the law that those give for web text.
    """
    from advisor.report.screen import Wanted

    shown = Wanted(cautions=cautions, full=full)
    if pilot:
        return _read_pilot(table, out, shown, as_json=as_json)
    if repeat_over is not None:
        refits = {"cluster": asked["cluster"], "n_draws": bootstrap, "seed": seed}
        return _fit_decay(table, repeat_over, out, reading, shown, as_json=as_json, **refits)
    from advisor.report import fit as report
    from advisor.run_tables.json_rows import is_law
    from calibration.fit.analysis import Settings
    from calibration.fit.analysis import fit as fit_table
    from calibration.fit.beyond.new_runs import check_groups, compare_with_fit
    from calibration.fit.document import fit_document
    from calibration.fit.minimum import FitOptions
    from calibration.fit.table.counted import check_count

    new = None if predict is None else reading.read(predict, asked["group"])
    if is_law(table):
        _compare_with_law(table, new, reading, shown, as_json=as_json)
        return ()
    coefficients = coefficients_of(wanted, count)
    coefficients.check(table, asked["covariate"])
    check_files(out, plot, table, predict)
    held = FitOptions(delta=delta_of(delta), fixed_e=None if fix is None else fixed_e(fix), max_e=max_e)
    settings = Settings(options=held, n_draws=bootstrap, seed=seed, count=count, budgets=flops)

    def check(found: RunTable) -> None:
        for each in () if is_given("count") else (found, new):
            if each is not None:
                check_count(each.reading, reading.names)
        check_names(out, list(found.groups))
        check_groups({} if new is None else new.groups, found.groups)
        say(found.reading)
        n_runs = sum(map(len, found.groups.values()))
        if n_runs > _MANY_RUNS:
            terminal.note(f"Fitting {plural(n_runs, 'run')}, {bootstrap:,} refits: this may take minutes.")

    analysis = fit_table(
        table,
        columns=reading.names,
        units=reading.units,
        settings=settings,
        with_refused=force,
        on_table=check,
        profiles=coefficients.profiles,
        **asked,
    )
    if new is not None:
        analysis = replace(analysis, predictions=compare_with_fit(new.groups, analysis))
    report.show(fit_document(analysis, force=force), asked=shown, as_json=as_json)
    write_files(analysis, out, plot, force)
    write_coefficients(coefficients, analysis, table)
    if analysis.refused and not force:
        raise RunsError(_refusal(analysis))
    return analysis.reasons


def _read_pilot(table: Path, out: Path | None, shown: Wanted, *, as_json: bool) -> Sequence[Coded]:
    """Print what a filled pilot says, and write it to ``out``; return its cautions."""
    from advisor.pilot.pilot_file import result_of
    from advisor.pilot.run_table import read_table
    from advisor.report.pilot import show_result

    _refuse_beside("pilot", "says how laws are fitted, and --pilot fits none.")
    refuse_overwriting(out, table)
    check_writable(out)
    result = result_of(read_table(table))
    show_result(result, asked=shown, as_json=as_json, out=out)
    return result.cautions


def _refuse_beside(option: str, why: str, *allowed: str) -> None:
    """Raise UsageError for an option that has no meaning beside ``option``, but for those that every fit has."""
    for parameter in click.get_current_context().command.params:
        if is_given(str(parameter.name)) and parameter.name not in (option, *_OF_EVERY_FIT, *allowed):
            raise UsageError(f"{parameter.opts[0]} {why}")


def _fit_decay(
    table: Path, law: str, out: Path | None, reading: WantedReading, shown: Wanted, *, as_json: bool, **refits: Any
) -> Sequence[Coded]:
    """Print how repeated data decay over a law, and write the law that carries it to ``out``; return the reasons."""
    from advisor.report.repetition.decay import show
    from calibration.fit.decay.repeat_over import repeat_over
    from calibration.fit.table.counted import check_count_of_law

    why = "cannot be combined with --repeat-over, which holds the law."
    _refuse_beside("repeat_over", why, *TABLE_OPTIONS, "cluster", "bootstrap", "seed")
    refuse_overwriting(out, table, law)
    check_writable(out)
    found = repeat_over(table, law, columns=reading.names, units=reading.units, **refits)
    if found.reading is not None:
        check_count_of_law(found.reading, reading.names, found.count)
        say(found.reading)
    show(found, asked=shown, as_json=as_json)
    found.write(out)  # refused constants end here
    return found.reasons


def _compare_with_law(law: Path, new: RunTable | None, reading: WantedReading, shown: Wanted, *, as_json: bool) -> None:
    """Print new runs beside the law in a file, which is not fitted again."""
    from advisor.report import fit as report
    from calibration.fit.beyond.new_runs import beside_law

    if new is None:
        raise UsageError(f"{law} is a law and no table of runs: name the runs to compare with it by --predict RUNS.")
    for parameter in click.get_current_context().command.params:
        if is_given(str(parameter.name)) and parameter.name not in _OF_A_COMPARISON:
            option = parameter.opts[0]
            raise UsageError(f"{option} is about a fit, and {law} is a law already: leave {option} out.")
    report.show(beside_law(law, new, named=reading.names).to_dict(), asked=shown, as_json=as_json)


def _refusal(analysis: Analysis) -> str:
    n, names = len(analysis.groups), ", ".join(analysis.refused)
    are = "is" if len(analysis.refused) == 1 else "are"
    which = "the law is refused" if n == 1 else f"{len(analysis.refused)} of {n} laws {are} refused ({names})"
    return f"{which} for the reasons above, and nothing of it was written; --force prints it with every number marked."
