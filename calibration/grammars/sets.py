"""The named sets of grammars (Pandey 2024, arXiv:2405.16684), and the JSON file that holds a set."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from advisor.errors import AdvisorError, GrammarError, did_you_mean
from advisor.json_fields import Node
from advisor.json_form import as_json
from advisor.untrusted.reading import bounded_bytes, name_problem, parsing
from calibration.grammars.grammar import Grammar, GrammarShape, draw, from_json, to_json

SCHEMA_VERSION = 1
# Numbers take some ten times as much memory as they have bytes here; the largest grammars that are drawn have 4 MB.
MOST_SET_BYTES = 32 << 20

# (nonterminals, terminals, max options, max length)
SHAPES = {
    "paper": {
        "A1": (3, 20, 2, 2),
        "A2": (10, 150, 5, 3),
        "A3": (20, 300, 10, 5),
        "A4": (30, 400, 10, 8),
        "A5": (50, 500, 20, 15),
        "A6": (100, 2000, 100, 30),
    },
    "iso-vocab": {
        "V1": (3, 300, 2, 2),
        "V2": (10, 300, 5, 3),
        "V3": (20, 300, 10, 5),
        "V4": (50, 300, 20, 10),
        "V5": (100, 300, 100, 30),
        "V6": (200, 300, 200, 50),
    },
    "iso-gzip": {
        "G1": (10, 600, 5, 10),
        "G2": (20, 300, 15, 5),
        "G3": (30, 200, 10, 15),
        "G4": (50, 100, 20, 20),
    },
}

# The median compressibility that the paper gives for its own draw; it gives none for V5 and V6.
PAPER_H = {
    **{"A1": 0.11, "A2": 0.22, "A3": 0.35, "A4": 0.42, "A5": 0.51, "A6": 0.61},
    **{"V1": 0.11, "V2": 0.25, "V3": 0.36, "V4": 0.47},
    **{"G1": 0.32, "G2": 0.36, "G3": 0.38, "G4": 0.34},
}


@dataclass(frozen=True, kw_only=True)
class NamedGrammar:
    """A grammar, its name in its set, and the shape and seed that it was drawn from."""

    name: str
    shape: GrammarShape
    seed: int
    grammar: Grammar


def paper_compressibility(source: NamedGrammar) -> float | None:
    """Return H that the paper gives for a grammar of this name and shape, or None."""
    shapes = {name: numbers for shapes in SHAPES.values() for name, numbers in shapes.items()}
    return PAPER_H.get(source.name) if shapes.get(source.name) == astuple(source.shape) else None


def shape_of(numbers: Sequence[int]) -> GrammarShape:
    """Return the shape with these (nonterminals, terminals, max options, max length)."""
    nonterminals, terminals, max_options, max_length = numbers
    return GrammarShape(nonterminals=nonterminals, terminals=terminals, max_options=max_options, max_length=max_length)


def named_set(name: str, *, seed: int) -> tuple[NamedGrammar, ...]:
    """Return the grammars of ``paper``, ``iso-vocab`` or ``iso-gzip`` for this seed, ungated, as the paper drew them.

    Raises:
        GrammarError: there is no such set.
    """
    if name not in SHAPES:
        known = f": choose one of {', '.join(SHAPES)}."
        raise GrammarError(f"There is no grammar set {name!r}{did_you_mean(name, SHAPES) or known}")
    shapes = {key: shape_of(numbers) for key, numbers in SHAPES[name].items()}
    return tuple(
        NamedGrammar(name=key, shape=shape, seed=seed, grammar=draw(shape, seed=seed)) for key, shape in shapes.items()
    )


def dump_set(grammars: Sequence[NamedGrammar]) -> str:
    """Return the JSON text of a set, one grammar a line; ``load_set`` reads it back exactly."""
    lines = [
        json.dumps({"name": g.name, "shape": as_json(g.shape), "seed": g.seed, **to_json(g.grammar)}) for g in grammars
    ]
    return f'{{"schema_version": {SCHEMA_VERSION}, "grammars": [\n' + ",\n".join(lines) + "\n]}\n"


def load_set(path: Path) -> tuple[NamedGrammar, ...]:
    """Return the grammars of a file that ``dump_set`` made.

    Raises:
        AdvisorError: the file cannot be read, or is not a set of grammars.
    """
    data = bounded_bytes(path, MOST_SET_BYTES, AdvisorError)
    with parsing(path, "a set of grammars as `advisor grammar --out` writes it", AdvisorError):
        document = Node(json.loads(data), str(path), "", AdvisorError)
    version = document["schema_version"].whole(1)
    if version != SCHEMA_VERSION:
        raise AdvisorError(f"{path} has schema version {version}, and this advisor reads {SCHEMA_VERSION}: upgrade.")
    found = tuple(map(_named, document["grammars"].items()))
    if not found or len({grammar.name for grammar in found}) < len(found):
        raise AdvisorError(f"{path} needs at least one grammar, and each its own name.")
    return found


def _named(node: Node) -> NamedGrammar:
    name = node["name"].text()
    if (problem := name_problem(name)) is not None:
        raise node["name"].fail(f"cannot be {name[:80]!r}: it names a folder, and it {problem}")
    shape = {each.name: node["shape"][each.name].whole(1) for each in fields(GrammarShape)}
    seed = node["seed"].whole(0)
    try:
        return NamedGrammar(name=name, shape=GrammarShape(**shape), seed=seed, grammar=from_json(node.members()))
    except GrammarError as error:
        raise AdvisorError(f"{node.file}, grammar {name}: {error}") from error
