"""Which laws answer a request: the headline, the others beside it, and the calibration they draw on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from advisor.answer.request import Request
from advisor.answer.row import best_allocation
from advisor.calibrations.laws_in_h import LAW_NAMES, LawAtH, law_at
from advisor.compressibility.protocol import DEFAULT_PROTOCOL, MeasuredCorpus, check_match
from advisor.errors import CoefficientsError, UsageError, did_you_mean
from advisor.laws.data_rule import DataLaw, Shift, shift_at
from advisor.laws.drift import widened, widened_for_loss
from advisor.laws.law_file import read_law
from advisor.laws.published import chinchilla, published_laws
from advisor.laws.scaling_law import ScalingLaw
from advisor.laws.text import NOTHING_KNOWN, Text, text_of

if TYPE_CHECKING:
    from advisor.calibrations.coefficients import Calibration, Coefficients
    from advisor.compressibility.units import TokenCount
    from advisor.laws.scaling_law import Allocation, Law

DATA: Final = "data"
BYTES: Final = "bytes"
DATA_LAWS = (DATA, BYTES)
DEFAULT_LAW = "chinchilla"  # where nothing is known of the corpus
DEFAULT_WITH_COEFFICIENTS = "anchored"
_ON_A_BASE = ("anchored", "blend")
CORPORA = ("a SOURCE", "a --profile")  # how recommend is told of a corpus; tables are told of its H alone
# Of a calibration's draws, the share that may give no law at an H before there is no interval there.
MOST_DROPPED = 0.25


class Known(NamedTuple):
    """What laws may depend on.

    Attributes:
        compressibility: H of the corpus, as a calibration's protocol measures it.
        ci95: its 95 % interval.
        epsilon: the weight of the calibration; None takes its own.
        text: what the data rule knows of the corpus.
    """

    compressibility: float | None = None
    ci95: tuple[float, float] | None = None
    epsilon: float | None = None
    text: Text = NOTHING_KNOWN


@dataclass(frozen=True, kw_only=True)
class Candidates:
    """The laws that answer at ``flops``, with draws as wide as an answer there needs.

    ``refused`` says why a data-dependent law beside the headline could not. ``at_h`` is the headline where it is one of
    a calibration's, and ``shift`` how far the data rule moves it where it is the rule's; ``text`` is what the rule
    knows of the corpus.
    """

    headline: Law
    flops: float
    others: tuple[Law, ...]
    at_h: LawAtH | None = None
    shift: Shift | None = None
    text: Text = NOTHING_KNOWN
    refused: tuple[str, ...] = ()

    @property
    def headline_text(self) -> Text:
        """What the headline takes of the text, where it is the data rule's."""
        return self.text.bytes_alone if self.headline.name == BYTES else self.text


def known_of(request: Request, profile: MeasuredCorpus | None, counted: TokenCount | None) -> Known:
    """Return what laws may depend on in a request, the profile of its corpus and the count of a tokenizer.

    Raises:
        UsageError: the tokenizer's bytes per token are given twice.
        ProtocolMismatchError: the profile's H is not that of the data rule, and the answer would be the rule's.
    """
    if counted is not None and request.bytes_per_token is not None:
        raise UsageError("--bytes-per-token and --count-tokenizer both say what the training tokenizer does: give one.")
    trained = request.bytes_per_token if counted is None else counted.bytes_per_token
    h, ci95 = request.compressibility, None
    if profile is None:
        text = Text(compressibility=h, trained_bytes_per_token=trained)
    else:
        h, ci95 = profile.median, profile.ci95
        text = text_of(profile, trained)
        if text.compressibility is None and _would_be_the_rule(request):
            check_match(profile.protocol, DEFAULT_PROTOCOL, "the six corpora of the law data")
    if request.pilot is not None:
        from advisor.pilot.pilot_file import read_pilot_file, with_pilot

        text = with_pilot(text, read_pilot_file(request.pilot))
    return Known(compressibility=h, ci95=ci95, epsilon=request.epsilon, text=text)


def _would_be_the_rule(request: Request) -> bool:
    return request.law == DATA or (request.law is None and not _asks_a_calibration(request))


def _asks_a_calibration(request: Request) -> bool:
    return request.calibration is not None or request.coefficients is not None


def choose_laws(request: Request, calibration: Calibration | None, known: Known) -> Candidates:
    """Return the headline law of a request and every other law that applies, for the budget that it leads to.

    Those of a calibration need ``calibration`` and H. Without a name the headline is ``anchored`` where a
    calibration was asked for, else ``data`` where something is known of the corpus or its tokenizer, else
    ``chinchilla``.
    """
    name = request.law
    dependent: dict[str, LawAtH] = {}
    refused: dict[str, CoefficientsError] = {}
    # Beside the default law the shipped calibration stands with one law; those of one that is asked for all stand.
    beside = LAW_NAMES if _asks_a_calibration(request) or name in LAW_NAMES else (DEFAULT_WITH_COEFFICIENTS,)
    for each in beside if known.compressibility is not None else ():
        if calibration is None or (each != name and not _same_tokens(each, calibration)):
            continue
        try:
            dependent[each] = _law_at_h(each, calibration, known)
        except CoefficientsError as error:
            refused[each] = error
    if name in refused:
        raise refused[name]
    wanted = _default(request, known.text, dependent) if name is None else name
    found: dict[str, Law | DataLaw] = {each: at_h.law for each, at_h in dependent.items()}
    found |= {law.name: law for law in _by_the_rule(known.text)}
    if wanted not in found:
        found[wanted] = find_law(wanted, calibration, known, CORPORA)
    flops = _budget(found[wanted], request)
    others = {each: law for each, law in (found | published_laws()).items() if each != wanted}
    headline, base = found[wanted], None
    if calibration is not None and calibration.own_base is not None:
        base = (
            calibration.own_base.law
        )  # its runs are at real scale: beyond them even a shift of another base is unseen
    return Candidates(
        headline=law_for(headline, flops, loss=request.target_loss, base=base),
        flops=flops,
        others=tuple(law_for(law, flops, base=base) for law in others.values()),
        at_h=dependent.get(wanted),
        shift=shift_at(headline.text, flops) if isinstance(headline, DataLaw) else None,
        text=known.text,
        refused=tuple(map(str, refused.values())) if _asks_a_calibration(request) else (),
    )


def law_for(law: Law | DataLaw, flops: float, *, loss: float | None = None, base: ScalingLaw | None = None) -> Law:
    """Return the law that answers at ``flops``, with draws as wide as an answer there, or the one to ``loss``, needs.

    Anchored and blend are as wide as their ``base``, Chinchilla's law unless given, is so far from its own runs: how
    corpora differ has its own errors.
    """
    if isinstance(law, DataLaw):
        return law.at(flops, loss=loss)
    if not isinstance(law, ScalingLaw):
        return law
    reach = (base or chinchilla()).ranges.flops if law.name in _ON_A_BASE else law.ranges.flops
    return widened(law, flops, reach) if loss is None else widened_for_loss(law, loss, reach)


def law_answering(law: Law | DataLaw, question: Callable[[Law], Allocation]) -> Law:
    """Return the law for the budget that answers ``question``, such as the optimum for some N; it is not widened."""
    return law.answering(question) if isinstance(law, DataLaw) else law


def calibration_for(law: str | None, coefficients: Coefficients, name: str | None) -> Calibration | None:
    """Return the calibration ``name``, or the default; None where there is none and ``law`` needs none.

    Raises:
        UsageError: there is no such calibration, or there are several for a law that needs one, and no default.
    """
    found = coefficients.calibration(name)
    if found is None and law in LAW_NAMES and coefficients.calibrations:
        known = ", ".join(one.name for one in coefficients.calibrations)
        raise UsageError(
            f"Name a calibration with --calibration ({known}): the law {law} needs one, and none is the default."
        )
    return found


def find_law(name: str, calibration: Calibration | None, known: Known, corpora: Sequence[str] = ()) -> Law | DataLaw:
    """Return the law ``name``: the data rule's, a published one, a calibration's, or a law file's.

    ``corpora`` are the ways to name a corpus that the command takes: an error tells of them.

    Raises:
        UsageError: there is no such law, or it needs something of the corpus and that is not given.
        CoefficientsError: it needs a calibration and none is there, or the calibration cannot answer at this H.
        LawError: it is a file that cannot be used.
    """
    if name in (published := published_laws()):
        return published[name]
    if name in DATA_LAWS:
        return _named(name, known.text, corpora)
    if name not in LAW_NAMES:
        return _from_file(name)
    if calibration is None:
        raise CoefficientsError(
            f"The law {name} needs data-dependent coefficients and none are installed: give a file of them with "
            "--coefficients, or use --law chinchilla."
        )
    if known.compressibility is None:
        raise depends_on_corpus(name, (*corpora, "--compressibility"))
    return _law_at_h(name, calibration, known).law


def _default(request: Request, text: Text, dependent: dict[str, LawAtH]) -> str:
    if _asks_a_calibration(request) and DEFAULT_WITH_COEFFICIENTS in dependent:
        return DEFAULT_WITH_COEFFICIENTS
    return DATA if text.known else DEFAULT_LAW


def _by_the_rule(text: Text) -> list[DataLaw]:
    """Return the laws of the data rule that what is known of the corpus and the tokenizer allows."""
    found = [DataLaw(base=chinchilla(), text=text)] if text.known else []
    alone = text.bytes_alone
    if alone.known:
        found.append(DataLaw(base=chinchilla(), text=alone, name=BYTES))
    return found


def _named(name: str, text: Text, corpora: Sequence[str]) -> DataLaw:
    found = next((law for law in _by_the_rule(text) if law.name == name), None)
    if found is None:
        raise depends_on_corpus(
            name, (*corpora, *(("--compressibility",) if name == DATA else ()), "--bytes-per-token")
        )
    return found


def depends_on_corpus(name: str, ways: Sequence[str]) -> UsageError:
    """Return the error that a law needs something of the corpus or the tokenizer, which ``ways`` give."""
    *others, last = ways
    given = f"{', '.join(others)} or {last}" if others else last
    what = "bytes per token" if name == BYTES else "the corpus"
    return UsageError(f"The law {name} depends on {what}: give {given}.")


def _law_at_h(name: str, calibration: Calibration, known: Known) -> LawAtH:
    """Return a law of the calibration at H, without draws where too many of them give no law there."""
    assert known.compressibility is not None
    if not _same_tokens(name, calibration):
        raise CoefficientsError(
            f"The law {name} of the calibration {calibration.name} counts {calibration.training_tokenizer}, as its "
            f"models were trained on, and not tokens of {calibration.protocol.tokenizer}: use --law anchored, which "
            "takes from it only how sources differ."
        )
    base = calibration.dependence.base or chinchilla()
    at_h = law_at(name, calibration.dependence, base, known.compressibility, known.epsilon, known.ci95)
    n_draws = len(calibration.dependence.draws)
    if at_h.n_dropped > MOST_DROPPED * n_draws:  # the others are no sample of what is possible
        at_h = replace(at_h, law=replace(at_h.law, draws=()))
    return at_h


def _budget(law: Law | DataLaw, request: Request) -> float:
    if request.budget is not None:
        return request.budget
    return best_allocation(law_answering(law, lambda one: best_allocation(one, request)), request).flops


def _same_tokens(name: str, calibration: Calibration | None) -> bool:
    """Return whether a data-dependent law counts the tokens that H was measured on: anchored counts Chinchilla's."""
    return name == DEFAULT_WITH_COEFFICIENTS or calibration is None or calibration.training_tokenizer is None


def _from_file(name: str) -> Law:
    """Return the law of the law file ``name``, called by the file's name: a fit calls its only group ``all``."""
    if not name:
        raise UsageError("The name of the law is empty.")
    path = Path(name)
    if path.exists():
        return replace(read_law(path), name=path.name)
    known = law_names()
    hint = did_you_mean(name, known) or f": the laws are {', '.join(known)}."
    raise UsageError(f"--law {name!r} is neither a law nor a law file that exists{hint}")


def law_names() -> tuple[str, ...]:
    """Return the names that ``--law`` takes."""
    return (*DATA_LAWS, *LAW_NAMES, *published_laws())
