"""What real runs on six corpora show, and by how much rules for what a corpus does to N miss it.

data/six_corpora.json has H and bytes per token of the corpora and, for total and for non-embedding N, their IsoFLOP
vertices (ln of the N of least loss at a budget, read off the runs) and the laws fitted to them:

    {"schema_version": 1, "source", "sha256", "corpora": {name: {"compressibility", "sd", "bytes_per_token"}},
     "total": {"flops": [...], "log_n": {name: [...]}, "laws": {name: [ln E, ln A, ln B, alpha, beta]}},
     "non-embedding": the same}

``benchmarks/bench_data_rule.py --runs`` makes it from the runs of Brandfonbrener et al. 2024 (arXiv:2411.12925), which
are not ours to ship.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from advisor.data_files import shipped_file
from advisor.errors import CoefficientsError
from advisor.json_fields import Node, read_json
from advisor.laws.data_rule import shown
from advisor.laws.frontier import log_optimum
from advisor.laws.parameters import Parameters
from advisor.laws.text import WEB_T, Text

WEB = ("fineweb", "fineweb-edu", "slimpajama", "smollm-corpus")
LEAST_FLOPS = 4e18  # below, budgets show less than half of the gaps between corpora
COUNTS = ("total", "non-embedding")


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What the runs show under one count of N: the common budgets, ln of each corpus's best N there, and its law."""

    flops: tuple[float, ...]
    log_n: Mapping[str, tuple[float, ...]]
    laws: Mapping[str, Parameters]

    @property
    def shown(self) -> tuple[int, ...]:
        """Which of the budgets show the gaps between corpora."""
        return tuple(i for i, flops in enumerate(self.flops) if flops > LEAST_FLOPS)

    def web(self, i: int, but: str) -> float:
        """Return the mean of the web corpora's ln N at a budget, one of them left out."""
        found = [self.log_n[name][i] for name in WEB if name != but]
        return sum(found) / len(found)

    def gap(self, corpus: str, i: int) -> float:
        """Return Delta, ln N of a corpus less the mean of the web corpora, itself left out."""
        return self.log_n[corpus][i] - self.web(i, corpus)


@dataclass(frozen=True, kw_only=True)
class SixCorpora:
    """The six corpora, what is known of their text, and what runs on them show by what N counts."""

    texts: Mapping[str, Text]
    seen: Mapping[str, Seen]
    source: str
    sha256: str


Rule = Callable[[SixCorpora, Seen, str, int], float]  # Delta of a corpus at a budget, by number


@cache
def six_corpora() -> SixCorpora:
    """Return what ships of the six corpora."""
    return read_six_corpora(read_json(shipped_file("six_corpora.json"), CoefficientsError))


def read_six_corpora(document: Node) -> SixCorpora:
    """Return the six corpora of a document."""
    corpora = document["corpora"]
    return SixCorpora(
        texts={name: _text(corpora[name]) for name in corpora.members()},
        seen={count: _seen(document[count]) for count in COUNTS},
        source=document["source"].text(),
        sha256=document["sha256"].text(),
    )


def _text(node: Node) -> Text:
    return Text(
        compressibility=node["compressibility"].number(0, 1, open_ends=True),
        sd=node["sd"].number(0),
        bytes_per_token=node["bytes_per_token"].number(0, open_ends=True),
    )


def _seen(node: Node) -> Seen:
    log_n, laws = node["log_n"], node["laws"]
    return Seen(
        flops=tuple(each.number(0, open_ends=True) for each in node["flops"].items()),
        log_n={name: tuple(each.number() for each in log_n[name].items()) for name in log_n.members()},
        laws={name: Parameters(*(each.number() for each in laws[name].items())) for name in laws.members()},
    )


def by_none(_six: SixCorpora, _seen: Seen, _corpus: str, _i: int) -> float:
    """Return 0: web text's answer for every corpus."""
    return 0.0


def by_mean(_six: SixCorpora, seen: Seen, corpus: str, i: int) -> float:
    """Return the mean of the other corpora."""
    others = [seen.log_n[name][i] for name in seen.log_n if name != corpus]
    return sum(others) / len(others) - seen.web(i, corpus)


def by_nearest(six: SixCorpora, seen: Seen, corpus: str, i: int) -> float:
    """Return what the corpus nearest in H shows."""
    h = {name: text.compressibility or 0.0 for name, text in six.texts.items()}
    nearest = min((name for name in h if name != corpus), key=lambda name: abs(h[name] - h[corpus]))
    return seen.log_n[nearest][i] - seen.web(i, corpus)


def by_h(six: SixCorpora, seen: Seen, corpus: str, i: int) -> float:
    """Return the data rule's part in H alone."""
    return shown(seen.flops[i]) * (six.texts[corpus].by_h or 0.0)


def by_t(six: SixCorpora, seen: Seen, corpus: str, i: int) -> float:
    """Return the data rule's part in bytes per token alone."""
    return shown(seen.flops[i]) * (six.texts[corpus].by_t or 0.0)


def by_both(six: SixCorpora, seen: Seen, corpus: str, i: int) -> float:
    """Return the data rule, the mean of both."""
    return shown(seen.flops[i]) * six.texts[corpus].settled


def by_bytes(six: SixCorpora, _seen: Seen, corpus: str, _i: int) -> float:
    """Return the law ``bytes``: as many bytes for each parameter whatever the corpus."""
    return Text(trained_bytes_per_token=six.texts[corpus].bytes_per_token or WEB_T).by_tokenizer


def errors(rule: Rule, six: SixCorpora, seen: Seen, i: int) -> dict[str, float]:
    """Return by how much a rule misses Delta of each corpus at a budget, in ln N."""
    return {name: rule(six, seen, name, i) - seen.gap(name, i) for name in seen.log_n}


def wasted(law: Parameters, error: float) -> float:
    """Return 1 - C_eq/C of an N that is off by ``error`` in ln N under a law.

    At the optimum the terms share the excess X as beta and alpha; off it they are e^(-alpha error) and e^(beta error)
    times that, and X falls with the budget as C^(-alpha beta/(alpha+beta)).
    """
    alpha, beta = law.alpha, law.beta
    total = alpha + beta
    grown = (beta * math.exp(-alpha * error) + alpha * math.exp(beta * error)) / total
    return 1 - math.exp(-math.log(grown) * total / (alpha * beta))


def log_n_of(law: Parameters, flops: float) -> float:
    """Return ln N* of a law's row."""
    return log_optimum(math.log(law.alpha / law.beta) + law.A - law.B, law.alpha, law.beta, math.log(flops / 6))


def rms(values: list[float]) -> float:
    """Return the root mean square."""
    return math.sqrt(sum(x * x for x in values) / len(values))
