"""Numbers as people write them, and no number that could be two."""

from __future__ import annotations

import math
import time

import pytest

from advisor.run_tables.numbers import decimal_mark, is_empty, may_be_thousands, number_of, shown


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.1B", 1.1e9), ("300M", 3e8), ("1,100,000,000", 1.1e9), ("1e9", 1e9), (" 7 b ", 7e9),
        ("1 100 000", 1.1e6), ("1\u00a0100\u00a0000", 1.1e6), ("1'100'000", 1.1e6), ("-2.5", -2.5), ("32k", 32000.0),
        ("1,100.5", 1100.5), (".5", 0.5), ("+3", 3.0), ("1.1 Bn", 1.1e9), ("1.5T", 1.5e12), ("1E+21", 1e21),
    ],
)  # fmt: skip
def test_numbers_are_read_as_written(text: str, value: float) -> None:
    assert number_of(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [("3,14", 3.14), ("1.100.000,5", 1100000.5), ("1.100.000", 1.1e6), ("2,5e9", 2.5e9), ("1,1B", 1.1e9), ("7", 7.0)],
)
def test_numbers_with_a_decimal_comma(text: str, value: float) -> None:
    assert number_of(text, "comma") == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "many",
        "1,10",
        "3,14",
        "1.1.1",
        "7B8",
        "1e",
        "~3",
        "3 M tokens",
        "1_000",
        "1_0",
        "\uff11\uff12",
        "\u0661\u0662",
        "9" * 5000,
    ],
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        number_of(text)


@pytest.mark.parametrize("text", ["1.100", "3.14", "2.5e9"])
def test_a_point_in_a_table_of_decimal_commas_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a point in a table of decimal commas"):
        number_of(text, "comma")


@pytest.mark.parametrize("value", [True, None, [1], {"a": 1}])
def test_what_json_has_beside_numbers_is_none(value: object) -> None:
    with pytest.raises(ValueError, match="not a number"):
        number_of(value)


def test_a_suffix_where_none_is_meant_is_refused() -> None:
    with pytest.raises(ValueError, match="could not convert"):
        number_of("3.1M", suffixes=False)
    assert math.isnan(number_of("nan", suffixes=False))


@pytest.mark.parametrize(
    ("texts", "delimiter", "mark"),
    [
        (["3,14", "1e9"], ";", "comma"),
        (["3,14", "2,9"], ",", "comma"),
        (["0,123"], "\t", "comma"),
        (["1,100,000", "3.14"], ",", "point"),
        (["1,100", "3.14"], ";", "point"),
        (["1,100", "3,14"], ",", "comma"),
        (["3,141", "2,718"], ";", "comma"),
        (["1,100.5"], ";", "point"),
        (["1.1B", "300M"], ";", "point"),
        (["1,1B", "300M"], ";", "comma"),
        (["7", 8, None], None, "point"),
    ],
)
def test_the_decimal_mark_is_decided_by_what_has_one_reading(texts: list, delimiter: str | None, mark: str) -> None:
    assert decimal_mark(texts, delimiter) == mark


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["3,141", "2,718"], "3,141 may be 3.141 or 3141; write it without a comma"),
        (["3,14", "2.9"], "3,14 has a decimal comma and 2.9 a decimal point; write all with a point"),
        (["3,14", "1,100,000"], "3,14 has a decimal comma and 1,100,000 a decimal point; write all with a point"),
    ],
)
def test_what_could_be_two_numbers_is_refused(texts: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=r".") as error:
        decimal_mark(texts, ",")
    assert str(error.value) == message


@pytest.mark.parametrize("value", ["1" + " " * 500_000 + "1", "9" * 500_000, "1," * 250_000])
def test_a_vast_text_is_no_number_at_once(value: str) -> None:
    begun = time.process_time()
    assert decimal_mark([value], None) == "point"
    assert may_be_thousands([value, "100"]) is None
    with pytest.raises(ValueError, match="not a number"):
        number_of(value)
    assert time.process_time() - begun < 1
    assert len(shown(value)) < 50


@pytest.mark.parametrize(
    ("value", "empty"), [(None, True), ("", True), (" NA ", True), ("-", True), ("0", False), (0, False)]
)
def test_empty_cells(value: object, empty: bool) -> None:
    assert is_empty(value) is empty
