"""``advisor grammar``: exact text, exact errors, one JSON document."""

import json

import pytest
from click.testing import CliRunner

from advisor.cli import group
from advisor.quantities import format_bytes
from calibration.grammars.sets import load_set, named_set


def run(*arguments: str, columns: int = 80):
    return CliRunner(env={"COLUMNS": str(columns)}).invoke(group, ["grammar", *arguments])


QUANTITY = "--tokens must be a positive number such as 1e21, 400M, 7B or 1.5T, not"


def test_the_table_fits_80_columns():
    result = run("iso-vocab", "--documents", "200")
    assert result.exit_code == 0
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert result.stdout == ISO_VOCAB
    assert result.stderr == ""


def test_the_full_screen_has_the_ceiling_and_every_caution():
    lines = run("paper", "--only", "A1", "--documents", "20", "--full").stdout.splitlines()
    header = lines.index("grammar  ids used  ceiling of H  H in the paper")
    assert lines[header + 1].split()[:3] == ["A1", "20", "%"]
    assert "Note: A1 has only 3 distinct sentences." in lines
    first = run("paper", "--only", "A1", "--documents", "20").stdout
    assert "ceiling" not in first
    assert "--cautions (1)" in first


def test_json_is_one_document_with_all_keys():
    result = run("paper", "--only", "A1,A6", "--documents", "50", "--json")
    document = json.loads(result.stdout)
    assert list(document) == [
        *(
            "schema_version",
            "seed",
            "grammars",
            "correlation_compressibility_entropy_rate",
            "search",
            "file",
            "cautions",
        )
    ]
    assert document["schema_version"] == 1
    assert document["cautions"] == [
        {"code": "few-sentences", "message": "A1 has only 3 distinct sentences.", "severity": "note"}
    ]
    assert (document["correlation_compressibility_entropy_rate"], document["search"], document["file"]) == (None,) * 3
    simple, rich = document["grammars"]
    assert list(simple) == [
        *("name", "shape", "grammar_seed", "rho", "expected_sentence_tokens", "reachable_terminals"),
        *("dead_nonterminals", "distinct_sentences", "entropy_rate_nats_per_token", "entropy_bound_nats_per_token"),
        *("entropy_bound_standard_error", "seq_len", "n_documents", "compressibility", "shuffled_compressibility"),
        *("ceiling", "paper_compressibility", "gate", "dataset"),
    ]
    assert simple["gate"] == [{"code": "few", "message": "only 3 distinct sentences, not more than 10"}]
    assert (simple["distinct_sentences"], rich["distinct_sentences"], rich["gate"]) == (3, None, [])
    assert rich["paper_compressibility"] == 0.61
    assert rich["shape"] == {"nonterminals": 100, "terminals": 2000, "max_options": 100, "max_length": 30}
    assert result.stdout == run("paper", "--only", "A1,A6", "--documents", "50", "--json").stdout


def test_a_critical_grammar_has_no_length_and_no_rate_in_json(tmp_path):
    grammar = {"name": "half", "shape": SHAPE, "seed": 0, "n_terminals": 1, "start": [1]}
    grammar["rules"] = [[[1, [-1, -1]], [1, [1]]]]
    path = tmp_path / "set.json"
    path.write_text(json.dumps({"schema_version": 1, "grammars": [grammar]}))
    result = run("--grammars", str(path), "--documents", "20", "--json")
    (row,) = json.loads(result.stdout)["grammars"]
    assert (row["expected_sentence_tokens"], row["entropy_rate_nats_per_token"]) == (None, None)
    assert result.stderr == "Caution: half is critical: its sentences have no expected length.\n"


def test_a_set_and_its_documents_are_written(tmp_path):
    out = tmp_path / "out"
    result = run("paper", "--only", "A2", "--documents", "20", "--tokens", "0.01M", "--out", str(out), columns=200)
    assert result.exit_code == 0
    assert result.stderr == "A2: sampling 10,000 tokens\n"
    said = " ".join(result.stdout.split())
    assert f"Wrote {out}/grammars.json Wrote {out}/A2: 10,240 tokens, 40 documents, 1 file, {size(out / 'A2')} " in said
    assert load_set(out / "grammars.json") == named_set("paper", seed=0)[1:2]
    again = run("--grammars", str(out / "grammars.json"), "--documents", "20", "--json", "--out", str(out))
    assert json.loads(again.stdout)["file"] == str(out / "grammars.json")


def size(folder):
    return format_bytes(sum(path.stat().st_size for path in folder.iterdir()))


def test_what_is_in_the_way_is_said_before_any_work(tmp_path):
    (tmp_path / "A2").mkdir()
    result = run("paper", "--only", "A2", "--tokens", "1K", "--out", str(tmp_path))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"Error: {tmp_path}/A2 exists: write to another folder, or remove it.\n"
    (tmp_path / "grammars.json").write_text("{}")
    result = run("paper", "--only", "A2", "--out", str(tmp_path))
    assert result.exit_code == 2
    assert result.stderr == (
        f"Error: {tmp_path}/grammars.json holds other grammars: write to another folder, or remove it.\n"
    )


def test_targets_may_be_counted_on():
    result = run("--target-h", ".45,.50,...,.55", "--json", "--quiet")
    assert result.stderr == ""
    document = json.loads(result.stdout)
    assert [row["name"] for row in document["grammars"]] == ["H0.45", "H0.5", "H0.55"]
    for row, target in zip(document["grammars"], (0.45, 0.5, 0.55), strict=True):
        assert row["compressibility"] == pytest.approx(target, abs=0.006)
        assert row["gate"] == []
    assert document["search"]["n_draws"] > 3


def test_one_shape_is_drawn():
    result = run("--shape", "20,300,10,5", "--documents", "20", "--seed", "1", "--json")
    (row,) = json.loads(result.stdout)["grammars"]
    assert (row["name"], row["grammar_seed"], row["paper_compressibility"]) == ("drawn", 1, None)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Name one source of grammars: a SET, --target-h, --shape or --grammars."),
        (["paper", "--shape", "1,1,1,1"], "Name one source of grammars: a SET, --target-h, --shape or --grammars."),
        (["paper", "--tokens", "1M"], "--tokens 1M needs a folder to write to: add --out DIR."),
        (
            ["paper", "--tokens", "many", "--out", "x"],
            f"{QUANTITY} 'many'.",
        ),
        (["paper", "--tokens", "0", "--out", "x"], "--tokens must be a finite number above 0, not 0."),
        (
            ["paper", "--tokens", "inf", "--out", "x"],
            f"{QUANTITY} 'inf'.",
        ),
        (["paper", "--only", "A7"], "--only A7: there is no such grammar in the set; it has A1, A2, A3, A4, A5, A6."),
        (["--shape", "1,2,3"], "--shape 1,2,3: give four whole numbers, as in --shape 20,300,10,5."),
        (["--shape", "3,0,2,2"], "A grammar with 0 terminals cannot exist: ask for at least 1."),
        (
            ["--shape", "3,3000000000,2,2"],
            "3000000000 terminals do not fit in 32-bit token ids: ask for at most 2147483647.",
        ),
        (
            ["--shape", "2,1,1,1", "--seed", "3"],
            "This grammar cannot terminate: every sentence would go on for ever; take another seed.",
        ),
        (["--target-h", ".1,x"], "--target-h .1,x: give numbers such as .25,.45 or .10,.15,...,.70."),
        (["--target-h", ".1,...,.7"], "--target-h .1,...,.7: give numbers such as .25,.45 or .10,.15,...,.70."),
        (["--target-h", ".3,.3"], "--target-h .3,.3: each compressibility may be asked for once."),
        (["--target-h", "nan"], "--target-h nan: give numbers such as .25,.45 or .10,.15,...,.70."),
        (
            ["--target-h", ".1,.1000001,...,.7"],
            "--target-h .1,.1000001,...,.7: at most 1,000 grammars are searched for at once.",
        ),
        (
            ["paper", "--documents", "1000000", "--seq-len", "8192"],
            "--documents 1000000 of --seq-len 8192 are 8,192,000,000 tokens, and 32,000,000 are the most that are "
            "measured: ask for fewer.",
        ),
        (["--grammars", "/no/such.json"], "Cannot read /no/such.json: No such file or directory."),
    ],
)
def test_impossible_requests_get_one_sentence_and_exit_2(arguments, message):
    result = run(*arguments)
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", f"Error: {message}\n")


def test_a_target_above_the_ceiling_gets_one_sentence():
    result = run("--target-h", ".9")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(
        "Error: No grammar has H = 0.9: the ceiling, uniform random ids up to 32000, has 0.7"
    )
    assert result.stderr.count("\n") == 1


def test_help_has_examples():
    assert "advisor grammar paper --only A6 --tokens 100M --out data" in run("--help").stdout


SHAPE = {"nonterminals": 1, "terminals": 1, "max_options": 2, "max_length": 2}

# Printed by this command; the numbers are those that the other tests hold.
ISO_VOCAB = """\
6 grammars of H 0.123 (V1) to 0.468 (V4), with 0.524 to 1.635 nats of entropy a
token.
grammar           shape    rho  tokens   rate  bound      H  shuffled   gate
V1            3,300,2,2   0.00     1.5  0.537  0.538  0.123     0.195    few
V2           10,300,5,3   0.00     2.2  1.115  1.120  0.268     0.354     ok
V3          20,300,10,5   0.15     3.5  1.087  1.089  0.375     0.430     ok
V4         50,300,20,10   0.75    20.0  0.524  0.571  0.468     0.490     ok
V5       100,300,100,30   3.77     5.6  1.052  1.080  0.462     0.474  q,rho
V6       200,300,200,50  10.16     2.8  1.635  1.635  0.407     0.434  q,rho
H         median compressed/raw bytes of 200 documents of 256 ids, seed 0; its
          correlation with the entropy rate is +0.30
Entropy   nats/token; rate: of the endless stream, bound: of one document
Gate      q: some sentences never end; rho: over 0.95; few: at most ten
          sentences
More: --cautions (1)  --full  --json
"""


def test_more_tokens_than_the_disk_holds_are_refused_before_any_is_written(tmp_path):
    result = run("paper", "--only", "A1", "--documents", "20", "--tokens", "1e30", "--out", str(tmp_path / "out"))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("Error: 1e+30 tokens take up to 2e+30 bytes, and ")
    assert list(tmp_path.iterdir()) == []


def test_the_ladder_of_the_cpu_preset_is_a_set():
    result = run("ladder", "--only", "L1,L2", "--documents", "20", "--json")
    assert result.exit_code == 0, result.stderr
    assert [one["name"] for one in json.loads(result.stdout)["grammars"]] == ["L1", "L2"]
