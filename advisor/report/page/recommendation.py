"""A recommendation's document to a section: what to train, why, how sure, what else, and what it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from advisor.errors import AdvisorError
from advisor.json_fields import Node
from advisor.quantities import format_flops
from advisor.report.page.along import along_budgets
from advisor.report.page.asked import AskedRequest, asked_in, contradiction
from advisor.report.page.beyond import limited_laws, limited_sizes, repetition_tables, serving_table
from advisor.report.page.blocks import (
    Budgets,
    Cautions,
    Chart,
    DataTable,
    Facts,
    Noted,
    PageSection,
    facts,
    part,
    table,
)
from advisor.report.page.planned import plan_blocks
from advisor.report.page.reading import figure, interval, members, named, names_of, notes_of, warnings_of, words
from advisor.report.plan import data_size
from advisor.report.recommendation.first_screen import answer_of
from advisor.report.text import amount, counted, hours_and_days, nats, percent, plural, quantity, ratio, spread

if TYPE_CHECKING:
    from advisor.answer.recommendation import Recommendation

_OF = {
    "headline": "",
    "choice": "Your choice: ",
    "limited_data": "",
    "inference": "",
}


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """What is computed anew for a page: the recommendation along budgets with its charts, or why there is none."""

    answer: Recommendation | None = None
    budgets: Budgets | None = None
    charts: tuple[Chart, ...] = ()
    why_not: str = ""


def recommendation_section(document: Node, asked: AskedRequest | None = None) -> PageSection:
    """Return the section of a recommendation; ``asked`` is its request where that was made just now."""
    best = document["recommended"]
    drawn = _drawn(document, asked)
    answer = _answer(best) if drawn.answer is None else " ".join(answer_of(drawn.answer))
    return PageSection(
        kind="Recommendation",
        answer=answer,
        why=tuple(line for line in (words(best["why"]), _budget(document)) if line),
        mind=_mind(document),
        parts=(
            *part("How sure", _sure(document), *drawn.charts[:1], _wrong(document)),
            *part("At another budget", drawn.budgets, *drawn.charts[1:], _why_not(drawn)),
            *part("What else would do", *_else(document)),
            *part("Limited data", *repetition_tables(document)),
            *part("Serving", serving_table(document)),
            *part("The run", *plan_blocks(document["plan"])),
            *part("What it rests on", _rests(document)),
            *part("Good to know", notes_of(document.get("cautions"))),
        ),
        sources=_laws_followed(document),
    )


def _drawn(document: Node, asked: AskedRequest | None) -> Drawn:
    try:
        if asked is None:
            asked, answer = asked_in(document)
        else:
            answer = asked.recommendation()
        budgets, charts = along_budgets(asked, answer)
    except AdvisorError as error:
        return Drawn(why_not=str(error))
    return Drawn(answer=answer, budgets=budgets, charts=charts)


def _mind(document: Node) -> Cautions | None:
    """Return the warnings, first of them that a document contradicts itself."""
    known, said = warnings_of(document.get("cautions")), contradiction(document)
    if not said:
        return known
    return Cautions(
        rows=(Noted(label="Mind", message=said[0].upper() + said[1:]), *(() if known is None else known.rows))
    )


def _why_not(drawn: Drawn) -> Facts | None:
    """Return why no other budgets are there; a sentence of the library stands as it is."""
    return facts(("Left out", f"Other budgets and charts: {drawn.why_not}")) if drawn.why_not else None


def _answer(best: Node) -> str:
    """Return the sentence to follow, where the document alone is known and not what it was asked."""
    n_params, n_tokens = quantity(best["n_params"].number(0)), quantity(best["n_tokens"].number(0))
    text = figure(best.get("n_bytes"), data_size)
    text = f" ({text} of text)" if text else ""
    passes = best.get("epochs")
    repeated = passes is not None and words(best["of"]) == "limited_data" and passes.number(0) > 1
    times = f", {figure(passes, amount)} passes over the data" if repeated else ""
    return f"{_OF.get(words(best['of']), '')}Train {n_params} parameters on {n_tokens} tokens{text}{times}."


def _budget(document: Node) -> str:
    """Return the budget in a sentence, with the GPUs where there are any."""
    best, request = document["recommended"], document["request"]
    flops = f"{format_flops(best['flops'].number(0))} FLOPs"
    budget = document["headline"]["flops"].number(0, open_ends=True)
    cluster = document["plan"].get("cluster")
    if cluster is None:
        on = ""
    else:
        n_gpus, hours = cluster.get("n_gpus"), cluster.get("wall_hours")
        count = "" if n_gpus is None else f"{n_gpus.whole(1):,} "
        exact = f" by the {format_flops(cluster['flops'].number(0))} of its shape"
        time = "" if hours is None else f": {hours_and_days(hours.number(0))}{exact}"
        on = f" on {count}{words(cluster['gpu'])}{time}"
    asked = "" if request.get("target_loss_nats_per_token") is None else ", the least that reaches the loss asked for"
    less = best["flops"].number(0) < budget * (1 - 1e-6)
    of = f", of a budget of {format_flops(budget)}," if less else ""
    return f"It takes {flops}{of}{on}{asked}.".replace(",.", ".")


def _sure(document: Node) -> DataTable | None:
    """Return what is recommended, each number beside its interval, and beside web text's answer."""
    best = document["recommended"]
    count = words(best["count"])
    n_params = "Parameters N" if count == "unknown" else f"Parameters N, {counted(count)}"
    sure, loss, epochs = best.get("interval80"), best.get("loss_nats_per_token"), best.get("epochs")
    rows = [
        (
            n_params,
            figure(best["n_params"]),
            interval(sure, "n_params"),
        ),
        ("Training tokens D", figure(best["n_tokens"]), interval(sure, "n_tokens")),
        ("Tokens per parameter", figure(best["tokens_per_param"], ratio), ""),
        ("Text", figure(best.get("n_bytes"), data_size), ""),
        ("Loss, nats/token", figure(loss, nats), interval(sure, "loss_nats_per_token", nats)),
        ("Passes over the data", figure(epochs, amount), ""),
    ]
    of_corpus = document.get("corpus_loss")
    if loss is None and of_corpus is not None:
        about = (
            figure(of_corpus["loss_nats_per_token"], nats),
            interval(of_corpus["interval80"], "loss_nats_per_token", nats),
        )
        rows.insert(5, ("Loss of this corpus, nats/token; H says little of it", *about))
    known = [row for row in rows if row[1]]
    names, values, intervals = zip(*known, strict=True)
    note = "" if any(intervals) else "Nothing is known of how sure these numbers are: the law has no draws."
    columns = [("", names), ("recommended", values), ("80 % interval", intervals)]
    return table("The answer and its interval", columns, note=note, strong=(0, 1))


def _wrong(document: Node) -> Facts | None:
    """Return what it costs to follow this law, or Chinchilla, where the other is right."""
    found = document.get("wasted_fraction_if_wrong")
    if found is None:
        return None
    law = named(document["headline"]["law"])
    ours = percent(found["headline_if_chinchilla_is_right"].number())
    theirs = percent(found["chinchilla_if_headline_is_right"].number())
    said = (
        f"To follow the law {law} costs {ours} of the FLOPs if the law chinchilla is right; to follow chinchilla costs "
        f"{theirs} if {law} is."
    )
    return facts(("If it is wrong", said))


def _else(document: Node) -> tuple[Facts | DataTable | None, ...]:
    """Return what else would do, with limited data where they are limited, if the document says it of them."""
    sizes, laws = limited_sizes(document), limited_laws(document)
    if sizes is None or laws is None:
        return _room(document), _neighbours(document), _flat(document), _laws(document)
    return _room(document), sizes, laws


def _neighbours(document: Node) -> DataTable | None:
    """Return what other sizes do with the same budget, the choice among them."""
    best = document["headline"]["n_params"].number(0)
    choice = document.get("choice")
    rows = [(each, "optimum" if each["n_params"].number(0) == best else "") for each in members(document["neighbours"])]
    if choice is not None:
        rows = sorted([*rows, (choice, "your choice")], key=lambda pair: pair[0]["n_params"].number(0))
    with_loss = document["recommended"].get("loss_nats_per_token") is not None
    columns = [
        ("N", [figure(row["n_params"]) for row, _ in rows]),
        ("D", [figure(row["n_tokens"]) for row, _ in rows]),
        ("D/N", [figure(row["tokens_per_param"], ratio) for row, _ in rows]),
        ("loss", [figure(row.get("loss_nats_per_token"), nats) if with_loss else "" for row, _ in rows]),
        ("FLOPs wasted", [figure(row["wasted_fraction"], percent) for row, _ in rows]),
        ("", [remark for _, remark in rows]),
    ]
    strong = [i for i, (_, remark) in enumerate(rows) if remark]
    return table(f"The same budget on other sizes{_unlimited(document)}", columns, strong=strong)


def _room(document: Node) -> Facts | None:
    """Return which sizes are nearly as good with limited data; None where nothing limits them."""
    limited = document.get("limited_data")
    answers = members(None if limited is None else limited["answers"])
    if not answers:
        return None
    sizes = interval(answers[0], "n_params_within_1_percent_of_loss")
    return facts(("Room", f"{sizes} parameters stay within 1 % of the loss with these data" if sizes else ""))


def _flat(document: Node) -> DataTable | None:
    """Return which sizes are nearly as good as the optimum."""
    flat = document.get("flat_region")
    if flat is None:
        return None
    loss, share = flat["loss_tolerance_fraction"].number(0), flat["flops_tolerance_fraction"].number(0)
    columns = [
        ("", [f"within {100 * loss:g} % of the loss", f"within {100 * share:g} % of the FLOPs"]),
        ("FLOPs wasted, at most", [percent(flat["within_loss_wasted_fraction"].number()), percent(share)]),
        ("N", [interval(flat[key], "n_params") for key in ("within_loss", "within_flops")]),
        ("D", [interval(flat[key], "n_tokens") for key in ("within_loss", "within_flops")]),
    ]
    return table(f"Nearly as good{_unlimited(document)}", columns)


def _laws(document: Node) -> DataTable | None:
    """Return every law's answer for the same budget."""
    rows = members(document["laws"])
    known = document["recommended"].get("loss_nats_per_token") is not None
    losses = [
        figure(row.get("loss_nats_per_token"), nats) if known or row.get("loss_of") is None else "" for row in rows
    ]
    columns = [
        ("law", names_of(row["law"] for row in rows)),
        ("N", [figure(row["n_params"]) for row in rows]),
        ("80 % interval", [interval(row.get("interval80"), "n_params") for row in rows]),
        ("D", [figure(row["n_tokens"]) for row in rows]),
        ("D/N", [figure(row["tokens_per_param"], ratio) for row in rows]),
        ("loss", losses),
        ("wasted", [figure(row.get("wasted_fraction"), percent) for row in rows]),
        ("N counts", [counted(words(row["count"])) for row in rows]),
    ]
    note = (
        "Losses of different laws are of different data and tokenizers. Wasted is the share of the FLOPs lost by "
        f"following that law if {named(document['headline']['law'])} is right."
    )
    return table(f"The same budget by every law{_unlimited(document)}", columns, note=note, strong=(0,))


def _unlimited(document: Node) -> str:
    return "" if document.get("limited_data") is None else ", were unique data unlimited"


def _rests(document: Node) -> Facts | None:
    """Return the law and the corpus behind the answer."""
    profile, h = document.get("profile"), document.get("compressibility")
    corpus = "web text: no corpus was given" if h is None else f"H {nats(h.number(0, 1))}, as given"
    if profile is not None and h is not None:
        bounds, size = profile.get("ci95"), figure(profile.get("estimated_tokens"))
        sure = "" if bounds is None else f" (95 % {spread(bounds.pair(0), nats)})"
        tokens = f", about {plural(size, 'token')}" if size else ""
        rate = figure(profile.get("bytes_per_token"), lambda value: f", {value:.2f} bytes per token")
        corpus = f"{words(profile['source'])}: H {nats(h.number(0, 1))}{sure}{tokens}{rate}"
    laws = [("Law", f"{law}: {source}") for law, source in _laws_followed(document)]
    return facts(*laws, ("Corpus", corpus), *_protocol(profile))


def _laws_followed(document: Node) -> tuple[tuple[str, str], ...]:
    """Return the laws that the answer follows, those of limited data first, each with its source."""
    limited = document.get("limited_data")
    answers = [*members(None if limited is None else limited["answers"]), document["headline"]]
    return tuple(dict.fromkeys((named(each["law"]), words(each["source"])) for each in answers))


def _protocol(profile: Node | None) -> list[tuple[str, str]]:
    """Return how H was measured."""
    found = None if profile is None else profile.get("protocol")
    return [] if found is None else [("H is", protocol_words(found))]


def protocol_words(found: Node) -> str:
    """Return a protocol of measuring H in words."""
    tokenizer = words(found.get("tokenizer")) or "its own ids"
    joined = "each document by itself" if words(found["chunking"]) == "document" else "documents joined end to end"
    return (
        f"the {words(found['statistic'])} of compressed over raw size, gzip level {found['level'].whole(0)}, of at "
        f"most {found['n_sequences'].whole(1):,} sequences of {found['seq_len'].whole(1)} tokens of {tokenizer}, "
        f"{joined}"
    )
