"""What a calibration writes down: its sources, and one row for each (source, shape, seed, D) that was trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from advisor.json_fields import Node

Kind = Literal["grammar", "corpus"]
# Fewer laws than this are not regressed on H.
LEAST_SOURCES = 5


@dataclass(frozen=True, kw_only=True)
class SourceRecord:
    """A grammar or a corpus as it was trained on: what it is, and what was measured of its token sequences.

    ``data`` is the digest of its held-out documents and first training documents: rows of two ledgers with the same
    digest are of the same data. ``n_unique_tokens`` are the training tokens that a corpus has; None for a grammar,
    which never runs out. ``compressibility`` is H under the calibration's protocol; ``windows`` are H of longer
    sequences, by their tokens. ``entropy_bound`` (an upper bound for E) and ``entropy_rate`` are in nats per token and
    None where they are not known. ``trained_compressibility`` is H of the tokens that models are trained on, None where
    that is ``compressibility``. ``definition`` is what it takes to make the data again.
    """

    name: str
    kind: Kind
    data: str
    vocab_size: int
    n_unique_tokens: int | None
    compressibility: float
    ci95: tuple[float, float] | None
    shuffled: float
    windows: Mapping[str, float]
    entropy_bound: float | None
    entropy_rate: float | None
    definition: Mapping[str, Any]
    trained_compressibility: float | None = None


@dataclass(frozen=True, kw_only=True)
class Row:
    """One trained point: the loss of one model after one token count, and how it was trained.

    ``n_tokens`` is what was trained on, at most the D that was asked for. Losses are in nats per token: ``loss`` with
    its standard error over the held-out documents, ``train_loss`` over the last 5 % of the tokens. ``rate`` is the peak
    learning rate, after ``halvings`` for divergence. ``hardware`` records where, when and how fast: device, torch,
    dtype, threads, models in the stack, tokens/s, the day (UTC); nothing of it is in ``key``.
    """

    key: str
    source: str
    data: str
    width: int
    n_layers: int
    n_heads: int
    vocab_size: int
    seq_len: int
    n_params: int
    n_non_embedding: int
    seed: int
    n_tokens: int
    n_steps: int
    loss: float
    standard_error: float
    train_loss: float
    few_steps: bool
    rate: float
    halvings: int
    recipe: Mapping[str, Any]
    hardware: Mapping[str, Any]


def read_row(node: Node) -> Row:
    """Return a row of a ledger.

    Raises:
        AdvisorError: a field is missing or is not what it should be.
    """
    return Row(
        key=node["key"].text(),
        source=node["source"].text(),
        data=node["data"].text(),
        width=node["width"].whole(1),
        n_layers=node["n_layers"].whole(1),
        n_heads=node["n_heads"].whole(1),
        vocab_size=node["vocab_size"].whole(2),
        seq_len=node["seq_len"].whole(1),
        n_params=node["n_params"].whole(1),
        n_non_embedding=node["n_non_embedding"].whole(1),
        seed=node["seed"].whole(0),
        n_tokens=node["n_tokens"].whole(1),
        n_steps=node["n_steps"].whole(1),
        loss=node["loss"].number(0),
        standard_error=node["standard_error"].number(0),
        train_loss=node["train_loss"].number(0),
        few_steps=bool(node["few_steps"].value),
        rate=node["rate"].number(0),
        halvings=node["halvings"].whole(0),
        recipe=node["recipe"].members(),
        hardware=node["hardware"].members(),
    )


def read_source(node: Node) -> SourceRecord:
    """Return a source of a calibration's plan.

    Raises:
        AdvisorError: a field is missing or is not what it should be.
    """
    interval, unique = node.get("ci95"), node.get("n_unique_tokens")
    bound, rate = node.get("entropy_bound"), node.get("entropy_rate")
    trained = node.get("trained_compressibility")
    return SourceRecord(
        name=node["name"].text(),
        kind=cast(Kind, node["kind"].text(("grammar", "corpus"))),
        data=node["data"].text(),
        vocab_size=node["vocab_size"].whole(2),
        n_unique_tokens=None if unique is None else unique.whole(1),
        compressibility=node["compressibility"].number(0, 1, open_ends=True),
        ci95=None if interval is None else interval.pair(0, 2),
        shuffled=node["shuffled"].number(0, 2),
        windows={name: node["windows"][name].number(0, 2) for name in node["windows"].members()},
        entropy_bound=None if bound is None else bound.number(0),
        entropy_rate=None if rate is None else rate.number(0),
        definition=node["definition"].members(),
        trained_compressibility=None if trained is None else trained.number(0, 2),
    )
