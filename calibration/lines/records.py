"""What a calibration writes down: its sources, and one row for each (source, shape, seed, D) that was trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from advisor.json_fields import Node
from advisor.untrusted.reading import name_problem
from calibration.training.schedule import WIDTH_RATE, Recipe

Kind = Literal["grammar", "corpus"]
# Fewer laws than this are not regressed on H.
LEAST_SOURCES = 5
# What no calibration comes near: more is a damaged file, and is said before anything is made of that size.
MOST_WIDTH = 1 << 16
MOST_LAYERS = 1 << 10
MOST_IDS = (1 << 31) - 1
MOST_SEED = (1 << 63) - 1
MOST_TOKENS = 10**11


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


def flag(node: Node) -> bool:
    """Return this true or false.

    Raises:
        AdvisorError: it is neither.
    """
    if not isinstance(node.value, bool):
        raise node.fail("must be true or false")
    return node.value


def file_name(node: Node) -> str:
    """Return this name, of a source or a calibration, which becomes that of files.

    Raises:
        AdvisorError: it could lead out of their folder, or be no file's.
    """
    name = node.text()
    if (problem := name_problem(name)) is not None:
        raise node.fail(f"cannot be {name[:80]!r}: it names files, and it {problem}")
    return name


def read_row(node: Node) -> Row:
    """Return a row of a ledger.

    Raises:
        AdvisorError: a field is missing or is not what it should be.
    """
    return Row(
        key=node["key"].text(),
        source=file_name(node["source"]),
        data=node["data"].text(),
        width=node["width"].whole(1, MOST_WIDTH),
        n_layers=node["n_layers"].whole(1, MOST_LAYERS),
        n_heads=node["n_heads"].whole(1, MOST_WIDTH),
        vocab_size=node["vocab_size"].whole(2, MOST_IDS),
        seq_len=node["seq_len"].whole(1, MOST_IDS),
        n_params=node["n_params"].whole(1),
        n_non_embedding=node["n_non_embedding"].whole(1),
        seed=node["seed"].whole(0, MOST_SEED),
        n_tokens=node["n_tokens"].whole(1, MOST_TOKENS),
        n_steps=node["n_steps"].whole(1, MOST_TOKENS),
        loss=node["loss"].number(0),
        standard_error=node["standard_error"].number(0),
        train_loss=node["train_loss"].number(0),
        few_steps=flag(node["few_steps"]),
        rate=node["rate"].number(0),
        halvings=node["halvings"].whole(0, 100),
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
        name=file_name(node["name"]),
        kind=cast(Kind, node["kind"].text(("grammar", "corpus"))),
        data=node["data"].text(),
        vocab_size=node["vocab_size"].whole(2, MOST_IDS),
        n_unique_tokens=None if unique is None else unique.whole(1, MOST_TOKENS),
        compressibility=node["compressibility"].number(0, 1, open_ends=True),
        ci95=None if interval is None else interval.pair(0, 2),
        shuffled=node["shuffled"].number(0, 2),
        windows={name: node["windows"][name].number(0, 2) for name in node["windows"].members()},
        entropy_bound=None if bound is None else bound.number(0),
        entropy_rate=None if rate is None else rate.number(0),
        definition=node["definition"].members(),
        trained_compressibility=None if trained is None else trained.number(0, 2),
    )


def read_recipe(node: Node) -> Recipe:
    """Return the recipe that a plan or a row says.

    Raises:
        AdvisorError: a field is missing or is not what it should be.
    """
    rate, width_rate = node.get("rate"), node.get("width_rate")
    batches = tuple(
        (first.whole(0, MOST_TOKENS), size.whole(1, MOST_TOKENS)) for first, size in map(_two, node["batches"].items())
    )
    starts = [start for start, _ in batches]
    if not starts or starts[0] != 0 or starts != sorted(set(starts)):
        raise node["batches"].fail(f"must begin at tokens that rise from 0, not at {starts[:8]}")
    return Recipe(
        batches=batches,
        cooldown=node["cooldown"].number(0, 1),
        cosine=flag(node["cosine"]),
        rate=None if rate is None else rate.number(0, 1, open_ends=True),
        max_warmup=node["max_warmup"].whole(0, MOST_TOKENS),
        width_rate=WIDTH_RATE if width_rate is None else width_rate.number(0, open_ends=True),
    )


def _two(node: Node) -> tuple[Node, Node]:
    both = list(node.items())
    if len(both) != 2:
        raise node.fail(f"must be a list of two numbers, not of {len(both)}")
    return both[0], both[1]
