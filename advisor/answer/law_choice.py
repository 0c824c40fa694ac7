"""Which laws answer a request: the headline, the others beside it, and the calibration they draw on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.answer.request import check_dependence
from advisor.calibrations.installed import available
from advisor.calibrations.laws_in_h import LAW_NAMES, LawAtH, law_at
from advisor.compressibility.protocol import DEFAULT_PROTOCOL, check_match
from advisor.errors import CoefficientsError, LawError, UsageError
from advisor.laws.law_file import read_law
from advisor.laws.published import chinchilla, published_laws
from advisor.laws.scaling_law import ScalingLaw

if TYPE_CHECKING:
    from advisor.calibrations.coefficients import Calibration
    from advisor.laws.scaling_law import Law

DEFAULT_LAW = "chinchilla"
DEFAULT_WITH_COEFFICIENTS = "anchored"
# Of a calibration's draws, the share that may give no law at an H before there is no interval there.
MOST_DROPPED = 0.25


@dataclass(frozen=True, kw_only=True)
class Candidates:
    """The laws that answer: ``refused`` says why a data-dependent law beside the headline could not."""

    headline: Law
    others: tuple[Law, ...]
    at_h: LawAtH | None
    refused: tuple[str, ...] = ()


def choose_laws(
    name: str | None,
    calibration: Calibration | None,
    compressibility: float | None,
    epsilon: float | None,
    h_ci95: tuple[float, float] | None = None,
) -> Candidates:
    """Return the headline law ``name`` and every other law that applies.

    The data-dependent ones need both ``calibration`` and ``compressibility``. Without a name the headline is
    ``anchored`` where that can be, else ``chinchilla``. ``h_ci95`` is the 95 % interval of the compressibility.
    """
    can_depend = calibration is not None and compressibility is not None
    dependent: dict[str, tuple[Law, LawAtH | None]] = {}
    refused: dict[str, CoefficientsError] = {}
    for each in LAW_NAMES if can_depend else ():
        if each != name and not _same_tokens(each, calibration):
            continue
        try:
            dependent[each] = find_law(each, calibration, compressibility, epsilon, h_ci95)
        except CoefficientsError as error:
            refused[each] = error
    if name in refused:
        raise refused[name]
    wanted = name or (DEFAULT_WITH_COEFFICIENTS if DEFAULT_WITH_COEFFICIENTS in dependent else DEFAULT_LAW)
    if wanted not in dependent:
        dependent[wanted] = find_law(wanted, calibration, compressibility, epsilon, h_ci95)
    headline, at_h = dependent.pop(wanted)
    others = [law for law, _ in dependent.values()]
    others += [law for law in published_laws().values() if law.name != wanted]
    return Candidates(headline=headline, others=tuple(others), at_h=at_h, refused=tuple(map(str, refused.values())))


def find_law(
    name: str,
    calibration: Calibration | None,
    compressibility: float | None,
    epsilon: float | None,
    h_ci95: tuple[float, float] | None = None,
) -> tuple[Law, LawAtH | None]:
    """Return the law ``name``: a published one, a data-dependent one (with its derivative in H), or a law file's.

    Raises:
        UsageError: there is no such law, or it needs a compressibility and none is given.
        CoefficientsError: it needs a calibration and none is there, or the calibration cannot answer at this H.
        LawError: it is a file that cannot be used.
    """
    published = published_laws()
    if name in published:
        return published[name], None
    if name not in LAW_NAMES:
        return _from_file(name), None
    if calibration is None:
        raise CoefficientsError(
            f"The law {name} needs data-dependent coefficients and none are installed: give a file of them with "
            "--coefficients, or use --law chinchilla."
        )
    if compressibility is None:
        raise UsageError(f"The law {name} depends on the corpus: give a SOURCE, a --profile or a --compressibility.")
    if not _same_tokens(name, calibration):
        raise CoefficientsError(
            f"The law {name} of the calibration {calibration.name} counts {calibration.training_tokenizer}, as its "
            f"models were trained on, and not tokens of {calibration.protocol.tokenizer}: use --law anchored, which "
            "takes from it only how sources differ."
        )
    at_h = law_at(name, calibration.dependence, chinchilla(), compressibility, epsilon, h_ci95)
    n_draws = len(calibration.dependence.draws)
    if at_h.n_dropped > MOST_DROPPED * n_draws:  # the others are no sample of what is possible
        at_h = replace(at_h, law=replace(at_h.law, draws=()))
    return at_h.law, at_h


def law_of_table(
    law: str | Path | Law,
    compressibility: float | None,
    epsilon: float | None,
    coefficients: Path | None,
    calibration: str | None,
) -> Law:
    """Return the law of a table: as it is given, or by its name as ``find_law`` does, H under the default protocol.

    Raises:
        UsageError: H or epsilon is out of its domain, or epsilon is given to a law that has none.
        LawError: the law was refused by its fit.
        ProtocolMismatchError: the calibration of a law that depends on H has another protocol.
        AdvisorError: as ``find_law``.
    """
    law = str(law) if isinstance(law, Path) else law
    name = law if isinstance(law, str) else law.name
    check_dependence(name, compressibility, epsilon)
    if not isinstance(law, str):
        if isinstance(law, ScalingLaw) and law.verdict == "refused":
            raise LawError(f"The fit of {name} refused it: the runs cannot identify a law, so it answers nothing.")
        return law
    chosen = available(coefficients).calibration(calibration)
    if chosen is not None and law in LAW_NAMES:
        check_match(DEFAULT_PROTOCOL, chosen.protocol, chosen.name)
    return find_law(law, chosen, compressibility, epsilon)[0]


def _same_tokens(name: str, calibration: Calibration | None) -> bool:
    """Return whether a data-dependent law counts the tokens that H was measured on: anchored counts Chinchilla's."""
    return name == DEFAULT_WITH_COEFFICIENTS or calibration is None or calibration.training_tokenizer is None


def _from_file(name: str) -> Law:
    """Return the law of the law file ``name``, called by the file's name: a fit calls its only group ``all``."""
    path = Path(name)
    if path.exists():
        return replace(read_law(path), name=path.name)
    known = ", ".join((*LAW_NAMES, *published_laws()))
    raise UsageError(f"--law {name!r} is neither a law nor a law file that exists: the laws are {known}.")
