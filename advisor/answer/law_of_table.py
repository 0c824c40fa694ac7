"""The law of a table: as it is given, or by its name, with what the command is told of a corpus."""

from __future__ import annotations

from pathlib import Path

from advisor.answer.law_choice import DATA, DEFAULT_WITH_COEFFICIENTS, Known, calibration_for, find_law
from advisor.answer.request import check_dependence
from advisor.calibrations.installed import available
from advisor.calibrations.laws_in_h import LAW_NAMES
from advisor.calibrations.own_base import based_on
from advisor.compressibility.protocol import DEFAULT_PROTOCOL, check_match
from advisor.errors import LawError
from advisor.laws.data_rule import DataLaw
from advisor.laws.scaling_law import Law, ScalingLaw
from advisor.laws.text import Text


def law_of_table(
    law: str | Path | Law,
    compressibility: float | None,
    epsilon: float | None,
    coefficients: Path | None,
    calibration: str | None,
    bytes_per_token: float | None = None,
    base: str | None = None,
) -> Law | DataLaw:
    """Return the law of a table: as it is given, or by its name as ``find_law`` does, H under the default protocol.

    Raises:
        UsageError: H or epsilon is out of its domain, or epsilon is given to a law that has none.
        LawError: the law was refused by its fit.
        ProtocolMismatchError: the calibration of a law that depends on H has another protocol.
        AdvisorError: as ``find_law``.
    """
    law = str(law) if isinstance(law, Path) else law
    name = law if isinstance(law, str) else law.name
    check_dependence(name, compressibility, epsilon, base)
    if not isinstance(law, str):
        if isinstance(law, ScalingLaw) and law.verdict == "refused":
            raise LawError(f"The fit of {name} refused it: the runs cannot identify a law, so it answers nothing.")
        return law
    chosen = calibration_for(law, available(coefficients), calibration)
    if chosen is not None and law in LAW_NAMES:
        check_match(DEFAULT_PROTOCOL, chosen.protocol, f"the calibration {chosen.name}")
        chosen = based_on(chosen, base)
    text = Text(compressibility=compressibility, trained_bytes_per_token=bytes_per_token)
    return find_law(law, chosen, Known(compressibility=compressibility, epsilon=epsilon, text=text))


def default_of_table(
    plain: str,
    compressibility: float | None,
    bytes_per_token: float | None,
    coefficients: Path | None,
    calibration: str | None,
) -> str:
    """Return the law of a table that names none; ``plain`` where nothing is known of a corpus or a tokenizer."""
    if compressibility is not None and (coefficients is not None or calibration is not None):
        return DEFAULT_WITH_COEFFICIENTS
    return plain if compressibility is None and bytes_per_token is None else DATA
