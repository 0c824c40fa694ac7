"""Print the tables of docs/calibrations.md on tokens-or-bytes, from its laws; ``--check`` fails if they are others.

python docs/tokens_or_bytes.py [--check]

Where the best D / N in bytes is some k whatever the tokenizer, N* = (C T / 6 k)^(1/2) at T bytes per token, so that
ln N* moves by 1/2 for each unit of ln T. Where it is the same in tokens, ln N* does not move. Limisiewicz et al. 2026
(arXiv:2605.01188) find .554, from models of 5e18 FLOPs and more.

Models of these sizes spend more FLOPs on the logits of a large vocabulary than on all else, so that it matters whether
the head counts. N* is read in two ways: with C = 6 N D of non-embedding N, along which the runs were planned, and with
the head of V d parameters both in N and in C, at the width d of least loss.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from reproduction_laws import LAWS_FILE, WrittenLaw, read_written_laws

sys.path.insert(0, str(Path(__file__).parent.parent))  # the checkout, installed or not

from advisor.laws.scaling_law import ScalingLaw
from calibration.fit.line import t_quantile
from calibration.training.shape import model_shape

PAGE = Path(__file__).parent / "calibrations.md"
BEGIN, END = "<!-- tokens or bytes: written by docs/tokens_or_bytes.py -->\n", "<!-- end of tokens or bytes -->\n"
FOLDER = Path(__file__).parent.parent / "data" / "calibrations" / "tokens-or-bytes"

PLANNED = (2.5e11, 8e11, 2.5e12)  # budgets of the runs, in 6 N D of non-embedding N
WITH_HEAD = (2.5e12, 8e12)  # as the runs of every vocabulary have, or nearly, if the head counts
SHOWN = 2.5e12
NEARLY_ALL_HEAD = "8192"  # whose best models are, as the table says
_LAYERS, _WIDTHS = 2, np.geomspace(4, 4096, 4001)


@dataclass(frozen=True, kw_only=True, eq=False)
class Profiled:
    """A corpus under one tokenizer: bytes per token, and ln of the best N by budget, read in three ways.

    ``body`` and ``with_head`` are what its law says, none where that is refused, and ``head_share`` is how much of the
    latter N is the head's; ``vertices`` are those of its IsoFLOP profiles, of non-embedding N, none where they show no
    lowest point.
    """

    corpus: str
    tokenizer: str
    bytes_per_token: float
    verdict: str
    body: Mapping[float, float]
    with_head: Mapping[float, float]
    head_share: Mapping[float, float]
    vertices: Mapping[float, float]


def read(folder: Path = FOLDER) -> tuple[Profiled, ...]:
    """Return every source of the calibration, by corpus and bytes per token."""
    laws = json.loads((folder / LAWS_FILE).read_text(encoding="utf-8"))["laws"]
    found = [_profiled(one, laws[one.source.name]["isoflop"]) for one in read_written_laws(folder)]
    return tuple(sorted(found, key=lambda one: (one.corpus, one.bytes_per_token)))


def _profiled(one: WrittenLaw, isoflop: Mapping[str, Any] | None) -> Profiled:
    corpus, tokenizer = one.source.name.rsplit("-", 1)
    iso, law, vocabulary = isoflop or {"flops": (), "n_params": ()}, one.accepted, one.source.vocab_size
    both = {} if law is None else {flops: best_with_head(law, flops, vocabulary) for flops in WITH_HEAD}
    return Profiled(
        corpus=corpus,
        tokenizer=tokenizer,
        bytes_per_token=float(one.source.definition["bytes_per_token"]),
        verdict=one.verdict,
        body={} if law is None else {flops: math.log(law.frontier(flops).n_params) for flops in PLANNED},
        with_head={flops: log_n for flops, (log_n, _) in both.items()},
        head_share={flops: share for flops, (_, share) in both.items()},
        vertices={
            min(PLANNED, key=lambda budget: abs(budget - flops)): math.log(n)
            for flops, n in zip(iso["flops"], iso["n_params"], strict=True)
        },
    )


def best_with_head(law: ScalingLaw, flops: float, vocab_size: int) -> tuple[float, float]:
    """Return ln of N with the head's V d at the width of least loss, where C = 6 (N + V d) D, and the head's share."""
    one = model_shape(width=256, n_layers=_LAYERS, n_heads=1, vocab_size=vocab_size).n_non_embedding
    body = one * (_WIDTHS / 256) ** 2  # but for the norms' gains, under 2 % from width 16 on
    n = body + vocab_size * _WIDTHS
    loss = law.A / body**law.alpha + law.B / (flops / 6 / n) ** law.beta
    best = loss.argmin()
    return float(np.log(n[best])), float(1 - body[best] / n[best])


def block(sources: Sequence[Profiled]) -> str:
    """Return both tables."""
    lines = [f"{'':30}{'non-embedding N, C = 6 N D':^38}{'N with the head, and its C':^36}"]
    heads = f"{'N*':>9}{'vertex':>9}{'tokens/N':>10}{'bytes/N':>9}{'N*':>10}{'head':>6}{'tokens/N':>10}{'bytes/N':>9}"
    lines.append(f"{'corpus':9}{'tokens':>8}{'bytes/token':>13}{heads}  law")
    lines += [_row(one) for one in sources]
    lines += [f"At {SHOWN:.2g} FLOPs", "", f"{'slope of ln N* in ln T':38}{'':8}{'95 %':>16}"]
    for name, slope, (low, high) in slopes(sources):
        lines.append(f"{name:38}{slope:+8.2f}{f'{low:+.2f} to {high:+.2f}':>16}")
    return "\n".join([*lines, ""])


def _row(one: Profiled) -> str:
    of_body, of_all = _per_parameter(one, one.body), _per_parameter(one, one.with_head)
    vertex = _size(one.vertices.get(SHOWN))
    share = f"{one.head_share[SHOWN]:.0%}" if one.head_share else "-"
    body = f"{of_body[0]:>9}{vertex:>9}{of_body[1]:>10}{of_body[2]:>9}"
    cells = f"{body}{of_all[0]:>10}{share:>6}{of_all[1]:>10}{of_all[2]:>9}"
    return f"{one.corpus:9}{one.tokenizer:>8}{one.bytes_per_token:13.2f}{cells}  {one.verdict}"


def _per_parameter(one: Profiled, best: Mapping[float, float]) -> tuple[str, str, str]:
    if not best:
        return "-", "-", "-"
    tokens = SHOWN / 6 / math.exp(2 * best[SHOWN])
    return _size(best[SHOWN]), f"{tokens:.0f}", f"{tokens * one.bytes_per_token:.0f}"


def _size(log_n: float | None) -> str:
    return "-" if log_n is None else f"{math.exp(log_n) / 1e3:.1f}K"


def slopes(sources: Sequence[Profiled]) -> Iterator[tuple[str, float, tuple[float, float]]]:
    """Return the slopes of ln N* in ln T with their 95 % intervals, every corpus with a level of its own."""
    for flops in PLANNED:
        yield f"non-embedding N, {flops:.2g} FLOPs", *_slope({one: one.body[flops] for one in sources if one.body})
    for flops in PLANNED:
        found = {one: one.vertices[flops] for one in sources if flops in one.vertices}
        yield f"its vertices, {flops:.2g}", *_slope(found)
    for flops in WITH_HEAD:
        found = {one: one.with_head[flops] for one in sources if one.with_head}
        yield f"N with the head, {flops:.2g}", *_slope(found)
        rest = {one: log_n for one, log_n in found.items() if one.tokenizer != NEARLY_ALL_HEAD}
        yield f"  without {NEARLY_ALL_HEAD} pieces", *_slope(rest)
    for corpus in sorted({one.corpus for one in sources}):
        own = {one: one.with_head[SHOWN] for one in sources if one.with_head and one.corpus == corpus}
        yield f"N with the head, {SHOWN:.2g}, of {corpus}", *_slope(own)


def _slope(best: Mapping[Profiled, float]) -> tuple[float, tuple[float, float]]:
    """Return the least-squares slope and its interval by how the points scatter about it (Student's t)."""
    corpora = sorted({one.corpus for one in best})
    x = np.array([math.log(one.bytes_per_token) for one in best])
    y = np.array(list(best.values()))
    for corpus in corpora:
        of = np.array([one.corpus == corpus for one in best])
        x[of] -= x[of].mean()
        y[of] -= y[of].mean()
    free = len(x) - len(corpora) - 1
    slope = float(x @ y / (x @ x))
    half = t_quantile(0.975, free) * math.sqrt(float(((y - slope * x) ** 2).sum()) / free / float(x @ x))
    return slope, (slope - half, slope + half)


def page(text: str) -> str:
    """Return the page's ``text`` with the tables between their markers."""
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}```\n{block(read())}```\n{END}{rest.split(END)[1]}"


def main() -> None:
    """Write the page, or check it."""
    text = PAGE.read_text(encoding="utf-8")
    if "--check" not in sys.argv:
        PAGE.write_text(page(text), encoding="utf-8")
    elif page(text) != text:
        sys.exit(
            "docs/calibrations.md is not what the laws of tokens-or-bytes give: run python docs/tokens_or_bytes.py"
        )


if __name__ == "__main__":
    main()
