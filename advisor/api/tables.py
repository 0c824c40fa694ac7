"""``table`` and ``repeat`` with numbers as people type them, and ``evidence``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path as File
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from advisor.answer import table as allocations
from advisor.answer.repetition import repeat_table as repetition
from advisor.api.keywords import Number, Path, one_name, takes
from advisor.api.requests import SECOND_NAMES, numbers, read
from advisor.quantities import check_text

if TYPE_CHECKING:
    from advisor.answer.repetition.repeat_table import RepeatTable
    from advisor.answer.table import AllocationTable
    from advisor.calibrations.evidence import Scorecard
    from advisor.laws.scaling_law import Law


class CorpusKeywords(TypedDict, total=False):
    """What laws that depend on the corpus take, as in ``advisor.Request``."""

    compressibility: Number | None
    bytes_per_token: Number | None
    epsilon: Number | None
    coefficients: Path | None
    calibration: str | None
    base: str | None


def _read(options: Any) -> dict[str, Any]:
    return {name: read(name, value) for name, value in one_name(options, SECOND_NAMES).items()}


def _check_law(law: object) -> None:
    if law is not None and not hasattr(law, "frontier"):
        check_text(law, "law")


@takes(CorpusKeywords)
def table(
    law: Path | Law | None = None,
    *,
    sizes: str | Number | Sequence[Number] | None = None,
    flops: str | Number | Sequence[Number] | None = None,
    **options: Unpack[CorpusKeywords],
) -> AllocationTable:
    """Return the budget and tokens for which each of ``sizes`` is optimal, or what is optimal for budgets in ``flops``.

    Without either the sizes are the Chinchilla table's. ``law`` is a law, the name of one, or a law file; without one
    it is ``data`` where a compressibility or bytes per token are given, else ``chinchilla``.

    >>> print(*[f"{row.n_tokens:.2e}" for row in table("hoffmann-table3", sizes="1B,10B").rows])
    2.02e+10 2.06e+11

    Raises:
        TypeError: a keyword that there is not.
        UsageError: both sizes and budgets are given, or a value that cannot be.
        CoefficientsError: the law needs a calibration that is not there, or that cannot answer at this H.
        LawError: the law cannot answer, or a row is beyond what has a meaning.
    """
    _check_law(law)
    return allocations.table(
        law,  # type: ignore[arg-type]  # any path will do
        sizes=None if sizes is None else numbers("sizes", sizes),
        flops=None if flops is None else numbers("flops", flops),
        **_read(options),
    )


class RepeatKeywords(CorpusKeywords, total=False):
    """The options of ``advisor repeat``."""

    flops: Number | None
    params: Number | None
    n_params: Number | None


@takes(RepeatKeywords)
def repeat(
    unique_tokens: Number,
    *,
    law: Path | Law | None = None,
    epochs: str | Number | Sequence[Number] | None = None,
    **options: Unpack[RepeatKeywords],
) -> RepeatTable:
    """Return what passes over ``unique_tokens`` are worth in unique tokens, and the loss; with ``flops`` the best.

    ``advisor.repeat_table`` is the same with the law first. ``law`` is a law, the name of one, or a law file.

    >>> repeat("25B", flops="1e22")
    <RepeatTable 25.0B unique tokens, best read 9.49 times (muennighoff)>

    Raises:
        TypeError: a keyword that there is not.
        UsageError: both a size and a budget are given, or a value that cannot be.
        CoefficientsError: the law needs a calibration that is not there, or that cannot answer at this H.
        LawError: the law predicts no loss.
    """
    _check_law(law)
    return repetition.repeat_table(
        law,  # type: ignore[arg-type]  # any path will do
        read("unique_tokens", unique_tokens),
        epochs=None if epochs is None else numbers("epochs", epochs),
        **_read(options),
    )


def evidence(coefficients: Path | None = None) -> Scorecard:
    """Return what the default law rests on, and what each calibration predicts beside what was published.

    ``coefficients`` is a file of calibrations in place of those that ship or are installed; the default law is then
    left out.

    >>> *_, last = evidence().default.predictors
    >>> last.predictor
    'both, the default'

    Raises:
        CoefficientsError: the file cannot be read.
    """
    from advisor.calibrations.default_evidence import default_evidence
    from advisor.calibrations.evidence import scorecard
    from advisor.calibrations.installed import available

    card = scorecard(available(None if coefficients is None else File(coefficients)))
    return card if coefficients is not None else replace(card, default=default_evidence())
