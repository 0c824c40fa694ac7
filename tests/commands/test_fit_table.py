"""`advisor fit` on tables as people have them: one law whatever their form, and what was done on stderr and in JSON."""

from __future__ import annotations

import csv
import gzip
import json
import math
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from advisor.cli import group

GRID = Path(__file__).parents[1] / "fit/grid36.csv"
with GRID.open(encoding="utf-8", newline="") as file:
    RUNS = [tuple(float(row[name]) for name in ("n_params", "n_tokens", "loss")) for row in csv.DictReader(file)]


def run(*args: object) -> Result:
    return CliRunner().invoke(group, ["fit", *map(str, args), "--bootstrap", "200"])


def table(path: Path, names: str, *columns: int, factors: tuple[float, ...] = (1.0, 1.0, 1.0)) -> Path:
    rows = [[run[i] * factor for i, factor in zip(columns or (0, 1, 2), factors, strict=True)] for run in RUNS]
    path.write_text("\n".join([names, *(",".join(map(repr, row)) for row in rows)]) + "\n", encoding="utf-8")
    return path


def e_of(result: Result) -> float:
    return float(json.loads(result.stdout)["laws"]["all"]["E"])


@pytest.fixture(scope="module")
def known() -> float:
    return e_of(run(GRID, "--json"))


def test_a_table_under_other_names_gives_the_same_law_and_says_what_was_read(tmp_path: Path, known: float) -> None:
    path = tmp_path / "runs.tsv.gz"
    rows = [f"{n / 1e6:.9f}M\t{d / 1e9:.12f}\t{loss!r}" for n, d, loss in RUNS]
    path.write_bytes(gzip.compress("\n".join(["Model Size\tTokens (B)\tval_loss", *rows]).encode()))
    result = run(path, "--json")
    assert (result.exit_code, result.stderr) == (
        0,
        "runs.tsv.gz: n_params is Model Size; n_tokens is Tokens (B) x 1e9; loss is val_loss.\n",
    )
    assert e_of(result) == pytest.approx(known, rel=1e-6)
    document = json.loads(result.stdout)
    assert document["columns"] == {"n_params": "Model Size", "n_tokens": "Tokens (B)", "loss": "val_loss"}
    assert document["derived"] is None
    assert document["units"] == {
        "loss": "nats",
        "bytes_per_token": None,
        "scale": {"n_tokens": 1e9},
        "decimal_comma": False,
    }


def test_a_table_as_we_write_it_has_the_same_keys_and_nothing_said() -> None:
    result = run(GRID, "--json")
    document = json.loads(result.stdout)
    assert result.stderr == ""
    assert document["columns"] == {name: name for name in ("n_params", "n_tokens", "loss")}
    assert (document["derived"], document["units"]["scale"]) == (None, {})


def test_wrong_units_are_refused_with_the_line_that_mends_them(tmp_path: Path, known: float) -> None:
    path = table(tmp_path / "runs.csv", "n_params,n_tokens,loss", factors=(1.0, 1e-6, 1.0))
    result = run(path)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        f"Error: {path}: n_tokens looks like millions (the median is .00005 tokens per parameter): --scale "
        "n_tokens=1e6, or the tokens of a step if it counts steps, or --scale n_tokens=1 if it is right.\n"
    )
    mended = run(path, "--scale", "n_tokens=1e6", "--json")
    assert (mended.exit_code, mended.stderr) == (0, "runs.csv: n_tokens is n_tokens x 1e6.\n")
    assert e_of(mended) == pytest.approx(known, rel=1e-6)
    as_written = run(path, "--scale", "n_tokens=1", "--json")
    assert "looks like" not in as_written.stderr
    assert "[few-tokens]" in as_written.stderr  # which no unit mends: --force prints the law
    assert json.loads(as_written.stdout)["units"]["scale"] == {"n_tokens": 1.0}
    off = run(path, "--scale", "n_tokens=10", "--json")
    assert (
        "Caution: with the factors of --scale, n_tokens looks like millions (the median is .0005 tokens per "
        "parameter). [odd-units]\n"
    ) in off.stderr


def test_perplexities_are_refused_until_the_unit_is_said(tmp_path: Path, known: float) -> None:
    path = tmp_path / "runs.csv"
    rows = [f"{n!r},{d!r},{math.exp(loss)!r}" for n, d, loss in RUNS if loss < 2.9]
    path.write_text("\n".join(["n_params,n_tokens,loss", *rows]), encoding="utf-8")
    result = run(path)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.endswith(
        "which perplexities are: add --loss-unit ppl, or --loss-unit nats if they are nats.\n"
    )
    mended = run(path, "--loss-unit", "ppl", "--json")
    assert mended.stderr.startswith("runs.csv: loss is ln of loss, a perplexity.\n")
    assert e_of(mended) == pytest.approx(known, abs=0.2)
    trusted = run(path, "--loss-unit", "nats", "--json")
    assert "[odd-loss]" not in trusted.stderr
    assert "E is 6" in trusted.stderr or "E is 5" in trusted.stderr
    assert "no text costs a model over 4 nats/token at its best" in trusted.stderr


def test_bits_are_a_caution_and_are_converted(tmp_path: Path, known: float) -> None:
    path = table(tmp_path / "runs.csv", "n_params,n_tokens,loss", factors=(1.0, 1.0, 1 / math.log(2)))
    assert "if they are bits per token, add --loss-unit bits, if perplexities ppl" in run(path, "--json").stderr
    assert e_of(run(path, "--loss-unit", "bits", "--json")) == pytest.approx(known, rel=1e-6)
    per_byte = run(path, "--loss-unit", "bpb", "--bytes-per-token", "1", "--json")
    assert e_of(per_byte) == pytest.approx(known, rel=1e-6)
    assert json.loads(per_byte.stdout)["units"] == {
        "loss": "bpb",
        "bytes_per_token": 1.0,
        "scale": {},
        "decimal_comma": False,
    }


def test_a_column_without_embeddings_that_was_found_asks_for_count(tmp_path: Path) -> None:
    path = table(tmp_path / "runs.csv", "non_embedding_params,D,loss")
    result = run(path)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        f"Error: {path}: the column non_embedding_params reads like parameters without embeddings: say --count "
        "non-embedding, or --count total if N counts them all.\n"
    )
    assert run(path, "--count", "non-embedding").exit_code == 0


def test_a_law_and_a_table_are_told_apart_by_what_is_in_them(tmp_path: Path) -> None:
    law, runs = tmp_path / "law.txt", tmp_path / "runs.json"
    assert run(GRID, "--out", law).exit_code == 0
    runs.write_text(json.dumps([dict(zip(("N", "D", "loss"), run, strict=True)) for run in RUNS]), encoding="utf-8")
    compared = CliRunner().invoke(group, ["fit", str(law), "--predict", str(runs), "--json"])
    assert (compared.exit_code, compared.stderr) == (0, "runs.json: n_params is N; n_tokens is D.\n")
    document = json.loads(compared.stdout)
    assert len(document["predictions"]["all"]["runs"]) == 36
    assert document["columns"] == {"n_params": "N", "n_tokens": "D", "loss": "loss"}
    both = run(runs, "--predict", runs)
    assert both.exit_code == 0
    assert both.stderr.count("runs.json: n_params is N; n_tokens is D.\n") == 2
    swapped = run(GRID, "--predict", law)
    assert (swapped.exit_code, swapped.stderr) == (
        1,
        f"Error: {law} is a law and no table of runs: `advisor fit LAW --predict RUNS` compares them.\n",
    )


def test_new_runs_of_another_count_than_the_law_are_refused(tmp_path: Path) -> None:
    law = tmp_path / "law.json"
    assert run(GRID, "--out", law).exit_code == 0
    new = table(tmp_path / "new.csv", "n_nonemb,D,loss")
    result = CliRunner().invoke(group, ["fit", str(law), "--predict", str(new)])
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.endswith(
        f"Error: {new}: the column n_nonemb reads like parameters without embeddings, and the law counts them: name "
        "the column of all parameters, or say --columns n_params=n_nonemb if it counts them all.\n"
    )
    assert (
        CliRunner().invoke(group, ["fit", str(law), "--predict", str(new), "--columns", "n_params=n_nonemb"]).exit_code
        == 0
    )


@pytest.mark.parametrize(
    ("args", "exit_code", "message"),
    [
        (("--scale", "n_tokens"), 2, "--scale has 'n_tokens'; write COLUMN=FACTOR, such as n_tokens=1e6."),
        (("--scale", "n_tokens=x"), 2, "--scale n_tokens must be a positive number such as 1e21, 400M, 7B or 1.5T, not "
            "'x'."),
        (("--scale", "n_tokens=1,n_tokens=2"), 2, "--scale names n_tokens twice."),
        (("--scale", "seed=2"), 2, "--scale names seed, which is not one of n_params, n_tokens, loss, vocab_size, "
            "unique_tokens, flops, steps, batch_tokens, batch_size, seq_len, samples, epochs, tokens_per_param, "
            "bytes_per_token."),
        (("--bytes-per-token", "4"), 2, "--bytes-per-token is for losses in bits per byte, and loss is nats/token: "
            "leave it out."),
    ],
)  # fmt: skip
def test_wrong_requests_get_one_sentence(args: tuple[str, ...], exit_code: int, message: str) -> None:
    result = run(GRID, *args)
    assert (result.exit_code, result.stdout, result.stderr) == (exit_code, "", f"Error: {message}\n")


def test_runs_that_failed_are_left_out_at_the_users_word(tmp_path: Path, known: float) -> None:
    path = tmp_path / "runs.csv"
    rows = [f"{n!r},{d!r},{loss!r},finished" for n, d, loss in RUNS] + ["1e9,2e10,,crashed", "1e9,2e10,9,running"]
    path.write_text("\n".join(["n_params,n_tokens,loss,state", *rows]), encoding="utf-8")
    result = run(path)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        f"Error: {path}: 2 of 38 runs did not end well by the column state (crashed, running; runs 37 and 38): "
        "--skip-failed leaves them out, or remove the column if their losses can be used.\n"
    )
    mended = run(path, "--skip-failed", "--json")
    assert mended.stderr == "runs.csv: 2 of 38 runs failed and are left out (runs 37 and 38).\n"
    assert e_of(mended) == pytest.approx(known, rel=1e-6)


def test_a_figure_outside_that_of_real_runs_is_not_called_fine(tmp_path: Path) -> None:
    assert "fine: real runs 0.2 to 0.95" in run(GRID, "--full").stdout
    path = tmp_path / "runs.csv"
    lines = [f"{n!r},{d!r},{1.8 + 480 * n**-0.348 + 2100 * d**-0.366!r}" for n, d, _ in RUNS]
    path.write_text("\n".join(["n_params,n_tokens,loss", *lines]), encoding="utf-8")
    assert "under the 0.2 to 0.95 of real runs" in run(path, "--full").stdout
    assert "fine: real runs 0.2 to 0.95" not in run(path, "--full").stdout
