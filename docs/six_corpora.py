"""Print the tables of docs/calibrations.md on six-corpora, from what ships of it; ``--check`` fails if they are others.

python docs/six_corpora.py [--check]
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))  # the checkout, installed or not

from advisor.calibrations.coefficients import Calibration, load_coefficients
from advisor.calibrations.laws_in_h import law_at
from advisor.calibrations.own_base import based_on
from advisor.laws.scaling_law import ScalingLaw

PAGE = Path(__file__).parent / "calibrations.md"
BEGIN, END = "<!-- six corpora: written by docs/six_corpora.py -->\n", "<!-- end of six corpora -->\n"
FOLDER = Path(__file__).parent.parent / "data" / "calibrations" / "six-corpora"
COUNTS = {"total": "six-corpora", "non-embedding": "six-corpora-non-embedding"}
WEB = ("fineweb", "fineweb-edu", "slimpajama", "smollm-corpus")
OTHERS = ("starcoder", "proof-pile-2")
LARGEST, BEYOND = 4.84e19, 1e21

Entry = dict[str, Any]


def block() -> str:
    """Return every table."""
    entries = {count: _entry(name) for count, name in COUNTS.items()}
    parts = [*(_laws(count, entry) for count, entry in entries.items()), _vertices(entries)]
    parts += [_forms(entries), *(_lines(count, entry) for count, entry in entries.items())]
    parts += [_predictors(count, entry) for count, entry in entries.items()]
    return "\n".join(parts)


def _entry(name: str) -> Entry:
    found = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))["calibrations"][0]
    assert isinstance(found, dict)
    return found


def _calibration(count: str) -> Calibration:
    found = load_coefficients(FOLDER / f"{COUNTS[count]}.json").calibration()
    assert found is not None
    return based_on(found, "own")


def _by_name(entry: Entry) -> dict[str, Entry]:
    return {one["name"]: one for one in entry["sources"]}


def _laws(count: str, entry: Entry) -> str:
    lines = [
        f"{'N ' + count:14}     H    sd  bytes/token       E       A     B  alpha  beta     a  vertex 4.84e19 (95 %)"
    ]
    for one in sorted(entry["sources"], key=lambda each: each["compressibility"]):
        law, iso = one["law"], one["isoflop"]
        low, high = iso["n_params_ci95"][-1]
        lines.append(
            f"{one['name']:14} {one['compressibility']:.3f} {one['compressibility_sd']:.3f} "
            f"{one['bytes_per_token']:12.2f} {law['E']:7.3f} {law['A']:7.4g} {law['B']:5.0f}  {law['alpha']:.3f} "
            f"{law['beta']:.3f} {law['exponent_a']:.3f}  {iso['n_params'][-1] / 1e6:.0f}M ({low / 1e6:.0f}M to "
            f"{high / 1e6:.0f}M)"
        )
    return "\n".join([*lines, ""])


def _vertices(entries: dict[str, Entry]) -> str:
    """Return the gap of vertices: ln N less the mean of the four web corpora, which scatter about it by ``web``."""
    head = "Gap of vertices: ln N less the mean of the four web corpora, and the standard deviation of those"
    flops = entries["total"]["sources"][0]["isoflop"]["flops"]
    lines = [head, f"{'stated FLOPs':28}" + "".join(f"{c:9.2g}" for c in flops)]
    for count, entry in entries.items():
        log_n = {name: [math.log(n) for n in one["isoflop"]["n_params"]] for name, one in _by_name(entry).items()}
        mean = [math.fsum(log_n[name][i] for name in WEB) / len(WEB) for i in range(len(flops))]
        for name in OTHERS:
            gaps = "".join(f"{value - middle:+9.2f}" for value, middle in zip(log_n[name], mean, strict=True))
            lines.append(f"{name + ', ' + count:28}{gaps}")
        spread = [math.sqrt(math.fsum((log_n[name][i] - m) ** 2 for name in WEB) / 3) for i, m in enumerate(mean)]
        lines.append(f"{'web, ' + count:28}" + "".join(f"{value:9.2f}" for value in spread))
    return "\n".join([*lines, ""])


def _forms(entries: dict[str, Entry]) -> str:
    """Return the gap by every form of law, at the largest budget of the runs and far beyond it."""
    lines = ["Gap by the form of law", f"{'':42}{'starcoder':>20}{'proof-pile-2':>20}"]
    lines.append(f"{'FLOPs':42}" + f"{LARGEST:>10.3g}{BEYOND:>10.3g}" * 2)
    for what, gaps in _gaps(entries):
        lines.append(f"{what:42}" + "".join("         -" if gap is None else f"{gap:+10.2f}" for gap in gaps))
    return "\n".join([*lines, ""])


def _gaps(entries: dict[str, Entry]) -> Iterator[tuple[str, list[float | None]]]:
    for count, entry in entries.items():
        sources = _by_name(entry)
        log_n = {name: one["isoflop"]["n_params"][-1] for name, one in sources.items()}
        web = math.fsum(math.log(log_n[name]) for name in WEB) / len(WEB)
        seen = [math.log(log_n[name]) - web for name in OTHERS]
        yield f"vertices, N {count}", [seen[0], None, seen[1], None]
    for count, entry in entries.items():
        sources = _by_name(entry)
        own = {name: {flops: _log_n(one["law"], flops) for flops in (LARGEST, BEYOND)} for name, one in sources.items()}
        yield f"additive law of each corpus, N {count}", _against_web(own)
    for count in entries:
        calibration = _calibration(count)
        values = {source.name: source.compressibility for source in calibration.sources}
        laws = {name: _anchored(calibration, h) for name, h in values.items()}
        at = {
            name: {flops: math.log(law.frontier(flops).n_params) for flops in (LARGEST, BEYOND)}
            for name, law in laws.items()
        }
        yield f"anchored on its own base, N {count}", _against_web(at)
    for count, entry in entries.items():
        kaplan = {
            name: {flops: _log_n_of_kaplan(one["kaplan"], flops) for flops in (LARGEST, BEYOND)}
            for name, one in _by_name(entry).items()
        }
        yield f"Kaplan's form, N {count}", _against_web(kaplan)


def _against_web(log_n: dict[str, dict[float, float]]) -> list[float | None]:
    return [
        log_n[name][flops] - math.fsum(log_n[one][flops] for one in WEB) / len(WEB)
        for name in OTHERS
        for flops in (LARGEST, BEYOND)
    ]


def _anchored(calibration: Calibration, h: float) -> ScalingLaw:
    base = calibration.dependence.base
    assert base is not None
    return law_at("anchored", calibration.dependence, base, h).law


def _log_n(law: Entry, flops: float) -> float:
    """Return ln N* of an additive law, C = 6 N D with the N that it counts (Hoffmann et al. 2022, eq. 4)."""
    ratio = math.log(law["alpha"] * law["A"] / (law["beta"] * law["B"]))
    return float((ratio + law["beta"] * math.log(flops / 6)) / (law["alpha"] + law["beta"]))


def _log_n_of_kaplan(law: Entry, flops: float) -> float:
    """Return ln N of least (N_c/N)^r + 6 D_c N/C, r = alpha_N/alpha_D (Kaplan et al. 2020, eq. 1.5).

    There r (N_c/N)^r = 6 D_c N/C.
    """
    r = law["alpha_N"] / law["alpha_D"]
    return float((math.log(r) + r * law["log_N_c"] - law["log_D_c"] + math.log(flops / 6)) / (r + 1))


def _lines(count: str, entry: Entry) -> str:
    found = entry["regression"]
    lines = [f"{'Lines, N ' + count:24}{'at H = 0':>10}{'slope in H':>12}{'95 %':>18}{'p':>9}"]
    for name, line in (*found["log"].items(), ("ln N* at the largest budget", found["dlnN_dH"])):
        low, high = line["slope_ci95"]
        interval = f"{low:.3g} to {high:.3g}"
        lines.append(f"{name:27}{line['intercept']:7.3g}{line['slope']:12.3g}{interval:>18}{line['p_value']:9.2g}")
    weight, (low, high) = entry["epsilon"], entry["epsilon_estimate"]["ci95"]
    return "\n".join([*lines, f"epsilon {weight:.2f} (95 % {low:.2f} to {high:.2f})", ""])


def _predictors(count: str, entry: Entry) -> str:
    lines = [f"{'Left out, N ' + count:28}{'ln N* missed by':>18}{'p':>9}"]
    for one in sorted(entry["predictors"]["predictors"], key=lambda each: float(each["error_ln_n"])):
        p = "" if one["p_value"] is None else f"{one['p_value']:.2g}"
        lines.append(f"{one['name']:28}{one['error_ln_n']:18.3f}{p:>9}".rstrip())
    return "\n".join([*lines, ""])


def page(text: str) -> str:
    """Return the page's ``text`` with the tables between their markers."""
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}```\n{block()}```\n{END}{rest.split(END)[1]}"


def main() -> None:
    """Write the page, or check it."""
    text = PAGE.read_text(encoding="utf-8")
    if "--check" not in sys.argv:
        PAGE.write_text(page(text), encoding="utf-8")
    elif page(text) != text:
        sys.exit("docs/calibrations.md is not what ships of six-corpora: run python docs/six_corpora.py")


if __name__ == "__main__":
    main()
