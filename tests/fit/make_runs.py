"""Make the synthetic tables of runs beside this file, and find their optima without the code that they test.

    python tests/fit/make_runs.py            # writes grid36.csv, isoflop56.csv and outliers48.csv
    python tests/fit/make_runs.py --optima   # prints the least objective of each by scipy: the literals of the tests

The optima are the best of 200 of Hoffmann's starts, each by BFGS with a numeric gradient and then Nelder-Mead until it
stands still, on the sum of Huber losses of ln L with delta 1e-3.
"""

from __future__ import annotations

import argparse
import csv
import itertools
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent


def losses(n, d, law, noise):
    e, a, b, alpha, beta = law
    return (e + a * n**-alpha + b * d**-beta) * np.exp(noise)


def grid36():
    n, d = (v.ravel() for v in np.meshgrid(np.geomspace(2e7, 4e9, 6), np.geomspace(1e9, 2e11, 6)))
    noise = 0.005 * np.random.default_rng(1).standard_normal(36)
    return n, d, losses(n, d, (1.8, 480.0, 2100.0, 0.348, 0.366), noise)


def isoflop56():
    c, tilt = (v.ravel() for v in np.meshgrid(np.geomspace(6e18, 3e21, 7), np.geomspace(0.15, 6.0, 8)))
    n = 0.1 * c**0.5 * tilt
    d = c / (6.0 * n)
    noise = 0.01 * np.random.default_rng(2).standard_normal(56)
    return n, d, losses(n, d, (1.7, 410.0, 411.0, 0.339, 0.285), noise)


def outliers48():
    n, d = (v.ravel() for v in np.meshgrid(np.geomspace(1e6, 1e9, 8), np.geomspace(5e7, 2e10, 6)))
    noise = 0.01 * np.random.default_rng(3).standard_t(2.0, 48)
    return n, d, losses(n, d, (0.9, 230.0, 95.0, 0.45, 0.28), noise)


TABLES = {"grid36": grid36, "isoflop56": isoflop56, "outliers48": outliers48}


def write(name):
    with (HERE / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("n_params", "n_tokens", "loss"))
        for n, d, loss in zip(*TABLES[name](), strict=True):
            writer.writerow((round(n), round(d), f"{loss:.6f}"))


def optimum(name):
    from scipy.optimize import minimize

    log_n, log_d, log_l = np.log(np.loadtxt(HERE / f"{name}.csv", delimiter=",", skiprows=1)).T

    def objective(theta):
        a, b, e, alpha, beta = theta
        terms = np.stack(
            [a - alpha * (log_n - log_n.mean()), b - beta * (log_d - log_d.mean()), np.full_like(log_n, e)]
        )
        r = np.abs(log_l - np.logaddexp.reduce(terms))
        return 1e3 * np.where(r <= 1e-3, 0.5 * r * r, 1e-3 * (r - 0.5e-3)).sum()

    logs, exponents, es = range(0, 30, 5), np.arange(0, 2.5, 0.5), np.arange(-1, 1.5, 0.5)
    starts = list(itertools.product(logs, logs, es, exponents, exponents))
    best = None
    for i in np.random.default_rng(0).permutation(len(starts))[:200]:
        a, b, e, alpha, beta = starts[i]
        start = np.array([a - alpha * log_n.mean(), b - beta * log_d.mean(), e, alpha, beta])
        end = minimize(objective, start, method="BFGS")
        if best is None or end.fun < best.fun:
            best = end
    last = np.inf
    while best.fun < last:
        last = best.fun
        options = {"xatol": 1e-12, "fatol": 1e-16, "maxiter": 20000, "maxfev": 20000}
        best = minimize(objective, best.x, method="Nelder-Mead", options=options)
    a, b, e, alpha, beta = best.x
    a, b = a + alpha * log_n.mean(), b + beta * log_d.mean()
    return best.fun / 1e3, np.exp(e), np.exp(a), np.exp(b), alpha, beta


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--optima", action="store_true")
    if parser.parse_args().optima:
        for name in TABLES:
            value, *law = optimum(name)
            print(f'"{name}": ({value:.12e}, {", ".join(f"{v:.6g}" for v in law)}),')
    else:
        for name in TABLES:
            write(name)
