"""The schemas themselves: valid, complete, made of the classes, and none that every document fits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.docs import conftest  # noqa: F401  (puts docs/ on the path)
from tests.schemas.documents import FOLDER, NAMES, faults, jsonschema, only_finite, schema


def objects(found: Any) -> Iterator[dict[str, Any]]:
    """Yield every part of a schema that names properties."""
    if isinstance(found, dict):
        if "properties" in found and "required" in found:
            yield found
        for inner in found.values():
            yield from objects(inner)
    elif isinstance(found, list):
        for inner in found:
            yield from objects(inner)


def test_there_is_one_of_every_document_and_file():
    assert [
        *("calibrate", "coefficients", "compare", "evidence", "explain", "fit", "grammar", "law-file", "laws"),
        "ledger-row",
        *("pilot", "pilot-file", "plan", "profile", "recommend", "repeat", "score", "table"),
    ] == NAMES


def test_they_are_what_the_classes_say():
    from make_schemas import schemas, text_of

    for name, made in schemas().items():
        assert (FOLDER / f"{name}.json").read_text(encoding="utf-8") == text_of(made), name


@pytest.mark.parametrize("name", NAMES)
def test_each_is_a_schema_of_its_draft_with_a_name_that_has_the_version(name):
    found = schema(name)
    jsonschema.Draft202012Validator.check_schema(found)
    assert found["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert found["$id"] == f"urn:data-scaling-advisor:{name}:1"
    assert len(found["title"]) > 10


@pytest.mark.parametrize("name", NAMES)
def test_every_key_says_what_it_means_and_may_have_others_beside_it(name):
    for part in objects(schema(name)):
        assert [key for key, inner in part["properties"].items() if len(inner.get("description", "")) < 4] == []
        assert set(part["required"]) <= set(part["properties"])
        assert "additionalProperties" not in part
        assert len(part["required"]) == len(set(part["required"]))


@pytest.mark.parametrize("name", [name for name in NAMES if name != "ledger-row"])
def test_the_version_is_asked_for(name):
    found = schema(name)
    for part in found.get("anyOf", [found]):
        assert part["properties"]["schema_version"]["const"] == 1
        assert part["required"][0] == "schema_version"


@pytest.mark.parametrize("name", NAMES)
def test_what_it_refers_to_is_there_and_nothing_else(name):
    text = (FOLDER / f"{name}.json").read_text(encoding="utf-8")
    defined = set(json.loads(text).get("$defs", {}))
    assert {line.split('"#/$defs/')[1].split('"')[0] for line in text.splitlines() if "$ref" in line} == defined


def test_the_command_prints_them_as_they_ship(program):
    assert program("schema", "score") == (0, (FOLDER / "score.json").read_text(encoding="utf-8"), "")
    code, out, _ = program("schema", "--json")
    assert (code, [each["name"] for each in json.loads(out)["schemas"]]) == (0, NAMES)
    assert program("schema")[1].splitlines()[0].startswith("calibrate    `advisor calibrate --json`")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("recomend",), "There is no schema 'recomend': did you mean 'recommend'? `advisor schema` lists all."),
        (("qqq",), "There is no schema 'qqq'; `advisor schema` lists all."),
        (("score", "--codes"), "--codes lists the codes of cautions, and score names a document: give one."),
    ],
)
def test_what_the_command_refuses(program, arguments, said):
    assert program("schema", *arguments) == (2, "", f"Error: {said}\n")


def test_words_are_of_their_schema(program):
    for words in ((), ("H",), ("--weights",)):
        assert faults(only_finite(program("explain", *words, "--json")[1]), "explain") == []


def test_the_codes_are_listed_for_people_and_programs(program):
    codes = json.loads(program("schema", "--codes", "--json")[1])["codes"]
    assert codes[0] == {
        "code": "like_noise",
        "severity": "warning",
        "meaning": "H is that of ids drawn at random: this is no text, or ids of another type.",
    }
    lines = program("schema", "--codes")[1].splitlines()
    assert lines[0].split(maxsplit=1) == [
        "like_noise",
        "warning: H is that of ids drawn at random: this is",
    ]
    assert len(codes) > 100
