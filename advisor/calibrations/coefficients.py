"""The coefficients file, read and checked: calibrations that say how a law's parameters move with compressibility.

    {"schema_version": 1, "default": name or null, "calibrations": [{
        "name", "protocol": {...}, "count", "recipe", "epsilon", "h_ref", "provenance": {...},
        "sources": [{"name", "compressibility", "shuffled", "entropy_bound", "law": a law or null}],
        "regression": {"log": {"E": {"slope", "intercept"}, "log_A", "log_B", "alpha", "beta"},
                       "linear": {"E", "A", "B", "alpha", "beta"},
                       "draws": at most 400 joint rows of 20 numbers: the slopes of log, its intercepts, the slopes of
                                linear, its intercepts, each in the order above,
                       "scatter": may be absent; for each row of draws the 10 numbers by which a new source lies off
                                the lines, of log and of linear, without the error of a fit},
        "ranges": {"n_params": [lo, hi] or null, "n_tokens", "flops", "compressibility"},
        "base": may be absent or null; a law of the calibration's own runs, see ``advisor.calibrations.own_base``,
        "epsilon_estimate", "predictors", "h_ref_source": may be absent; see ``advisor.calibrations.quality``}]}

Other keys are allowed everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

from advisor.calibrations.laws_in_h import Dependence
from advisor.calibrations.lines_in_h import JointDraws, LinesInH, Regressions
from advisor.calibrations.own_base import OwnBase, read_base
from advisor.calibrations.quality import Quality, read_quality
from advisor.calibrations.sources import Source, Sources
from advisor.compressibility.protocol import Protocol, read_protocol
from advisor.data_files import shipped_file, write_atomically
from advisor.errors import CoefficientsError, UsageError, did_you_mean
from advisor.json_fields import Node, json_text, read_json
from advisor.laws.law_file import MAX_DRAWS, ranges_from
from advisor.laws.parameters import LOG_NAMES, NAMES, Parameters
from advisor.laws.published import PUBLISHED_NAMES
from advisor.laws.scaling_law import Count

_FORMS = {"log": LOG_NAMES, "linear": NAMES}


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """Laws fitted to several sources under one protocol, and their regression on compressibility.

    ``training_tokenizer`` is what the models' tokens are, where H is that of the protocol's tokenizer and not theirs.
    ``own_base`` is there where the runs are of real text; ``advisor.calibrations.own_base.based_on`` puts laws on it.
    """

    name: str
    protocol: Protocol
    dependence: Dependence
    sources: Sequence[Source]
    recipe: Any
    provenance: Mapping[str, Any]
    quality: Quality
    training_tokenizer: str | None = None
    own_base: OwnBase | None = None

    @property
    def n_sources(self) -> int:
        """How many corpora or grammars it was made of."""
        return len(self.sources)

    @property
    def n_laws(self) -> int:
        """How many of them have a law that is accepted."""
        return sum(source.law is not None for source in self.sources)


@dataclass(frozen=True, kw_only=True)
class Coefficients:
    """The calibrations of one file, and the name of the one to use where none is asked for.

    With those that a user has installed (``advisor.calibrations.installed``) besides, ``installed`` are their names,
    and ``problems`` says of each file that cannot be used what is wrong with it.
    """

    path: Path
    default: str | None
    calibrations: tuple[Calibration, ...]
    installed: tuple[str, ...] = ()
    problems: Mapping[str, str] = field(default_factory=dict)

    def calibration(self, name: str | None = None) -> Calibration | None:
        """Return the calibration ``name``; without a name the file's default, None where it has none.

        Raises:
            UsageError: there is no such calibration; the message lists those there are.
            CoefficientsError: the calibration cannot be used, or the default names none.
        """
        wanted = self.default if name is None else name
        found = next((one for one in self.calibrations if one.name == wanted), None)
        if found is None and wanted is not None:
            if wanted in self.problems:
                raise CoefficientsError(f"The installed calibration {wanted} cannot be used: {self.problems[wanted]}")
            names = [one.name for one in self.calibrations]
            hint = did_you_mean(wanted, names)
            known = ", ".join(names) or "none"
            error = CoefficientsError if name is None else UsageError
            if self.installed or self.path == shipped_file("fitted_coefficients.json"):
                raise error(f"No calibration {wanted!r} ships or is installed{hint or f': there are {known}.'}")
            raise error(f"{self.path} has no calibration {wanted!r}{hint or f': it has {known}.'}")
        return found


def load_coefficients(path: str | Path | None = None, *, regular: bool = False) -> Coefficients:
    """Return the checked contents of a coefficients file; without ``path``, of the one that ships with the package.

    One that was found and not named must be a ``regular`` file: no pipe or device is opened.

    What ships was checked when it was written: its many numbers are not looked at again before they are asked for.

    Raises:
        CoefficientsError: the file is missing, corrupt or from a newer version; the message names file and field.
    """
    file = shipped_file("fitted_coefficients.json") if path is None else Path(path)
    return _coefficients(read_json(file, CoefficientsError, regular=regular), known=path is None)


def write_coefficients(document: Mapping[str, Any], path: Path) -> None:
    """Write a coefficients document to ``path``, whole or not at all, checked as ``load_coefficients`` does."""
    _coefficients(Node(dict(document), str(path), "", CoefficientsError))
    write_atomically(path, json_text(document))


def _coefficients(document: Node, *, known: bool = False) -> Coefficients:
    """Return a document's calibrations: names are unique and the default is one of them.

    ``known`` is that it was checked before.
    """
    if "alpha" in document.members() and "calibrations" not in document.members():
        raise CoefficientsError(f"{document.file} is a law and no coefficients: use --law {document.file}.")
    if "calibrations" not in document.members() and document.members().get("kind") == "pilot":
        raise CoefficientsError(f"{document.file} is what a pilot measured: use --pilot {document.file}.")
    document.having("calibrations", "file of coefficients: `advisor calibrate` writes one")
    default = document["default"]
    calibrations = tuple(_calibration(node, known=known) for node in document["calibrations"].items())
    names = [one.name for one in calibrations]
    for name in names:
        if names.count(name) > 1:
            raise document["calibrations"].fail(f"names {name!r} twice")
    if default.value is not None and default.text() not in names:
        raise default.fail(f"must be null or one of the calibrations' names, not {default.value!r}")
    return Coefficients(path=Path(document.file), default=default.value, calibrations=calibrations)


def _calibration(node: Node, *, known: bool) -> Calibration:
    name = node["name"].text()
    if name in PUBLISHED_NAMES:
        raise node["name"].fail(f"is that of a published law, {name}: give the calibration another name")
    regression = node["regression"]
    quality, tokenizer, base = read_quality(node), node.get("training_tokenizer"), node.get("base")
    epsilon = node["epsilon"].number(0, 1)
    if quality.estimate is not None and quality.estimate.value != epsilon:
        other = node["epsilon_estimate"]["value"].field
        raise node["epsilon"].fail(f"is {epsilon} but {other} is {quality.estimate.value}: they must be the same")
    dependence = Dependence(
        name=name,
        regressions=Regressions(_regression(regression, "log"), _regression(regression, "linear")),
        draws=_draws(regression, known=known),
        epsilon=epsilon,
        h_ref=node["h_ref"].number(0, 1, open_ends=True),
        count=cast(Count, node["count"].text(("total", "non-embedding"))),
        ranges=ranges_from(node["ranges"]),
        estimate=quality.estimate,
    )
    sources = Sources(list(node["sources"].items()), name)
    return Calibration(
        name=name,
        protocol=read_protocol(node["protocol"]),
        dependence=dependence,
        sources=sources if known else tuple(sources),
        recipe=node["recipe"].value,
        provenance=node["provenance"].members(),
        quality=quality,
        training_tokenizer=None if tokenizer is None else tokenizer.text(),
        own_base=None if base is None else read_base(base, name, dependence.count),
    )


def _regression(node: Node, form: Literal["log", "linear"]) -> LinesInH:
    lines = [node[form][name] for name in _FORMS[form]]
    return LinesInH(
        form=form,
        slope=Parameters(*(line["slope"].number() for line in lines)),
        intercept=Parameters(*(line["intercept"].number() for line in lines)),
    )


def _draws(node: Node, *, known: bool) -> JointDraws:
    """Return the joint rows of a regression, with the scatter of a new source where the file has it."""
    if known:
        scattered = node.get("scatter")
        return JointDraws(node["draws"].values(), None if scattered is None else scattered.values())
    lines = _rows(node["draws"], 20)
    found = node.get("scatter")
    if found is None:
        return JointDraws(lines)
    scatter = _rows(found, 10)
    if len(scatter) != len(lines):
        raise found.fail(f"must have as many rows as draws, {len(lines)}, not {len(scatter)}")
    return JointDraws(lines, scatter)


def _rows(node: Node, width: int) -> list[Sequence[float]]:
    """Return rows of numbers. They are checked a row at a time: 8000 numbers one by one would slow every start."""
    rows: list[Sequence[float]] = node.values()
    if len(rows) > MAX_DRAWS:
        raise node.fail(f"must hold at most {MAX_DRAWS} rows, not {len(rows)}")
    for i, row in enumerate(rows):
        if not isinstance(row, list | tuple) or len(row) != width or not _are_finite(row):
            raise node.at(i).fail(f"must be a list of {width} finite numbers")
    return rows


def _are_finite(values: Sequence[object]) -> bool:
    # By the set of their types, which leaves bool out: 12,000 calls of a function of our own cost four milliseconds.
    try:
        return {*map(type, values)} <= {int, float} and all(map(math.isfinite, values))  # type: ignore[arg-type]
    except OverflowError:  # a whole number of more digits than a float can hold
        return False
