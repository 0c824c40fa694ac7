"""The one encoder: what it makes of a result, and that no field of any result is forgotten."""

from __future__ import annotations

import dataclasses
import importlib
import math
import pkgutil
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import advisor
import calibration
from advisor.caution import Caution
from advisor.json_form import as_json, form_of


class Ends(NamedTuple):
    low: float
    high: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Part:
    name: str
    size: float = 2.0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Result:
    loss: float
    part: Part | None
    note: str = ""

    JSON = ("loss_nats_per_token=loss", "doubled", "size=part.size", "part", "part.twice=doubled", "-note")

    @property
    def doubled(self) -> float:
        return 2 * self.loss


@dataclasses.dataclass(frozen=True, kw_only=True)
class Spread:
    part: Part

    JSON = ("*part", "ends.of=part.name", ("again=part", ("name",)))


def test_a_dataclass_is_its_fields_in_order():
    assert as_json(Part(name="a")) == {"name": "a", "size": 2.0}
    assert list(as_json(Caution(message="m", code="c"))) == ["code", "message", "severity"]


def test_what_is_inside_is_encoded_too():
    value = {"parts": (Part(name="a"),), "path": Path("x/y"), "ends": Ends(1.0, math.inf), "none": None, 3: True}
    assert as_json(value) == {
        "parts": [{"name": "a", "size": 2.0}],
        "path": "x/y",
        "ends": {"low": 1.0, "high": None},
        "none": None,
        "3": True,
    }


@pytest.mark.parametrize("number", [math.inf, -math.inf, math.nan])
def test_a_number_that_is_not_finite_is_null(number):
    assert as_json([number, 1.5]) == [None, 1.5]


def test_a_class_says_where_its_form_differs():
    found = as_json(Result(loss=1.5, part=Part(name="a")))
    assert found == {
        "loss_nats_per_token": 1.5,
        "doubled": 3.0,
        "size": 2.0,
        "part": {"name": "a", "size": 2.0, "twice": 3.0},
    }
    assert list(found) == ["loss_nats_per_token", "doubled", "size", "part"]


def test_what_lies_in_something_that_is_not_there_is_null():
    found = as_json(Result(loss=1.5, part=None))
    assert found == {"loss_nats_per_token": 1.5, "doubled": 3.0, "size": None, "part": None}


def test_keys_of_an_object_may_stand_among_the_others_and_a_key_in_an_object_of_its_own():
    found = as_json(Spread(part=Part(name="a")))
    assert found == {"name": "a", "size": 2.0, "ends": {"of": "a"}, "again": {"name": "a"}}


def test_a_form_may_be_given():
    assert as_json((Part(name="a"), Part(name="b")), ("name",)) == [{"name": "a"}, {"name": "b"}]


def test_what_json_does_not_know_is_an_error():
    with pytest.raises(TypeError, match="set has no form in JSON"):
        as_json({"a": {1}})


# --- every result class -----------------------------------------------------------------------------------------------


def result_classes() -> list[type]:
    found = {}
    for package in (advisor, calibration):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__"):
                for value in vars(importlib.import_module(module.name)).values():
                    if isinstance(value, type) and dataclasses.is_dataclass(value):
                        found[f"{value.__module__}.{value.__qualname__}"] = value
    return [found[name] for name in sorted(found) if name.startswith(("advisor.", "calibration."))]


DECLARED = [kind for kind in result_classes() if "JSON" in vars(kind)]


def entries(kind: type) -> list[str]:
    form: tuple[Any, ...] = form_of(kind)
    return [entry[0] if isinstance(entry, tuple) else entry for entry in form]


def taken(entry: str) -> str:
    """Return the field or property that an entry of a form begins with."""
    key, _, path = entry.lstrip("*-").partition("=")
    return (path or key).split(".")[0]


@pytest.mark.parametrize("kind", DECLARED, ids=lambda kind: kind.__name__)
def test_a_form_names_what_there_is_and_forgets_no_field(kind):
    fields = {field.name for field in dataclasses.fields(kind)}
    names = [taken(entry) for entry in entries(kind)]
    assert [name for name in names if name not in fields and not hasattr(kind, name)] == []
    assert fields - set(names) == set()


@pytest.mark.parametrize("kind", DECLARED, ids=lambda kind: kind.__name__)
def test_a_key_stands_once_and_what_is_left_out_is_a_field(kind):
    keys = [entry.partition("=")[0] for entry in entries(kind) if entry[0] not in "-*"]
    assert len(keys) == len(set(keys))
    left_out = {entry[1:] for entry in entries(kind) if entry.startswith("-")}
    assert left_out <= {field.name for field in dataclasses.fields(kind)}


def test_the_walk_sees_results_of_both_packages():
    assert {"Recommendation", "Plan", "LimitedData", "Scorecard", "Diagnostics", "Timetable"} <= {
        kind.__name__ for kind in result_classes()
    }
    assert len(DECLARED) > 25
