"""How far rules that say what a corpus does to the optimum are off on corpora and budgets that were left out.

    python benchmarks/bench_data_rule.py                       # from the vertices and laws that ship
    python benchmarks/bench_data_rule.py --runs six_corpora_sweep.csv --profiles profiles.json

The runs are those of Brandfonbrener et al. 2024 (arXiv:2411.12925; docs/calibrations.md says where they are), with the
columns corpus, flops, n_params, n_non_embedding, n_tokens and loss. At every budget a corpus has an IsoFLOP vertex, the
N of least loss, read off its own runs. What is predicted is Delta, ln N* of a corpus less the mean of the web corpora,
itself left out. For each rule, over the six corpora:
    all        root mean square error of Delta at 4.6e18 FLOPs and above, against vertices
    no web     ... of code and of mathematics alone
    4.84e19    ... at the largest budget
    wasted     the mean share of the FLOPs that such an error loses under the corpus's own law, at the largest budget
Rules fitted to the corpora are fitted without the one they predict; the data rule's constants were chosen with all six
in sight, so "refitted" does the same with slopes that are fitted without it.
Then the growth of the gap: held or growing beyond the budgets that are seen, against the vertices there; and the
languages of Limisiewicz et al. 2026 (arXiv:2605.01188), on which bytes per token fail as a property of a corpus.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from advisor.calibrations.six_corpora import (
    LEAST_FLOPS,
    WEB,
    Rule,
    Seen,
    SixCorpora,
    by_both,
    by_bytes,
    by_h,
    by_mean,
    by_nearest,
    by_none,
    by_t,
    errors,
    log_n_of,
    read_six_corpora,
    rms,
    six_corpora,
    wasted,
)
from advisor.data_files import write_atomically
from advisor.errors import CoefficientsError
from advisor.json_fields import SCHEMA_VERSION, Node, json_text
from advisor.laws.data_rule import LARGEST, SETTLED, shown
from advisor.laws.parameters import Parameters
from advisor.laws.text import SLOPE_H, SLOPE_T, SLOPE_TOKENIZER, WEB_H, WEB_T
from calibration.fit.minimum import fit_problem
from calibration.fit.objective import HUBER_DELTA
from calibration.fit.profiles import Profiles
from calibration.fit.runs import Runs, read_runs

SOURCE = (
    "Brandfonbrener et al. 2024, arXiv:2411.12925: KempnerInstitute/loss-to-loss-notebooks @ 457ce81, the sweep of "
    "eight budgets, own validation loss"
)
PROFILES = Path(__file__).resolve().parents[1] / "data/calibrations/six-corpora/profiles.json"
COLUMNS = {"total": "n_params", "non-embedding": "n_non_embedding"}
# ln N* against English at 1e20 FLOPs, monolingual, and bytes per token: the paper's table of languages.
LANGUAGES = {"Russian": (-0.01, 5.67), "Hindi": (0.17, 8.09), "English, a dummy byte after each": (0.12, 6.97)}
ENGLISH_T = 3.71


def document_of(table: Path, profiles: Path) -> dict[str, object]:
    """Return what the runs show, as data/six_corpora.json has it: no run is in it."""
    corpora = json.loads(profiles.read_text(encoding="utf-8"))["corpora"]
    kept = ("compressibility", "sd", "bytes_per_token")
    return {
        "schema_version": SCHEMA_VERSION,
        "source": SOURCE,
        "sha256": hashlib.sha256(table.read_bytes()).hexdigest(),
        "corpora": {name: {key: each[key] for key in kept} for name, each in corpora.items()},
        **{count: seen_in(table, column) for count, column in COLUMNS.items()},
    }


def seen_in(table: Path, column: str) -> dict[str, object]:
    groups = read_runs(table, columns={"n_params": column}, group="corpus")
    found = {name: vertices_of(runs) for name, runs in groups.items()}
    common = sorted(set.intersection(*(set(each) for each in found.values())))
    laws = {name: fit_problem(runs.problem()).parameters for name, runs in groups.items()}
    return {
        "flops": common,
        "log_n": {name: [round(each[c], 4) for c in common] for name, each in found.items()},
        "laws": {name: [float(f"{x:.7g}") for x in row] for name, row in laws.items()},
    }


def vertices_of(runs: Runs) -> dict[float, float]:
    """Return ln of the N of least loss at each stated budget, as ``advisor fit`` reads them off."""
    assert runs.stated_flops is not None
    budgets = [float(c) for c in np.unique(runs.stated_flops)]
    profiles = Profiles.of(runs, [np.flatnonzero(runs.stated_flops == c) for c in budgets])
    shape, _ = profiles.best(HUBER_DELTA)
    lowest = profiles.lowest(shape)[0]
    return {c: float(x) for c, x in zip(budgets, lowest, strict=True) if math.isfinite(x)}


def others(seen: Seen, corpus: str) -> list[str]:
    return [name for name in seen.log_n if name != corpus]


def h_of(six: SixCorpora, name: str) -> float:
    return six.texts[name].compressibility or 0.0


def line(x: list[float], y: list[float], at: float) -> float:
    slope, intercept = np.polyfit(x, y, 1)
    return float(slope * at + intercept)


def by_laws(six: SixCorpora, seen: Seen, corpus: str, i: int) -> float:
    """Lines in H through the parameters of the others' laws, as ``advisor fit --covariate`` draws them."""
    h = [h_of(six, name) for name in others(seen, corpus)]
    rows = np.array([seen.laws[name] for name in others(seen, corpus)])
    a, b, alpha, beta = (line(h, list(rows[:, k]), h_of(six, corpus)) for k in range(1, 5))
    own = log_n_of(Parameters(0.0, a, b, alpha, beta), seen.flops[i])
    return own - float(np.mean([log_n_of(seen.laws[web], seen.flops[i]) for web in WEB if web != corpus]))


def by_vertices(six: SixCorpora, seen: Seen, corpus: str, i: int) -> float:
    """A line in H through the others' vertices."""
    rest = others(seen, corpus)
    found = line([h_of(six, name) for name in rest], [seen.log_n[name][i] for name in rest], h_of(six, corpus))
    return found - seen.web(i, corpus)


def refitted(six: SixCorpora, seen: Seen, corpus: str, i: int) -> float:
    """The mean of both rules with slopes through web text that the other corpora alone give, r(C) as it is."""
    found = []
    for x in (
        {name: math.log((text.bytes_per_token or WEB_T) / WEB_T) for name, text in six.texts.items()},
        {name: h_of(six, name) - WEB_H for name in six.texts},
    ):
        pairs = [
            (shown(seen.flops[k]) * x[name], seen.gap(name, k)) for name in others(seen, corpus) for k in seen.shown
        ]
        slope = sum(a * b for a, b in pairs) / sum(a * a for a, _ in pairs)
        found.append(shown(seen.flops[i]) * slope * x[corpus])
    return sum(found) / 2


RULES: dict[str, Rule] = {
    "web text's for all": by_none,
    "the mean of the other corpora": by_mean,
    "the nearest in H": by_nearest,
    "lines in H through the laws": by_laws,
    "line in H through the vertices": by_vertices,
    ".554 ln(T/T_web) (law bytes)": by_bytes,
    ".45 r(C) ln(T/T_web)": by_t,
    "1.1 r(C) (H - H_web)": by_h,
    "the mean of both (law data)": by_both,
    "the mean of both, refitted": refitted,
}


def judge(rule: Rule, six: SixCorpora, seen: Seen) -> tuple[float, float, float, float]:
    found = {i: errors(rule, six, seen, i) for i in seen.shown}
    last = found[seen.shown[-1]]
    lost = [wasted(seen.laws[name], error) for name, error in last.items()]
    code = [error for each in found.values() for name, error in each.items() if name not in WEB]
    everything = [error for each in found.values() for error in each.values()]
    return rms(everything), rms(code), rms(list(last.values())), float(np.mean(lost))


def print_rules(six: SixCorpora) -> None:
    print(f"{'':32}{'total N':>34}{'non-embedding N':>34}")
    heads = f"{'all':>8}{'no web':>8}{'4.84e19':>9}{'wasted':>9}"
    print(f"{'rule':32}{heads}{heads}")
    for name, rule in RULES.items():
        cells = ""
        for seen in six.seen.values():
            everything, code, last, lost = judge(rule, six, seen)
            cells += f"{everything:8.3f}{code:8.3f}{last:9.3f}{100 * lost:7.2f} %"
        print(f"{name:32}{cells}")


def print_gaps(found: Mapping[str, Seen]) -> None:
    for count, seen in found.items():
        print(f"\nDelta by IsoFLOP vertices, {count} N")
        print(f"{'FLOPs':16}" + "".join(f"{c:>9.2g}" for c in seen.flops))
        for name in seen.log_n:
            print(f"{name:16}" + "".join(f"{seen.gap(name, i):+9.2f}" for i in range(len(seen.flops))))


def print_growth(found: Mapping[str, Seen]) -> None:
    """Print how far the gap seen up to a budget misses it beyond: held, or growing from there on."""
    print("\nThe gap of code and of mathematics beyond the budgets seen up to a cut, both counts of N")
    print(f"{'cut':>9}{'n':>4}{'held':>8}{'+.10':>8}{'+.25 per e-fold':>17}   error of Delta, rms")
    budgets = next(iter(found.values())).flops
    for cut in [c for c in budgets if LEAST_FLOPS < c < max(budgets)]:
        missed: dict[float, list[float]] = {0.0: [], 0.10: [], 0.25: []}
        for seen in found.values():
            for name in (name for name in seen.log_n if name not in WEB):
                known = [i for i, c in enumerate(seen.flops) if 2e18 < c <= cut]
                level = float(np.mean([seen.gap(name, i) / shown(seen.flops[i]) for i in known]))
                for growth, into in missed.items():
                    for i, c in enumerate(seen.flops):
                        if c > cut:
                            into.append(level * (shown(cut) + growth * math.log(c / cut)) - seen.gap(name, i))
        held, grown, fast = (rms(each) for each in missed.values())
        print(f"{cut:9.3g}{len(missed[0.0]):4}{held:8.3f}{grown:8.3f}{fast:17.3f}")


def print_languages() -> None:
    print("\nLanguages at 1e20, ln N* against English (Limisiewicz et al. 2026)")
    for name, (said, t) in LANGUAGES.items():
        print(f"{name:34} seen {said:+.2f}, .554 ln(T/T_English) {SLOPE_TOKENIZER * math.log(t / ENGLISH_T):+.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=Path, help="The table of runs; without it what ships.")
    parser.add_argument("--profiles", type=Path, default=PROFILES, help="H and bytes per token of its corpora.")
    parser.add_argument("--write", type=Path, help="Write what the runs show: data/six_corpora.json.")
    asked = parser.parse_args()
    if asked.runs is None:
        six = six_corpora()
    else:
        document = document_of(asked.runs, asked.profiles)
        six = read_six_corpora(Node(document, str(asked.runs), "", CoefficientsError))
        if asked.write is not None:
            write_atomically(asked.write, json_text(document))
    print(f"SHA-256 of the runs {six.sha256[:16]}...; {six.source}")
    print(f"Data rule: {SLOPE_T} ln T, {SLOPE_H} H, r = 1 at {SETTLED:.3g}, held from {LARGEST:.3g} FLOPs\n")
    print_rules(six)
    print_gaps(six.seen)
    print_growth(six.seen)
    print_languages()


if __name__ == "__main__":
    main()
