"""Units in the names of columns: tokens (B), params_bn, N (10^6), GTok, and what FLOPs are counted in."""

from __future__ import annotations

import re
from collections.abc import Iterator

_WORDS = {
    **dict.fromkeys(("k", "thousand", "thousands"), 1e3),
    **dict.fromkeys(("m", "mn", "mio", "million", "millions"), 1e6),
    **dict.fromkeys(("b", "bn", "bln", "g", "billion", "billions"), 1e9),
    **dict.fromkeys(("t", "tn", "trillion", "trillions"), 1e12),
}
_ANY = "|".join(sorted(_WORDS, key=len, reverse=True))
_POWER = r"[x\u00d7*]?[ _]?(?:1e|10[ _]?(?:\^|\*\*)[ _]?)(?P<power>\d{1,2})"
_BEHIND = re.compile(
    rf"(?P<base>.+?)[ _.\-/]*(?:(?<=[ _.\-/])|[(\[])(?:in[ _])?(?:(?P<unit>{_ANY})|{_POWER})s?[)\]]?", re.IGNORECASE
)
_IN_FRONT = re.compile(rf"(?P<unit>{_ANY})[ _.\-/](?P<base>.{{3,}})", re.IGNORECASE)
_GLUED = re.compile(r"(?P<unit>[kKMBG])(?P<base>[Pp]aram.*|[Tt]ok.*)")  # a small m, or T, may stand for another word
_BYTES = re.compile(
    r"(?:^|[_ .(\[/-])(?P<unit>bytes?|[kmgt]i?b|(?:kilo|mega|giga|tera)bytes?)(?:[_ .)\]-]|$)", re.IGNORECASE
)
_DAY = 86400.0
_PREFIXES = {
    **dict.fromkeys(("p", "peta"), 1e15),
    **dict.fromkeys(("e", "exa"), 1e18),
    **dict.fromkeys(("z", "zetta"), 1e21),
    **dict.fromkeys(("y", "yotta"), 1e24),
}
_FLOPS = re.compile(
    r"(?:n|num|total|train|training)?(?:compute|flops?|c)?(?:budget)?(?:in)?(?P<prefix>p|peta|e|exa|z|zetta|y|yotta)"
    r"(?:f(?P<flop>lops?)?s?)(?P<day>days?|d)?"
)


def with_units(name: str) -> Iterator[tuple[str, float]]:
    """Yield each way to read a name as another one and a factor.

    >>> list(with_units("params (x1e6)")), list(with_units("GTok"))
    ([('params', 1000000.0)], [('Tok', 1000000000.0)])
    """
    for form in (_BEHIND, _IN_FRONT, _GLUED):
        if (found := form.fullmatch(name.strip())) is None:
            continue
        parts = found.groupdict()
        factor = 10.0 ** int(parts["power"]) if parts.get("power") else _WORDS[parts["unit"].lower()]
        yield parts["base"], factor


def factor_of_flops(name: str) -> float | None:
    """Return the FLOPs that a column of compute counts in by its name; None where it says no unit.

    TFLOPs and PFLOPs without days are left out: they are more often a speed.

    >>> factor_of_flops("PF-days"), factor_of_flops("compute (exaFLOPs)"), factor_of_flops("flops")
    (8.64e+19, 1e+18, None)
    """
    if re.search(r"/ ?s(ec)?\b(?!.*day)", name, re.IGNORECASE):
        return None
    found = _FLOPS.fullmatch(re.sub(r"[\W_]+", "", name).lower())
    if found is None or not (found["flop"] or found["day"]) or (found["prefix"] in ("p", "peta") and not found["day"]):
        return None
    return _PREFIXES[found["prefix"]] * (_DAY if found["day"] else 1.0)


def bytes_in(name: str) -> float | None:
    """Return the bytes of one of what a column counts; None where its name says no bytes, or bytes per something.

    >>> bytes_in("data_gb"), bytes_in("bytes"), bytes_in("bytes_per_token")
    (1000000000.0, 1.0, None)
    """
    found = _BYTES.search(name)
    if found is None or re.search(r"(^|[_ .])per([_ .]|$)|/", name, re.IGNORECASE):
        return None
    unit = found["unit"].lower()
    return 1.0 if unit.startswith("byte") else _WORDS[unit[0]]
