"""Quantities as people write and read them."""

import pytest

from advisor.errors import UsageError
from advisor.quantities import (
    check_positive,
    check_share,
    format_flops,
    format_quantity,
    parse_quantity,
    parse_share,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e21", 1e21),
        ("5.76e23", 5.76e23),
        ("5.76E+23", 5.76e23),
        ("400M", 400e6),
        ("400m", 400e6),
        ("1.5T", 1.5e12),
        ("7B", 7e9),
        (" 7 b ", 7e9),
        ("12k", 12e3),
        ("1_000_000", 1e6),
        ("1,000,000", 1e6),
        ("1,234.5", 1234.5),
        (".5B", 5e8),
        ("2.", 2.0),
        ("+3", 3.0),
        ("1e3M", 1e9),
        ("2*10^21", 2e21),
        ("2 x 10**21", 2e21),
        ("1.5\u00d710^21", 1.5e21),
        ("10^21", 1e21),
        ("25bn", 25e9),
        ("25 billion", 25e9),
        ("1.5 Trillion", 1.5e12),
    ],
)
def test_quantities_as_people_write_them(text, value):
    assert parse_quantity(text, "--flops") == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "-5", "nan", "inf", "-inf", "Infinity", "junk", "1e", "e21", "0x10", "1,5", "1,00,000", ",5"),
        *("10^", "2*3^4", "2*10^2.5", "10^21B", "7 zillion", "7e", "7 millions"),
        *("1__0", "_1", "7BB", "7Q", "1e21 FLOPs", "1e2.5", "--", "٣", "1 000", "1e21\n2"),
    ],
)
def test_junk_is_refused_with_the_option_and_the_value(text):
    with pytest.raises(UsageError) as caught:
        parse_quantity(text, "--flops")
    assert str(caught.value) == f"--flops must be a positive number such as 1e21, 400M, 7B or 1.5T, not {text!r}."


@pytest.mark.parametrize("text", ["0", "0.0", "0e5", "1e400", "1e-400", "9e306T"])
def test_zero_and_what_overflows_are_refused(text):
    with pytest.raises(UsageError) as caught:
        parse_quantity(text, "--tokens")
    assert str(caught.value) == f"--tokens must be a finite number above 0, not {text}."


@pytest.mark.parametrize(
    ("text", "share"), [("40%", 0.4), ("40 %", 0.4), ("40 percent", 0.4), (".4", 0.4), ("4e-1", 0.4), ("40", 40.0)]
)
def test_shares_as_people_write_them(text, share):
    assert parse_share(text, "--mfu") == share


@pytest.mark.parametrize("text", ["", "%", "x%", "-1", "40%%", "nan", "1/3"])
def test_what_is_no_share_is_refused(text):
    with pytest.raises(UsageError) as caught:
        parse_share(text, "--mfu")
    assert str(caught.value) == f"--mfu must be a share such as 0.4 or 40%, not {text!r}."


@pytest.mark.parametrize(
    ("value", "end"),
    [(40.0, "40: did you mean 40%?"), (100.0, "100: did you mean 100%?"), (1.2, "1.2."), (101.0, "101."), (0.0, "0.")],
)
def test_a_share_that_looks_like_per_cent_is_asked_back(value, end):
    with pytest.raises(UsageError) as caught:
        check_share(value, "--mfu", 0.4)
    assert str(caught.value) == f"--mfu must be above 0 and at most 1, such as 0.4 or 40%, not {end}"


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_numbers_from_python_are_checked_too(value):
    with pytest.raises(UsageError, match=r"^--hours must be a finite number above 0, not "):
        check_positive(value, "--hours")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1, "1"),
        (0.5, "0.5"),
        (999, "999"),
        (999.6, "1.00K"),
        (1000, "1.00K"),
        (9994, "9.99K"),
        (9996, "10.0K"),
        (999_499, "999K"),
        (999_501, "1.00M"),
        (2.78e9, "2.78B"),
        (1.5e12, "1.50T"),
        (9.999e14, "1e15"),
        (2e15, "2e15"),
    ],
)
def test_quantities_are_shown_with_three_digits(value, text):
    assert format_quantity(value) == text
    assert parse_quantity(text, "x") == pytest.approx(value, rel=5e-3)


def test_flops_are_shown_without_padding():
    assert [format_flops(x) for x in (1e21, 5.76e23, 1.234e5, 12.0)] == ["1e21", "5.76e23", "1.23e5", "12"]
