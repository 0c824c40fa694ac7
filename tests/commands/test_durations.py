"""Times as people write them."""

import pytest

from advisor.commands.values.durations import parse_duration
from advisor.errors import UsageError


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


@pytest.mark.parametrize("text", ["", "x", "h", "-3h", "90M5", "nan", "inf", "1h-2h", "3 4h"])
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


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("1:30", ": write its parts with their units, such as 1d12h30m."),
        ("1-00:00:00", ": write its parts with their units, such as 1d12h30m."),
        ("1,5h", ": write 1.5h."),
        ("1,5", ": write 1.5."),
    ],
)
def test_times_of_clocks_and_with_commas_are_refused_with_what_to_write(text, end):
    with pytest.raises(UsageError) as caught:
        parse_duration(text, "--hours", "hours")
    assert str(caught.value) == (
        "--hours must be a time above 0 such as 100, 90m, 36h, 14d, 2w or 1d12h, a number alone being hours, not "
        f"{text!r}{end}"
    )


def test_about_so_long_is_so_long():
    assert parse_duration("~3d", "--days", "days") == 3
