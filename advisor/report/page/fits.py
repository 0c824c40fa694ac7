"""Fitted laws to a section: what they ask for at their budgets, their constants, and whether they can be believed."""

from __future__ import annotations

from advisor.errors import LawError
from advisor.json_fields import Node
from advisor.quantities import format_flops
from advisor.report.page.blocks import (
    Cautions,
    DataTable,
    Facts,
    Noted,
    PageSection,
    Part,
    facts,
    part,
    table,
)
from advisor.report.page.fit_chart import fit_chart
from advisor.report.page.reading import figure, interval, members, names_of, words
from advisor.report.text import counted, nats, plural, ratio

_PARAMETERS = {
    "E": "E, nats/token",
    "A": "A",
    "B": "B",
    "alpha": "alpha",
    "beta": "beta",
    "exponent_a": "a, where N grows as budget^a",
}


def fit_section(laws: dict[str, Node], title: str, kind: str = "Fit") -> PageSection:
    """Return the section of laws by the group that each is of; ``kind`` is what they are of."""
    if len(laws) == 1:
        (law,) = laws.values()
        detail = _law_parts(law)
    else:
        detail = (*part("How sure", _side_by_side(laws)), *part("Whether to believe them", _reasons(laws)))
    return PageSection(
        kind=kind,
        answer=_answer(laws),
        why=(title,) if title else (),
        mind=None,
        parts=(*part("Where the best sizes lie", fit_chart(laws)), *detail),
        sources=(),
    )


def laws_in(document: Node) -> dict[str, Node]:
    """Return the laws of a document by the names of their groups, as they are shown."""
    nodes = document["laws"]
    groups = list(nodes.members())
    shown = names_of(Node(group, nodes.file, nodes.field, nodes.error) for group in groups)
    laws: dict[str, Node] = {}
    for number, (name, group) in enumerate(zip(shown, groups, strict=True), 1):
        laws[f"{name} ({number})" if name in laws else name] = nodes[group]  # two may look alike
    return laws


def _answer(laws: dict[str, Node]) -> str:
    """Return what the one law asks for, or of several how many can be believed."""
    if len(laws) != 1:
        verdicts = [words(law.get("verdict")) for law in laws.values()]
        good = sum(verdict == "ok" for verdict in verdicts)
        refused = sum(verdict == "refused" for verdict in verdicts)
        told = f"{good} can be believed, {len(laws) - good - refused} with care, {refused} refused"
        return f"{plural(len(laws), 'law')}: {told}."
    (law,) = laws.values()
    rows = members(law.get("frontier"))
    verdict = words(law.get("verdict"))
    if verdict == "refused":
        return "The runs cannot tell which law they follow, so none is to be used."
    if not rows:
        return f"N grows as the budget to the power {figure(law.get('exponent_a'), _number) or 'unknown'}."
    best = rows[-1]
    n_params, n_tokens = figure(best["n_params"]), figure(best["n_tokens"])
    sure = f" (95 % {known})" if (known := interval(best.get("ci95"), "n_params")) else ""
    return (
        f"At {figure(best['flops'], format_flops)} FLOPs the runs ask for {n_params} parameters{sure} on {n_tokens} "
        f"tokens{'' if verdict == 'ok' else ', to be taken with care'}."
    )


def _law_parts(law: Node) -> tuple[Part, ...]:
    return (
        *part("How sure", _frontier(law), _constants(law), _about(law)),
        *part("Whether to believe it", _reasons({"": law}), _beyond(law)),
    )


def _side_by_side(laws: dict[str, Node]) -> DataTable | None:
    """Return several laws in a table: what each asks for at its largest budget known of, and its exponents."""
    rows = [(frontier[-1] if (frontier := members(law.get("frontier"))) else None, law) for law in laws.values()]
    columns = [
        ("law", list(laws)),
        ("FLOPs", ["" if best is None else figure(best["flops"], format_flops) for best, _ in rows]),
        ("N", ["" if best is None else figure(best["n_params"]) for best, _ in rows]),
        (
            "95 % interval",
            ["" if best is None else interval(best.get("ci95"), "n_params") for best, _ in rows],
        ),
        ("D", ["" if best is None else figure(best["n_tokens"]) for best, _ in rows]),
        *((name, [figure(law.get(name), _number) for _, law in rows]) for name in ("E", "alpha", "beta")),
        ("a", [figure(law.get("exponent_a"), _number) for _, law in rows]),
        ("verdict", [words(law.get("verdict")) for _, law in rows]),
    ]
    return table("The laws", columns, note="With L = E + A/N^alpha + B/D^beta the best N grows as budget^a.")


def _frontier(law: Node) -> DataTable | None:
    rows = members(law.get("frontier"))
    sure = [row.get("ci95") for row in rows]
    columns = [
        ("FLOPs", [figure(row["flops"], format_flops) for row in rows]),
        ("N", [figure(row["n_params"]) for row in rows]),
        ("95 % interval", [interval(each, "n_params") for each in sure]),
        ("D", [figure(row["n_tokens"]) for row in rows]),
        ("95 % interval of D", [interval(each, "n_tokens") for each in sure]),
        ("D/N", [figure(row["tokens_per_param"], ratio) for row in rows]),
        ("loss", [figure(row["loss_nats_per_token"], nats) for row in rows]),
    ]
    return table("The best use of a budget", columns)


def _constants(law: Node) -> DataTable | None:
    known = {name: label for name, label in _PARAMETERS.items() if law.get(name) is not None}
    sure = law.get("ci95")
    columns = [
        ("", list(known.values())),
        ("value", [figure(law[name], _number) for name in known]),
        ("95 % interval", [interval(sure, name, _number) for name in known]),
    ]
    return table("The law L = E + A/N^alpha + B/D^beta", columns)


def _number(value: float) -> str:
    return f"{value:.4g}"


def _about(law: Node) -> Facts | None:
    runs = law.get("n_runs")
    return facts(
        ("Runs", "" if runs is None else plural(f"{runs.whole(0):,}", "run")),
        ("N counts", f"{counted(words(law['count']))} parameters" if law.get("count") is not None else ""),
        ("Verdict", words(law.get("verdict"))),
    )


def _reasons(laws: dict[str, Node]) -> Cautions | None:
    """Return why laws are refused or to be taken with care, each sentence with its law where there are several."""
    rows = []
    for group, law in laws.items():
        found = law.get("diagnostics")
        for each in members(None if found is None else found.get("reasons")):
            label = "Refused" if words(each["level"]) == "refused" else "Mind"
            rows.append(Noted(label=label, message=f"{group}: {words(each['message'])}".removeprefix(": ")))
    return Cautions(rows=tuple(rows)) if rows else None


def _beyond(law: Node) -> Facts | None:
    found = law.get("extrapolation")
    sentences = members(None if found is None else found.get("in_words"))
    return facts(*(("" if number else "Beyond the runs", words(each)) for number, each in enumerate(sentences)))


def check_law(node: Node) -> None:
    """Raise LawError unless a law file's document is a law."""
    if node.get("E") is None:
        raise LawError(f"{node.file} has no E: the fit refused this law, and gave none.")
