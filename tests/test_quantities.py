"""Quantities as people write and read them."""

import pytest

from advisor.errors import UsageError
from advisor.quantities import (
    check_positive,
    check_share,
    format_flops,
    format_quantity,
    parse_duration,
    parse_gigabytes,
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
    ("text", "hours"),
    [
        ("100", 100),
        ("1,000", 1000),
        ("1e2", 100),
        ("14d", 336),
        ("2w", 336),
        ("36h", 36),
        ("90m", 1.5),
        ("90 min", 1.5),
        ("5400s", 1.5),
        ("1d12h", 36),
        ("1 day 6 hours", 30),
        ("2 Weeks", 336),
        (".5D", 12),
        ("1,000h", 1000),
    ],
)
def test_times_as_people_write_them(text, hours):
    assert parse_duration(text, "--hours", "hours") == pytest.approx(hours, rel=1e-15)


def test_a_number_alone_is_of_the_options_own_unit():
    assert parse_duration("2", "--weeks", "weeks") == parse_duration("14", "--days", "days") / 7
    assert parse_duration("90", "--minutes", "minutes") == parse_duration("1h30m", "--minutes", "minutes")
    assert parse_duration("2w", "--days", "days") == 14


@pytest.mark.parametrize("text", ["", "x", "h", "1:30", "-3h", "90M5", "nan", "inf", "1h-2h", "3 4h"])
def test_what_is_no_time_is_refused_with_the_ways_to_write_one(text):
    with pytest.raises(UsageError) as caught:
        parse_duration(text, "--days", "days")
    assert str(caught.value) == (
        "--days must be a time above 0 such as 100, 90m, 36h, 14d, 2w or 1d12h, a number alone being days, not "
        f"{text!r}."
    )


@pytest.mark.parametrize("text", ["0", "0h", "0d0h", "1e400h"])
def test_no_time_and_endless_times_are_refused(text):
    with pytest.raises(UsageError) as caught:
        parse_duration(text, "--hours", "hours")
    assert str(caught.value) == f"--hours must be a finite number above 0, not {text}."


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


@pytest.mark.parametrize("text", ["80", "80GB", "80 gb", "80G"])
def test_gigabytes_as_people_write_them(text):
    assert parse_gigabytes(text, "--gpu-memory") == 80


@pytest.mark.parametrize("text", ["", "GB", "80GiB", "80MB", "80K", "a lot"])
def test_other_units_of_memory_are_refused(text):
    with pytest.raises(UsageError) as caught:
        parse_gigabytes(text, "--gpu-memory")
    assert str(caught.value) == f"--gpu-memory must be a number of GB such as 80 or 80GB, not {text!r}."


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


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("1M", "--hours '1M' may mean minutes or months: write m for minutes, and months in days (30d)."),
        (
            "1mo",
            "--hours '1mo' has a unit of time that is not known, mo: write s, m (minutes), h, d or w, such as 36h or "
            "30d.",
        ),
        (
            "1d2y",
            "--hours '1d2y' has a unit of time that is not known, y: write s, m (minutes), h, d or w, such as 36h or "
            "30d.",
        ),
    ],
)
def test_units_of_time_that_may_mean_another_are_refused(text, complaint):
    with pytest.raises(UsageError) as caught:
        parse_duration(text, "--hours", "hours")
    assert str(caught.value) == complaint
