"""What commands print is what their schemas say, in many situations; a document that is not is found out."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.calibrations.hand_made import calibration, write
from tests.calibrations.hand_made import document as hand_made
from tests.schemas.documents import faults, only_finite, schema

GPUS = ("--gpu", "H100", "--gpus", "64", "--price-per-hour", "2.5")
CODE = ("--compressibility", ".402", "--bytes-per-token", "3.1")
ANSWERS = {
    "no corpus": ("recommend", "--flops", "1e21"),
    "a budget in time": ("recommend", "--gpu", "H100", "--gpus", "64", "--hours", "100"),
    "too small a cluster": ("recommend", "--flops", "1e25", "--gpu", "A100", "--gpus", "2"),
    "code on GPUs": ("recommend", "--flops", "1e21", *CODE, *GPUS, "--explain"),
    "a choice": ("recommend", "--flops", "1e21", "--params", "7B", *GPUS),
    "a choice not weighed": ("recommend", "--flops", "1e21", "--params", "7B", "--law", "kaplan"),
    "limited data": ("recommend", "--flops", "1e22", "--unique-tokens", "25B", "--explain"),
    "used up": ("recommend", "--flops", "1e22", "--unique-tokens", "1M"),
    "a limited choice": ("recommend", "--flops", "1e22", "--unique-tokens", "1B", "--params", "1B"),
    "enough data": ("recommend", "--flops", "1e20", "--unique-tokens", "100T"),
    "serving": ("recommend", "--params", "13B", "--inference-tokens", "2T", "--explain"),
    "serving priced": ("recommend", "--flops", "1e21", "--inference-tokens", "2T", *GPUS, "--inference-mfu", ".2"),
    "a target loss": ("recommend", "--target-loss", "2.5"),
    "an inverse question": ("recommend", "--tokens", "300B"),
    "no shape": ("recommend", "--flops", "1e12"),
    "beyond all": ("recommend", "--flops", "1e30", "--law", "hoffmann"),
    "a calibration": ("recommend", "--flops", "1e19", "--compressibility", ".4", "--calibration", "text", "--explain"),
    "gzip": ("recommend", "--flops", "1e26", "--compressibility", ".3", "--law", "gzip"),
    "a table": ("table", "--explain"),
    "a table of budgets": ("table", "--law", "kaplan", "--flops", "1e20,1e21"),
    "repeated data": ("repeat", "--unique-tokens", "25B", "--flops", "1e23", "--explain"),
    "repeated data of a size": ("repeat", "--unique-tokens", "1B", "--params", "1B", "--law", "chinchilla"),
    "laws": ("laws",),
    "evidence": ("evidence",),
    "budgets": ("compare", "--flops", "1e20", "--flops", "1e21", "--gpu", "H100", "--price-per-hour", "2"),
    "a pilot": ("pilot", "--compressibility", ".402", "--flops", "1e22"),
    "a pilot on GPUs": ("pilot", "--compressibility", ".402", "--flops", "1e23", "--share", "4%", *GPUS),
    "grammars": ("grammar", "paper", "--only", "A1,A2", "--documents", "50"),
    "a grammar that hardly is one": ("grammar", "--shape", "2,1,1,1", "--documents", "10"),
}


@pytest.mark.parametrize("arguments", ANSWERS.values(), ids=ANSWERS)
def test_an_answer_is_what_its_schema_says(advisor, arguments):
    code, out, _ = advisor(*arguments, "--json")
    assert code == 0
    assert faults(only_finite(out), arguments[0]) == []


@pytest.fixture
def named_oddly(tmp_path, sources):
    """Two small corpora whose names and text are not ASCII."""
    for name, texts in (("größe 数据", sources[:20]), ("código", sources[20:40])):
        (tmp_path / f"{name}.jsonl").write_text(
            "".join(json.dumps({"text": f"# é 汉\n{text}"}, ensure_ascii=False) + "\n" for text in texts),
            encoding="utf-8",
        )
    return sorted(map(str, tmp_path.glob("*.jsonl")))


def test_corpora_by_any_name_are_profiles_and_rows(advisor, named_oddly, tmp_path):
    profile = tmp_path / "profile.json"
    code, out, _ = advisor("score", *named_oddly, "--sequences", "60", "--quiet", "--json", "--out", profile)
    assert (code, faults(only_finite(out), "score")) == (0, [])
    assert faults(only_finite(profile.read_text(encoding="utf-8")), "profile") == []
    rows = advisor("compare", "--profile", profile, "--flops", "1e21", "--json").stdout
    assert faults(only_finite(rows), "compare") == []
    name = json.loads(out)["corpora"][0]["source"]
    answer = advisor("recommend", "--profile", profile, "--corpus", name, "--flops", "1e21", "--json").stdout
    assert faults(only_finite(answer), "recommend") == []
    assert json.loads(answer)["profile"]["source"] == name


def test_a_file_of_ids_and_nothing_else_is_a_profile(advisor, tmp_path):
    import numpy as np

    path = tmp_path / "train.bin"
    np.random.default_rng(0).integers(0, 500, 20_000).astype("<u2").tofile(path)
    out = advisor("score", path, "--dtype", "uint16", "--sequences", "20", "--quiet", "--json").stdout
    assert faults(only_finite(out), "score") == []
    assert json.loads(out)["corpora"][0]["bytes_per_token"] is None


def test_coefficients_by_hand_are_what_is_asked_of_them(tmp_path):
    path = write(tmp_path / "mine.json", hand_made(calibration()))
    assert faults(only_finite(path.read_text(encoding="utf-8")), "coefficients") == []


def test_the_coefficients_that_ship_are():
    from advisor.data_files import shipped_file

    shipped = shipped_file("fitted_coefficients.json").read_text(encoding="utf-8")
    assert faults(only_finite(shipped), "coefficients") == []


# --- a schema that everything fits would say nothing ------------------------------------------------------------------


def places(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every key of a document."""
    if isinstance(document, dict):
        yield from ((*path, key) for key in document)
    inner = document if isinstance(document, dict) else dict(enumerate(document if isinstance(document, list) else ()))
    for key, each in inner.items():
        yield from places(each, (*path, key))


def holder(document: Any, path: tuple[Any, ...]) -> Any:
    for key in path[:-1]:
        document = document[key]
    return document


FREE = {"request", "columns", "unreadable_calibrations", "explanation_functions", "ln_n_params_sd_parts", "constants"}


@pytest.mark.parametrize("name", ["recommend", "table", "repeat", "compare", "pilot", "laws"])
def test_a_key_that_is_missing_and_a_value_of_another_type_are_found(advisor, name):
    arguments = next(each for each in ANSWERS.values() if each[0] == name)
    document = json.loads(advisor(*arguments, "--json").stdout)
    checked = 0
    for path in list(places(document)):
        if FREE & set(map(str, path)) or any(isinstance(step, int) and step > 0 for step in path):
            continue
        without, other = copy.deepcopy(document), copy.deepcopy(document)
        del holder(without, path)[path[-1]]
        holder(other, path)[path[-1]] = {"an": ["object"]}
        assert faults(without, name) != [], path
        assert faults(other, name) != [], path
        checked += 1
    assert checked > 10


def test_keys_that_newer_versions_add_are_no_fault(advisor):
    document = json.loads(advisor("recommend", "--flops", "1e21", "--json").stdout)
    document["new"] = document["plan"]["new"] = document["laws"][0]["new"] = 1
    assert faults(document, "recommend") == []
    assert faults({**document, "schema_version": 2}, "recommend") != []
    assert "new" not in schema("recommend")["properties"]
