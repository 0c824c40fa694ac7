"""Which columns of a table are taken as ours: aliases, units in names, and nothing guessed between two."""

from __future__ import annotations

from pathlib import Path

import pytest

from advisor.errors import RunsError
from calibration.fit.runs import read_run_table
from calibration.fit.table.names import read_name, says_without_embeddings
from calibration.fit.table.reading import TableUnits

RUNS = ((1e8, 2e9, 3.2), (2e8, 4e9, 3.0), (4e8, 8e9, 2.8))


def table(path: Path, *names: str, extra: tuple[object, ...] = ()) -> Path:
    lines = [",".join(map(str, (*run, *extra))) for run in RUNS]
    path.write_text("\n".join([",".join(names), *lines]) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("ours", "names"),
    [
        ("n_params", ("N", "n", "params", "Parameters", "num_params", "model_size", "Model Size", "size", "#params",
            "total-params", "n_non_embedding", "non_embedding_params", "params_without_embeddings", "PARAMS")),
        ("n_tokens", ("D", "d", "tokens", "num_tokens", "train_tokens", "tokens_seen", "Tokens Seen", "# tokens",
            "training tokens", "token_ct")),
        ("loss", ("L", "Loss", "val_loss", "eval/loss", "validation_loss", "test_loss", "valid.loss", "final_val_loss",
            "train_loss", "cross_entropy", "val_nll", "loss (nats)", "loss_nats_per_token", "eval_ce")),
        ("flops", ("C", "FLOPs", "compute", "total_flops", "training compute")),
        ("steps", ("step", "n_steps", "Iterations", "train_steps")),
        ("batch_tokens", ("tokens_per_batch", "batch size (tokens)", "tokens_per_step")),
        ("batch_size", ("batch", "global_batch_size", "bs")),
        ("seq_len", ("sequence_length", "context_length", "block_size", "n_ctx")),
        ("unique_tokens", ("Unique Tokens", "num_unique_tokens")),
        ("vocab_size", ("vocab", "Vocab Size")),
    ],
)  # fmt: skip
def test_names_in_use_are_known(ours: str, names: tuple[str, ...]) -> None:
    assert {name: getattr(read_name(name), "ours", None) for name in names} == dict.fromkeys(names, ours)


@pytest.mark.parametrize(
    "name", ["c", "l", "corpus", "lr", "learning_rate", "loss_scale", "d_model", "n_layers", "embedding_params",
             "params_ratio", "token", "bits", "lossy", "time (B)", "seed2", "model", "val_acc", "H",
             "tflops", "PFLOPs", "EFLOP/s", "mtokens", "gb"],
)  # fmt: skip
def test_other_names_are_none_of_ours(name: str) -> None:
    assert read_name(name) is None


@pytest.mark.parametrize(
    ("name", "factor"),
    [("tokens (B)", 1e9), ("tokens_b", 1e9), ("N [M]", 1e6), ("params_in_millions", 1e6), ("Tokens (billions)", 1e9),
     ("n_tokens_M", 1e6), ("D (T)", 1e12), ("params-k", 1e3), ("tokens", 1.0), ("params_bn", 1e9), ("N (10^6)", 1e6),
     ("params (x1e6)", 1e6), ("Mparams", 1e6), ("B tokens", 1e9), ("GTok", 1e9), ("steps (k)", 1e3),
     ("PF-days", 8.64e19), ("PFLOP/s-days", 8.64e19), ("compute (PF-days)", 8.64e19), ("exaFLOPs", 1e18),
     ("EFLOPs", 1e18), ("training compute [ZFLOPs]", 1e21), ("C (1e18)", 1e18)],
)  # fmt: skip
def test_a_unit_in_a_name_is_read(name: str, factor: float) -> None:
    found = read_name(name)
    assert found is not None
    assert found.factor == factor


@pytest.mark.parametrize(
    ("name", "unit"),
    [("ppl", "ppl"), ("val_perplexity", "ppl"), ("Valid PPL", "ppl"), ("bpb", "bpb"), ("eval/bits_per_byte", "bpb"),
     ("loss_bits", "bits"), ("val_bpt", "bits"), ("bits_per_token", "bits"), ("loss_bpb", "bpb"), ("val_loss", "nats"),
     ("val loss [bits/token]", "bits"), ("loss (bits/byte)", "bpb")],
)  # fmt: skip
def test_the_unit_of_a_loss_is_read(name: str, unit: str) -> None:
    found = read_name(name)
    assert found is not None
    assert (found.ours, found.unit) == ("loss", unit)


def test_the_choice_is_said_and_kept(tmp_path: Path) -> None:
    found = read_run_table(table(tmp_path / "t.csv", "Model Size", "D", "loss")).reading
    assert found.columns == {"n_params": "Model Size", "n_tokens": "D", "loss": "loss"}
    assert found.in_words == "t.csv: n_params is Model Size; n_tokens is D."
    assert found.document == {
        "columns": {"n_params": "Model Size", "n_tokens": "D", "loss": "loss"},
        "derived": None,
        "units": {"loss": "nats", "bytes_per_token": None, "scale": {}, "decimal_comma": False},
    }
    assert read_run_table(table(tmp_path / "t.csv", "n_params", "n_tokens", "loss")).reading.in_words is None


@pytest.mark.parametrize(
    ("names", "extra", "message"),
    [
        (
            ("params", "n_tokens", "loss", "non_embedding_params"),
            (8e7,),
            "several columns that read as n_params: say --columns n_params=params or --columns "
            "n_params=non_embedding_params.",
        ),
        (
            ("n_params", "n_tokens", "train_loss", "val_loss"),
            (3,),
            "several columns that read as loss: say --columns loss=train_loss or --columns loss=val_loss.",
        ),
        (
            ("params", "tokens", "val_loss", "size", "test loss"),
            (1e8, 3),
            "several columns that read as n_params and as loss: say --columns n_params=params or --columns "
            'n_params=size; --columns loss=val_loss or --columns "loss=test loss".',
        ),
        (
            ("model", "amount", "loss"),
            (),
            "no columns n_params and n_tokens, only model, amount, loss: name what they are, such as --columns "
            "n_params=model,n_tokens=amount.",
        ),
        (
            ("ct_params_all", "tok_total", "score"),
            (),
            "no columns n_params, n_tokens and loss, only ct_params_all, tok_total, score: name what they are, such as "
            "--columns n_params=ct_params_all,n_tokens=tok_total,loss=score.",
        ),
        (
            ("n_params", "epoch", "lr", "loss"),
            (3,),
            "no column n_tokens, only n_params, epoch, lr, loss: name what it is, with --columns n_tokens=COLUMN.",
        ),
        (
            ("n_params", "step", "loss"),
            (),
            "no column n_tokens, and step needs the tokens of a step: add --columns n_tokens=step --scale "
            "n_tokens=TOKENS, or columns batch_tokens, or batch_size and seq_len.",
        ),
    ],
)
def test_nothing_is_guessed(tmp_path: Path, names: tuple[str, ...], extra: tuple[object, ...], message: str) -> None:
    path = table(tmp_path / "t.csv", *names, extra=extra)
    with pytest.raises(RunsError) as error:
        read_run_table(path)
    assert str(error.value) == f"{path} has {message}"


def test_an_exact_name_wins_and_another_loss_beside_it_is_said(tmp_path: Path) -> None:
    path = table(
        tmp_path / "t.csv", "n_params", "n_tokens", "loss", "val_loss", "params", "train_loss", extra=(9, 9, 9)
    )
    found = read_run_table(path)
    assert found.groups["all"].loss.tolist() == [3.2, 3.0, 2.8]
    assert found.reading.in_words == (
        "t.csv: loss is the column of that name, and val_loss is another (--columns loss=val_loss)."
    )
    said = read_run_table(path, columns={"loss": "loss"}).reading.in_words
    assert said is None


def test_a_loss_and_its_perplexity_are_one(tmp_path: Path) -> None:
    path = table(tmp_path / "t.csv", "N", "D", "val_loss", "val_ppl", extra=(20,))
    assert read_run_table(path).reading.columns["loss"] == "val_loss"


def test_an_optional_column_that_holds_words_is_another_thing(tmp_path: Path) -> None:
    path = table(tmp_path / "t.csv", "N", "D", "loss", "C", extra=("web",))
    assert "flops" not in read_run_table(path).reading.columns
    path = table(tmp_path / "t.csv", "N", "D", "loss", "C", extra=(1.2e18,))
    assert read_run_table(path).groups["all"].stated_flops.tolist() == [1.2e18] * 3


@pytest.mark.parametrize("name", ["n_nonemb", "n_non_embedding", "n_ne", "params_without_embeddings"])
def test_names_without_embeddings(name: str) -> None:
    assert says_without_embeddings(name)
    assert not says_without_embeddings("n_params")


@pytest.mark.parametrize(
    ("name", "value"),
    [("gpu_hours", 5e5), ("samples_per_second", 2e6), ("bytes_per_second", 1e9),
     ("loss_std", 0.1), ("aux_loss", 0.3), ("z_loss", 0.2), ("accuracy", 0.4), ("Unnamed: 0", 5), ("time (B)", 1e9),
     ("train/loss", 3.0)],
)  # fmt: skip
def test_a_column_of_another_thing_is_not_proposed(tmp_path: Path, name: str, value: float) -> None:
    path = table(tmp_path / "t.csv", "n_params", "width", "loss", name, extra=(value,))
    with pytest.raises(RunsError, match=r"name what it is, with --columns n_tokens=COLUMN\.$"):
        read_run_table(path)


@pytest.mark.parametrize(("name", "unit"), [("bytes", "1"), ("data_gb", "1e9"), ("dataset size (TB)", "1e12")])
def test_bytes_are_no_tokens(tmp_path: Path, name: str, unit: str) -> None:
    path = table(tmp_path / "t.csv", "n_params", name, "loss")
    option = f"n_tokens={name}" if " " not in name else f'"n_tokens={name}"'
    how = (
        f"counts bytes: tokens are bytes / bytes per token, so add --columns {option} --scale n_tokens=FACTOR, FACTOR "
        f"being {unit} / (bytes per token)."
    ).replace("1e12", "1e+12")
    with pytest.raises(RunsError) as error:
        read_run_table(path)
    assert str(error.value) == f"{path} has no column n_tokens, and {name} {how}"
    with pytest.raises(RunsError, match=r"counts bytes by its name: tokens are bytes / bytes per token"):
        read_run_table(path, columns={"n_tokens": name})
    found = read_run_table(path, columns={"n_tokens": name}, units=TableUnits(scale={"n_tokens": 0.25}))
    assert found.groups["all"].n_tokens.tolist() == [5e8, 1e9, 2e9]


@pytest.mark.parametrize("name", ["active_params", "n_active", "n_params_active", "activated_params"])
def test_all_and_active_parameters_are_not_guessed_between(tmp_path: Path, name: str) -> None:
    path = table(tmp_path / "t.csv", "n_params", "n_tokens", "loss", name, extra=(5e7,))
    with pytest.raises(RunsError) as error:
        read_run_table(path)
    assert str(error.value) == (
        f"{path} has n_params and {name}: of a mixture of experts N may be all parameters or those that are active, so "
        f"say --columns n_params=n_params or --columns n_params={name}."
    )
    assert read_run_table(path, columns={"n_params": name}).groups["all"].n_params.tolist() == [5e7] * 3
    assert read_run_table(path, columns={"n_params": "n_params"}).groups["all"].n_params.tolist() == [1e8, 2e8, 4e8]


def test_a_count_of_experts_asks_which_parameters_are_counted_but_for_one(tmp_path: Path) -> None:
    path = table(tmp_path / "t.csv", "n_params", "n_tokens", "loss", "n_experts", extra=(8,))
    with pytest.raises(RunsError, match=r"has n_params and n_experts: .*so say --columns n_params=n_params\.$"):
        read_run_table(path)
    with pytest.raises(RunsError, match=r"has n_params and is_moe: "):
        read_run_table(table(tmp_path / "t.csv", "n_params", "n_tokens", "loss", "is_moe", extra=(True,)))
    for name, value in (("n_experts", 1), ("moe", "dense"), ("active", "")):
        assert read_run_table(table(tmp_path / "t.csv", "n_params", "n_tokens", "loss", name, extra=(value,)))


@pytest.mark.parametrize("name", ["log_loss", "log10_ppl", "log(loss)", "excess_loss", "log2 loss", "loss_std"])
def test_a_loss_that_was_changed_is_not_proposed(tmp_path: Path, name: str) -> None:
    with pytest.raises(RunsError, match=r"name what it is, with --columns loss=COLUMN\.$"):
        read_run_table(table(tmp_path / "t.csv", "n_params", "n_tokens", name))


@pytest.mark.parametrize("name", ["PFLOPs", "flops (exa)", "compute_used"])
def test_compute_in_an_unknown_unit_is_named_in_place_of_tokens(tmp_path: Path, name: str) -> None:
    with pytest.raises(RunsError) as error:
        read_run_table(table(tmp_path / "t.csv", "n_params", name, "loss"))
    assert f"no column n_tokens, and {name} gives it if it is all the compute of a run: add --columns " in str(
        error.value
    )
    assert str(error.value).endswith("flops=FACTOR, 1e18 for exaFLOPs, 1e21 for ZFLOPs, 8.64e19 for PF-days.")
