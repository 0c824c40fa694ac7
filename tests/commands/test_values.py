"""Values of options as people type them: they work, or one sentence says what to type."""

from __future__ import annotations

import math
from typing import Any

import pytest

from advisor.commands.values import duration, is_unit, quantities, quantity, share, whole
from advisor.errors import UsageError

DAY = 86_400
TAKEN = {
    "--flops": [
        *[("1PF-day", 1e15 * DAY), ("10 PF-days", 1e16 * DAY), ("3640 petaflop/s-days", 3640e15 * DAY)],
        *[("5 PFLOPS-days", 5e15 * DAY), ("1 EF-h", 3.6e21), ("1 ZFLOP", 1e21), ("2.4 zettaFLOPs", 2.4e21)],
        *[("3.1e21FLOPs", 3.1e21), ("1e21 flops", 1e21), ("10^21 FLOPs", 1e21), ("2*10^21 FLOP", 2e21)],
        *[("~1e21", 1e21), ("1e21", 1e21)],
    ],
    "--tokens": [("300B tokens", 300e9), ("15T tok", 15e12), ("10 billion tokens", 1e10), ("300 b", 300e9)],
    "--params": [("7B params", 7e9), ("7 billion parameters", 7e9), ("0.5 B", 5e8)],
    "--price-per-hour": [
        *[("$2.50", 2.5), ("2.50$", 2.5), ("\u20ac2", 2.0), ("USD 2.5", 2.5), ("2.5 usd", 2.5), ("US$2.50/GPU/h", 2.5)],
        *[("2.50/h", 2.5), ("2.5 per GPU-hour", 2.5), ("$ 2.5 / hr", 2.5), ("2.5 dollars an hour", 2.5)],
    ],
    "--peak-tflops": [
        *[("989", 989.0), ("2PF", 2000.0), ("989 TFLOPS", 989.0), ("2 PFLOP/s", 2000.0), ("989e12 FLOP/s", 989.0)],
    ],
    "--gpu-memory": [("80", 80.0), ("80GB", 80.0), ("80 gb", 80.0), ("80G", 80.0), ("0.141TB", 141.0)],
    "--target-loss": [("2.1 nats", 2.1), ("2.1 nats/token", 2.1), ("3 bits/token", 3 * math.log(2))],
    "--bytes-per-token": [("4.2B", 4.2), ("4.2 bytes", 4.2), ("4.2 bytes/token", 4.2), ("4.2", 4.2)],
}
RATE = "may be a rate, and a budget is a total: write it such as 1e21, 1 ZFLOP or 10PF-days (8.64e19 FLOPs each)"
TIME = "is a time of accelerators: give --gpu, --gpus and --hours"
BYTES = "is in bytes: divide it by the bytes of a token, which `advisor score` measures"
REFUSED = [
    *[("--flops", text, RATE) for text in ("1 PF", "1PFLOP/s", "989 TFLOPS", "1 zflops", "1e15 FLOP/s")],
    *[("--flops", text, TIME) for text in ("1000 H100-hours", "1000 GPU-hours", "100 GPU days")],
    *[("--tokens", text, BYTES) for text in ("300 GB", "1.5TB", "100 bytes", "2 TiB")],
    ("--params", "14GB", "is in bytes: divide it by the bytes of a parameter, 2 in bf16"),
    ("--params", "8x7B", "is a mixture of experts, and the laws are of dense models: give one number such as 7B"),
    ("--price-per-hour", "50 cents", "is in cents: write 0.5 for 50"),
    ("--price-per-hour", "$60/day", "is not per hour: give the price of one GPU-hour"),
    ("--peak-tflops", "1979 TOPS", "counts operations of integers: give dense bf16 TFLOP/s"),
    ("--target-loss", "3 bits", "may be per token or per byte: write it in nats/token, or with bits/token"),
    *[
        ("--target-loss", text, "is per byte: multiply it by 0.693 and by the bytes of a token, for nats/token")
        for text in ("0.9 bpb", "0.9 bits/byte")
    ],
    ("--target-loss", "8 ppl", "is a perplexity: its natural logarithm is the loss in nats/token"),
    ("--gpus", "8xH100", "names the accelerator too: the name belongs to --gpu"),
    ("--gpus", "64 H100s", "names the accelerator too: the name belongs to --gpu"),
    ("--gpus", "8 nodes", "counts machines: give the accelerators of all of them, such as 8x8"),
    ("--gpus", "1000 GPU-hours", "is a time of accelerators: a time is for --hours"),
]
OTHERS = [
    ("--flops", "2,5e21", "a positive number of FLOPs such as 1e21, 1 ZFLOP or 10PF-days", ": write 2.5e21"),
    ("--flops", "1e20-1e21", "a positive number of FLOPs such as 1e21, 1 ZFLOP or 10PF-days", ""),
    ("--flops", "300B tokens", "a positive number of FLOPs such as 1e21, 1 ZFLOP or 10PF-days", ""),
    ("--flops", "1PF-year", "a positive number of FLOPs such as 1e21, 1 ZFLOP or 10PF-days", ""),
    ("--flops", "", "a positive number of FLOPs such as 1e21, 1 ZFLOP or 10PF-days", ""),
    ("--tokens", "1,5T", "a positive number of tokens such as 300B or 1.5T", ": write 1.5T"),
    ("--tokens", "300M words", "a positive number of tokens such as 300B or 1.5T", ""),
    ("--params", "7B-Instruct", "a positive number of parameters such as 400M or 7B", ""),
    ("--price-per-hour", "2,50", "a positive price of one GPU-hour such as 2.5", ": write 2.50"),
    ("--price-per-hour", "$2,50", "a positive price of one GPU-hour such as 2.5", ": write $2.50"),
    ("--price-per-hour", "free", "a positive price of one GPU-hour such as 2.5", ""),
    ("--peak-tflops", "2P", "a positive number of TFLOP/s such as 989, or 2PFLOP/s", ""),
    ("--gpu-memory", "80K", "a positive number of GB such as 80 or 80GB", ""),
    ("--gpu-memory", "GB", "a positive number of GB such as 80 or 80GB", ""),
    ("--bytes-per-token", "4,2", "a positive number of bytes such as 4.2", ": write 4.2"),
    ("--gpus", "many", "a positive number such as 64, or 8x8", ""),
    ("--context", "8Ki", "a positive number of tokens such as 4096 or 8K", ""),
    ("--no-such", "7x", "a positive number such as 1e21, 400M, 7B or 1.5T", ""),
]


@pytest.mark.parametrize(
    ("option", "text", "value"), [(option, *each) for option, pairs in TAKEN.items() for each in pairs]
)
def test_units_are_taken_by_their_definition(option: str, text: str, value: float) -> None:
    assert quantity(option)(text) == pytest.approx(value, rel=1e-15)


def test_a_binary_unit_of_memory_is_larger() -> None:
    assert quantity("--gpu-memory")("80GiB") == 80 * 2**30 / 1e9
    assert quantity("--gpu-memory")("81559MiB") == pytest.approx(85.520810, abs=1e-6)


@pytest.mark.parametrize(("option", "text", "reason"), REFUSED)
def test_units_that_may_mean_another_are_refused_by_name(option: str, text: str, reason: str) -> None:
    with pytest.raises(UsageError) as caught:
        quantity(option)(text)
    assert str(caught.value) == f"{option} {text!r} {reason}."


@pytest.mark.parametrize(("option", "text", "such", "hint"), OTHERS)
def test_what_is_no_number_is_refused_with_examples(option: str, text: str, such: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        quantity(option)(text)
    assert str(caught.value) == f"{option} must be {such}, not {text!r}{hint}."


@pytest.mark.parametrize(
    ("text", "shown"), [("0", "0"), ("0 FLOPs", "0"), ("0PF-days", "0"), ("1e300 PF-days", "1e300 PF-days")]
)
def test_nothing_and_endless_budgets_are_refused(text: str, shown: str) -> None:
    with pytest.raises(UsageError) as caught:
        quantity("--flops")(text)
    assert str(caught.value) == f"--flops must be a finite number above 0, not {shown}."


@pytest.mark.parametrize(("text", "value"), [("8x8", 64), ("16 x 8", 128), ("4\u00d78x8", 256), ("8 GPUs", 8)])
def test_nodes_of_accelerators_are_multiplied(text: str, value: int) -> None:
    assert whole("--gpus")(text) == value


@pytest.mark.parametrize(
    ("option", "text", "values"),
    [
        ("--weights", "70%,30%", (0.7, 0.3)),
        ("--weights", "0.7, 0.3", (0.7, 0.3)),
        ("--sizes", "1B,7B params", (1e9, 7e9)),
        ("--flops", "1 ZFLOP,10 PF-days", (1e21, 8.64e20)),
    ],
)
def test_lists_take_units_too(option: str, text: str, values: tuple[float, ...]) -> None:
    assert quantities(option)(text) == pytest.approx(values, rel=1e-15)


@pytest.mark.parametrize(
    ("text", "written"), [("70/30", "70,30"), (".7;.3", ".7,.3"), (".7 .3", ".7,.3"), ("7:3", "7,3")]
)
def test_lists_without_commas_are_refused_with_what_to_write(text: str, written: str) -> None:
    with pytest.raises(UsageError) as caught:
        quantities("--weights")(text)
    assert str(caught.value) == f"--weights must be numbers with commas between them: write {written}."


def test_a_share_with_a_comma_is_refused_with_a_point() -> None:
    assert share("--mfu")("~40%") == 0.4
    with pytest.raises(UsageError) as caught:
        share("--mfu")("0,4")
    assert str(caught.value) == "--mfu must be a share such as 0.4 or 40%, not '0,4': write 0.4."


def test_numbers_pass_as_they_are() -> None:
    assert (quantity("--flops")(1e21), whole("--gpus")(8), share("--mfu")(0.4)) == (1e21, 8, 0.4)  # type: ignore[arg-type]
    assert (duration("--hours", "hours")(2.0), quantities("--sizes")((1e9,))) == (2.0, (1e9,))  # type: ignore[arg-type]


def test_units_are_told_from_files() -> None:
    units = ("weeks", "B", "tokens", "PF-days", "ZFLOP", "billion", "GB", "GPUs")
    assert [word for word in units if not is_unit(word)] == []
    assert [word for word in ("corpus", "code", "", "5", ".3", "c4", "data.jsonl", "-") if is_unit(word)] == []


@pytest.mark.parametrize(
    ("arguments", "unit"),
    [("recommend --gpu H100 --gpus 8 --hours 2 weeks", "weeks"), ("recommend --flops 1e21 --unique-tokens 10 B", "B")],
)
def test_a_unit_apart_from_its_number_is_no_source(advisor: Any, arguments: str, unit: str) -> None:
    result = advisor(*arguments.split())
    assert (result.code, result.stdout, result.stderr) == (
        *(2, "", f"Error: SOURCE {unit} is no file, and looks like the unit of the number before it: write both "
          f"without a space, such as 2{unit}, or in quotes.\n"),
    )  # fmt: skip


def test_a_unit_that_is_an_argument_too_many_is_explained(program: Any) -> None:
    code, _, said = program("repeat", "--unique-tokens", "10", "B")
    assert (code, said.splitlines()[-1]) == (
        *(2, "Error: Got unexpected extra argument (B), and B looks like the unit of the number before it: write both "
          "without a space, such as 2B, or in quotes."),
    )  # fmt: skip
    assert program("repeat", "--unique-tokens", "10", "x.txt")[2].endswith(
        "\nError: Got unexpected extra argument (x.txt)\n"
    )


def test_a_number_of_accelerators_is_asked_for_before_what_is_missing(advisor: Any) -> None:
    assert advisor("recommend", "--gpu", "8xH100", "--hours", "10").stderr == (
        "Error: --gpu '8xH100' has a number before or behind it: write --gpus 8 --gpu H100.\n"
    )


def test_a_picture_needs_a_name_before_its_ending(advisor: Any) -> None:
    assert advisor("recommend", "--flops", "1e21", "--plot", ".svg").stderr == (
        "Error: .svg is an ending without a name: name the picture such as answer.svg.\n"
    )
