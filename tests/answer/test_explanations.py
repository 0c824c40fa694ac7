"""Every number of a report is explained: formulas are evaluated anew, and every digit on the screen is reproduced."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import advisor as advisor_package
from advisor.answer.recommendation import recommend
from advisor.answer.request import Request
from advisor.laws.law_file import write_law
from advisor.laws.published import HOFFMANN, chinchilla, published_laws
from advisor.laws.scaling_law import Decay, Ranges, ScalingLaw
from advisor.laws.text import SIX_CORPORA, TOKENIZERS
from advisor.plan.accelerators import accelerators
from advisor.plan.hardware import PUBLISHED_MFU
from tests.answer.formulas import Explained
from tests.calibrations import hand_made

# What ships would answer wherever H is known; the laws that depend on H are those of a hand-made file here.
pytestmark = pytest.mark.usefixtures("nothing_ships")

PLAIN = [
    "recommend --flops 1e21",
    "recommend --flops 3.3e25 --law hoffmann",
    "recommend --flops 1e21 --law kaplan --params 1B",
    "recommend --flops 1e21 --params 7B --gpu H100 --gpus 64 --price-per-hour 2.5",
    "recommend --gpu A100 --gpus 64 --hours 1000 --tokens 300B --gpu-memory 80 --mfu .5 --vocab-size 128256",
    "recommend --params 7B --context 8192 --gpu MI250X",
    "recommend --params 7B --law deepseek",
    "recommend --flops 1e28 --inference-tokens 100T --law muennighoff",
    "recommend --flops 1e15 --compressibility .5 --vocab-size 128256",
    "recommend --flops 1e21 --compressibility .4",
    "recommend --flops 3e22 --compressibility .3 --bytes-per-token 4.6 --params 10B",
    "recommend --params 7B --compressibility .45",
    "recommend --target-loss 2.1 --compressibility .4 --bytes-per-token 1",
    "recommend --tokens 1T --bytes-per-token 4.6",
    "recommend --flops 1e22 --compressibility .4 --law bytes --bytes-per-token 5",
    "recommend --flops 1e21 --unique-tokens 1B",
    "recommend --flops 1e22 --unique-tokens 1B --params 2B --law muennighoff",
    "recommend --flops 1e22 --unique-tokens 1B --tokens 100B --law hoffmann",
    "recommend --flops 1e22 --unique-tokens 1B --params 3B --law hoffmann --gpu H100 --price-per-hour 2",
    "recommend --flops 1e27 --params 3T --gpu A40 --gpus 8",
    "recommend --tokens 1T",
    "recommend --tokens 1T --law hoffmann-table3",
    "recommend --target-loss 2.1",
    "recommend --flops 1e20 --unique-tokens 25B",
    "recommend --flops 1e22 --unique-tokens 25B --params 3B --law muennighoff",
    "recommend --flops 1e22 --inference-tokens 2T --gpu H100 --price-per-hour 2 --inference-mfu .2 --law hoffmann",
    "recommend --flops 1e21 --params 7B --gpu H100 --gpus 63 --price-per-hour 2.5 --context 131072",
    "recommend --params 70B --gpu H100 --gpus 8 --price-per-hour 2",
    "recommend --gpu H100 --gpus 64 --hours 100 --price-per-hour 2 --inference-tokens 2T --law hoffmann",
    "repeat --unique-tokens 25B",
    "repeat --unique-tokens 25B --flops 1e22 --law chinchilla --epochs 1,4,100",
    "repeat --unique-tokens 25B --flops 1e20",
    "repeat --unique-tokens 1B --flops 1e22",
    "repeat --unique-tokens 25B --params 7B --law chinchilla",
    "table",
    "table --law kaplan --sizes 1B,70B",
    "table --law deepseek --flops 1e20,1e21",
    "table --compressibility .4 --sizes 10M,1B,70B",
    "table --compressibility .4 --bytes-per-token 4.6 --flops 1e17,1e18,1e21",
    "table --law bytes --bytes-per-token 1",
    "repeat --unique-tokens 25B --compressibility .4",
    "repeat --unique-tokens 25B --flops 1e22 --bytes-per-token 4.6",
]
SLOW = [
    "recommend --flops 1e22 --unique-tokens 25B",
    "recommend --flops 1e22 --unique-tokens 7.5B --law chinchilla",
    "recommend --params 13B --inference-tokens 2T",
]

# Titles of the parts of a report, and the section that explains the numbers below each.
TITLES = {
    "Compute-optimal for": "The answer",
    "With": "",  # see `sections`
    "Other sizes with": "Limited data",
    "Every law with": "Limited data",
    "More unique data": "Limited data",
    "Training on repeated data": None,  # quotes papers, each line with its source
    "The same budget on": "Other sizes",
    "The same budget by": "Every law",
    "A shape for": "The plan",
    "On ": "The plan",
    "Cautions": None,
}
_FIRST = "The first lines"
NUMBER = re.compile(
    r"(?<![\w.*^])(?P<digits>\d{1,3}(?:,\d{3})+|\d*\.?\d+)(?P<exponent>e-?\d+)?(?P<unit> %|[KMBT]\b| [KMGTP]B\b)?"
)
# A file in a source, and the function in it where one is named.
FILE = re.compile(r"((?:advisor|data)/[\w/]+\.\w+)(?:, (\w+):)?")
ROOT = Path(__file__).resolve().parents[2]
UNITS = {"": 1.0, "%": 0.01, "K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}
UNITS |= {"KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12, "PB": 1e15}


def draws_of(laws: list[Any], headline: str) -> dict[str, list[dict[str, float]]]:
    """Return the joint draws of the laws by the suffix of their names in formulas."""
    found = {}
    for law in laws:
        if isinstance(law, ScalingLaw) and law.draws:
            suffix = "" if law.name == headline else "_" + re.sub(r"\W", "_", law.name)
            names = [f"{name}{suffix}" for name in ("E", "A", "B", "alpha", "beta")]
            rows = [(each.E, each.A, each.B, each.alpha, each.beta) for each in law.drawn_laws()]
            found[suffix] = [dict(zip(names, row, strict=True)) for row in rows]
    return found


def check_formulas(document: dict[str, Any], explained: Explained) -> None:
    """Every formula gives its value, every root solves its equation, and every key holds the value."""
    for each in document["explanations"]:
        name, value = each["name"], each["value"]
        if explained.is_root(name):
            assert explained.residual(name) < 1e-6, each
        elif explained.is_search(name):  # which knows where a valley's bottom is to half its digits only
            assert explained.searched(name) == pytest.approx(value, rel=1e-4), each
        else:
            assert explained.value(name) == pytest.approx(value, rel=1e-6, abs=1e-9), each
        if each["key"] is not None:
            assert at(document, each["key"]) == value, each
        assert each["source"]
        for file, function in FILE.findall(each["source"]):
            text = (ROOT / file).read_text(encoding="utf-8")
            assert not function or f"def {function}(" in text, each


def at(document: Any, key: str) -> Any:
    for part in re.findall(r"[^.\[\]]+", key):
        document = document[int(part)] if isinstance(document, list) else document[part]
    return document


def unexplained(screen: str, document: dict[str, Any], explained: Explained) -> list[str]:
    """Return the numbers of a screen that are no explanation's value or constant to their printed digits."""
    known: dict[str, list[float]] = {}
    for each in document["explanations"]:
        numbers = [explained.value(each["name"]), *each["constants"].values()]
        known.setdefault(each["section"], []).extend(numbers)
    missing = []
    for section, text in sections(screen):
        if section is None:
            continue
        values = [*known.get(section, ()), *known.get("The answer", ()), *known.get("The table", ())]
        if section == _FIRST:  # the answer in a sentence is of any part
            values = [value for each in known.values() for value in each]
        for match in NUMBER.finditer(without_names(text, document)):
            if not any(agrees(match, value, section) for value in values):
                missing.append(f"{match[0]} in {text.strip()!r}")
    return missing


def agrees(match: re.Match[str], value: float, section: str) -> bool:
    """Return whether a printed number is ``value`` to its printed digits; three where there is an exponent."""
    unit = (match["unit"] or "").strip()
    digits = match["digits"].replace(",", "")
    exponent = int((match["exponent"] or "e0")[1:])
    places = max(len(digits.partition(".")[2]), 2 if match["exponent"] else 0)
    # The table of memory is in GB, which its header says.
    units = (UNITS[unit], 1e9) if section == "The plan" and not unit else (UNITS[unit],)
    return any(
        abs(float(digits) * 10**exponent * each - value) <= 0.5000001 * 10.0 ** (exponent - places) * each
        for each in units
    )


def sections(screen: str) -> list[tuple[str | None, str]]:
    """Return the lines of a report with the section that each is in."""
    section: str | None = _FIRST
    found = []
    for line in screen.splitlines():
        for title, named in TITLES.items():
            if line.startswith(title):
                section = named
        if section == _FIRST and not line:
            section = "The answer"
        if line.startswith("With "):
            section = "Inference" if "tokens of inference" in line else "Limited data"
        found.append((section, line))
    return found


def without_names(text: str, document: dict[str, Any]) -> str:
    """Return a line without what has digits and is no number: names, sources, formulas in words."""
    laws = published_laws()
    names = [*laws, *(law.source for law in laws.values()), *(law.note for law in laws.values())]
    names += [gpu.name for gpu in accelerators()] + [gpu.memory_source for gpu in accelerators() if gpu.memory_source]
    names += [run for run, _ in PUBLISHED_MFU]
    names += [SIX_CORPORA, TOKENIZERS]
    names += ["arXiv:2510.08702", "Xue et al. 2023, arXiv:2305.13230", "mistral-v1"]
    names += ["tokens in 2023", "by 4 to 5 %", "heads of 64 or 128", "hand-made", "Llama-3", "405B"]
    names += ["arXiv:2401.02954, eq. 1", "arXiv:2503.04715", "6 N D", "2 N FLOPs", "bf16", "fp32", "ZeRO-3"]
    names += [
        "1e17 to 2e19 FLOPs, confirmed at 1e20",
        "59M to 1B parameters, up to 100B tokens",
        "Eq. 5",
        "Eq. 6",
        "fitted to repeated data",
        "Muennighoff et al. 2023, arXiv:2305.16264",
    ]
    profile = document.get("profile")
    names += [] if profile is None else [profile["source"]]
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, "")
    return re.sub(r"al\. \d{4}|(\d{4}, )?arXiv:\d{4}\.\d{5}", "", text)  # what a line's end has left of a citation


def check_screen(advisor: Any, arguments: list[str]) -> None:
    document = json.loads(advisor(*arguments, "--explain-all", "--json").stdout)
    explained = Explained(document["explanations"], advisor.draws)
    check_formulas(document, explained)
    screen = full_screen(advisor, *arguments)
    assert len(NUMBER.findall(screen)) > 10
    assert unexplained(screen, document, explained) == []
    assert unexplained_cautions(document, explained) == []


def full_screen(advisor: Any, *arguments: str) -> str:
    """Return all that there is on a screen but the cautions, which are looked at by themselves."""
    return re.split(r"\n\d+ cautions?, the weightiest first\n", advisor(*arguments, "--full").stdout)[0]


def unexplained_cautions(document: dict[str, Any], explained: Explained) -> list[str]:
    """Return the numbers of the cautions that no explanation has; tables of epochs explain none of theirs."""
    if "headline" not in document:
        return []
    numbers = [(explained.value(each["name"]), each["constants"].values()) for each in document["explanations"]]
    values = [x for value, constants in numbers for x in (value, *constants)]
    return [
        f"{match[0]} in {caution['message']}"
        for caution in document["cautions"]
        for match in NUMBER.finditer(without_names(caution["message"], document))
        if not any(agrees(match, value, "The plan") for value in values)
    ]


class Runner:
    """Runs the command at 120 columns, where no name is broken, and holds the draws of the laws that it answered by."""

    def __init__(self, advisor: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self._advisor = advisor
        self.draws: dict[str, list[dict[str, float]]] = {}
        monkeypatch.setenv("COLUMNS", "120")
        for command, name in (("recommend", "recommend"), ("repeat", "repeat_table")):
            module = import_module(f"advisor.commands.{command}")
            monkeypatch.setattr(module, name, self._noting(getattr(module, name)))

    def __call__(self, *arguments: str) -> Any:
        return self._advisor(*arguments)

    def _noting(self, function: Any) -> Any:
        def noting(*arguments: Any, **named: Any) -> Any:
            found = function(*arguments, **named)
            chosen = getattr(found, "candidates", None)
            laws = [found.base] if chosen is None else [chosen.headline, *chosen.others]
            self.draws = draws_of(laws, laws[0].name)
            return found

        return noting


@pytest.fixture
def advisor(advisor, monkeypatch):
    return Runner(advisor, monkeypatch)


@pytest.mark.parametrize("words", PLAIN)
def test_every_number_on_the_screen_is_reproduced(advisor, words: str) -> None:
    check_screen(advisor, words.split())


@pytest.mark.parametrize("words", SLOW)
def test_every_number_of_a_search_is_reproduced(advisor, words: str) -> None:
    check_screen(advisor, words.split())


@pytest.mark.parametrize("law", ["anchored", "blend", "gzip"])
def test_laws_that_depend_on_the_corpus_are_explained_down_to_the_lines_in_h(advisor, tmp_path: Path, law: str) -> None:
    coefficients = hand_made.write(tmp_path / "coefficients.json", hand_made.document())
    profile = hand_made.write(tmp_path / "profile.json", {"schema_version": 1, "corpora": [hand_made.profile()]})
    arguments = ["recommend", "--flops", "1e18", "--law", law, "--coefficients", str(coefficients)]
    check_screen(advisor, [*arguments, "--profile", str(profile)])
    assert set(advisor.draws) >= {"", "_data", "_bytes", "_chinchilla"}
    document = json.loads(advisor(*arguments, "--compressibility", ".4", "--explain-all", "--json").stdout)
    by_name = {each["name"]: each for each in document["explanations"]}
    slope, intercept = (hand_made.LINEAR if law == "blend" else hand_made.LOG)["alpha"]
    assert by_name["alpha"]["constants"]["slope"] == slope
    if law != "anchored":
        assert by_name["alpha"]["constants"]["intercept"] == intercept
    assert by_name["flip_flops"]["value"] == document["sensitivity"]["flip_flops"]


def test_a_decay_that_makes_the_whole_budget_worth_spending(advisor, tmp_path: Path) -> None:
    law = replace(chinchilla(), draws=chinchilla().draws[:9], decay=Decay(500.0, 500.0, "made up"))
    write_law(law, tmp_path / "lasting.json")
    arguments = ["recommend", "--flops", "1e22", "--unique-tokens", "1B", "--law", str(tmp_path / "lasting.json")]
    first = json.loads(advisor(*arguments, "--json").stdout)["limited_data"]["answers"][0]
    assert (first["epochs"], first["flops_used"], first["larger_model"]) == (40, 1e22, None)
    check_screen(advisor, arguments)


def test_a_corpus_far_from_the_law_and_too_small_for_it(advisor, tmp_path: Path) -> None:
    law = replace(HOFFMANN, ranges=Ranges(compressibility=(0.562, 0.567)))
    write_law(law, tmp_path / "web.json")
    profile = hand_made.write(tmp_path / "profile.json", {"schema_version": 1, "corpora": [hand_made.profile()]})
    arguments = ["recommend", "--flops", "1e21", "--law", str(tmp_path / "web.json"), "--profile", str(profile)]
    codes = [each["code"] for each in json.loads(advisor(*arguments, "--json").stdout)["cautions"]]
    assert {"compressibility_far_from_law", "corpus_too_small"} <= set(codes)
    check_screen(advisor, arguments)


@pytest.mark.parametrize("law", ["anchored", "blend"])
def test_laws_on_a_base_of_the_calibrations_own_are_explained_from_it(advisor, tmp_path: Path, law: str) -> None:
    base = {**{"E": 1.9, "A": 900.0, "B": 2000.0, "alpha": 0.38, "beta": 0.36}, "count": "non-embedding"}
    made = hand_made.calibration(base={"compressibility": 0.55, "ranges": {"flops": [1e12, 1e17]}, **base})
    coefficients = hand_made.write(tmp_path / "coefficients.json", hand_made.document(made))
    arguments = ["recommend", "--flops", "1e18", "--law", law, "--coefficients", str(coefficients)]
    arguments += ["--compressibility", ".4"]
    check_screen(advisor, arguments)
    document = json.loads(advisor(*arguments, "--explain-all", "--json").stdout)
    by_name = {each["name"]: each for each in document["explanations"]}
    assert by_name["alpha"]["constants"]["alpha_base"] == 0.38
    assert document["reliance"]["base"] == "hand-made's own law"


def test_a_corpus_that_is_measured_and_counted_in_other_tokens(advisor, tmp_path: Path, sources: list[str]) -> None:
    for i, text in enumerate(sources[:40]):
        (tmp_path / f"module{i}.py").write_text(text, encoding="utf-8")
    arguments = ["recommend", str(tmp_path), "--quiet", "--flops", "1e12", "--count-tokenizer", "bytes"]
    arguments += ["--use-corpus-size", "--law", "hoffmann"]
    check_screen(advisor, arguments)


def test_intervals_say_which_draws_and_which_quantiles(advisor) -> None:
    document = json.loads(advisor("recommend", "--flops", "1e21", "--explain-all", "--json").stdout)
    by_key = {each["key"]: each for each in document["explanations"]}
    low, high = (by_key[f"headline.interval80.n_params[{i}]"] for i in (0, 1))
    assert (low["formula"], high["formula"]) == (
        "min(N, quantile(N, (1 - level)/2))",
        "max(N, quantile(N, (1 + level)/2))",
    )
    assert low["constants"] == {"level": 0.8}
    assert low["source"] == (
        "central 80 % of 400 joint draws of ln A, ln B, ln E, alpha and beta: data/chinchilla_draws.csv, refits to "
        "bootstrap samples of the runs"
    )
    assert (by_key["headline.n_params"]["formula"], by_key["headline.flops"]["constants"]) == (
        "G*(C/6)**a",
        {"flops": 1e21},
    )


def test_sources_name_the_files_and_functions_that_compute(advisor) -> None:
    words = "recommend --flops 1e22 --unique-tokens 1B --gpu H100 --compressibility .4 --explain-all --json"
    document = json.loads(advisor(*words.split()).stdout)
    named = {found for each in document["explanations"] for found in FILE.findall(each["source"])}
    assert named == {
        ("advisor/answer/flat_region.py", ""),
        ("advisor/answer/repetition/affordable.py", ""),
        ("advisor/answer/repetition/cautions.py", ""),
        ("advisor/compressibility/protocol.py", ""),
        ("advisor/laws/data_rule.py", ""),
        ("advisor/plan/cluster.py", "training_state"),
        ("advisor/plan/shape.py", ""),
        ("advisor/plan/shape.py", "flops_per_token"),
        ("advisor/plan/shape.py", "n_non_embedding"),
        ("data/chinchilla_draws.csv", ""),
    }


def test_the_optimum_with_limited_data_is_a_search_of_the_papers_law(advisor) -> None:
    arguments = "recommend --flops 1e22 --unique-tokens 25B --law muennighoff --explain-all --json"
    document = json.loads(advisor(*arguments.split()).stdout)
    each = next(x for x in document["explanations"] if x["key"] == "limited_data.answers[0].n_params")
    assert each["formula"] == (
        "argmin(E + A/worth(N_u, min(N_u, G*(G*min(U, (C/(6*N_u))))**(beta/alpha)), R_N)**alpha"
        " + B/worth((C/(6*N_u)), min(U, (C/(6*N_u))), R_D)**beta, N_u)"
    )
    assert (each["constants"]["R_D"], each["constants"]["R_N"]) == (15.387756, 5.309743)
    assert each["value"] == pytest.approx(7.0262e9, rel=1e-4)
    assert each["source"].startswith("Muennighoff et al. 2023, arXiv:2305.16264, eq. 5 to 7")


@pytest.mark.parametrize("name", ["N", "loss", "N_high", "wasted_3", "D_flops_high", "N_kaplan", "P_total", "steps_1"])
def test_a_number_without_its_explanation_is_found(advisor, name: str) -> None:
    document = json.loads(advisor("recommend", "--flops", "1e21", "--explain-all", "--json").stdout)
    explained = Explained(document["explanations"], advisor.draws)
    screen = full_screen(advisor, "recommend", "--flops", "1e21")
    assert unexplained(screen, document, explained) == []
    value = explained.value(name)
    left = [x for x in document["explanations"] if not math.isclose(explained.value(x["name"]), value, rel_tol=1e-9)]
    assert unexplained(screen, {**document, "explanations": left}, explained) != []


def test_an_equation_that_does_not_hold_is_found(advisor) -> None:
    document = json.loads(advisor("recommend", "--flops", "1e21", "--explain-all", "--json").stdout)
    for name in ("N_loss_low", "N_flops_high"):
        each = next(x for x in document["explanations"] if x["name"] == name)
        each["value"] *= 1.01
        explained = Explained(document["explanations"], advisor.draws)
        assert explained.residual(name) > 1e-3


def test_the_text_has_every_formula_constant_and_source(advisor) -> None:
    arguments = ["recommend", "--flops", "1e22", "--unique-tokens", "25B", "--gpu", "H100", "--explain-all"]
    out = advisor(*arguments).stdout
    explanations = json.loads(advisor(*arguments, "--json").stdout)["explanations"]
    before, after = out.split("Where every number comes from")
    assert before.rstrip() == advisor(*arguments[:-1]).stdout.rstrip()
    flat = " ".join(after.split())
    for each in explanations:
        assert f"{each['name']} = {each['formula']} = {each['value']:.6g}" in flat
        assert each["source"] in flat
        for name, value in each["constants"].items():
            assert f"{name} = {value!r}" in flat
    assert "worth(x, u, r) u*(1 + r*(1 - exp(-(x/u - 1)/r)))" in flat


def test_explanations_are_null_unless_asked_for(advisor) -> None:
    for words in ("recommend --flops 1e21 --json", "table --json", "repeat --unique-tokens 1B --json"):
        document = json.loads(advisor(*words.split()).stdout)
        assert (document["explanations"], document["explanation_functions"]) == (None, None)


def test_explanations_in_python() -> None:
    answer = recommend(Request(flops=1e21))
    by_key = {each.key: each for each in advisor_package.explain_recommendation(answer)}
    assert by_key["headline.n_params"].value == answer.headline.n_params
    assert by_key["headline.n_params"].formula == "G*(C/6)**a"
