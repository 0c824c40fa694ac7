"""What the runs of docs/reproduction.md are, how well the accepted laws describe them, and which controls are there."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from reproduction_material import FEWEST_FOR_A_LINE, Material
from reproduction_rules import count, laws_of

from calibration.grammars.sets import SHAPES

POOR_FIT = 0.04  # residual scale of ln L
_NO_FIT = "large-residuals"  # the caution that says so
_CONTROLS = {"iso-vocab": FEWEST_FOR_A_LINE, "iso-gzip": 2}  # the accepted laws without which a set says nothing


def runs_paragraph(material: Material) -> str:
    """Return what was trained at tuned rates, by the ledgers, and what the accepted laws are cautioned of."""
    return _filled(f"**What ours are.** {_sizes(material)} {_OTHERWISE} {_cautions(material)}")


_OTHERWISE = (
    "The paper's smallest has width 64, and its sizes are 4.2M to 1.4B parameters with a vocabulary of 32,001. Ours "
    "have the grammar's own vocabulary, tuned learning rates, N as non-embedding parameters and losses on held-out "
    "documents in nats per token ([calibrations](calibrations.md)). The grammars are new draws of the paper's shapes "
    "(`pcfg-paper`) and shapes of our own (`pcfg-ladder`, `pcfg-two-way`)."
)


def _sizes(material: Material) -> str:
    rows = [row for each in material.trained for row in each.rows]
    if not rows:
        return "Nothing was trained."
    layers, widths = _span(row.n_layers for row in rows), _span(row.width for row in rows)
    n, tokens = _span(row.n_non_embedding for row in rows), _span(row.n_tokens for row in rows)
    devices = ", ".join(sorted({str(row.hardware["device"]) for row in rows if "device" in row.hardware}))
    on = f" on {devices}" if devices else ""
    return f"{len(rows):,} runs{on} of models of {layers} layers and width {widths}, N {n}, on {tokens} tokens."


def _span(values: Iterable[int]) -> str:
    found = sorted(set(values))
    return f"{found[0]:,}" if len(found) == 1 else f"{found[0]:,} to {found[-1]:,}"


def _cautions(material: Material) -> str:
    taken = material.every_accepted()
    cautioned = sum(bool(one.cautions) for one in taken)
    no_fit = sum(_NO_FIT in one.cautions for one in taken)
    poor = sum(one.residual_scale is not None and one.residual_scale > POOR_FIT for one in taken)
    carry = "carries" if cautioned == 1 else "carry"
    return (
        "A law that was refused takes no part in any verdict; one that was accepted may be poor all the same. Of the "
        f"{count(len(taken), 'accepted law')} {cautioned} {carry} cautions, {no_fit} "
        f'the one that says "the law does not describe these runs"; the residual scale of {poor} is above '
        f"{100 * POOR_FIT:g} % of the loss."
    )


def controls_sentence(material: Material) -> str:
    """Return that H was not varied alone, and whether the control sets that would tell are there to do so."""
    trained = {name: material.of_set(name) for name in _CONTROLS}
    accepted = {name: len(laws_of(taken)) for name, taken in trained.items()}
    there = " and ".join(
        f"{accepted[name]} accepted {'law' if accepted[name] == 1 else 'laws'} of {len(taken)} trained for the "
        f"{len(SHAPES[name])} grammars of {name}"
        for name, taken in trained.items()
    )
    telling = [name for name, needed in _CONTROLS.items() if accepted[name] >= needed]
    tells = f"{' and '.join(telling)} can say something of it" if telling else "they cannot tell"
    said = (
        '- H alone: in `pcfg-ladder` H, the vocabulary and the length of rules move together, so "with H" is never '
        f'"because of H". Control sets would tell (tables 4 and 5). There are {there}: {tells}.'
    )
    return _filled(said, "  ")


def _filled(said: str, indent: str = "") -> str:
    return textwrap.fill(said, 120, subsequent_indent=indent, break_on_hyphens=False)
