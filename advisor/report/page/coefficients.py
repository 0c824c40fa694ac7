"""A calibration's coefficients to a section: its sources, how their laws depend on H, what that is worth."""

from __future__ import annotations

import math

from advisor.json_fields import Node
from advisor.quantities import format_flops
from advisor.report.page.blocks import Axis, Chart, DataTable, Facts, PageSection, Series, facts, part, table
from advisor.report.page.reading import figure, members, named, names_of, words
from advisor.report.page.recommendation import protocol_words
from advisor.report.text import counted, nats, plural, spread

_WORDS = {"ok": "believed", "caution": "with care", "refused": "refused"}


def coefficients_sections(document: Node) -> list[PageSection]:
    """Return a section for each calibration of a coefficients file."""
    found = members(document["calibrations"])
    if not found:
        raise document.fail("holds no calibrations: make one with advisor calibrate")
    return [_section(each) for each in found]


def _section(node: Node) -> PageSection:
    name, sources, predictors = named(node["name"]), members(node["sources"]), node.get("predictors")
    return PageSection(
        kind="Calibration",
        answer=f"{name}: {_found(predictors) or _usable(sources)}.",
        why=(
            f"Its answer is moved towards these sources' laws by a share of {node['epsilon'].number(0, 1):g}, where 0 "
            "leaves it Chinchilla's and 1 is theirs alone.",
        ),
        mind=None,
        parts=(
            *part("Its sources", _sources(sources), _chart(sources)),
            *part("How laws depend on H", _lines(node)),
            *part("Whether H predicts", _predictors(predictors), _verdict(predictors)),
            *part("How it was made", _made(node)),
        ),
        sources=(),
    )


def _usable(sources: list[Node]) -> str:
    n_laws = sum(source.get("law") is not None for source in sources)
    return f"{n_laws} {'source with a law' if n_laws == 1 else 'sources with laws'}, of {len(sources)}"


def _found(predictors: Node | None) -> str:
    """Return whether H predicts the best size of a source that is left out; nothing where that was not tried."""
    rows = {words(row["name"]): row for row in members(None if predictors is None else predictors["predictors"])}
    if "H" not in rows or "none" not in rows or (better := rows["H"].get("better_than_none")) is None:
        return ""
    with_h, without = (figure(rows[name].get("error_ln_n"), _factor) for name in ("H", "none"))
    does = "predicts" if better.value is True else "does not predict"
    return (
        f"H {does} the best size; for a source that is left out it is missed by a factor of {with_h} with H and "
        f"{without} without"
    )


def _verdict(predictors: Node | None) -> Facts | None:
    return None if predictors is None else facts(("In short", words(predictors["verdict"])))


def _sources(sources: list[Node]) -> DataTable | None:
    laws = [source.get("law") for source in sources]

    def of(key: str) -> list[str]:
        return ["" if law is None else figure(law.get(key), lambda value: f"{value:.3g}") for law in laws]

    columns = [
        ("source", names_of(source["name"] for source in sources)),
        ("H", [figure(source["compressibility"], nats) for source in sources]),
        ("shuffled", [figure(source.get("shuffled"), nats) for source in sources]),
        *((name, of(name)) for name in ("E", "alpha", "beta")),
        ("a", of("exponent_a")),
        ("runs", ["" if (n := source.get("n_runs")) is None else f"{n.whole(0):,}" for source in sources]),
        ("law", [_WORDS.get(found := words(source.get("verdict")), found) for source in sources]),
    ]
    note = "A law is L = E + A/N^alpha + B/D^beta; with it the best N grows as the budget to the power a."
    return table("Laws of its sources", columns, note=note)


def _chart(sources: list[Node]) -> Chart | None:
    """Return the exponent a of each source over its H."""
    places = [
        (source["compressibility"].number(0, 1), law["exponent_a"].number(), name)
        for source, name in zip(sources, names_of(source["name"] for source in sources), strict=True)
        if (law := source.get("law")) is not None and law.get("exponent_a") is not None
    ]
    if not places:
        return None
    x, y, names = zip(*places, strict=True)
    text = tuple(f"{name}: H {nats(h)}, a {a:.3f}" for h, a, name in places)
    return Chart(
        name="sources",
        title="How fast the best N grows, by source",
        x=Axis(label="H of the source"),
        y=Axis(label="a, where N grows as budget^a"),
        series=(Series(name="sources", form="points", x=x, y=y, text=text),),
        says=f"{plural(len(names), 'source')} with laws, a from {min(y):.2f} to {max(y):.2f}.",
    )


def _lines(node: Node) -> DataTable | None:
    lines = node["regression"]["log"]
    names = list(lines.members())
    bounds = [lines[name].get("slope_ci95") for name in names]
    columns = [
        ("", [name.replace("log_", "ln ") for name in names]),
        ("at H = 0", [figure(lines[name]["intercept"], _number) for name in names]),
        ("for each unit of H", [figure(lines[name]["slope"], _number) for name in names]),
        ("95 % interval", ["" if each is None else spread(each.pair(), _number) for each in bounds]),
        ("p", [figure(lines[name].get("p_value"), lambda p: f"{p:.2g}") for name in names]),
    ]
    return table("Lines through the sources", columns)


def _number(value: float) -> str:
    return f"{value:.3g}"


def _predictors(node: Node | None) -> DataTable | None:
    """Return by what factor N is missed for a source that is left out, by each predictor."""
    rows = members(None if node is None else node["predictors"])
    columns = [
        ("predictor", [words(row["name"]) for row in rows]),
        ("N missed by a factor of", [figure(row.get("error_ln_n"), _factor) for row in rows]),
        ("p", [figure(row.get("p_value"), lambda p: f"{p:.2g}") for row in rows]),
    ]
    return table("Sources left out, one at a time", columns)


def _factor(error: float) -> str:
    return f"{math.exp(min(error, 700.0)):.2f}"


def _made(node: Node) -> Facts | None:
    provenance, ranges = node["provenance"], node["ranges"]
    date = provenance.get("date")
    ledger = provenance.get("ledger_sha256")
    return facts(
        ("Command", words(provenance.get("command"))),
        ("Date", words(date)),
        ("Runs", "" if (n := provenance.get("n_rows")) is None else f"{n.whole(0):,} rows of its ledger"),
        ("Ledger, SHA-256", words(ledger)),
        ("N counts", f"{counted(words(node['count']))} parameters"),
        ("N", _range(ranges.get("n_params"))),
        ("D", _range(ranges.get("n_tokens"))),
        ("FLOPs", "" if (found := ranges.get("flops")) is None else spread(found.pair(0), format_flops)),
        ("H is", protocol_words(node["protocol"])),
        ("Web text's H", f"{nats(node['h_ref'].number(0, 1))}, {words(node.get('h_ref_source'))}".rstrip(", ")),
    )


def _range(node: Node | None) -> str:
    return "" if node is None else spread(node.pair(0))
