"""How often intervals hold beyond the fitted budgets: rolling origin over other people's tables of runs.

    python benchmarks/bench_extrapolation.py                # the tables in ../shared/reference
    python benchmarks/bench_extrapolation.py --runs FOLDER  # the same tables in another folder

Each table is cut at its largest budget over 2, 3, 5, 10 and 20, where at least 20 runs are below. The law, its 400
draws and its drift come from the runs below alone. The losses of the runs more than .3 e-folds above are then looked
for in four intervals: of the refits alone; of these and the scatter of single runs; of these, widened for each e-fold
of C by the least drift (advisor.laws.drift.LEAST); and by the drift that the runs below measure where that is more, as
advisor does (calibration.fit.beyond.new_runs). N* at the table's largest budget by a fit of all its runs is looked for
in the interval of the refits alone and in the widened ones.
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from advisor.laws.drift import LEAST, widened
from advisor.laws.scaling_law import Ranges, ScalingLaw
from calibration.fit.analysis import law_of
from calibration.fit.beyond.cuts import FACTORS, LEAST_BELOW, NEAREST, cuts_of, drift_of, predicted_log_loss
from calibration.fit.beyond.new_runs import SIGMAS_80, SIGMAS_95, predictions
from calibration.fit.bootstrap import bootstrap
from calibration.fit.diagnostics import refusal
from calibration.fit.minimum import FitOptions, fit_problem, log_optimum
from calibration.fit.objective import Array
from calibration.fit.runs import Runs

REFERENCE = Path(__file__).resolve().parents[2] / "shared" / "reference"
FILES = {
    "six_corpora_sweep.csv": ("n_params", "n_non_embedding"),
    "chinchilla_figure_runs.csv": ("N",),
    "gemstones_dclm.csv": ("n_params",),
    "gemstones_fineweb_edu.csv": ("n_params",),
}
OPTIONS = FitOptions(starts="fast")
HEADER = ("refits", "+ scatter", "+ least", "+ drift", "refits", "+ least", "+ drift")
LEVELS = ((0.80, SIGMAS_80), (0.95, SIGMAS_95))


@dataclass(frozen=True, kw_only=True)
class Origin:
    """What the runs below one cut said of those above: shares inside the 80 and 95 % intervals, and the mean of r/x.

    ``n_params`` are 1 where the interval holds N*, and 0 where it does not.
    """

    n_above: int
    bias: float
    loss: dict[str, list[float]]
    n_params: dict[str, list[float]]


def tables(folder: Path) -> Iterator[tuple[str, Runs]]:
    """Yield each table with its name: the six corpora by corpus and by both ways to count N."""
    for file, counts in FILES.items():
        with (folder / file).open(encoding="utf-8", newline="") as text:
            rows = list(csv.DictReader(text))
        for corpus in dict.fromkeys(row.get("corpus", Path(file).stem) for row in rows):
            own = [row for row in rows if row.get("corpus", corpus) == corpus]
            for count in counts:
                name = corpus if len(counts) == 1 else f"{corpus}, {'total' if count == 'n_params' else 'non-emb.'} N"
                yield name, runs_of(name, own, count)


def runs_of(name: str, rows: list[dict[str, str]], count: str) -> Runs:
    """Return the rows as runs, with N from the column ``count``."""
    tokens = "D" if count == "N" else "n_tokens"
    n_params, n_tokens, loss = (np.array([float(row[key]) for row in rows]) for key in (count, tokens, "loss"))
    return Runs(name=name, n_params=n_params, n_tokens=n_tokens, loss=loss, weight=np.ones(len(rows)))


def origins(runs: Runs, n_draws: int) -> Iterator[Origin]:
    """Yield what each cut of a table says, from the largest budget over 2 down."""
    largest = float(runs.flops.max())
    everything = fit_problem(runs.problem(), OPTIONS)
    best = float(log_optimum(everything.parameters, largest))
    for factor in FACTORS:
        below, above = (
            runs.where(runs.flops <= largest / factor),
            runs.where(np.log(runs.flops * factor / largest) > NEAREST),
        )
        if len(below) < LEAST_BELOW:
            continue
        fit = fit_problem(below.problem(), OPTIONS)
        if (refused := refusal(fit, largest)) is not None:
            print(f"{runs.name}, cut at 1/{factor:g}: refused, {refused.message}")
            continue
        draws = bootstrap(fit, n_draws=n_draws)
        law = law_of(below, fit, draws, "unknown", runs.name, drift_of(cuts_of(below, fit, OPTIONS)))
        yield origin(law, fit.scale, above, largest, best)


def origin(law: ScalingLaw, scatter: float, above: Runs, largest: float, best: float) -> Origin:
    """Return how the law of the runs below does on those above, and on ``best``, ln N* at ``largest`` by all runs."""
    observed, unbounded, least = np.log(above.loss), replace(law, ranges=Ranges()), replace(law, drift=LEAST)
    drawn = predicted_log_loss(np.array(law.draws), above)
    shares = {"refits": [inside(drawn, observed, level) for level, _ in LEVELS]}
    for name, each in (("and scatter", unbounded), ("least", least), ("widened", law)):
        predicted, sd = predictions(each, above, scatter)
        off = np.abs(observed - np.log(predicted)) / sd
        shares[name] = [float((off <= sigmas).mean()) for _, sigmas in LEVELS]
    laws = {"refits": law, "least": widened(least, largest), "widened": widened(law, largest)}
    optima = {name: log_optimum(np.array(each.draws), largest)[:, None] for name, each in laws.items()}
    holds = {name: [inside(drawn, np.array([best]), level) for level, _ in LEVELS] for name, drawn in optima.items()}
    ratio = (observed - np.log(predictions(law, above, 0.0)[0])) / np.log(above.flops / law.ranges.flops[1])
    return Origin(n_above=len(above), bias=float(ratio.mean()), loss=shares, n_params=holds)


def inside(drawn: Array, observed: Array, level: float) -> float:
    """Return the share of ``observed`` inside the central interval of the draws, one column for each."""
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return float(((low <= observed) & (observed <= high)).mean())


def summary(found: list[Origin]) -> list[float]:
    """Return the coverages of one table in the order of HEADER: means over its origins."""
    each = [[x for pairs in (o.loss, o.n_params) for pair in pairs.values() for x in pair] for o in found]
    return [float(x) for x in np.mean(each, 0)]


def line(name: str, n: object, values: list[float]) -> str:
    """Return one line of the table: pairs of 80 and 95 % coverages."""
    pairs = (f"{values[i]:.2f}/{values[i + 1]:.2f}" for i in range(0, len(values), 2))
    return row(name, n, pairs)


def row(name: str, n: object, columns: Iterable[str]) -> str:
    """Return one line of the table, as wide as its columns are."""
    return f"{name:<25} {n:>2} " + " ".join(f"{column:>9}" for column in columns)


def main(arguments: list[str] | None = None) -> None:
    """Print the coverage of every table; ``arguments`` are those of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=Path, default=REFERENCE, help="the folder with the tables")
    parser.add_argument("--draws", type=int, default=400)
    args = parser.parse_args(arguments)
    missing = [name for name in FILES if not (args.runs / name).is_file()]
    if missing:
        sys.exit(f"{args.runs} has no {', '.join(missing)}: the tables are other people's and do not come with this.")
    begin = time.perf_counter()
    print(row("coverage at 80/95 %", "", ("of losses:", "", "", "", "of N*:")))
    print(row("table, number of cuts", "", HEADER))
    rows, everything = [], []
    for name, runs in tables(args.runs):
        found = list(origins(runs, args.draws))
        rows.append(summary(found))
        everything += found
        print(line(name, len(found), rows[-1]), flush=True)
    print(line("all tables alike", len(everything), [float(x) for x in np.mean(rows, 0)]))
    down = sum(o.bias < 0 for o in everything)
    mean = 100 * np.mean([o.bias for o in everything])
    print(
        f"losses came out lower at {down} of {len(everything)} origins, on average {mean:+.2f} % for each e-fold of C"
    )
    print(f"{time.perf_counter() - begin:.0f} s, {args.draws} refits at each origin")


if __name__ == "__main__":
    main()
