"""How sure a recommendation is, in a few rows: its intervals, those of web text, and where published laws lie."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from advisor.laws.published import published_laws
from advisor.quantities import format_flops
from advisor.report.text import nats, print_table, quantity, shortened, spread

if TYPE_CHECKING:
    from advisor.answer.inference import ServedModel
    from advisor.answer.recommendation import Recommendation
    from advisor.answer.repetition.limited_data import LimitedData
    from advisor.answer.row import Answer, Bounds

_CHINCHILLA = "chinchilla"
NEAR = "..."  # begins the label of the row that gives way where lines are few
_NEAR = 1.3  # times the median of the published laws, to either side
_WIDTH = 80  # columns
_NAME = 12  # columns of a law's name beside other words
_FEWEST = 3  # laws of which a middle is worth a row


class SureRow(NamedTuple):
    """What one row of the table has: a label and intervals, or points, in words."""

    label: str
    flops: str
    n_params: str
    n_tokens: str
    loss: str


def how_sure_rows(recommendation: Recommendation) -> list[SureRow]:
    """Return the rows of the table, the weightiest first."""
    rows = _own_rows(recommendation)
    if recommendation.recommended.of != "inference":
        rows += _published(recommendation.laws, "laws, unlimited data" if recommendation.limited else "published laws")
    return rows


def print_how_sure(rows: Sequence[SureRow]) -> None:
    """Print the table; the loss gives way to the budget, where that is a question."""
    header = SureRow("How sure (80 %)", "FLOPs", "parameters", "tokens", "loss")
    kept = [at for at, column in enumerate(zip(*rows, strict=True)) if at == 0 or any(column)]
    if any(row.flops for row in rows):
        kept = kept[:-1] if any(row.loss for row in rows) else kept
    widths = [max(len(row[at]) for row in (header, *rows)) for at in kept]
    if sum(widths) + 2 * (len(kept) - 1) > _WIDTH:
        kept.pop()
    print_table([header[at] for at in kept], [[row[at] for at in kept] for row in rows])


def _own_rows(r: Recommendation) -> list[SureRow]:
    """Return the rows of the answer itself, and of web text where the answer is another."""
    rows = []
    shows_loss = r.recommended.loss is not None
    if r.limited:
        rows = [
            _row(f"this much data, {shortened(each.law, _NAME)}", each.interval80, each, shows_loss=shows_loss)
            for each in r.limited
        ]
    elif r.inference is not None and r.recommended.of == "inference":
        rows = [_row("to train and serve", r.inference.interval80, r.inference.best, shows_loss=shows_loss)]
    else:
        best = "best, " if r.recommended.of == "choice" else ""
        rows = [_of_answer(best + _label(r), r.headline, r)]
        web = next((law for law in r.laws if law.law == _CHINCHILLA), None)
        if web is not None and web is not r.headline:
            rows.append(_of_answer(f"{best}web text, Chinchilla", web, None))
    return rows


def _label(r: Recommendation) -> str:
    if r.headline.law == _CHINCHILLA:
        return "web text, Chinchilla"
    if r.shift is not None:
        return "this tokenizer" if r.shift.by_h is None and r.shift.by_t is None else "this corpus"
    name = f"{r.headline.law}, {r.calibration}" if r.calibration else r.headline.law
    return shortened(name, 2 * _NAME)


def _of_answer(label: str, answer: Answer, r: Recommendation | None) -> SureRow:
    found = answer.interval80
    if found is None:
        return _row(label, None, answer, shows_loss=False)
    loss = _free(found.loss, nats) if r is not None and r.recommended.loss is not None else ""
    flops, n_params, n_tokens = _free(found.flops, format_flops), _free(found.n_params), _free(found.n_tokens)
    return SureRow(label, flops, n_params, n_tokens, loss)


def _row(label: str, interval: object, point: Answer | LimitedData | ServedModel, *, shows_loss: bool) -> SureRow:
    """Return a row of an answer with limited data or with serving; its N where it has no intervals."""
    if interval is None:
        return SureRow(label, "", f"{quantity(point.n_params)}, no interval", "", "")
    n_params, n_tokens, loss = (getattr(interval, name, None) for name in ("n_params", "n_tokens", "loss"))
    return SureRow(label, "", _free(n_params), _free(n_tokens), _free(loss, nats) if shows_loss else "")


def _free(bounds: Bounds | None, look: Callable[[float], str] = quantity) -> str:
    """Return an interval in words; nothing where the request fixed the number."""
    return "" if bounds is None or bounds[1] <= bounds[0] * (1 + 1e-9) else spread(bounds, look)


def _published(laws: Sequence[Answer], what: str) -> list[SureRow]:
    """Return where published laws lie for the same budget: all of them, and those near their median."""
    known = published_laws()
    published = [law for law in laws if law.law in known]
    if len(published) < 2:
        return []
    middle = sorted(law.n_params for law in published)[len(published) // 2]
    near = [law for law in published if middle / _NEAR <= law.n_params <= middle * _NEAR]
    rows = [_range(f"{len(published)} {what}", published)]
    if _FEWEST <= len(near) < len(published):
        rows.append(_range(f"{NEAR} {len(near)} of them", near))
    return rows


def _range(label: str, laws: Sequence[Answer]) -> SureRow:
    n_params, n_tokens = [law.n_params for law in laws], [law.n_tokens for law in laws]
    return SureRow(label, "", spread((min(n_params), max(n_params))), spread((min(n_tokens), max(n_tokens))), "")
