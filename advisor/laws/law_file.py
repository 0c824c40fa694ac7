"""Law files, their one reader and writer: what ``advisor fit --out`` writes and ``--law FILE`` reads.

    {"schema_version": 1, "name", "source", "E", "A", "B", "alpha", "beta", "count", "exponent_a", "verdict",
     "ranges": {"n_params": [lo, hi], ...}, "drift": {"loss", "n_params"}, "draw_columns": [...],
     "draws": [[ln A, ln B, ln E, alpha, beta], ...]}

ln E is null where E is 0. ``drift`` is in ln(loss) and in ln N* for each e-fold of FLOPs beyond ``ranges.flops``, and
the floor of ``advisor.laws.drift`` where it is absent. ``name``, ``source``, ``verdict``, ``ranges``, ``draw_columns``
and ``draws`` may be absent; other keys, such as the fit's diagnostics, are kept out of the law.

A law may have a ``decay`` too, {"R_D", "R_N", "source"}: how repeated data lose their value, where runs of it said so.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal, cast

from advisor.data_files import write_atomically
from advisor.errors import LawError
from advisor.json_fields import SCHEMA_VERSION, Node, json_text, read_json
from advisor.laws.drift import LEAST, Drift
from advisor.laws.parameters import NAMES, Parameters
from advisor.laws.scaling_law import Count, Decay, Ranges, ScalingLaw
from advisor.quantities import LEAST_QUANTITY

MAX_DRAWS = 400
# The order of a file's draws, which is not that of Parameters.
DRAW_COLUMNS = ("log_A", "log_B", "log_E", "alpha", "beta")
# Beyond these no law of language is meant, and the arithmetic overflows.
MOST_NATS, STEEPEST, LARGEST_LOG = 1000.0, 10.0, 700.0
# ... and under these: of 1e-3 a loss would fall by 0.1 % where N or D is doubled, and no optimum is a number.
FLATTEST, LEAST_FACTOR = 1e-3, 1e-300
SMALLEST_DECAY = 1e-3  # stands for none: a repeated token is worth nothing
LARGEST_DECAY = 1e4  # stands for infinity: a repeated token is as good as a new one, a parameter too many as any other
MOST_DRIFT = 10.0  # a factor of 22,000 for each e-fold of compute
COUNTS = ("total", "non-embedding", "unknown")
_VERDICTS = ("ok", "caution", "refused")


def read_law(path: Path) -> ScalingLaw:
    """Return the law in a law file, with its draws and ranges.

    Raises:
        LawError: the file cannot be read, is not a law, or holds one that the fit refused.
    """
    document = read_json(path, LawError).having("E", "law: `advisor fit RUNS --out FILE` writes one")
    law = law_from(document, name=path.stem, source=str(path))
    if law.verdict == "refused":
        raise LawError(f"{path} holds a law that the fit refused: the runs cannot identify it, so it answers nothing.")
    return law


def write_law(law: ScalingLaw, path: Path, figures: Mapping[str, Any] | None = None) -> None:
    """Write ``law`` to ``path``, whole or not at all, with ``figures`` (such as the fit's diagnostics) beside it.

    Raises:
        LawError: no reader would take the law.
    """
    document = law_document(law, figures)
    law_from(Node(document, str(path), "", LawError), name=law.name, source=law.source)
    write_atomically(path, json_text(document))


def law_document(law: ScalingLaw, figures: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the contents of a law file; keys that ``figures`` has stand where it has them."""
    own = {**_constants(law), "verdict": law.verdict, "ranges": asdict(law.ranges), "drift": law.drift._asdict()}
    own["draw_columns"] = DRAW_COLUMNS
    head = {"schema_version": SCHEMA_VERSION, "name": law.name, "source": law.source}
    return {**head, **(figures or {}), **own, **_decay_of(law), "draws": _rows_of(law)}


def law_as_json(law: ScalingLaw) -> dict[str, Any]:
    """Return the JSON form of ``law`` inside another document: constants, draws, ranges, a drift above the floor."""
    about = {"name": law.name, "source": law.source, "verdict": law.verdict}
    drift = {} if law.drift == LEAST else {"drift": law.drift._asdict()}
    return {**about, **_constants(law), "draws": _rows_of(law), "ranges": asdict(law.ranges), **drift}


def _constants(law: ScalingLaw) -> dict[str, Any]:
    return {name: getattr(law, name) for name in (*NAMES, "exponent_a", "count")}


def _decay_of(law: ScalingLaw) -> dict[str, Any]:
    return {} if law.decay is None else {"decay": dict(zip(("R_D", "R_N", "source"), law.decay, strict=True))}


def _decay_from(node: Node | None) -> Decay | None:
    if node is None:
        return None
    r_d, r_n = (node[key].number(SMALLEST_DECAY, LARGEST_DECAY) for key in ("R_D", "R_N"))
    return Decay(r_d, r_n, node["source"].text())


def _rows_of(law: ScalingLaw) -> list[list[float | None]]:
    rows = map(row_in_file, law.draws)
    return [[None if math.isinf(x) else x for x in row] for row in rows]


def row_in_file(row: Parameters) -> tuple[float, ...]:
    """Return a row (ln E, ln A, ln B, alpha, beta) in the order of DRAW_COLUMNS."""
    return row.A, row.B, row.E, row.alpha, row.beta


def law_from(node: Node, *, name: str, source: str) -> ScalingLaw:
    """Return the law that a JSON object describes; ``name`` and ``source`` are used where it gives none."""
    texts = {key: found.text() for key in ("name", "source") if (found := node.get(key)) is not None}
    verdict = node.get("verdict")
    return ScalingLaw(
        name=texts.get("name", name),
        E=_at_most(node["E"], node["E"].number(0), MOST_NATS),
        A=node["A"].number(LEAST_FACTOR, 1 / LEAST_FACTOR),
        B=node["B"].number(LEAST_FACTOR, 1 / LEAST_FACTOR),
        alpha=node["alpha"].number(FLATTEST, STEEPEST),
        beta=node["beta"].number(FLATTEST, STEEPEST),
        count=cast(Count, node["count"].text(COUNTS)),
        source=texts.get("source", source),
        decay=_decay_from(node.get("decay")),
        draws=_draws(node.get("draws")),
        ranges=ranges_from(node.get("ranges")),
        verdict=cast(Literal["ok", "caution", "refused"], verdict.text(_VERDICTS)) if verdict else "ok",
        drift=_drift(node.get("drift")),
    )


def _drift(node: Node | None) -> Drift:
    """Return how far a law drifts beyond its largest budget; the floor where nothing is said."""
    if node is None:
        return LEAST
    return Drift(*(node[name].number(0, MOST_DRIFT) for name in Drift._fields))


def _at_most(node: Node, value: float, most: float) -> float:
    if value > most:
        raise node.fail(f"must be at most {most:g}, not {value:g}")
    return value


def ranges_from(node: Node | None) -> Ranges:
    """Return the ranges that a JSON object describes; what it does not give is unknown."""
    if node is None:
        return Ranges()
    names = ("n_params", "n_tokens", "flops", "compressibility")
    return Ranges(**{key: found.pair(LEAST_QUANTITY) for key in names if (found := node.get(key)) is not None})


def _draws(node: Node | None) -> tuple[Parameters, ...]:
    """Return the joint rows of a law, at most MAX_DRAWS."""
    rows = [] if node is None else [_row(element) for element in node.items()]
    if node is not None and len(rows) > MAX_DRAWS:
        raise node.fail(f"must hold at most {MAX_DRAWS} rows, not {len(rows)}")
    return tuple(rows)


def _row(node: Node) -> Parameters:
    """Return one joint row; a null ln E means E = 0."""
    elements = list(node.items())
    if len(elements) != 5:
        raise node.fail(f"must be the 5 numbers ln A, ln B, ln E, alpha, beta, not {len(elements)}")
    log_a, log_b, log_e, alpha, beta = elements
    # Read in the file's order: a complaint is about the first number that is wrong.
    a, b = (node.number(-LARGEST_LOG, LARGEST_LOG) for node in (log_a, log_b))
    e = -math.inf if log_e.value is None else log_e.number(-LARGEST_LOG, LARGEST_LOG)
    return Parameters(e, a, b, _exponent(alpha), _exponent(beta))


def _exponent(node: Node) -> float:
    """Return an exponent of a draw, which may be as flat as a refit made it: its optimum is searched within bounds."""
    return _at_most(node, node.number(0, open_ends=True), STEEPEST)
