"""The keywords of ``fit``, the options of its command, to the library's terms: units, settings, coefficients."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path as File
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from advisor.api.keywords import Number, Path, Whole, check_choice, check_flag, check_mapping, refuse_both
from advisor.api.requests import numbers, option, whole_number
from advisor.commands.fitting.settings import LEAST_REFITS, MOST_REFITS, MOST_VOCABULARY, delta_of, fixed_e
from advisor.commands.options import MOST_SEED
from advisor.commands.values import quantity
from advisor.errors import UsageError
from advisor.quantities import check_number, check_positive, check_text, check_whole

if TYPE_CHECKING:
    from advisor.compressibility.group_profiles import GroupProfiles
    from advisor.laws.scaling_law import Count
    from calibration.fit.analysis import Settings
    from calibration.fit.runs import RunTable
    from calibration.fit.table.reading import TableUnits
    from calibration.lines.table_coefficients import TableCoefficients

COUNTS = ("total", "non-embedding")
FORMS = ("log", "linear", "joint")
LOSS_UNITS = ("nats", "bits", "bpb", "ppl")


class UnitKeywords(TypedDict, total=False):
    """What is known of the units of a table of runs, and of its runs that failed."""

    scale: Mapping[str, Number]
    loss_unit: Literal["nats", "bits", "bpb", "ppl"] | None
    bytes_per_token: Number | None
    skip_failed: bool


class TableKeywords(UnitKeywords, total=False):
    """How a table of runs is read."""

    columns: Mapping[str, str] | None
    units: TableUnits | None
    cluster: str | None


class RefitKeywords(TypedDict, total=False):
    """The refits that intervals are of."""

    bootstrap: Whole
    seed: Whole


class DecayKeywords(TableKeywords, RefitKeywords, total=False):
    """What may stand beside ``repeat_over``."""


class SettingsKeywords(RefitKeywords, total=False):
    """How laws are fitted, and what for."""

    flops: str | Number | Sequence[Number]
    delta: Number | Literal["auto", "l1"]
    fix: str | None
    fixed_e: float | None
    max_e: float | None
    count: Literal["total", "non-embedding"]


class CoefficientsKeywords(TypedDict, total=False):
    """The coefficients file to write, and what it is to say."""

    coefficients: Path | None
    profiles: GroupProfiles | Path | None
    install: str | None
    score_tokenizer: str | None
    tokenizer: str | None
    h_ref: float | None
    source: str | None


class FitKeywords(TableKeywords, SettingsKeywords, CoefficientsKeywords, total=False):
    """The options of ``advisor fit``, but for those that ask another question of the table."""

    group: str | None
    covariate: str | None
    form: Literal["log", "linear", "joint"]
    at: Number | Sequence[Number]
    vocab_size: Whole | None
    settings: Settings | None
    with_refused: bool
    on_table: Callable[[RunTable], None] | None
    predict: Path | None


OF_UNITS = frozenset(UnitKeywords.__annotations__)
OF_TABLE = frozenset(TableKeywords.__annotations__)
OF_DECAY = frozenset(DecayKeywords.__annotations__)
_OF_SETTINGS = frozenset(SettingsKeywords.__annotations__)
_REFITS = {"bootstrap": ("n_draws", LEAST_REFITS, MOST_REFITS), "seed": ("seed", 0, MOST_SEED)}


def columns_of(given: Mapping[str, Any]) -> dict[str, str]:
    """Return the table's names of our columns, as keywords have them.

    Raises:
        UsageError: they are no dictionary, or name a column twice.
    """
    columns = given.get("columns", {})
    check_mapping(columns, "columns", "{'loss': 'val'}")
    yours = list(columns.values())
    for name in yours:
        check_text(name, "columns")
    if twice := next((name for name in yours if yours.count(name) > 1), None):
        raise UsageError(f"--columns names {twice} twice.")
    return dict(columns)


def units_of(given: Mapping[str, Any]) -> TableUnits | None:
    """Return what keywords say of the units of a table."""
    from calibration.fit.table.reading import TableUnits

    own = {name: given[name] for name in UnitKeywords.__annotations__ if name in given}
    units: TableUnits | None = given.get("units")
    if not own or units is not None:
        refuse_both("units", own)
        return units
    if "scale" in own:
        check_mapping(own["scale"], "scale", "{'n_tokens': 1e6}")
        ours = {yours: name for name, yours in columns_of(given).items()}
        factors = {name: _positive(f"--scale {name}", factor) for name, factor in own["scale"].items()}
        own["scale"] = {ours.get(name, name): factor for name, factor in factors.items()}
    if "bytes_per_token" in own:
        own["bytes_per_token"] = _positive("--bytes-per-token", own["bytes_per_token"])
    if "loss_unit" in own:
        check_choice(own["loss_unit"], "--loss-unit", LOSS_UNITS)
    if "skip_failed" in own:
        check_flag(own["skip_failed"], "--skip-failed")
    return TableUnits(**own)


def settings_of(given: Mapping[str, Any]) -> Settings:
    """Return how laws are fitted, as keywords say."""
    from calibration.fit.analysis import Settings
    from calibration.fit.minimum import FitOptions

    own = {name: given[name] for name in SettingsKeywords.__annotations__ if name in given}
    settings: Settings | None = given.get("settings")
    if settings is not None:
        refuse_both("settings", own)
        return settings
    if "count" in own:
        check_choice(own["count"], "--count", COUNTS)
    return Settings(
        options=FitOptions(**_held(own)),
        budgets=numbers("flops", own.get("flops", ())),
        **{name: own[name] for name in ("count",) if name in own},
        **refits_of(own),
    )


def _held(own: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is held or bounded in a fit."""
    found = {name: own[name] for name in ("delta", "fixed_e", "max_e") if name in own}
    if isinstance(found.get("delta"), str):
        found["delta"] = delta_of(found["delta"])
    if "fix" in own:
        if "fixed_e" in own:
            raise UsageError("fix and fixed_e both hold E: give one.")
        check_text(own["fix"], "--fix")
        found["fixed_e"] = fixed_e(own["fix"])
    for name, value in found.items():
        if value not in ("auto", "l1"):
            check_number(value, option(name))
    return found


def refits_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the number and the seed of refits, under their names in the library, where keywords give them."""
    found = {}
    for name, (field, least, most) in _REFITS.items():
        if name in given:
            found[field] = whole_number(name, given[name])
            check_whole(found[field], option(name), least, most)
    return found


def vocabulary_of(given: Mapping[str, Any]) -> int | None:
    """Return the vocabulary of all runs, where it is given."""
    if "vocab_size" not in given:
        return None
    found: int = whole_number("vocab_size", given["vocab_size"])
    check_whole(found, "--vocab-size", 2, MOST_VOCABULARY)
    return found


def coefficients_of(given: Mapping[str, Any], count: Count) -> TableCoefficients:
    """Return which coefficients file keywords ask for."""
    from calibration.lines.table_coefficients import TableCoefficients

    own = {
        name: given[name] for name in ("score_tokenizer", "tokenizer", "source", "install", "h_ref") if name in given
    }
    for name, value in own.items():
        (check_number if name == "h_ref" else check_text)(value, option(name))
    if "install" in own:
        own["install_as"] = own.pop("install")
    target = file_of("coefficients", given)
    return TableCoefficients(count=count, coefficients=target, profiles=_profiles_of(given), **own)


def _profiles_of(given: Mapping[str, Any]) -> GroupProfiles | None:
    from advisor.compressibility.group_profiles import GroupProfiles, read_group_profiles

    profiles = given.get("profiles")
    if profiles is None or isinstance(profiles, GroupProfiles):
        return profiles
    check_text(profiles, "--profiles")
    return read_group_profiles(File(profiles))


def file_of(name: str, given: Mapping[str, Any]) -> File | None:
    """Return the file that a keyword names; None where it is not given."""
    if name not in given:
        return None
    check_text(given[name], option(name))
    return File(given[name])


def values_of(given: Mapping[str, Any]) -> tuple[float, ...]:
    """Return the values of the covariate in ``at``: one, or several."""
    at = given.get("at", ())
    listed = [at] if isinstance(at, str) or not hasattr(at, "__iter__") else at
    return tuple(_value(each) for each in listed)


def _value(value: Any) -> float:
    try:
        found = float(value) if isinstance(value, str) else value
    except ValueError:
        raise UsageError(f"--at is {value!r}; give a number.") from None
    check_number(found, "--at")
    return float(found)


def _positive(option: str, value: Any) -> float:
    return check_positive(quantity(option)(value), option)
