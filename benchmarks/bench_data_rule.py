"""How far rules that say what a corpus does to the optimum are off on corpora and budgets that were left out.

    python benchmarks/bench_data_rule.py --runs six_corpora_sweep.csv
    python benchmarks/bench_data_rule.py                # from the vertices that ship

The runs are those of Brandfonbrener et al. 2024 (arXiv:2411.12925; docs/calibrations.md says where they are), with the
columns corpus, flops, n_params, n_non_embedding, n_tokens and loss. At every budget a corpus has an IsoFLOP vertex, the
N of least loss, read off its own runs. What is predicted is Delta, ln N* of a corpus less the mean of the web corpora,
itself left out. Three numbers for each rule, all root mean squares over the six corpora:
    vertices      the error of Delta at 4.6e18 FLOPs and above, against vertices
    at 4.84e19    ... at the largest budget alone
    wasted        the share of the FLOPs that such an error of N loses under the corpus's own law, at that budget
Rules fitted to the corpora are fitted without the one they predict; those of the data rule have constants that were
chosen with all six in sight, so "refitted" does the same with slopes that are fitted without it.
Then the growth of the gap: r(C) held or growing above the budgets that are seen, against the vertices beyond; and the
languages of Limisiewicz et al. 2026 (arXiv:2605.01188), on which bytes per token fail as a property of a corpus.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from advisor.data_files import write_atomically
from advisor.json_fields import json_text
from advisor.laws.data_rule import LARGEST, SETTLED, SLOPE_H, SLOPE_T, SLOPE_TOKENIZER, WEB_H, WEB_T, shown
from calibration.fit.minimum import fit_problem
from calibration.fit.objective import HUBER_DELTA
from calibration.fit.profiles import Profiles
from calibration.fit.runs import Runs, read_runs

SHIPPED = Path(__file__).resolve().parents[1] / "data/calibrations/six-corpora"
WEB = ("fineweb", "fineweb-edu", "slimpajama", "smollm-corpus")
LEAST = 4e18
COUNTS = {"total": "n_params", "non-embedding": "n_non_embedding"}
# ln N* against English at 1e20 FLOPs, monolingual, and bytes per token: facts of the paper's table of languages.
LANGUAGES = {"Russian": (-0.01, 5.67), "Hindi": (0.17, 8.09), "English, a dummy byte after each": (0.12, 6.97)}
ENGLISH_T = 3.71


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What the runs show under one count of N: ln N* by corpus and budget, and the corpora's laws (ln E, ... beta)."""

    flops: list[float]
    log_n: dict[str, list[float]]
    laws: dict[str, list[float]]


@dataclass(frozen=True, kw_only=True)
class Corpora:
    """H and bytes per token of the corpora."""

    h: dict[str, float]
    t: dict[str, float]


Rule = Callable[[str, Seen, Corpora, int], float]


def seen_in(path: Path, count: str) -> Seen:
    groups = read_runs(path, columns={"n_params": COUNTS[count]}, group="corpus")
    flops: dict[str, list[float]] = {}
    log_n: dict[str, list[float]] = {}
    for name, runs in groups.items():
        flops[name], log_n[name] = vertices_of(runs)
    common = sorted(set.intersection(*(set(found) for found in flops.values())))
    laws = {name: [float(x) for x in fit_problem(runs.problem()).parameters] for name, runs in groups.items()}
    rows = {name: [log_n[name][flops[name].index(c)] for c in common] for name in groups}
    return Seen(flops=common, log_n=rows, laws=laws)


def vertices_of(runs: Runs) -> tuple[list[float], list[float]]:
    """Return the stated budgets and ln N of the least loss of each, as ``advisor fit`` reads them off."""
    assert runs.stated_flops is not None
    budgets = [float(c) for c in np.unique(runs.stated_flops)]
    profiles = Profiles.of(runs, [np.flatnonzero(runs.stated_flops == c) for c in budgets])
    shape, _ = profiles.best(HUBER_DELTA)
    lowest = profiles.lowest(shape)[0]
    kept = [i for i in range(len(budgets)) if math.isfinite(lowest[i])]
    return [budgets[i] for i in kept], [float(lowest[i]) for i in kept]


def gap(seen: Seen, corpus: str, i: int) -> float:
    """Return Delta as it is seen: against the web corpora but for the corpus itself."""
    return seen.log_n[corpus][i] - float(np.mean([seen.log_n[web][i] for web in WEB if web != corpus]))


def others(seen: Seen, corpus: str) -> list[str]:
    return [name for name in seen.log_n if name != corpus]


def web_level(seen: Seen, corpus: str, i: int) -> float:
    return float(np.mean([seen.log_n[web][i] for web in WEB if web != corpus]))


def line(x: list[float], y: list[float], at: float) -> float:
    slope, intercept = np.polyfit(x, y, 1)
    return float(slope * at + intercept)


def by_none(corpus: str, seen: Seen, corpora: Corpora, i: int) -> float:
    return 0.0


def by_mean(corpus: str, seen: Seen, corpora: Corpora, i: int) -> float:
    return float(np.mean([seen.log_n[name][i] for name in others(seen, corpus)])) - web_level(seen, corpus, i)


def by_nearest(corpus: str, seen: Seen, corpora: Corpora, i: int) -> float:
    nearest = min(others(seen, corpus), key=lambda name: abs(corpora.h[name] - corpora.h[corpus]))
    return seen.log_n[nearest][i] - web_level(seen, corpus, i)


def by_laws(corpus: str, seen: Seen, corpora: Corpora, i: int) -> float:
    """Lines in H through the parameters of the others' laws, as ``advisor fit --covariate`` draws them."""
    rest = others(seen, corpus)
    h = [corpora.h[name] for name in rest]
    rows = np.array([seen.laws[name] for name in rest])
    a, b, alpha, beta = (line(h, list(rows[:, k]), corpora.h[corpus]) for k in range(1, 5))
    own = optimum([0.0, a, b, alpha, beta], seen.flops[i])
    return own - float(np.mean([optimum(seen.laws[web], seen.flops[i]) for web in WEB if web != corpus]))


def by_vertices(corpus: str, seen: Seen, corpora: Corpora, i: int) -> float:
    rest = others(seen, corpus)
    found = line([corpora.h[name] for name in rest], [seen.log_n[name][i] for name in rest], corpora.h[corpus])
    return found - web_level(seen, corpus, i)


def by_tokenizer_slope(corpus: str, seen: Seen, corpora: Corpora, i: int) -> float:
    return SLOPE_TOKENIZER * math.log(corpora.t[corpus] / WEB_T)


def by_t(corpus: str, seen: Seen, corpora: Corpora, i: int) -> float:
    return shown(seen.flops[i]) * SLOPE_T * math.log(corpora.t[corpus] / WEB_T)


def by_h(corpus: str, seen: Seen, corpora: Corpora, i: int) -> float:
    return shown(seen.flops[i]) * SLOPE_H * (corpora.h[corpus] - WEB_H)


def by_both(corpus: str, seen: Seen, corpora: Corpora, i: int) -> float:
    return (by_t(corpus, seen, corpora, i) + by_h(corpus, seen, corpora, i)) / 2


def refitted(corpus: str, seen: Seen, corpora: Corpora, i: int) -> float:
    """The mean of both rules with slopes through web text that the other corpora alone give, r(C) as it is."""
    rest, budgets = others(seen, corpus), [k for k, c in enumerate(seen.flops) if c > LEAST]
    found = []
    for x in (
        {name: math.log(corpora.t[name] / WEB_T) for name in seen.log_n},
        {name: corpora.h[name] - WEB_H for name in seen.log_n},
    ):
        pairs = [(shown(seen.flops[k]) * x[name], gap(seen, name, k)) for name in rest for k in budgets]
        slope = sum(a * b for a, b in pairs) / sum(a * a for a, _ in pairs)
        found.append(shown(seen.flops[i]) * slope * x[corpus])
    return sum(found) / 2


RULES: dict[str, Rule] = {
    "no difference (Chinchilla for all)": by_none,
    "the mean of the other corpora": by_mean,
    "the nearest in H": by_nearest,
    "lines in H through the laws": by_laws,
    "line in H through the vertices": by_vertices,
    ".554 ln(T/T_web), nothing fitted": by_tokenizer_slope,
    ".45 r(C) ln(T/T_web)": by_t,
    "1.1 r(C) (H - H_web)": by_h,
    "the mean of both (law data)": by_both,
    "the mean of both, refitted": refitted,
}


def optimum(row: list[float], flops: float) -> float:
    _, a, b, alpha, beta = row
    return (math.log(alpha / beta) + a - b + beta * math.log(flops / 6)) / (alpha + beta)


def wasted(row: list[float], flops: float, error: float) -> float:
    """Return 1 - C_eq/C of an N that is off by ``error`` in ln N under a law.

    At the optimum the terms share the excess X as beta and alpha; off it they are scaled by e^(-alpha error) and
    e^(beta error), and a budget reaches X with C ~ X^(-(alpha+beta)/(alpha beta)).
    """
    alpha, beta = row[3], row[4]
    total = alpha + beta
    grown = (beta * math.exp(-alpha * error) + alpha * math.exp(beta * error)) / total
    return 1 - grown ** (-total / (alpha * beta))


def rms(values: list[float]) -> float:
    return math.sqrt(sum(x * x for x in values) / len(values))


def judge(rule: Rule, seen: Seen, corpora: Corpora) -> tuple[float, float, float, float]:
    errors = {
        (name, i): rule(name, seen, corpora, i) - gap(seen, name, i)
        for name in seen.log_n
        for i, c in enumerate(seen.flops)
        if c > LEAST
    }
    last = max(i for _, i in errors)
    lost = [wasted(seen.laws[name], seen.flops[last], errors[name, last]) for name in seen.log_n]
    code = [error for (name, _), error in errors.items() if name not in WEB]
    at_last = [error for (_, i), error in errors.items() if i == last]
    return rms(list(errors.values())), rms(code), rms(at_last), float(np.mean(lost))


def print_rules(found: Mapping[str, Seen], corpora: Corpora) -> None:
    print(f"{'':36}{'total N':>34}{'non-embedding N':>34}")
    heads = f"{'vertices':>9}{'no web':>8}{'4.84e19':>9}{'wasted':>8}"
    print(f"{'rule':36}{heads}{heads}")
    for name, rule in RULES.items():
        cells = ""
        for seen in found.values():
            all_of, code, last, lost = judge(rule, seen, corpora)
            cells += f"{all_of:9.3f}{code:8.3f}{last:9.3f}{100 * lost:7.2f}%"
        print(f"{name:36}{cells}")


def print_gaps(found: Mapping[str, Seen]) -> None:
    for count, seen in found.items():
        print(f"\nDelta by IsoFLOP vertices, {count} N")
        print(f"{'FLOPs':16}" + "".join(f"{c:>9.2g}" for c in seen.flops))
        for name in seen.log_n:
            print(f"{name:16}" + "".join(f"{gap(seen, name, i):+9.2f}" for i in range(len(seen.flops))))


def print_growth(found: Mapping[str, Seen], corpora: Corpora) -> None:
    """Print what the gap seen up to a budget predicts of it beyond: held, or growing as r does up to 4.84e19."""
    print("\nThe gap beyond the budgets seen, code and mathematics: level from vertices up to the cut, then")
    print(f"{'cut':>9}{'n':>4}{'held':>8}{'+.10':>8}{'+.25 per e-fold':>17}   error of Delta (rms), both counts")
    budgets = next(iter(found.values())).flops
    for cut in [c for c in budgets if LEAST < c < max(budgets)]:
        errors: dict[float, list[float]] = {0.0: [], 0.10: [], 0.25: []}
        for seen in found.values():
            for name in (name for name in seen.log_n if name not in WEB):
                known = [i for i, c in enumerate(seen.flops) if 2e18 < c <= cut]
                level = float(np.mean([gap(seen, name, i) / max(shown(seen.flops[i]), 0.1) for i in known]))
                for growth, into in errors.items():
                    for i, c in enumerate(seen.flops):
                        if c > cut:
                            r = shown(cut) + growth * math.log(c / cut)
                            into.append(level * r - gap(seen, name, i))
        cells = "".join(f"{rms(each):8.3f}" for each in errors.values())
        print(f"{cut:9.3g}{len(errors[0.0]):4}{cells}")


def print_languages() -> None:
    print("\nLanguages at 1e20, ln N* against English (Limisiewicz et al. 2026)")
    for name, (said, t) in LANGUAGES.items():
        print(f"{name:36} seen {said:+.2f}, .554 ln(T/T_English) {SLOPE_TOKENIZER * math.log(t / ENGLISH_T):+.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=Path)
    parser.add_argument("--profiles", type=Path, default=SHIPPED / "profiles.json")
    parser.add_argument("--write-vertices", type=Path, help="Write what the runs show: no run is in it.")
    asked = parser.parse_args()
    known = json.loads(asked.profiles.read_text(encoding="utf-8"))["corpora"]
    corpora = Corpora(
        h={name: each["compressibility"] for name, each in known.items()},
        t={name: each["bytes_per_token"] for name, each in known.items()},
    )
    if asked.runs is None:
        shipped = json.loads((SHIPPED / "vertices.json").read_text(encoding="utf-8"))
        found = {count: Seen(**shipped[count]) for count in COUNTS}
        print(f"From the vertices and laws that ship, of a table with SHA-256 {shipped['sha256'][:16]}...")
    else:
        found = {count: seen_in(asked.runs, count) for count in COUNTS}
    if asked.write_vertices is not None:
        digest = hashlib.sha256(asked.runs.read_bytes()).hexdigest()
        document = {count: vars(seen) for count, seen in found.items()}
        write_atomically(asked.write_vertices, json_text({"sha256": digest, **document}))
    print(f"Data rule: {SLOPE_T} ln T, {SLOPE_H} H, r = 1 at {SETTLED:.3g}, held from {LARGEST:.3g} FLOPs\n")
    print_rules(found, corpora)
    print_gaps(found)
    print_growth(found, corpora)
    print_languages()


if __name__ == "__main__":
    main()
