"""What to beware of where data are repeated: how often, and whose decay of repeated tokens is used."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from advisor.answer.repetition.affordable import GOOD_EPOCHS, MOST_EPOCHS
from advisor.caution import Caution
from advisor.laws.repetition import R_D_STAR, R_N_STAR, SOURCE
from advisor.quantities import format_quantity, format_times

if TYPE_CHECKING:
    from advisor.answer.repetition.limited_data import LimitedData
    from advisor.explanation import Page

# Above MOST_EPOCHS the law's error is larger than its signal: at 44 the loss was seen to rise 2.5 to 5 times as much.
POOR_EPOCHS = 16.0
_SEEN_AT_EPOCHS, _RISE = 44.0, (2.5, 5.0)


def about_limited_data(answers: tuple[LimitedData, ...]) -> Iterator[Caution]:
    """Yield what to beware of in the answers: how far the data are repeated, and constants of another law."""
    for answer in answers[:1]:
        of = unique_tokens_text(answer.unique_tokens)
        best = [about_used_up(answer.law_epochs, of)] if answer.used_up else [*about_epochs(answer.epochs, of)]
        chosen = [] if answer.choice is None else [*about_epochs(answer.choice.epochs, of)]
        yield from chosen
        for caution in best:  # beside a choice it says whose epochs it means
            if caution.code not in [each.code for each in chosen]:
                whose = "" if answer.choice is None else "The best for these data: "
                yield replace(caution, message=whose + caution.message)
    for answer in answers:
        if answer.transplanted and answer.epochs > 1:
            yield about_transplant(answer.law)


def unique_tokens_text(unique_tokens: float) -> str:
    """Return a number of unique tokens in words."""
    text = format_quantity(unique_tokens)
    return f"{text} unique token{'' if text == '1' else 's'}"


def about_transplant(law: str) -> Caution:
    """Return the caution that the decay of repeated tokens is not the law's own."""
    return Caution(
        code="repetition_transplanted",
        message=f"R_D* = {R_D_STAR:.4g} and R_N* = {R_N_STAR:.4g} were fitted with the law muennighoff, whose "
        f"exponents are equal ({SOURCE}), and are used with the exponents of {law}.",
    )


def about_epochs(epochs: float, of: str) -> Iterator[Caution]:
    """Yield the caution for ``epochs`` passes over ``of``: above 4, 16 or 40 of them."""
    times = format_times(epochs)
    if epochs > MOST_EPOCHS:
        yield _blind(epochs, of, "Do not train so")
    elif epochs > POOR_EPOCHS:
        yield Caution(
            code="epochs_above_16",
            message=f"{times} epochs of the {of}: above {POOR_EPOCHS:g} a repeated token has lost most of its value, "
            "and the law, which knows no overfitting, is too hopeful.",
        )
    elif epochs > GOOD_EPOCHS:
        yield Caution(
            code="epochs_above_4",
            message=f"{times} epochs of the {of}: up to {GOOD_EPOCHS:g} epochs repeated data are nearly as good as "
            f"new ({SOURCE}), beyond they lose value, and overfitting is not in the law.",
        )


def about_used_up(law_epochs: float, of: str) -> Caution:
    """Return the caution that the law alone would go on to ``law_epochs`` passes, where the answer stops."""
    return _blind(law_epochs, of, f"The answer stops at {MOST_EPOCHS:g}")


def _blind(epochs: float, of: str, so: str) -> Caution:
    return Caution(
        code="epochs_above_40",
        message=f"{format_times(epochs)} epochs of the {of} are beyond what this law can see: it knows no overfitting, "
        f"and under-predicts the rise of the loss {_RISE[0]:g} to {_RISE[1]:g} times at {_SEEN_AT_EPOCHS:g} epochs. "
        f"{so}: get more unique data, or spend less compute.",
    )


def explain_epochs(page: Page) -> None:
    """Explain the numbers in the cautions about epochs."""
    from advisor.explanation import file_of

    source = f"{file_of(__name__)}: where repetition costs little, much, and more than the law can see"
    for name, epochs in (("good", GOOD_EPOCHS), ("poor", POOR_EPOCHS), ("most", MOST_EPOCHS)):
        page.add(f"{name}_epochs", "epochs", source, value=epochs, epochs=epochs)
    least, most = _RISE
    source = "the rise of the loss over what the law predicts, as seen"
    page.add("rise", "most", source, value=most, least=least, most=most, seen_at_epochs=_SEEN_AT_EPOCHS)
