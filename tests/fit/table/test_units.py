"""N, D and losses from other columns and other units: the same runs, and what was done is said."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from advisor.errors import AdvisorError, RunsError, UsageError
from calibration.fit.runs import read_run_table
from calibration.fit.table.reading import TableUnits

N, D = (v.ravel() for v in np.meshgrid(np.geomspace(1e8, 1e9, 3), np.geomspace(5e9, 5e10, 3)))
LOSS = 1.82 + 482 * N**-0.348 + 2085 * D**-0.366


def table(path: Path, **columns: object) -> Path:
    values = [np.broadcast_to(np.asarray(column), N.shape) for column in columns.values()]
    lines = [",".join(str(value) for value in row) for row in zip(*values, strict=True)]
    path.write_text("\n".join([",".join(columns), *lines]) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("columns", "units", "said"),
    [
        ({"n_params": N, "C": 6 * N * D, "loss": LOSS}, {}, "flops is C; n_tokens is flops / (6 n_params)"),
        ({"flops": 6 * N * D, "n_tokens": D, "loss": LOSS}, {}, "n_params is flops / (6 n_tokens)"),
        (
            {"n_params": N, "steps": D / 5e5, "batch_tokens": 5e5, "loss": LOSS},
            {},
            "n_tokens is steps x batch_tokens",
        ),
        (
            {"n_params": N, "iters": D / 512e3, "batch_size": 500, "block_size": 1024, "loss": LOSS},
            {},
            "steps is iters; seq_len is block_size; n_tokens is steps x batch_size x seq_len",
        ),
        (
            {"flops": 6 * N * D, "steps": D / 5e5, "batch_tokens": 5e5, "loss": LOSS},
            {},
            "n_tokens is steps x batch_tokens; n_params is flops / (6 n_tokens)",
        ),
        (
            {"n_params": N, "samples": D / 1024, "max_seq_len": 1024, "loss": LOSS},
            {},
            "seq_len is max_seq_len; n_tokens is samples x seq_len",
        ),
        ({"n_params": N, "D/N": D / N, "loss": LOSS}, {}, "tokens_per_param is D/N; n_tokens is n_params x "
            "tokens_per_param"),
        (
            {"n_params": N, "steps (k)": D / 5e8, "batch_tokens": 5e5, "loss": LOSS},
            {},
            "steps is steps (k) x 1e3; n_tokens is steps x batch_tokens",
        ),
        (
            {"n_params": N, "compute (PF-days)": 6 * N * D / 8.64e19, "loss": LOSS},
            {},
            "flops is compute (PF-days) x 8.64e19; n_tokens is flops / (6 n_params)",
        ),
        (
            {"n_params": N / 1e6, "n_tokens": D, "loss": LOSS},
            {"scale": {"n_params": 1e6}},
            "n_params is n_params x 1e6",
        ),
        ({"params_M": N / 1e6, "n_tokens": D, "loss": LOSS}, {}, "n_params is params_M x 1e6"),
        ({"params_M": N, "n_tokens": D, "loss": LOSS}, {"scale": {"n_params": 1.0}}, "n_params is params_M"),
        ({"n_params": N, "n_tokens": D, "val_ppl": np.exp(LOSS)}, {}, "loss is ln of val_ppl, a perplexity"),
        (
            {"n_params": N, "n_tokens": D, "loss": np.exp(LOSS)},
            {"loss_unit": "ppl"},
            "loss is ln of loss, a perplexity",
        ),
        (
            {"n_params": N, "n_tokens": D, "loss": LOSS / math.log(2)},
            {"loss_unit": "bits"},
            "loss is loss x ln 2, from bits per token",
        ),
        (
            {"n_params": N, "n_tokens": D, "bpb": LOSS / math.log(2) / 4.25},
            {"bytes_per_token": 4.25},
            "loss is bpb x ln 2 x 4.25, from bits per byte",
        ),
        (
            {"n_params": N, "n_tokens": D, "bpb": LOSS / math.log(2) / np.linspace(4, 5, 9),
             "bytes_per_token": np.linspace(4, 5, 9)},
            {},
            "loss is bpb x ln 2 x bytes_per_token, from bits per byte",
        ),
    ],
)  # fmt: skip
def test_the_same_runs_come_out(tmp_path: Path, columns: dict, units: dict, said: str) -> None:
    found = read_run_table(table(tmp_path / "t.csv", **columns), units=TableUnits(**units))
    runs = found.groups["all"]
    np.testing.assert_allclose(runs.n_params, N, rtol=1e-12)
    np.testing.assert_allclose(runs.n_tokens, D, rtol=1e-12)
    np.testing.assert_allclose(runs.loss, LOSS, rtol=1e-12)
    assert found.reading.in_words == f"t.csv: {said}."
    assert runs.cautions == ()


def test_what_was_derived_and_converted_is_in_the_document(tmp_path: Path) -> None:
    path = table(tmp_path / "t.csv", n_params=N, C=6 * N * D, bpb=LOSS / math.log(2) / 4)
    found = read_run_table(path, units=TableUnits(bytes_per_token=4.0, scale={"n_params": 1.0}))
    assert found.reading.document == {
        "columns": {"n_params": "n_params", "n_tokens": None, "loss": "bpb", "flops": "C"},
        "derived": {"n_tokens": "flops / (6 n_params)"},
        "units": {"loss": "bpb", "bytes_per_token": 4.0, "scale": {"n_params": 1.0}, "decimal_comma": False},
    }


@pytest.mark.parametrize(
    ("columns", "units", "message"),
    [
        (
            {"n_params": N, "n_tokens": D, "bpb": LOSS},
            {},
            "{path}: bpb is bits per byte; give --bytes-per-token T, the tokenizer's bytes per token on that text, or "
            "a column bytes_per_token.",
        ),
        (
            {"n_params": N, "n_tokens": D, "loss": LOSS},
            {"bytes_per_token": 4.0},
            "--bytes-per-token is for losses in bits per byte, and loss is nats/token: leave it out.",
        ),
        (
            {"n_params": N, "n_tokens": D, "bpb": LOSS},
            {"bytes_per_token": 0.23},
            "--bytes-per-token is 0.23: a token has 1 byte or more, 4 or so in English and no more than 20 (if it is "
            "tokens per byte, give 4.35).",
        ),
        (
            {"n_params": N, "n_tokens": D, "bpb": LOSS, "bytes_per_token": 40},
            {},
            "{path}: the median of bytes_per_token is 40: a token has 1 byte or more, 4 or so in English and no more "
            "than 20.",
        ),
        (
            {"n_params": N, "n_tokens": D, "bpb": LOSS},
            {"loss_unit": "bits"},
            "--loss-unit bits contradicts the column bpb, which is bits per byte by its name: leave it out, or rename "
            "the column.",
        ),
        (
            {"n_params": N, "C": 6 * N * D / 1e18, "loss": LOSS},
            {},
            "{path}: n_tokens is derived from C as FLOPs, and n_tokens looks like trillions (its median is 1.58e-08, "
            "and nothing is learned from so few): if it is in another unit, --scale flops=FACTOR, 1e18 for exaFLOPs, "
            "1e21 for ZFLOPs, 8.64e19 for PF-days.",
        ),
        (
            {"n_params": N, "n_tokens": D, "ppl": 0.5},
            {},
            "{path}, run 1: ppl is 0.5, and no perplexity is below 1.",
        ),
        (
            {"n_params": N, "steps": 1e4, "batch_size": 8, "grad_accum": 4, "seq_len": 1024, "loss": LOSS},
            {},
            "{path} has batch_size and grad_accum: a step may be several such batches, so give a column "
            "n_tokens, or batch_tokens, the tokens of one step, or call the batch of a step global_batch_size.",
        ),
        (
            {"n_params": N, "steps": 1e4, "batch_size": 500000, "seq_len": 1024, "loss": LOSS},
            {},
            "{path}: batch_size is too large to be sequences and looks like tokens: --columns batch_tokens=batch_size.",
        ),
        (
            {"n_params": N, "flops": 0, "loss": LOSS},
            {},
            "{path} has a flops that is not a positive number, and C = 6 N D needs one.",
        ),
        (
            {"n_params": N, "n_tokens": D, "loss": "3.1M"},
            {},
            "{path}, run 1: loss is '3.1M', which is not a number.",
        ),
    ],
)
def test_what_cannot_be_converted_is_said(tmp_path: Path, columns: dict, units: dict, message: str) -> None:
    path = table(tmp_path / "t.csv", **columns)
    with pytest.raises(AdvisorError) as error:
        read_run_table(path, units=TableUnits(**units))
    assert str(error.value) == message.format(path=path)
    assert isinstance(error.value, UsageError if message.startswith("--") else RunsError)


def test_a_column_of_steps_is_no_number_of_tokens(tmp_path: Path) -> None:
    path = table(tmp_path / "t.csv", n_params=N, steps=D / 5e5, loss=LOSS)
    with pytest.raises(RunsError, match=r"steps is no number of tokens by its name: multiply steps by the tokens of"):
        read_run_table(path, columns={"n_tokens": "steps"})
    found = read_run_table(path, columns={"n_tokens": "steps"}, units=TableUnits(scale={"n_tokens": 5e5}))
    np.testing.assert_allclose(found.groups["all"].n_tokens, D)
    with pytest.raises(UsageError, match=r"^--scale names lr, which is not one of n_params, n_tokens, loss"):
        TableUnits(scale={"lr": 2.0})


def test_decimal_commas_are_read_and_said(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    rows = [f"{n:.0f};{d:.0f};{loss:.6f}".replace(".", ",") for n, d, loss in zip(N, D, LOSS, strict=True)]
    path.write_text("\n".join(["n_params;n_tokens;loss", *rows]), encoding="utf-8")
    found = read_run_table(path)
    np.testing.assert_allclose(found.groups["all"].loss, LOSS, atol=1e-6)
    assert found.reading.in_words == "t.csv: semicolons divide its columns; numbers have a decimal comma."
    path.write_text('n_params,n_tokens,loss\n1e8,2e9,"3,141"\n2e8,2e9,"2,718"\n', encoding="utf-8")
    with pytest.raises(RunsError) as error:
        read_run_table(path)
    assert str(error.value) == f"{path}: 3,141 may be 3.141 or 3141; write it without a comma."


def test_stated_flops_far_from_6nd_are_a_caution(tmp_path: Path) -> None:
    def cautions(factor: float, **units: object) -> list[str]:
        path = table(tmp_path / "t.csv", n_params=N, n_tokens=D, loss=LOSS, flops=6 * N * D * factor)
        runs = read_run_table(path, units=TableUnits(**units)).groups["all"]  # type: ignore[arg-type]
        np.testing.assert_allclose(runs.stated_flops, 6 * N * D * factor)
        return [reason.message for reason in runs.cautions]

    assert cautions(1.15) == []
    assert cautions(0.5)[0].startswith("the column flops is .5 times 6 N D in the median: the law and its budgets are")
    assert cautions(1e-6) == [
        "the column flops is 1e-6 times 6 N D in the median: the law and its budgets are by 6 N D, those of IsoFLOP "
        "profiles by the column; if it counts the same FLOPs, a column may be in another unit."
    ]
    assert cautions(3.0)[0].startswith("the column flops is 3 times 6 N D in the median")
    assert cautions(3.0, scale={"flops": 1.0}) == []


def test_a_factor_in_a_name_that_cannot_be_is_refused(tmp_path: Path) -> None:
    path = table(tmp_path / "t.csv", n_params=N, tokens_M=D, loss=LOSS)
    with pytest.raises(RunsError) as error:
        read_run_table(path)
    assert str(error.value) == (
        f"{path}: with the factors in the names of columns, n_tokens is too large to be in ones (its median is 1.6e16, "
        "and no model has seen so many): give the right ones, such as --scale n_tokens=1."
    )
    found = read_run_table(path, units=TableUnits(scale={"n_tokens": 1.0}))
    np.testing.assert_allclose(found.groups["all"].n_tokens, D)


@pytest.mark.parametrize("name", ["val_bpc", "loss_per_byte", "bits_per_char", "word_perplexity"])
def test_a_loss_per_something_else_is_refused(tmp_path: Path, name: str) -> None:
    path = table(tmp_path / "t.csv", n_params=N, n_tokens=D, **{name: LOSS})
    with pytest.raises(RunsError) as error:
        read_run_table(path, columns={"loss": name})
    assert str(error.value) == (
        f"{path}: {name} is a loss per something else than a token by its name: multiply it into nats/token with "
        "--scale loss=FACTOR, or say its unit with --loss-unit."
    )
    assert read_run_table(path, columns={"loss": name}, units=TableUnits(loss_unit="nats"))


def steps(path: Path, batch: str = "batch_size", **beside: object) -> Path:
    return table(path, n_params=N, steps=D / 512e3, **{batch: 500}, seq_len=1024, **beside, loss=LOSS)


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, 8) for name in ("gpus", "n_gpu", "num_gpus", "nodes", "devices", "n_workers", "gpu_count", "accelerators",
     "replicas", "TPUs", "n_chips", "GPUs (H100)", "ranks", "num_nodes", "world_size", "dp", "global_batch_size")]
    + [("hardware", "8xH100"), ("gpu", "4 x A100")],
)  # fmt: skip
def test_a_batch_beside_a_count_of_devices_is_refused(tmp_path: Path, name: str, value: object) -> None:
    path = steps(tmp_path / "t.csv", **{name: value})
    with pytest.raises(RunsError) as error:
        read_run_table(path)
    assert str(error.value).startswith(f"{path} has batch_size and {name}: a step may be several such batches")


@pytest.mark.parametrize(
    ("batch", "name", "value"),
    [("batch_size", "gpus", 1), ("batch_size", "gpu_hours", 800), ("batch_size", "gpu", "H100"),
     ("global_batch_size", "num_gpus", 8), ("total_batch_size", "grad_accum", 4)],
)  # fmt: skip
def test_a_batch_of_all_devices_is_taken(tmp_path: Path, batch: str, name: str, value: object) -> None:
    found = read_run_table(steps(tmp_path / "t.csv", batch, **{name: value}))
    np.testing.assert_allclose(found.groups["all"].n_tokens, D)


def test_epochs_are_asked_about_and_then_taken_as_is_said(tmp_path: Path) -> None:
    path = table(tmp_path / "t.csv", n_params=N, tokens=D, epochs=np.tile([1, 2, 4], 3), loss=LOSS)
    with pytest.raises(RunsError) as error:
        read_run_table(path)
    assert str(error.value) == (
        f"{path}: epochs is up to 4, and tokens may be all tokens seen in training or those of the data set: say "
        "--columns n_tokens=tokens if they are all that were seen, or --columns unique_tokens=tokens if they are the "
        "data set, and D is that times epochs."
    )
    seen = read_run_table(path, columns={"n_tokens": "tokens"})
    runs = seen.groups["all"]
    np.testing.assert_allclose(runs.n_tokens, D)
    np.testing.assert_allclose(runs.unique_tokens, D / np.tile([1, 2, 4], 3))
    assert seen.reading.in_words == "t.csv: n_tokens is tokens; unique_tokens is n_tokens / epochs."
    data = read_run_table(path, columns={"unique_tokens": "tokens"}).groups["all"]
    np.testing.assert_allclose(data.n_tokens, D * np.tile([1, 2, 4], 3))
    np.testing.assert_allclose(data.unique_tokens, D)
    once = read_run_table(table(tmp_path / "t.csv", n_params=N, tokens=D, epochs=0.3, loss=LOSS)).groups["all"]
    assert once.unique_tokens is None
    holes = table(tmp_path / "t.csv", n_params=N, tokens=D, epochs=["2", "", "nan"] * 3, loss=LOSS)
    with pytest.raises(RunsError, match=r"run 2: epochs is no number, and others see data more than once: fill it in"):
        read_run_table(holes, columns={"n_tokens": "tokens"})
    beside = table(tmp_path / "t.csv", n_params=N, dataset_tokens=D, epochs=4, loss=LOSS)
    np.testing.assert_allclose(read_run_table(beside).groups["all"].n_tokens, 4 * D)


def test_thousands_and_decimals_are_told_apart_or_asked_about(tmp_path: Path) -> None:
    path = tmp_path / "t.tsv"
    path.write_text("N (M)\tD (M)\tloss\n180\t9,129\t3.659\n370\t4,564\t3.500\n", encoding="utf-8")
    assert read_run_table(path).groups["all"].n_tokens.tolist() == [9.129e9, 4.564e9]
    path.write_text("N (M)\tD (M)\tloss\n180\t9.129\t3.65\n370\t652\t3.50\n", encoding="utf-8")
    with pytest.raises(RunsError) as error:
        read_run_table(path)
    assert str(error.value) == (
        f"{path}: D (M) has 9.129 beside whole numbers over 100, and it may be 9129: write thousands without a point, "
        "or decimals with a 0 behind (9.1290)."
    )
    path.write_text("N (M)\tD (B)\tloss\n180\t9.1\t3.65\n370\t6.5\t3,777\n", encoding="utf-8")
    with pytest.raises(RunsError) as error:
        read_run_table(path)
    assert str(error.value) == (
        f"{path}, run 2: loss is '3,777' in a table of decimal points: write 3.777 if its comma is one."
    )
